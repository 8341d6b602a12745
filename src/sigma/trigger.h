/* What must be found in an event before a rule is worth a look. Internal to the engine. */
#ifndef EGRET_SIGMA_TRIGGER_H
#define EGRET_SIGMA_TRIGGER_H

#include "sigma/plan.h"

/* Leaves of which at least one is found in every event for which something is to be told of the
 * rule. */
struct trigger {
	bool never;  /* there is no such event */
	bool always; /* no such leaves: every event has to be looked at */
	const uint32_t *leaf;
	size_t count;
};

struct trigger_finder {
	const struct plan *plan;
	const uint64_t *unknown; /* NULL: nothing */
	const struct plan_rule *rule;
	uint32_t *leaf;
	size_t count, room;
};

void trigger_init(struct trigger_finder *f, const struct plan *p, const uint64_t *unknown);
void trigger_fini(struct trigger_finder *f);
/* Valid until the next call. */
struct trigger trigger_find(struct trigger_finder *f, const struct plan_rule *r);

#endif
