/* Byte buffers of a few sizes out of one region, which is all that they ever take.
 *
 * A buddy system: blocks are powers of two, halved when a smaller one is wanted, and put together
 * again when both halves are free. So whatever sizes come in whatever order, memory does not grow
 * by what lies between; the region is touched only as far as it was needed. */
#ifndef EGRET_BASE_SLAB_H
#define EGRET_BASE_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLAB_SHIFT_MIN 8 /* 256 bytes */
#define SLAB_CLASSES 10  /* to 128 KiB */

struct slab {
	uint8_t *region;
	uint8_t *state;  /* of each unit of 256 bytes at which a block begins */
	uint32_t blocks; /* of the largest size, of the region */
	uint32_t made;   /* of these, taken into use so far */
	struct slab_free {
		struct slab_free *next, *last;
	} *free[SLAB_CLASSES];
	size_t used;     /* bytes handed out */
	size_t budget;
};

/* `budget`: bytes, up to 1 GiB. */
void slab_init(struct slab *s, size_t budget);
/* Buffers that are still out are the caller's loss. */
void slab_fini(struct slab *s);
/* The most memory that one of this budget takes. */
size_t slab_memory(size_t budget);

/* A buffer of at least n bytes, uninitialised; *room gets its true size, to be given back with it.
 * NULL when the budget is used up, when no block of that size is left between others, or when n is
 * beyond the largest size. */
void *slab_get(struct slab *s, size_t n, uint32_t *room);
/* Whether there is a block for n bytes, n as above. */
bool slab_has(const struct slab *s, size_t n);
void slab_put(struct slab *s, void *p, uint32_t room);

#endif
