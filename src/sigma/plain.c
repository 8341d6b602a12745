#include "sigma/plain.h"

#include <stdlib.h>

#include "base/mem.h"

struct plain_text {
	struct str text;
	bool cased;
	uint32_t leaf;
};

void plain_init(struct plain *p)
{
	*p = (struct plain){0};
	hindex_init(&p->index, 8);
	hash_key_init(&p->key); /* values come from the wire */
}

void plain_fini(struct plain *p)
{
	free(p->v);
	hindex_fini(&p->index);
}

static uint64_t length_bit(size_t n)
{
	return UINT64_C(1) << (n < 63 ? n : 63);
}

static uint64_t hash_of(const struct plain *p, struct str s)
{
	char lower[PLAIN_MAX];

	for (size_t i = 0; i < s.n; i++)
		lower[i] = ascii_lower(s.p[i]);
	return hash_bytes(&p->key, lower, s.n);
}

void plain_add(struct plain *p, struct str text, bool cased, uint32_t leaf)
{
	if (p->count == p->room) {
		p->room = p->room ? p->room * 2 : 8;
		p->v = mem_resize(p->v, p->room * sizeof *p->v);
	}
	hindex_add(&p->index, hash_of(p, text), p->count);
	p->lengths |= length_bit(text.n);
	p->v[p->count++] = (struct plain_text){text, cased, leaf};
}

void plain_find(const struct plain *p, struct str value, leaf_found *found, void *context)
{
	if (value.n > PLAIN_MAX || !(p->lengths & length_bit(value.n)))
		return;
	uint64_t hash = hash_of(p, value);
	for (struct hprobe q = hindex_probe(&p->index, hash); hindex_next(&p->index, &q);) {
		const struct plain_text *t = &p->v[q.ref];
		if (t->cased ? str_eq(t->text, value) : str_ieq(t->text, value))
			found(context, t->leaf);
	}
}
