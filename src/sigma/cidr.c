#include "sigma/cidr.h"

#include <stdlib.h>

#include "base/mem.h"

#define NONE	UINT32_MAX
#define V4_BITS 96 /* of the mapped prefix */

struct cidr_network {
	struct addr address;
	unsigned bits;
	uint32_t leaf;
	uint32_t around; /* the smallest network that this one lies in */
};

void cidr_fini(struct cidr_set *s)
{
	free(s->v);
}

static bool is_in(const struct addr *a, const struct cidr_network *n)
{
	unsigned whole = n->bits / 8, rest = n->bits % 8;

	return memcmp(a->b, n->address.b, whole) == 0 &&
	       (rest == 0 || ((a->b[whole] ^ n->address.b[whole]) & (0xff00u >> rest) & 0xff) == 0);
}

void cidr_add(struct cidr_set *s, const struct addr *network, unsigned bits, uint32_t leaf)
{
	if (s->count == s->room) {
		s->room = s->room ? s->room * 2 : 8;
		s->v = mem_resize(s->v, s->room * sizeof *s->v);
	}
	s->v[s->count++] = (struct cidr_network){*network, bits, leaf, NONE};
}

/* A network stands before those that lie in it. */
static int by_address(const void *x, const void *y)
{
	const struct cidr_network *a = x, *b = y;
	int order = memcmp(a->address.b, b->address.b, sizeof a->address.b);

	return order ? order : (a->bits > b->bits) - (a->bits < b->bits);
}

void cidr_settle(struct cidr_set *s)
{
	if (s->count)
		qsort(s->v, s->count, sizeof *s->v, by_address);
	for (uint32_t i = 1; i < s->count; i++) {
		uint32_t around = i - 1;
		while (around != NONE && !is_in(&s->v[i].address, &s->v[around]))
			around = s->v[around].around;
		s->v[i].around = around;
	}
}

bool cidr_address(struct str text, struct addr *out)
{
	char z[ADDR_TEXT_MAX];
	const char *zone = text.n ? memchr(text.p, '%', text.n) : NULL;
	size_t n = zone ? (size_t)(zone - text.p) : text.n;

	if (n == 0 || n >= sizeof z || memchr(text.p, '\0', n))
		return false;
	memcpy(z, text.p, n);
	z[n] = '\0';
	return addr_parse(z, out) && (!zone || !addr_is_v4(out));
}

/* Of the networks that begin at or before the address the last one; all that hold the address hold
 * where that one begins, too, so they are it or around it. */
void cidr_find(const struct cidr_set *s, const struct addr *a, leaf_found *found, void *context)
{
	uint32_t low = 0, high = s->count;
	bool v4 = addr_is_v4(a);

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (memcmp(s->v[middle].address.b, a->b, sizeof a->b) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (uint32_t i = low ? low - 1 : NONE; i != NONE; i = s->v[i].around)
		if (is_in(a, &s->v[i]) && (!v4 || s->v[i].bits >= V4_BITS))
			found(context, s->v[i].leaf);
}
