/* Input that ends where the address space does: a copy right before a PROT_NONE page, so that a
 * read past its end is a fault, sanitizer or not. */
#ifndef EGRET_TESTS_GUARD_H
#define EGRET_TESTS_GUARD_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* One page with the size of the whole before the copy's first page, one without access behind. */
static inline uint8_t *guard_copy(const void *data, size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (n + page - 1) / page * page;
	size_t all = room + 2 * page;
	uint8_t *map = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED || mprotect(map + page + room, page, PROT_NONE))
		abort();
	memcpy(map, &all, sizeof all);
	uint8_t *copy = map + page + room - n;
	if (n)
		memcpy(copy, data, n);
	return copy;
}

static inline void guard_free(uint8_t *copy)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), all;
	uint8_t *map = copy - (uintptr_t)copy % page - page;

	memcpy(&all, map, sizeof all);
	munmap(map, all);
}

#endif
