#include "base/hindex.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static size_t slots_size(uint32_t count)
{
	return (size_t)count * sizeof(struct hslot);
}

static struct hslot *new_slots(uint32_t count)
{
	struct hslot *s = mem_lines(slots_size(count));

	memset(s, 0xff, slots_size(count)); /* every ref = HINDEX_NONE */
	return s;
}

void hindex_init(struct hindex *ix, uint32_t expected)
{
	uint32_t count = 64;

	while (count / 4 * 3 < expected && count < UINT32_C(1) << 31)
		count *= 2;
	*ix = (struct hindex){.slots = new_slots(count), .mask = count - 1};
}

void hindex_fini(struct hindex *ix)
{
	mem_lines_free(ix->slots, slots_size(ix->mask + 1));
	*ix = (struct hindex){0};
}

size_t hindex_memory(uint32_t references)
{
	uint32_t count = 64;

	while (count / 4 * 3 < references && count < UINT32_C(1) << 31)
		count *= 2;
	return mem_lines_memory(slots_size(count)) + mem_lines_memory(slots_size(count / 2));
}

void hindex_clear(struct hindex *ix)
{
	memset(ix->slots, 0xff, ((size_t)ix->mask + 1) * sizeof *ix->slots);
	ix->used = 0;
}

static void place(struct hindex *ix, struct hslot s)
{
	uint32_t i = s.tag & ix->mask;

	while (ix->slots[i].ref != HINDEX_NONE)
		i = (i + 1) & ix->mask;
	ix->slots[i] = s;
}

static void grow(struct hindex *ix)
{
	struct hslot *old = ix->slots;
	uint32_t count = ix->mask + 1;

	ix->slots = new_slots(count * 2);
	ix->mask = count * 2 - 1;
	for (uint32_t i = 0; i < count; i++)
		if (old[i].ref != HINDEX_NONE)
			place(ix, old[i]);
	mem_lines_free(old, slots_size(count));
}

void hindex_add(struct hindex *ix, uint64_t hash, uint32_t ref)
{
	if (ix->used >= ix->mask / 4 * 3)
		grow(ix);
	place(ix, (struct hslot){hindex_tag(hash), ref});
	ix->used++;
}

/* Empties slot i and moves later members of its run back over the hole. */
static void erase(struct hindex *ix, uint32_t i)
{
	uint32_t j = i;

	for (;;) {
		j = (j + 1) & ix->mask;
		if (ix->slots[j].ref == HINDEX_NONE)
			break;
		uint32_t home = ix->slots[j].tag & ix->mask;
		/* j may fill the hole unless its home lies in (i, j] */
		if (((j - home) & ix->mask) >= ((j - i) & ix->mask)) {
			ix->slots[i] = ix->slots[j];
			i = j;
		}
	}
	ix->slots[i].ref = HINDEX_NONE;
	ix->used--;
}

bool hindex_remove(struct hindex *ix, uint64_t hash, uint32_t ref)
{
	for (struct hprobe q = hindex_probe(ix, hash); hindex_next(ix, &q);)
		if (q.ref == ref) {
			erase(ix, q.pos);
			return true;
		}
	return false;
}
