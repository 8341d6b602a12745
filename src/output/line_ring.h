/* Bytes on their way from one thread to one other: a ring of fixed size, without a lock. Positions
 * count bytes since the beginning and never wrap.
 *
 * What was put together is seen together or not at all. The taker may look at bytes as long as it
 * has not taken them, so that they can be written out where they lie. */
#ifndef EGRET_OUTPUT_LINE_RING_H
#define EGRET_OUTPUT_LINE_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/str.h"

struct line_ring {
	char *bytes;
	uint64_t size;
	_Alignas(64) _Atomic uint64_t head; /* put so far */
	_Alignas(64) _Atomic uint64_t tail; /* taken so far */
};

void line_ring_init(struct line_ring *r, uint64_t size);
void line_ring_fini(struct line_ring *r);

/* All parts one after the other; false when they do not fit now. */
bool line_ring_put(struct line_ring *r, const struct str *parts, size_t n);

/* Sequentially consistent, because whoever goes to sleep looks here last. */
static inline uint64_t line_ring_head(const struct line_ring *r)
{
	return atomic_load(&r->head);
}

static inline uint64_t line_ring_tail(const struct line_ring *r)
{
	return atomic_load(&r->tail);
}

/* From any thread. The tail first: read the other way round it could be beyond the head. */
static inline uint64_t line_ring_queued(const struct line_ring *r)
{
	uint64_t tail = line_ring_tail(r);

	return line_ring_head(r) - tail;
}

/* For the taker; from, to: between tail and head. */

/* Where they lie, in one or two pieces. Returns how many. */
int line_ring_view(const struct line_ring *r, uint64_t from, uint64_t to, struct iovec out[2]);
void line_ring_copy(const struct line_ring *r, uint64_t from, void *out, size_t n);
/* The end of the first line, of the last whole one; `from` when there is none. */
uint64_t line_ring_first(const struct line_ring *r, uint64_t from, uint64_t to);
uint64_t line_ring_last(const struct line_ring *r, uint64_t from, uint64_t to);
uint64_t line_ring_lines(const struct line_ring *r, uint64_t from, uint64_t to);
void line_ring_take(struct line_ring *r, uint64_t to);

#endif
