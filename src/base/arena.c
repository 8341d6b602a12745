#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

/* Under AddressSanitizer each object is a block of its own, so that it sees what runs over. */
#ifdef __SANITIZE_ADDRESS__
#define SEPARATE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SEPARATE 1
#endif
#endif
#ifndef SEPARATE
#define SEPARATE 0
#endif

#define BLOCK ((size_t)64 * 1024)

struct arena_block {
	struct arena_block *next;
	size_t room;
	alignas(max_align_t) unsigned char bytes[];
};

void arena_init(struct arena *a)
{
	*a = (struct arena){0};
}

void arena_fini(struct arena *a)
{
	for (struct arena_block *b = a->block, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	arena_init(a);
}

void arena_clear(struct arena *a)
{
	struct arena_block *kept = NULL;
	size_t used = a->used;

	if (!SEPARATE && a->block && a->block->room == BLOCK) {
		kept = a->block;
		a->block = kept->next;
	}
	arena_fini(a);
	if (!kept)
		return;
	memset(kept->bytes, 0, used);
	kept->next = NULL;
	a->block = kept;
}

static struct arena_block *block_new(size_t room)
{
	struct arena_block *b = mem_zalloc(sizeof *b + room);

	b->room = room;
	return b;
}

void *arena_alloc(struct arena *a, size_t n)
{
	size_t align = alignof(max_align_t), wanted = (n + align - 1) & ~(align - 1);

	if (wanted < n)
		wanted = SIZE_MAX / 2; /* will not be had, and says so */
	if (a->block && wanted <= a->block->room - a->used) {
		void *p = a->block->bytes + a->used;
		a->used += wanted;
		return p;
	}
	if (SEPARATE || wanted > BLOCK / 4) {
		/* behind the newest, which still has room for small ones */
		struct arena_block *own = block_new(SEPARATE ? n : wanted);
		if (a->block) {
			own->next = a->block->next;
			a->block->next = own;
		} else {
			a->block = own;
			a->used = own->room;
		}
		return own->bytes;
	}
	struct arena_block *b = block_new(BLOCK);
	b->next = a->block;
	a->block = b;
	a->used = wanted;
	return b->bytes;
}

void *arena_array(struct arena *a, size_t count, size_t n)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, n, &bytes))
		bytes = SIZE_MAX / 2;
	return arena_alloc(a, bytes);
}

char *arena_text(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	return p;
}

char *arena_print(struct arena *a, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	int n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	size_t room = n < 0 ? 1 : (size_t)n + 1;
	char *p = arena_alloc(a, room);
	va_start(ap, format);
	vsnprintf(p, room, format, ap);
	va_end(ap);
	return p;
}

void *arena_grow(struct arena *a, void *array, size_t count, size_t *room, size_t n)
{
	if (count < *room)
		return array;
	size_t more = *room ? *room * 2 : 4;
	void *bigger = arena_array(a, more, n);
	if (count)
		memcpy(bigger, array, count * n);
	*room = more;
	return bigger;
}
