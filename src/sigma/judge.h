/* Conditions held against one event: leaves, and the trees over them. Internal to the engine. */
#ifndef EGRET_SIGMA_JUDGE_H
#define EGRET_SIGMA_JUDGE_H

#include "sigma/plan.h"

/* What is known of the event at hand. Stamps instead of clearing: what bears another number than
 * `now` is of an earlier event. */
struct judge {
	const struct plan *plan;
	const struct event *event;
	uint32_t now;
	uint32_t *found;   /* by leaf: its scanner found it */
	uint32_t *scanned; /* by field, that of keywords last */
	uint32_t *there;   /* by field: it has a value, null included */
	uint32_t *first;   /* by field: place of its first value */
	uint32_t *hits;	   /* leaves found, in the order of finding */
	uint32_t hit_count;
};

void judge_init(struct judge *j, const struct plan *p);
void judge_fini(struct judge *j);

void judge_begin(struct judge *j, const struct event *e);
/* Scans the values of a field, FIELD_NONE: all values for keywords. Once an event. */
void judge_scan(struct judge *j, uint32_t field);

enum truth judge_leaf(struct judge *j, uint32_t leaf);
/* Of the node at this place of the rule's tree. */
enum truth judge_node(struct judge *j, const struct plan_rule *r, uint32_t at);

static inline bool judge_found(const struct judge *j, uint32_t leaf)
{
	return j->found[leaf] == j->now;
}

#endif
