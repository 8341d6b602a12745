/* Record time as the detectors believe it: it goes forward, and one wrong stamp does not move it.
 * A step back of up to LIMIT_CLOCK_BACK is a late record; a step further back, or more than
 * LIMIT_CLOCK_AHEAD ahead, is believed once LIMIT_CLOCK_FAR records in a row agree on it. */
#ifndef EGRET_VOLUME_CLOCK_H
#define EGRET_VOLUME_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/limits.h"

#define SLOT_S	   300 /* five minutes */
#define SLOTS_HOUR 12
#define HOUR_S	   3600
#define DAY_S	   86400

struct detect_clock {
	uint64_t now;	     /* ns; 0: nothing heard yet */
	uint64_t next;	     /* first ns of the next slot */
	int64_t offset_s;    /* local time less UTC */
	uint32_t slot, hour; /* local, since 1970 */
	uint16_t day;
	uint64_t candidate; /* a far time, and how many records agreed on it */
	uint32_t agreed;
	uint64_t late, far, jumps;
};

/* True when the day is another one than before. */
bool clock_take(struct detect_clock *c, uint64_t time);
/* After offset_s changed. */
void clock_set(struct detect_clock *c, uint64_t now);

/* Monday is 0. 1970-01-01 was a Thursday. */
static inline bool clock_weekend(uint16_t day)
{
	return (day + 3u) % 7 >= 5;
}

#endif
