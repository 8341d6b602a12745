/* Order of use among the members of a pool: the least recently used is the one to evict. */
#ifndef EGRET_VOLUME_LRU_H
#define EGRET_VOLUME_LRU_H

#include "base/pool.h"

struct lru_link {
	uint32_t newer, older; /* POOL_NONE at the ends */
};

struct lru {
	struct pool *pool;
	size_t offset; /* of the lru_link in the pool's objects */
	uint32_t newest, oldest;
};

static inline void lru_init(struct lru *l, struct pool *pool, size_t offset)
{
	*l = (struct lru){pool, offset, POOL_NONE, POOL_NONE};
}

static inline struct lru_link *lru_at(const struct lru *l, uint32_t n)
{
	return (struct lru_link *)(void *)((uint8_t *)pool_at(l->pool, n) + l->offset);
}

static inline void lru_add(struct lru *l, uint32_t n)
{
	*lru_at(l, n) = (struct lru_link){.newer = POOL_NONE, .older = l->newest};
	if (l->newest != POOL_NONE)
		lru_at(l, l->newest)->newer = n;
	else
		l->oldest = n;
	l->newest = n;
}

static inline void lru_remove(struct lru *l, uint32_t n)
{
	struct lru_link *x = lru_at(l, n);

	if (x->newer != POOL_NONE)
		lru_at(l, x->newer)->older = x->older;
	else
		l->newest = x->older;
	if (x->older != POOL_NONE)
		lru_at(l, x->older)->newer = x->newer;
	else
		l->oldest = x->newer;
}

static inline void lru_use(struct lru *l, uint32_t n)
{
	if (l->newest == n)
		return;
	lru_remove(l, n);
	lru_add(l, n);
}

#endif
