#include "core/stats.h"

const struct stat_info stat_infos[] = {
#define STAT(name, group, help) {#name, group, help},
#include "core/stats.def"
#undef STAT
};

const unsigned stat_count = sizeof stat_infos / sizeof *stat_infos;

_Static_assert(sizeof(struct stats) == sizeof stat_infos / sizeof *stat_infos * sizeof(uint64_t),
	       "struct stats holds nothing but its counters");

void stats_add(struct stats *sum, const struct stats *s)
{
	for (unsigned i = 0; i < stat_count; i++)
		((uint64_t *)sum)[i] += ((const uint64_t *)s)[i];
}
