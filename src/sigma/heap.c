#include "sigma/heap.h"

#include "base/mem.h"

static uint64_t key(const struct cells *c, uint32_t place)
{
	return cell_at(c, c->heap[place] >> 1)->first[c->heap[place] & 1];
}

static void set_place(struct cells *c, uint32_t trail, uint32_t place)
{
	cell_at(c, trail >> 1)->place[trail & 1] = place;
}

static void put(struct cells *c, uint32_t place, uint32_t trail)
{
	c->heap[place] = trail;
	set_place(c, trail, place);
}

static void swap(struct cells *c, uint32_t a, uint32_t b)
{
	uint32_t x = c->heap[a];

	put(c, a, c->heap[b]);
	put(c, b, x);
}

void heap_moved(struct cells *c, uint32_t place)
{
	for (uint32_t up; place > 0 && key(c, place) < key(c, up = (place - 1) / 2); place = up)
		swap(c, place, up);
	for (;;) {
		uint32_t least = place;
		for (uint32_t k = 2 * place + 1; k <= 2 * place + 2 && k < c->heap_count; k++)
			if (key(c, k) < key(c, least))
				least = k;
		if (least == place)
			return;
		swap(c, place, least);
		place = least;
	}
}

void heap_add(struct cells *c, uint32_t trail)
{
	if (c->heap_count == c->heap_room) {
		c->heap_room = c->heap_room ? 2 * c->heap_room : 16;
		c->heap = mem_resize(c->heap, c->heap_room * sizeof *c->heap);
	}
	put(c, c->heap_count++, trail);
	heap_moved(c, c->heap_count - 1);
}

void heap_remove(struct cells *c, uint32_t place)
{
	set_place(c, c->heap[place], CELL_NONE);
	if (place == --c->heap_count)
		return;
	put(c, place, c->heap[c->heap_count]);
	heap_moved(c, place);
}
