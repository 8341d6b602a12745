/* When each value occurred: the times of every value of a group, sorted. Values are numbers (hashes
 * of texts, places of rules). Each entry also hangs on a list of the owner's, through `next`. */
#ifndef EGRET_SIGMA_OCCUR_H
#define EGRET_SIGMA_OCCUR_H

#include "base/treap.h"

struct occurrence {
	struct treap_link link;
	uint32_t next;
	uint64_t value, time;
	uint32_t times; /* how often at this time */
	uint64_t end;	/* of the closest chain that starts here (order.h); UINT64_MAX: none */
};

struct occurs {
	struct treap tree;
};

void occurs_init(struct occurs *o, uint32_t limit, uint64_t seed);
/* The most memory that so many take. */
size_t occurs_memory(uint32_t limit);
void occurs_fini(struct occurs *o);

static inline struct occurrence *occur_at(const struct occurs *o, uint32_t n)
{
	return treap_at(&o->tree, n);
}

/* A new entry, that must not be there yet; `next` is not set. The pool must have room. */
uint32_t occur_add(struct occurs *o, uint32_t *root, uint64_t value, uint64_t time);
void occur_drop(struct occurs *o, uint32_t *root, uint32_t n);

/* The latest up to and at this time, the first from it on; NULL when there is none. */
struct occurrence *occur_last(const struct occurs *o, uint32_t root, uint64_t value, uint64_t upto);
struct occurrence *occur_next(const struct occurs *o, uint32_t root, uint64_t value, uint64_t from);

#endif
