/* A file that takes part in a merge: its next frames, looked at ahead. */
#ifndef EGRET_CAPTURE_LANE_H
#define EGRET_CAPTURE_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "capture/filter.h"
#include "capture/frame.h"
#include "capture/reader.h"
#include "core/limits.h"
#include "core/stats.h"

struct lane {
	struct reader *reader;
	struct filter *filter; /* NULL: none; shared */
	struct stats *stats;
	uint32_t head, count;  /* frames waiting: queue[head] to queue[head + count - 1] */
	struct frame queue[LIMIT_BATCH];
	/* When a frame is due: the least time of it and all known ones behind it. So a single frame
	 * with a time far ahead does not hold up its file. */
	uint64_t due[LIMIT_BATCH];
	uint8_t *held; /* a copy of the last frame waiting, made before its window moves */
	uint32_t held_room;
	/* the owner's */
	const char *path;
	uint32_t order;
	uint64_t batch;        /* in which a frame was last handed out */
	bool frugal;
};

void lane_init(struct lane *l, struct reader *reader, struct filter *filter, struct stats *stats);
/* Closes the reader. */
void lane_fini(struct lane *l);

static inline bool lane_ended(const struct lane *l)
{
	return reader_ended(l->reader);
}

/* The first frames of a file just opened, not filtered yet, and the least of their times. False when
 * it has none. */
bool lane_begin(struct lane *l, uint64_t *first);
/* Goes on after lane_begin. */
void lane_resume(struct lane *l);

/* More frames to look ahead to, when the last one but one is gone. `refill` as for reader_next;
 * with it, more than one frame waits afterwards or the file has ended. False: needs a refill. */
bool lane_look_ahead(struct lane *l, bool refill);

/* Frames that pass the filter straight from the file, past the (empty) queue; as reader_next. */
size_t lane_read(struct lane *l, struct frame *out, size_t room, bool refill);

/* Moves frames that are due at `time` or, with `inclusive`, exactly then, to out. */
size_t lane_take(struct lane *l, struct frame *out, size_t room, uint64_t time, bool inclusive);

#endif
