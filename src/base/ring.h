/* A bounded queue of messages from one thread to one other, without locks.
 *
 * Messages are blocks of bytes in a circular buffer. Room is reserved by the writer's own rule: it
 * asks how much is free, and decides what still goes in. */
#ifndef EGRET_BASE_RING_H
#define EGRET_BASE_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define RING_ALIGN 16 /* of every message */

struct ring {
	uint8_t *data;
	uint32_t mask; /* size - 1 */
	/* the writer's line */
	_Alignas(64) _Atomic uint64_t head; /* bytes ever written */
	uint64_t tail_seen;
	uint64_t at; /* of the message being written */
	/* the reader's line */
	_Alignas(64) _Atomic uint64_t tail; /* bytes ever given back */
	uint64_t head_seen;
};

/* `size`: a power of two from 4 KiB to 1 GiB. */
void ring_init(struct ring *r, uint32_t size);
void ring_fini(struct ring *r);

/* For the writer. Room for a message of up to n bytes, aligned to RING_ALIGN; NULL when there is
 * none or n is more than a quarter of the ring. Nothing is seen by the reader before ring_push. */
void *ring_room(struct ring *r, size_t n);
/* Hands over the message in the room given last, cut to n bytes. */
void ring_push(struct ring *r, size_t n);
/* Bytes free, at least. */
size_t ring_free(struct ring *r);

/* For the reader. The oldest message, valid until ring_pop; NULL: none waits. */
void *ring_peek(struct ring *r, size_t *n);
void ring_pop(struct ring *r);

/* Bytes that wait; from any thread, for information. */
size_t ring_used(const struct ring *r);

static inline size_t ring_size(const struct ring *r)
{
	return (size_t)r->mask + 1;
}

#endif
