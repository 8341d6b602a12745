/* The clocks of this machine, in ns. Packets have clocks of their own. */
#ifndef EGRET_BASE_CLOCK_H
#define EGRET_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_read(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Since 1970; may be set back. */
static inline uint64_t clock_wall(void)
{
	return clock_read(CLOCK_REALTIME);
}

/* Never goes back; for spans of time. */
static inline uint64_t clock_steady(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

/* Of processor time that the whole process has used. */
static inline uint64_t clock_cpu(void)
{
	return clock_read(CLOCK_PROCESS_CPUTIME_ID);
}

#endif
