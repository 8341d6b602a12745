#include "base/ring.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Before every message. A block that would wrap is skipped: its header says so. */
struct header {
	uint32_t block; /* bytes with this header, a multiple of RING_ALIGN */
	uint32_t used;	/* of the message; SKIP: there is none */
	uint64_t pad;
};

#define SKIP UINT32_MAX

_Static_assert(sizeof(struct header) == RING_ALIGN, "messages are aligned behind their header");

void ring_init(struct ring *r, uint32_t size)
{
	*r = (struct ring){.data = mem_array(1, size), .mask = size - 1};
}

void ring_fini(struct ring *r)
{
	free(r->data);
}

static struct header *header_at(struct ring *r, uint64_t at)
{
	return (struct header *)(r->data + (at & r->mask));
}

static size_t room_left(struct ring *r)
{
	return ring_size(r) - (size_t)(r->at - r->tail_seen);
}

void *ring_room(struct ring *r, size_t n)
{
	size_t size = ring_size(r);

	if (n > size / 4)
		return NULL;
	size_t block = (sizeof(struct header) + n + RING_ALIGN - 1) & ~(size_t)(RING_ALIGN - 1);
	r->at = atomic_load_explicit(&r->head, memory_order_relaxed);
	size_t to_end = size - (size_t)(r->at & r->mask);
	size_t needed = block > to_end ? to_end + block : block;

	if (room_left(r) < needed) {
		r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
		if (room_left(r) < needed)
			return NULL;
	}
	if (block > to_end) {
		*header_at(r, r->at) = (struct header){(uint32_t)to_end, SKIP, 0};
		r->at += to_end;
	}
	return header_at(r, r->at) + 1;
}

void ring_push(struct ring *r, size_t n)
{
	size_t block = (sizeof(struct header) + n + RING_ALIGN - 1) & ~(size_t)(RING_ALIGN - 1);

	*header_at(r, r->at) = (struct header){(uint32_t)block, (uint32_t)n, 0};
	atomic_store_explicit(&r->head, r->at + block, memory_order_release);
}

size_t ring_free(struct ring *r)
{
	r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
	return ring_size(r) -
	       (size_t)(atomic_load_explicit(&r->head, memory_order_relaxed) - r->tail_seen);
}

void *ring_peek(struct ring *r, size_t *n)
{
	for (;;) {
		uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
		if (tail == r->head_seen) {
			r->head_seen = atomic_load_explicit(&r->head, memory_order_acquire);
			if (tail == r->head_seen)
				return NULL;
		}
		struct header *h = header_at(r, tail);
		if (h->used != SKIP) {
			*n = h->used;
			return h + 1;
		}
		atomic_store_explicit(&r->tail, tail + h->block, memory_order_release);
	}
}

void ring_pop(struct ring *r)
{
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	atomic_store_explicit(&r->tail, tail + header_at(r, tail)->block, memory_order_release);
}

size_t ring_used(const struct ring *r)
{
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

	return head > tail ? (size_t)(head - tail) : 0;
}
