/* The inside of the analyst, for its own files. */
#ifndef EGRET_DETECT_ANALYST_INNER_H
#define EGRET_DETECT_ANALYST_INNER_H

#include "base/swap.h"
#include "core/limits.h"
#include "detect/analyst.h"
#include "detect/findings.h"
#include "detect/hunt.h"
#include "detect/ledger.h"
#include "detect/loss.h"
#include "detect/triage.h"
#include "detect/watch.h"
#include "names/names.h"
#include "services/verdict.h"
#include "volume/lru.h"

/* A connection that is not over: what of it is on which account. */
struct open_flow {
	uint64_t id;
	const struct domain_entry *entry;		   /* of its name, NULL: no service's */
	uint64_t up, down, missed;			   /* totals told so far */
	uint64_t account_up, account_down, account_missed; /* of these, on the present account */
	uint64_t before;      /* bytes up that an earlier part of it told, which was evicted */
	uint64_t start, last; /* ns */
	struct tuple tuple;
	uint8_t tier, source;
	bool resumed, in_use;
	uint32_t account;    /* LEDGER_NONE: none */
	uint32_t serial;     /* of the account */
	uint32_t name;	     /* in flow_names */
	uint32_t generation; /* of the analyst, when it was told last */
	struct lru_link order;
};

struct analyst {
	uint32_t generation; /* how many came before it (analyst_adopt) */
	struct domain_set *set;
	struct record_sink next;
	uint64_t threshold[4];
	uint64_t window; /* ns; 0: the whole run */
	uint64_t now;	 /* the latest time heard of, ns */
	struct intern texts;
	struct names names;
	struct name_lesson lesson; /* filled again and again */
	struct verdict_cache verdicts;
	uint64_t alias_key[LIMIT_DNS_ANSWERS]; /* of the aliases of the answer at hand */
	struct ledger ledger;
	struct findings *findings;
	struct hunt *hunt;   /* NULL: no rules */
	struct watch *watch; /* NULL: no detectors */
	struct triage *triage;
	struct loss *loss; /* NULL: none was told */
	const struct ruleset *rules;
	bool each;	   /* findings are told one by one */
	uint64_t line;	   /* of the record at hand */
	struct pool flows; /* struct open_flow */
	struct hindex flow_index;
	struct lru flow_order; /* with a window */
	struct intern flow_names;
	struct hash_key key;
	struct analyst_summary sum;
};

/* analyst.c */

void analyst_ledger_init(struct analyst *a);
/* No resolver, and none of those that the lists do not know. */
bool analyst_is_service(const struct domain_entry *e);
/* The service that a name, or else what it is an alias of, belongs to. */
const struct domain_entry *analyst_service_of(struct analyst *a, struct str name, struct str via);
/* Holds the rules against a record whose subject is known now; `key` is verdict_key's of its name. */
void analyst_hunt(struct analyst *a, const struct record *r, const struct domain_entry *e,
		  struct str name, uint64_t key, enum name_source source);

/* analyst_state.c */

/* The rules and services that it knows; known_fini. */
void analyst_known(const struct analyst *a, struct known *k);

/* analyst_flow.c */

void analyst_flows_init(struct analyst *a);
void analyst_flows_fini(struct analyst *a);
/* The most memory that they take. */
size_t analyst_flows_memory(void);
/* RECORD_CONN and RECORD_FLOW; fills in the best name. */
void analyst_take_flow(struct analyst *a, struct record *r);
/* Takes over the connections of an older generation; what they point to is the caller's. */
void analyst_flows_adopt(struct analyst *a, struct analyst *old);
/* Forgets connections that nothing was heard of for long. */
void analyst_flows_tick(struct analyst *a, uint64_t now);

/* analyst_live.c */

/* A finding with what others know of it: the sums of the ledger, lost packets, what was said of
 * it. */
void analyst_complete(const struct analyst *a, struct finding *f);

#endif
