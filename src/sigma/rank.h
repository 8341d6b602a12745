/* Percentiles and medians of a window: its values in order, kept for one window at a time, which
 * moves along a timeline. Moving costs O(log n) for each item that enters or leaves. */
#ifndef EGRET_SIGMA_RANK_H
#define EGRET_SIGMA_RANK_H

#include "sigma/timeline.h"

struct ranks {
	struct treap tree;
};

/* The window (after, upto] of one timeline; all zero but the root, which is POOL_NONE, at first. */
struct rank {
	uint32_t root;
	uint64_t after, upto;
	uint64_t credit; /* steps that it may yet make */
};

void ranks_init(struct ranks *r, uint32_t limit, uint64_t seed);
/* The most memory that so many take. */
size_t ranks_memory(uint32_t limit);
void ranks_fini(struct ranks *r);

/* An item came to the timeline at this time, or leaves it. */
void rank_came(struct ranks *r, struct rank *k, uint64_t time, struct item *x);
void rank_goes(struct ranks *r, struct rank *k, struct item *x);

/* Moves to this window. Each call earns RANK_CREDIT steps; false, and nothing is moved, when the
 * way is longer than what was earned and not used, so that windows visited out of order cost no
 * more than those in order. `must`: moves whatever it costs. */
#define RANK_CREDIT 64
bool rank_move(struct ranks *r, struct rank *k, const struct timelines *s, uint32_t timeline,
	       uint64_t after, uint64_t upto, bool must);

uint64_t rank_count(const struct ranks *r, const struct rank *k);
/* The value of this place, 1 for the least, rank_count() for the greatest. */
double rank_value(const struct ranks *r, const struct rank *k, uint64_t place);

#endif
