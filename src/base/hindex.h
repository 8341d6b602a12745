/* Hash index: maps a hash to 32-bit references into storage the caller owns (usually a pool).
 *
 * Open addressing with linear probing over 8-byte slots, eight to a cache line. The index keeps
 * 32 bits of the hash beside each reference, so a look-up touches the caller's storage only on a
 * probable hit, and growing never touches it. Deletion shifts back; there are no tombstones.
 *
 *	for (struct hprobe q = hindex_probe(ix, hash); hindex_next(ix, &q);)
 *		if (same_key(q.ref))
 *			...
 *
 * Cost is O(1) as long as hashes are keyed (base/hash.h).
 */
#ifndef EGRET_BASE_HINDEX_H
#define EGRET_BASE_HINDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/prefetch.h"

#define HINDEX_NONE UINT32_MAX /* never a valid reference */

struct hslot {
	uint32_t tag; /* folded hash; its low bits are the slot's home */
	uint32_t ref; /* HINDEX_NONE = empty */
};

struct hindex {
	struct hslot *slots;
	uint32_t mask; /* slots - 1, a power of two less one */
	uint32_t used;
};

struct hprobe {
	uint32_t pos; /* slot of the current hit */
	uint32_t tag;
	uint32_t ref; /* the current hit */
	uint32_t next;
};

void hindex_init(struct hindex *ix, uint32_t expected);
void hindex_fini(struct hindex *ix);
/* The most memory that one of so many references takes, while it grows. */
size_t hindex_memory(uint32_t references);
void hindex_clear(struct hindex *ix);

/* Adds a reference. Does not look whether it is there already. Grows by doubling at 3/4 full. */
void hindex_add(struct hindex *ix, uint64_t hash, uint32_t ref);
/* Removes this very (hash, ref) pair. False when it is not there. */
bool hindex_remove(struct hindex *ix, uint64_t hash, uint32_t ref);

static inline uint32_t hindex_tag(uint64_t hash)
{
	return (uint32_t)(hash ^ hash >> 32);
}

static inline void hindex_prefetch(const struct hindex *ix, uint64_t hash)
{
	prefetch(&ix->slots[hindex_tag(hash) & ix->mask]);
}

static inline struct hprobe hindex_probe(const struct hindex *ix, uint64_t hash)
{
	uint32_t tag = hindex_tag(hash);
	return (struct hprobe){.tag = tag, .ref = HINDEX_NONE, .next = tag & ix->mask};
}

/* Advances to the next reference with this hash; false when there is none. */
static inline bool hindex_next(const struct hindex *ix, struct hprobe *q)
{
	for (;;) {
		const struct hslot *s = &ix->slots[q->next];
		if (s->ref == HINDEX_NONE)
			return false;
		uint32_t pos = q->next;
		q->next = (q->next + 1) & ix->mask;
		if (s->tag == q->tag) {
			q->pos = pos;
			q->ref = s->ref;
			return true;
		}
	}
}

#endif
