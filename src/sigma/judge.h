/* Conditions held against one event: leaves, and the trees over them. Internal to the engine. */
#ifndef EGRET_SIGMA_JUDGE_H
#define EGRET_SIGMA_JUDGE_H

#include "sigma/plan.h"

/* Kleene's three values, in an order in which AND is the least and OR the greatest. */
enum truth {
	TRUTH_NO,
	TRUTH_POSSIBLE,
	TRUTH_YES,
};

/* What is known of the event at hand. Stamps instead of clearing: what bears another number than
 * `now` is of an earlier event. */
struct judge {
	const struct plan *plan;
	const struct event *event;
	uint32_t now;
	uint32_t *found;   /* by leaf: its scanner found it */
	uint32_t *scanned; /* by field, that of keywords last */
	uint32_t *there;   /* by field: it has a value, if only null */
	uint32_t *first;   /* by field: place of its first value */
	uint32_t *hits;	   /* leaves found, in the order of finding */
	uint32_t hit_count;
	bool any; /* something was found, be it again */
	/* by field: its scanner's bit of event_value.quiet; 0: none yet, or there are more scanners
	 * than bits. Given as they are asked for: a handful of fields holds what comes again. */
	uint32_t *bit;
	uint32_t bits_given;
};

void judge_init(struct judge *j, const struct plan *p);
void judge_fini(struct judge *j);

void judge_begin(struct judge *j, const struct event *e);
/* Scans the values of a field, FIELD_NONE: all values for keywords. Once an event. */
void judge_scan(struct judge *j, uint32_t field);

enum truth judge_leaf(struct judge *j, uint32_t leaf);
/* Of the node at this place of the rule's tree. */
enum truth judge_node(struct judge *j, const struct plan_rule *r, uint32_t at);
/* Whether something that is worth telling was found in it, outside of negations and of what is
 * false. */
bool judge_telling(struct judge *j, const struct plan_rule *r, uint32_t at);

#endif
