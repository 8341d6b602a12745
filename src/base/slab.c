#include "base/slab.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/sanitized.h"

/* Under AddressSanitizer each buffer is a block of its own, so that it sees what runs over. */
#ifdef SANITIZED
#define SEPARATE 1
#else
#define SEPARATE 0
#endif

#define TOP	(SLAB_CLASSES - 1)
#define FREE	0x80 /* in `state`, with the block's class */
#define LARGEST ((size_t)1 << (SLAB_SHIFT_MIN + TOP))
#define UNITS	(LARGEST >> SLAB_SHIFT_MIN) /* of a largest block */

static size_t class_size(int c)
{
	return (size_t)1 << (SLAB_SHIFT_MIN + c);
}

static size_t blocks_of(size_t budget)
{
	return budget / LARGEST + (budget % LARGEST != 0);
}

void slab_init(struct slab *s, size_t budget)
{
	*s = (struct slab){.budget = budget};
	if (SEPARATE)
		return;
	s->blocks = (uint32_t)blocks_of(budget);
	s->region = mem_lines(s->blocks * LARGEST);
	s->state = mem_lines(s->blocks * UNITS);
}

void slab_fini(struct slab *s)
{
	mem_lines_free(s->region, s->blocks * LARGEST);
	mem_lines_free(s->state, s->blocks * UNITS);
}

size_t slab_memory(size_t budget)
{
	size_t n = blocks_of(budget);

	return mem_lines_memory(n * LARGEST) + mem_lines_memory(n * UNITS);
}

static int class_of(size_t n)
{
	int c = 0;

	while (c < SLAB_CLASSES && n > class_size(c))
		c++;
	return c;
}

static uint8_t *state_of(const struct slab *s, const void *block)
{
	return &s->state[(size_t)((const uint8_t *)block - s->region) >> SLAB_SHIFT_MIN];
}

static void add(struct slab *s, void *block, int c)
{
	struct slab_free *f = block;

	*f = (struct slab_free){.next = s->free[c]};
	if (f->next)
		f->next->last = f;
	s->free[c] = f;
	*state_of(s, f) = (uint8_t)(FREE | c);
}

static void take(struct slab *s, struct slab_free *f, int c)
{
	if (f->last)
		f->last->next = f->next;
	else
		s->free[c] = f->next;
	if (f->next)
		f->next->last = f->last;
	*state_of(s, f) = 0;
}

/* A block of this class, out of a larger one if need be. */
static void *block_of(struct slab *s, int wanted)
{
	int c = wanted;
	uint8_t *p;

	while (c < SLAB_CLASSES && !s->free[c])
		c++;
	if (c < SLAB_CLASSES) {
		p = (uint8_t *)s->free[c];
		take(s, s->free[c], c);
	} else {
		if (s->made == s->blocks)
			return NULL;
		p = s->region + s->made++ * LARGEST;
		c = TOP;
	}
	while (c > wanted) {
		c--;
		add(s, p + class_size(c), c);
	}
	return p;
}

void *slab_get(struct slab *s, size_t n, uint32_t *room)
{
	int c = class_of(n);

	if (c == SLAB_CLASSES || class_size(c) > s->budget - s->used)
		return NULL;
	void *p = SEPARATE ? mem_alloc(class_size(c)) : block_of(s, c);
	if (!p)
		return NULL;
	s->used += class_size(c);
	*room = (uint32_t)class_size(c);
	return p;
}

bool slab_has(const struct slab *s, size_t n)
{
	int c = class_of(n);

	if (c == SLAB_CLASSES || class_size(c) > s->budget - s->used)
		return false;
	if (SEPARATE || s->made < s->blocks)
		return true;
	while (c < SLAB_CLASSES && !s->free[c])
		c++;
	return c < SLAB_CLASSES;
}

void slab_put(struct slab *s, void *p, uint32_t room)
{
	int c = class_of(room);
	uint8_t *block = p;

	s->used -= room;
	if (SEPARATE) {
		free(p);
		return;
	}
	for (; c < TOP; c++) {
		size_t at = (size_t)(block - s->region) ^ class_size(c);
		if (s->state[at >> SLAB_SHIFT_MIN] != (FREE | c))
			break;
		take(s, (struct slab_free *)(s->region + at), c);
		block = s->region + (at & ~class_size(c));
	}
	add(s, block, c);
}
