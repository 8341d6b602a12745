#include "daemon/cpus.h"

#include <sched.h>
#include <stdbool.h>
#include <unistd.h>

/* False on a machine with more than a set can hold. */
static bool ours(cpu_set_t *set)
{
	return sched_getaffinity(0, sizeof *set, set) == 0 && CPU_COUNT(set) > 0;
}

unsigned cpus_count(void)
{
	cpu_set_t set;
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	if (ours(&set))
		return (unsigned)CPU_COUNT(&set);
	return online > 0 ? (unsigned)online : 1;
}

int cpus_nth(unsigned n)
{
	cpu_set_t set;
	unsigned left = n % cpus_count();

	if (!ours(&set))
		return (int)left;
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET((unsigned)i, &set) && left-- == 0)
			return i;
	return 0;
}
