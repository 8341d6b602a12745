/* Byte buffers of a few sizes, kept for reuse, all together within a budget. */
#ifndef EGRET_BASE_SLAB_H
#define EGRET_BASE_SLAB_H

#include <stddef.h>
#include <stdint.h>

#define SLAB_SHIFT_MIN 8 /* 256 bytes */
#define SLAB_CLASSES 10  /* to 128 KiB */

struct slab {
	void *free[SLAB_CLASSES]; /* linked through their first word */
	size_t used;              /* bytes handed out */
	size_t held;              /* bytes handed out or kept for reuse */
	size_t budget;
};

void slab_init(struct slab *s, size_t budget);
/* Buffers that are still out are the caller's loss. */
void slab_fini(struct slab *s);

/* A buffer of at least n bytes, uninitialised; *room gets its true size, to be given back with it.
 * NULL when the budget is used up or n is beyond the largest size. */
void *slab_get(struct slab *s, size_t n, uint32_t *room);
void slab_put(struct slab *s, void *p, uint32_t room);

#endif
