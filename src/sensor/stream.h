/* The head of a TCP stream put together: one direction.
 *
 * A side has a base, the sequence number of the next byte its parser wants. Segments behind it are
 * old, the one at it is handed on as it lies in the packet (nothing is copied as long as segments
 * come in order and the parser uses them up), those ahead wait in a buffer addressed by offset,
 * at most LIMIT_HEAD bytes and LIMIT_SEGMENTS pieces. Of overlapping bytes the first to come stay;
 * where others differ, a second version has those that came last: which one the peer took nobody
 * knows but the peer.
 * A few segments megabytes ahead are nobody's (forged, or of another number space) and are left
 * alone.
 */
#ifndef EGRET_SENSOR_STREAM_H
#define EGRET_SENSOR_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/slab.h"
#include "core/stats.h"

struct stream_buffer;

struct stream_side {
	uint32_t base;    /* sequence number of the next byte wanted */
	uint32_t waiting; /* ms of the flow table's clock since when a hole is open; valid if hole */
	uint64_t skip;    /* bytes after base that nobody wants (a body) */
	struct stream_buffer *buffer; /* NULL: nothing waits */
	uint8_t *other;   /* LIMIT_HEAD bytes from base, as they were said last; NULL: never otherwise */
	uint32_t other_room;
	bool started;     /* base is set */
	bool hole;        /* bytes ahead wait for bytes that are missing */
	bool lost;        /* bytes were dropped for want of room: the hole will not close */
	bool starved;     /* it was the budget that had no room */
	bool stopped;     /* no more bytes of this side are wanted */
	bool differs;     /* the same place was sent with different content */
	uint8_t far;      /* segments in a row that are implausibly far ahead */
};

/* Sets where the side's bytes begin. */
void stream_start(struct stream_side *s, uint32_t sequence);
void stream_free(struct stream_side *s, struct slab *slab);

/* Takes a segment and returns the contiguous bytes from base, which may be none. The view points
 * into the segment or the side's buffer: valid until the next call for this side. */
struct cursor stream_take(struct stream_side *s, struct slab *slab, struct stats *stats,
			  uint32_t sequence, const uint8_t *data, uint32_t n, uint32_t now);

/* The first byte that is not there. */
uint32_t stream_missing(const struct stream_side *s);

/* Of the view that stream_take or stream_view returned, `used` bytes are done with; the rest is kept.
 * With `used` beyond the view's end the bytes that follow are passed over when they come (a body). */
void stream_use(struct stream_side *s, struct slab *slab, struct stats *stats, struct cursor view,
		uint64_t used);

/* What is contiguous and buffered now. */
struct cursor stream_view(const struct stream_side *s);

/* The contiguous bytes in their second version; empty when there is none. */
struct cursor stream_other(const struct stream_side *s);

/* The second version becomes the first one, and the other way round. False: there is none. */
bool stream_swap(struct stream_side *s);

/* Gives up a hole: moves base to the first byte that waits behind it. False: nothing waits. */
bool stream_pass_hole(struct stream_side *s, struct slab *slab);

#endif
