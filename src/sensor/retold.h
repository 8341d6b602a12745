/* Bytes that a parser has used up, told again with different content: the second version.
 *
 * The peer takes one of the two, and only it knows which: a decoy may have been made to die on its
 * way, or to be refused. So both are read.
 */
#ifndef EGRET_SENSOR_RETOLD_H
#define EGRET_SENSOR_RETOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/slab.h"

struct retold {
	uint8_t *bytes; /* as they were said last, from the first version's start; NULL: never otherwise */
	uint32_t have, room;
};

/* What was used up: n bytes from a sequence number on. */
struct told {
	const uint8_t *bytes;
	uint32_t start, n;
};

/* A segment of the same side. True when it differs from what was told; then, and when something did
 * before, `r` has the version that holds it, as long as it leaves no hole and up to LIMIT_HEAD. */
bool retold_take(struct retold *r, struct slab *slab, const struct told *t, uint32_t sequence,
		 struct cursor segment);
/* Begins with a second version that is there already. */
void retold_begin(struct retold *r, struct slab *slab, struct cursor version);
void retold_free(struct retold *r, struct slab *slab);

static inline struct cursor retold_view(const struct retold *r)
{
	return cur_of(r->bytes, r->have);
}

#endif
