#include "base/pool.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define POOL_BLOCK_MAX ((size_t)8 << 20)

void pool_init(struct pool *p, size_t object_size, uint32_t limit)
{
	*p = (struct pool){.object_size = (uint32_t)object_size, .limit = limit};
}

static size_t chunk_size(const struct pool *p)
{
	return (size_t)p->object_size << POOL_CHUNK_SHIFT;
}

/* How many chunks are allocated together when there are `at`: as many as there are, so that what is
 * large lies in huge pages, and little else is small. */
static uint32_t block_chunks(const struct pool *p, uint32_t at)
{
	uint32_t most = (uint32_t)(POOL_BLOCK_MAX / chunk_size(p));
	uint32_t n = at < most ? at : most;

	return n ? n : 1;
}

void pool_fini(struct pool *p)
{
	uint32_t n;

	for (uint32_t i = 0; i < p->chunk_count; i += n) {
		n = block_chunks(p, i);
		mem_lines_free(p->chunks[i], n * chunk_size(p));
	}
	free(p->chunks);
	free(p->free);
	*p = (struct pool){0};
}

static void add_block(struct pool *p)
{
	uint32_t n = block_chunks(p, p->chunk_count);
	uint8_t *block = mem_lines(n * chunk_size(p));

	p->chunks = mem_resize(p->chunks, (p->chunk_count + n) * sizeof *p->chunks);
	for (uint32_t i = 0; i < n; i++)
		p->chunks[p->chunk_count++] = block + i * chunk_size(p);
}

size_t pool_memory(size_t object_size, uint32_t limit)
{
	struct pool p = {.object_size = (uint32_t)object_size, .limit = limit};
	size_t sum = 0, room = 256, left = (size_t)limit * object_size;

	while ((uint64_t)p.chunk_count << POOL_CHUNK_SHIFT < limit) {
		uint32_t n = block_chunks(&p, p.chunk_count);
		size_t block = n * chunk_size(&p), used = left < block ? left : block;
		sum += mem_lines_part(block, used);
		left -= used;
		p.chunk_count += n;
	}
	while (room < limit)
		room *= 2;
	return sum + mem_memory(p.chunk_count * sizeof *p.chunks) +
	       mem_memory(room * sizeof *p.free);
}

uint32_t pool_get(struct pool *p)
{
	bool again = p->free_count;
	uint32_t n = pool_get_raw(p);

	if (again)
		memset(pool_at(p, n), 0, p->object_size);
	return n;
}

uint32_t pool_get_raw(struct pool *p)
{
	if (p->free_count)
		return p->free[--p->free_count];
	if (p->made >= p->limit)
		return POOL_NONE;
	if (p->made >> POOL_CHUNK_SHIFT == p->chunk_count)
		add_block(p);
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
