/* Count-min sketch (Cormode and Muthukrishnan 2005): roughly how much each of very many keys has
 * sent, in a fixed 1 MiB. Never less than the truth. */
#ifndef EGRET_VOLUME_SKETCH_H
#define EGRET_VOLUME_SKETCH_H

#include <stddef.h>
#include <stdint.h>

#include "core/limits.h"

#define SKETCH_ROWS  4
#define SKETCH_SHIFT LIMIT_SKETCH_SHIFT /* 65,536 counters a row: too much by 0.004 % of all bytes, at 98 % */

#define SKETCH_UNIT 64 /* bytes that a counter counts in */

struct sketch {
	uint32_t *count; /* in units, stopping at the most */
};

void sketch_init(struct sketch *s);
void sketch_fini(struct sketch *s);
/* The memory that one takes. */
size_t sketch_memory(void);
void sketch_clear(struct sketch *s);
/* Adds bytes (rounded up) to a key and returns the estimate of its sum. `hash` is 64 good bits. */
uint64_t sketch_add(struct sketch *s, uint64_t hash, uint64_t bytes);

#endif
