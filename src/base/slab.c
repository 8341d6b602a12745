#include "base/slab.h"

#include <stdlib.h>

#include "base/mem.h"

void slab_init(struct slab *s, size_t budget)
{
	*s = (struct slab){.budget = budget};
}

static void drop_free(struct slab *s)
{
	for (int c = 0; c < SLAB_CLASSES; c++)
		while (s->free[c]) {
			void *p = s->free[c];
			s->free[c] = *(void **)p;
			s->held -= (size_t)1 << (SLAB_SHIFT_MIN + c);
			free(p);
		}
}

void slab_fini(struct slab *s)
{
	drop_free(s);
}

static int class_of(size_t n)
{
	int c = 0;

	while (c < SLAB_CLASSES && n > (size_t)1 << (SLAB_SHIFT_MIN + c))
		c++;
	return c;
}

void *slab_get(struct slab *s, size_t n, uint32_t *room)
{
	int c = class_of(n);
	size_t size = (size_t)1 << (SLAB_SHIFT_MIN + c);

	if (c == SLAB_CLASSES || size > s->budget - s->used)
		return NULL;
	void *p = s->free[c];
	if (p) {
		s->free[c] = *(void **)p;
	} else {
		/* other sizes kept for reuse count as well */
		if (size > s->budget - s->held)
			drop_free(s);
		p = mem_alloc(size);
		s->held += size;
	}
	s->used += size;
	*room = (uint32_t)size;
	return p;
}

void slab_put(struct slab *s, void *p, uint32_t room)
{
	int c = class_of(room);

	*(void **)p = s->free[c];
	s->free[c] = p;
	s->used -= room;
}
