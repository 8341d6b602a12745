/* The analyst: everything that must be right across flows, hosts and time. It hears records in
 * order, gives connections their names, and keeps the ledger that findings come from. One thread,
 * no locks; the same records give the same findings every time. */
#ifndef EGRET_DETECT_ANALYST_H
#define EGRET_DETECT_ANALYST_H

#include <stdint.h>

#include "core/record.h"
#include "volume/detectors.h"
#include "detect/finding.h"
#include "core/networks.h"
#include "detect/ruleset.h"
#include "core/state.h"
#include "event/line_in.h"
#include "services/domain_set.h"

struct analyst;

/* How well uploads could be named. */
struct analyst_summary {
	uint64_t up;			      /* bytes uploaded over all connections that ended */
	uint64_t up_by_source[NAME_CERT + 1]; /* of these, by where the name came from */
	uint64_t up_to_services;	      /* of these, to a service of the lists */
	uint64_t connections, named;
	uint64_t names_evicted; /* addresses forgotten while they still held */
	uint64_t accounts_refused;
	uint64_t flows_untracked; /* connections beyond the bound: counted record by record */
	size_t rules;		  /* rules and correlations that are loaded */
	uint64_t rule_findings, findings_refused, correlation_evicted, regex_limit;
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
	finding_each *each; /* hears every match of a rule at once, nothing merged; NULL: merged */
	void *each_context;
};

struct analyst *analyst_new(const struct analyst_options *o);
void analyst_free(struct analyst *a);

/* Some rule asks for what DNS answers hold (sensor_settings.rare_dns). */
bool analyst_wants_dns_text(const struct analyst *a);

/* For allow-lists and for what outlives a restart; NULL when there are none. */
struct detectors *analyst_detectors(struct analyst *a);

/* What has to outlive a restart, as sections for core/state.h: names, ledger, and what the
 * detectors learned. Returns how many. */
#define ANALYST_SECTIONS 3
size_t analyst_sections(struct analyst *a, struct state_section out[ANALYST_SECTIONS]);

void analyst_take(struct analyst *a, const struct record *r);
/* A record or an event read from a line of text; line.kind is LINE_RECORD or LINE_EVENT. */
void analyst_take_line(struct analyst *a, const struct line *line);

/* Uploads and names first, by bytes; then what rules found, by level. */
void analyst_findings(const struct analyst *a, finding_each *each, void *context);
struct analyst_summary analyst_summary(const struct analyst *a);

#endif
