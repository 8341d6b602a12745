/* Pool of equal objects addressed by a 32-bit number, in chunks that never move.
 *
 * Grows by some chunks at a time until `limit` objects exist; then pool_get fails and the owner must evict.
 * Objects are 64-byte aligned when their size is a multiple of 64. Memory goes back only at fini.
 */
#ifndef EGRET_BASE_POOL_H
#define EGRET_BASE_POOL_H

#include <stddef.h>
#include <stdint.h>

#define POOL_NONE UINT32_MAX
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define POOL_CHUNK_SHIFT 3 /* each input begins with none, and clearing them would take nearly all the time */
#else
#define POOL_CHUNK_SHIFT 10 /* objects a chunk: 1024 */
#endif

struct pool {
	uint8_t **chunks;
	uint32_t *free; /* stack of freed numbers */
	uint32_t free_count;
	uint32_t free_room;
	uint32_t made;  /* numbers handed out so far, freed ones included */
	uint32_t limit; /* most objects at one time */
	uint32_t object_size;
	uint32_t chunk_count;
};

void pool_init(struct pool *p, size_t object_size, uint32_t limit);
void pool_fini(struct pool *p);
/* The most memory that one of `limit` objects takes. */
size_t pool_memory(size_t object_size, uint32_t limit);

/* The number of a zeroed object, or POOL_NONE when the limit is reached. */
uint32_t pool_get(struct pool *p);
/* Takes all objects back at once; the memory stays. */
void pool_clear(struct pool *p);
/* As pool_get, for who sets all of the object: of one that comes again, what was in it is left. */
uint32_t pool_get_raw(struct pool *p);
void pool_put(struct pool *p, uint32_t number);

static inline void *pool_at(const struct pool *p, uint32_t number)
{
	return p->chunks[number >> POOL_CHUNK_SHIFT] +
	       (size_t)(number & ((1u << POOL_CHUNK_SHIFT) - 1)) * p->object_size;
}

static inline uint32_t pool_live(const struct pool *p)
{
	return p->made - p->free_count;
}

#endif
