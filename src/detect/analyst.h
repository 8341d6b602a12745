/* The analyst: everything that must be right across flows, hosts and time. It hears records in
 * order, gives connections their names, and keeps the ledger that findings come from. One thread,
 * no locks; the same records give the same findings every time. */
#ifndef EGRET_DETECT_ANALYST_H
#define EGRET_DETECT_ANALYST_H

#include <stdint.h>

#include "base/budget.h"
#include "core/networks.h"
#include "core/record.h"
#include "core/state.h"
#include "detect/finding.h"
#include "detect/ruleset.h"
#include "detect/telling.h"
#include "event/line_in.h"
#include "services/domain_set.h"
#include "volume/detectors.h"

struct analyst;
struct triage;

/* How well uploads could be named. */
struct analyst_summary {
	uint64_t up;			      /* bytes uploaded over all connections that ended */
	uint64_t up_by_source[NAME_CERT + 1]; /* of these, by where the name came from */
	uint64_t up_to_services;	      /* of these, to a service of the lists */
	uint64_t connections, named;
	uint64_t names_evicted; /* addresses forgotten while they still held */
	uint64_t accounts_refused;
	uint64_t texts_refused;	  /* names and other texts cut or left out for want of room */
	uint64_t flows_untracked; /* connections beyond the bound: counted record by record */
	size_t rules;		  /* rules and correlations that are loaded */
	uint64_t pasts_evicted;	  /* clients, services, tenants that the detectors forgot */
	uint64_t rule_findings, findings_refused, correlation_evicted, regex_limit;
	/* what had to make room though it was not over */
	uint64_t accounts_evicted, findings_evicted;
};

struct analyst_options {
	struct domain_set *set; /* outlives the analyst */
	uint64_t threshold[4];	/* bytes by tier; UINT64_MAX: never */
	struct record_sink
		next; /* hears every record once its names are filled in; take may be NULL */
	struct ruleset *rules;			   /* NULL: none; outlives it */
	const struct detector_settings *detectors; /* NULL: no detectors */
	const struct networks *home; /* outlives the analyst; NULL: the private addresses */
	bool hosts;		     /* lines of hosts come as well as records */
	bool strict;		     /* possible matches of rules are none */
	/* ns: thresholds hold for what is sent within it, by the clock of records
	 * (detect/ledger.h); findings of rules and detectors are over when nothing was added for so
	 * long; at the bounds the oldest makes room. Below 24 s is 24 s. 0: the whole run, nothing
	 * is ever over. */
	uint64_t window;
	finding_each *each; /* hears every match of a rule at once, nothing merged; NULL: merged */
	void *each_context;
};

struct analyst *analyst_new(const struct analyst_options *o);
void analyst_free(struct analyst *a);
/* Adds the most memory that it would take with or without a window, what it was made with aside. */
void analyst_memory(const struct analyst *a, bool window, struct budget *b);

/* Some rule asks for what DNS answers hold (sensor_settings.rare_dns). */
bool analyst_wants_dns_text(const struct analyst *a);

/* For allow-lists and for what outlives a restart; NULL when there are none. */
struct detectors *analyst_detectors(struct analyst *a);

/* What has to outlive a restart, as sections for core/state.h. Returns how many. */
enum analyst_kept {
	ANALYST_LEARNED, /* names, ledger, what the detectors learned, windows of correlations: for
			    one replay after the other, each of which tells what it finds */
	ANALYST_ALL, /* the findings and what was said of them as well: for a run that goes on */
};
#define ANALYST_SECTIONS 6
size_t analyst_sections(struct analyst *a, enum analyst_kept kept,
			struct state_section out[ANALYST_SECTIONS]);

/* Has fetched what a record about this name will need, as record_sink.expect. */
void analyst_expect(struct analyst *a, struct str name);
void analyst_take(struct analyst *a, const struct record *r);
/* A record or an event read from a line of text; line.kind is LINE_RECORD or LINE_EVENT. */
void analyst_take_line(struct analyst *a, const struct line *line);

/* Uploads and names first, by bytes; then what rules found, by level. */
void analyst_findings(const struct analyst *a, finding_each *each, void *context);
struct analyst_summary analyst_summary(const struct analyst *a);

/* For a run without end. */

/* Takes over what `old` has learned and holds, under the rules, lists and settings of `a`, which is
 * new: names, ledger, detectors, windows of correlations, findings, connections that run, triage.
 * What belongs to services or rules that are no more is dropped. `old` is then fit for analyst_free
 * only. `old`'s rules and lists are not needed any more afterwards. */
void analyst_adopt(struct analyst *a, struct analyst *old);

/* Time passes without records (ns; of packets, or the wall clock on a silent link). */
void analyst_tick(struct analyst *a, uint64_t now);

/* Packets that were lost before anything was read out of them: findings that grew then say so
 * (`lost`), of the last 24 hours, minute by minute, and the detectors are told. */
struct analyst_loss {
	uint64_t start, end;	/* ns */
	uint64_t packets, lost; /* packets: lost ones included */
};
void analyst_note_loss(struct analyst *a, const struct analyst_loss *l);

/* Tells what is new, or has grown enough (detect/telling.h), since the last call; `told` counts up.
 * What only a name of tier A is about is told once a window, and again only when its upload has
 * grown. Muted, acked and sanctioned ones are left out until they reopen. Costs what was touched.
 */
void analyst_tell(struct analyst *a, uint64_t now, const struct analyst_telling *t,
		  finding_each *each, void *context);

struct triage *analyst_triage(struct analyst *a);
/* A finding by its id, as analyst_findings would tell it. False: there is none. */
bool analyst_finding(const struct analyst *a, const char *id, finding_each *each, void *context);

/* Who uploads most, to what, in the window that ends now: up to n, the most first. */
struct analyst_use {
	struct addr client;
	const struct service *service;
	struct str name; /* one of those seen */
	uint64_t up, down, first, last;
	uint32_t connections;
};
typedef void analyst_each_use(void *context, const struct analyst_use *u);
void analyst_top(const struct analyst *a, size_t n, analyst_each_use *each, void *context);

/* Connections of a client that run now (NULL: of all), up to n, the most upload first. */
struct analyst_flow {
	struct tuple tuple;
	struct str name; /* empty: none */
	enum name_source source;
	const struct service *service; /* NULL: none of the lists */
	uint64_t id, start, last, up, down;
};
typedef void analyst_each_flow(void *context, const struct analyst_flow *f);
void analyst_flows(const struct analyst *a, const struct addr *client, size_t n,
		   analyst_each_flow *each, void *context);

#endif
