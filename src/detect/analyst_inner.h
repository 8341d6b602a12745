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

struct analyst {
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

#endif
