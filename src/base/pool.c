#include "base/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void pool_init(struct pool *p, size_t object_size, uint32_t limit)
{
	*p = (struct pool){.object_size = (uint32_t)object_size, .limit = limit};
}

void pool_fini(struct pool *p)
{
	for (uint32_t i = 0; i < p->chunk_count; i++)
		free(p->chunks[i]);
	free(p->chunks);
	free(p->free);
	*p = (struct pool){0};
}

static void add_chunk(struct pool *p)
{
	p->chunks = mem_resize(p->chunks, (p->chunk_count + 1) * sizeof *p->chunks);
	p->chunks[p->chunk_count++] = mem_lines((size_t)p->object_size << POOL_CHUNK_SHIFT);
}

uint32_t pool_get(struct pool *p)
{
	if (p->free_count) {
		uint32_t n = p->free[--p->free_count];
		memset(pool_at(p, n), 0, p->object_size);
		return n;
	}
	if (p->made >= p->limit)
		return POOL_NONE;
	if (p->made >> POOL_CHUNK_SHIFT == p->chunk_count)
		add_chunk(p);
	return p->made++;
}

void pool_clear(struct pool *p)
{
	p->free_count = 0;
	for (uint32_t n = p->made; n > 0; n--)
		pool_put(p, n - 1);
}

void pool_put(struct pool *p, uint32_t number)
{
	if (p->free_count == p->free_room) {
		p->free_room = p->free_room ? p->free_room * 2 : 256;
		p->free = mem_resize(p->free, p->free_room * sizeof *p->free);
	}
	p->free[p->free_count++] = number;
}
