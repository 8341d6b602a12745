/* Fetches a cache line that will be needed soon. */
#ifndef EGRET_BASE_PREFETCH_H
#define EGRET_BASE_PREFETCH_H

static inline void prefetch(const void *p)
{
	__builtin_prefetch(p);
	/* gcc takes a function that only prefetches for one without effects, and drops its calls */
	__asm__ volatile("");
}

#endif
