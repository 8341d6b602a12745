#include "volume/sketch.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define ROW (UINT32_C(1) << SKETCH_SHIFT)
#define SIZE (sizeof(uint32_t) * SKETCH_ROWS * ROW)

void sketch_init(struct sketch *s)
{
	s->count = mem_lines(SIZE);
}

void sketch_fini(struct sketch *s)
{
	mem_lines_free(s->count, SIZE);
}

size_t sketch_memory(void)
{
	return mem_lines_memory(SIZE);
}

void sketch_clear(struct sketch *s)
{
	memset(s->count, 0, SIZE);
}

uint64_t sketch_add(struct sketch *s, uint64_t hash, uint64_t bytes)
{
	uint64_t units = bytes / SKETCH_UNIT + (bytes % SKETCH_UNIT != 0);
	uint32_t *at[SKETCH_ROWS], least = UINT32_MAX;

	for (unsigned i = 0; i < SKETCH_ROWS; i++) {
		at[i] = &s->count[i * ROW + (hash >> i * SKETCH_SHIFT & (ROW - 1))];
		if (*at[i] < least)
			least = *at[i];
	}
	uint64_t sum = least + units < UINT32_MAX ? least + units : UINT32_MAX;
	/* only as far as this key can account for (conservative update) */
	for (unsigned i = 0; i < SKETCH_ROWS; i++)
		if (*at[i] < sum)
			*at[i] = (uint32_t)sum;
	return sum * SKETCH_UNIT;
}
