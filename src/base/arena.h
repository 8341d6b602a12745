/* Memory that goes all at once: what is read from one file or one set of rules.
 * Not for the packet path, and not bounded by itself: who reads bounds what is read. */
#ifndef EGRET_BASE_ARENA_H
#define EGRET_BASE_ARENA_H

#include <stddef.h>

#include "base/str.h"

struct arena {
	struct arena_block *block; /* the newest first */
	size_t used;		   /* of the newest */
};

void arena_init(struct arena *a);
void arena_fini(struct arena *a);
/* The same, but for a block that is used again: for many small things one after the other. */
void arena_clear(struct arena *a);

/* Zeroed, aligned for any object, never NULL. */
void *arena_alloc(struct arena *a, size_t n);
/* The same for `count` objects of `n` bytes, checked for overflow. */
void *arena_array(struct arena *a, size_t count, size_t n);
/* A terminated copy. */
char *arena_text(struct arena *a, struct str s);
char *arena_print(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for one more in an array that grows: doubles `*room` when `count` has reached it. The old
 * array stays behind in the arena, which at most doubles what it takes. */
void *arena_grow(struct arena *a, void *array, size_t count, size_t *room, size_t n);

#endif
