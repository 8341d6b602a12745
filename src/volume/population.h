/* The day's largest senders among all clients, by the Space-Saving algorithm (Metwally, Agrawal and
 * El Abbadi 2005): LIMIT_TOP counters, each right to within the smallest of them. */
#ifndef EGRET_VOLUME_POPULATION_H
#define EGRET_VOLUME_POPULATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/hindex.h"
#include "core/addr.h"
#include "core/limits.h"

struct population {
	struct top {
		struct addr client;
		uint64_t up;	/* at most this */
		uint64_t error; /* and at least up - error */
		uint32_t number;
	} top[LIMIT_TOP];	   /* a heap, the smallest first */
	uint32_t place[LIMIT_TOP]; /* in the heap, by number */
	uint32_t count;
	uint32_t clients;    /* active today */
	struct hindex index; /* to numbers */
	struct hash_key key;
};

void population_init(struct population *p);
void population_fini(struct population *p);
/* A new day. */
void population_clear(struct population *p);
void population_add(struct population *p, const struct addr *client, uint64_t up);
/* Puts back a counter, of which there is none. */
void population_restore(struct population *p, const struct addr *client, uint64_t up,
			uint64_t error);
/* How many of the largest make up a share of the day's clients: at least one. */
uint32_t population_share(const struct population *p, double share);
/* The client's place among the largest, from 1, at worst; 0 when it is not among those kept. */
uint32_t population_rank(const struct population *p, const struct addr *client);

#endif
