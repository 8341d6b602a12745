/* The inside of the analyst, for its own files. */
#ifndef EGRET_DETECT_ANALYST_INNER_H
#define EGRET_DETECT_ANALYST_INNER_H

#include "detect/analyst.h"
#include "detect/findings.h"
#include "detect/hunt.h"
#include "detect/ledger.h"
#include "detect/watch.h"
#include "names/names.h"
#include "services/verdict.h"

/* A connection that is not over: what of it is on which account. */
struct open_flow {
	uint64_t id;
	const struct domain_entry *entry; /* of its name, NULL: no service's */
	uint32_t account;		  /* LEDGER_NONE: none */
	uint32_t name;			  /* a hash of it, 0: none */
	uint32_t generation;		  /* of the analyst, when it was told last */
	uint8_t tier, source;
	uint64_t up, down, missed;			   /* totals told so far */
	uint64_t account_up, account_down, account_missed; /* of these, on the present account */
	uint64_t before; /* bytes up that an earlier part of it told, which was evicted */
	bool resumed;
};

struct analyst {
	uint32_t generation; /* how many came before it (analyst_adopt) */
	struct domain_set *set;
	struct record_sink next;
	uint64_t threshold[4];
	struct intern texts;
	struct names names;
	struct name_lesson lesson; /* filled again and again */
	struct verdict_cache verdicts;
	struct ledger ledger;
	struct findings *findings;
	struct hunt *hunt;   /* NULL: no rules */
	struct watch *watch; /* NULL: no detectors */
	const struct ruleset *rules;
	bool each;	   /* findings are told one by one */
	uint64_t line;	   /* of the record at hand */
	struct pool flows; /* struct open_flow */
	struct hindex flow_index;
	struct hash_key key;
	struct analyst_summary sum;
};

/* The rules and services that it knows; known_fini. */
void analyst_known(const struct analyst *a, struct known *k);

#endif
