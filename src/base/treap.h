/* Ordered tree over the objects of a pool: a treap (binary search tree by key, heap by a random
 * weight), so that every order of insertion gives a depth of O(log n).
 *
 * Objects begin with a struct treap_link. Trees of one kind share a pool and differ by their root,
 * POOL_NONE for an empty one. Whoever keeps sums over subtrees gives pull (recompute a node's from
 * its children's) and, for changes that wait at the root of a subtree, push (hand them down).
 * Links may be followed by the owner for searches of its own.
 */
#ifndef EGRET_BASE_TREAP_H
#define EGRET_BASE_TREAP_H

#include "base/pool.h"

struct treap_link {
	uint32_t left, right; /* POOL_NONE: no child */
	uint32_t weight;
};

struct treap {
	struct pool pool;
	/* Below zero when a comes before b. No two objects of one tree may be equal. */
	int (*compare)(const void *a, const void *b);
	void (*push)(const struct treap *t, void *node); /* may be NULL */
	void (*pull)(const struct treap *t, void *node); /* may be NULL */
	uint64_t random;
};

/* `seed` ought to be secret where keys come from the wire. */
void treap_init(struct treap *t, size_t object_size, uint32_t limit,
		int (*compare)(const void *a, const void *b), uint64_t seed);
void treap_fini(struct treap *t);

static inline void *treap_at(const struct treap *t, uint32_t node)
{
	return pool_at(&t->pool, node);
}

/* A zeroed object, in no tree; POOL_NONE at the limit. */
uint32_t treap_get(struct treap *t);
/* Puts it into the tree by its key. */
void treap_insert(struct treap *t, uint32_t *root, uint32_t node);
/* Takes it out; it is not given back to the pool. */
void treap_remove(struct treap *t, uint32_t *root, uint32_t node);
/* The first in order; POOL_NONE when there is none. */
uint32_t treap_first(const struct treap *t, uint32_t root);

#endif
