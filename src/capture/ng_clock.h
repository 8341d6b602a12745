/* Timestamps of a pcapng interface (options if_tsresol and if_tsoffset) in nanoseconds since 1970. */
#ifndef EGRET_CAPTURE_NG_CLOCK_H
#define EGRET_CAPTURE_NG_CLOCK_H

#include <stdint.h>

#define NG_CLOCK_MICRO 6 /* if_tsresol when the option is absent */

struct ng_clock {
	uint64_t multiply; /* ns = units × multiply ÷ divide, then shifted right */
	uint64_t divide;
	unsigned shift;
	int64_t offset; /* seconds added */
};

/* `resolution` is the option's byte: a negative power of 10, or of 2 with the upper bit set. */
struct ng_clock ng_clock_of(uint8_t resolution, int64_t offset);
/* Saturates at 0 and UINT64_MAX. */
uint64_t ng_clock_ns(const struct ng_clock *c, uint64_t units);

#endif
