/* Counters. One struct per worker, plain increments, no sharing; readers add the structs up.
 * The one list is stats.def. */
#ifndef EGRET_CORE_STATS_H
#define EGRET_CORE_STATS_H

#include <stdint.h>

struct stats {
#define STAT(name, group, help) uint64_t name;
#include "core/stats.def"
#undef STAT
};

struct stat_info {
	const char *name;  /* as in JSON and metrics */
	const char *group; /* capture, decode, flow, dns, … */
	const char *help;
};

extern const struct stat_info stat_infos[];
extern const unsigned stat_count;

/* The i-th counter of s, in the order of stat_infos. */
static inline uint64_t stat_get(const struct stats *s, unsigned i)
{
	return ((const uint64_t *)s)[i];
}

void stats_add(struct stats *sum, const struct stats *s);

#endif
