#include "core/networks.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void networks_init(struct networks *n)
{
	*n = (struct networks){0};
}

void networks_fini(struct networks *n)
{
	free(n->range);
	*n = (struct networks){0};
}

static int compare(const struct addr *a, const struct addr *b)
{
	return memcmp(a->b, b->b, sizeof a->b);
}

/* Splits "address/bits"; bits counts from the start of the 16-byte form. */
static bool parse(struct str text, struct addr *a, unsigned *bits)
{
	char z[ADDR_TEXT_MAX + 4];
	char *slash;

	if (!text.n || text.n >= sizeof z || memchr(text.p, '\0', text.n))
		return false;
	memcpy(z, text.p, text.n);
	z[text.n] = '\0';
	slash = strchr(z, '/');
	if (slash)
		*slash++ = '\0';
	if (!addr_parse(z, a))
		return false;
	/* ::ffff:192.0.2.0/120 is IPv6 text: its bits are counted as such */
	bool v4 = !strchr(z, ':');
	*bits = 128;
	if (!slash)
		return true;
	unsigned v = 0, digits = 0;
	for (; *slash >= '0' && *slash <= '9' && digits < 4; slash++, digits++)
		v = v * 10 + (unsigned)(*slash - '0');
	*bits = v + (v4 ? 96 : 0);
	return digits && digits < 4 && !*slash && *bits <= 128;
}

/* Sorts the last range in and joins it with its neighbours. */
static void settle(struct networks *n)
{
	struct network_range x = n->range[--n->count];
	size_t at = 0, end;

	while (at < n->count && compare(&n->range[at].last, &x.first) < 0)
		at++;
	for (end = at; end < n->count && compare(&n->range[end].first, &x.last) <= 0; end++) {
		if (compare(&n->range[end].first, &x.first) < 0)
			x.first = n->range[end].first;
		if (compare(&n->range[end].last, &x.last) > 0)
			x.last = n->range[end].last;
	}
	memmove(&n->range[at + 1], &n->range[end], (n->count - end) * sizeof x);
	n->range[at] = x;
	n->count = n->count - (end - at) + 1;
}

int networks_add(struct networks *n, struct str text, struct error *e)
{
	struct network_range x;
	unsigned bits;

	if (!parse(text, &x.first, &bits))
		return error_set(e, "'%.*s' is neither an address nor a network",
				 text.n < 100 ? (int)text.n : 100, text.p);
	x.last = x.first;
	for (unsigned i = bits; i < 128; i++) {
		uint8_t bit = (uint8_t)(0x80 >> i % 8);

		if (x.first.b[i / 8] & bit)
			return error_set(e, "%.*s: address bits beyond the prefix", (int)text.n,
					 text.p);
		x.last.b[i / 8] |= bit;
	}
	if (n->count == n->room) {
		n->room = n->room ? n->room * 2 : 8;
		n->range = mem_resize(n->range, n->room * sizeof *n->range);
	}
	n->range[n->count++] = x;
	settle(n);
	return 0;
}

bool networks_have(const struct networks *n, const struct addr *a)
{
	size_t low = 0, high = n->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&n->range[middle].last, a) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n->count && compare(&n->range[low].first, a) <= 0;
}
