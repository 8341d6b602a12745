#include "volume/population.h"

#include <string.h>

void population_init(struct population *p)
{
	p->count = p->clients = 0;
	hindex_init(&p->index, LIMIT_TOP);
	hash_key_init(&p->key);
}

void population_fini(struct population *p)
{
	hindex_fini(&p->index);
}

void population_clear(struct population *p)
{
	p->count = p->clients = 0;
	hindex_clear(&p->index);
}

static uint64_t hash_of(const struct population *p, const struct addr *a)
{
	return hash_step(&p->key, 0, 0, hash_load64(a->b), hash_load64(a->b + 8));
}

/* The place in the heap, LIMIT_TOP when it has none. */
static uint32_t find(const struct population *p, const struct addr *a)
{
	for (struct hprobe q = hindex_probe(&p->index, hash_of(p, a)); hindex_next(&p->index, &q);)
		if (addr_eq(&p->top[p->place[q.ref]].client, a))
			return p->place[q.ref];
	return LIMIT_TOP;
}

static void put(struct population *p, uint32_t at, struct top t)
{
	p->top[at] = t;
	p->place[t.number] = at;
}

/* By bytes, then by address, so that the same uses make the same heap. */
static bool less(const struct top *a, const struct top *b)
{
	return a->up != b->up ? a->up < b->up : memcmp(a->client.b, b->client.b, 16) < 0;
}

static void sink_down(struct population *p, uint32_t at)
{
	struct top t = p->top[at];

	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child >= p->count)
			break;
		if (child + 1 < p->count && less(&p->top[child + 1], &p->top[child]))
			child++;
		if (less(&t, &p->top[child]))
			break;
		put(p, at, p->top[child]);
		at = child;
	}
	put(p, at, t);
}

static void float_up(struct population *p, uint32_t at)
{
	struct top t = p->top[at];

	while (at && less(&t, &p->top[(at - 1) / 2])) {
		put(p, at, p->top[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	put(p, at, t);
}

void population_restore(struct population *p, const struct addr *client, uint64_t up,
			uint64_t error)
{
	uint32_t at = p->count++;

	put(p, at, (struct top){.client = *client, .up = up, .error = error, .number = at});
	hindex_add(&p->index, hash_of(p, client), at);
	float_up(p, at);
}

void population_add(struct population *p, const struct addr *client, uint64_t up)
{
	uint32_t at = find(p, client);

	if (at != LIMIT_TOP) {
		p->top[at].up += up;
		sink_down(p, at);
		return;
	}
	if (p->count < LIMIT_TOP) {
		population_restore(p, client, up, 0);
		return;
	}
	struct top *t = &p->top[0];
	hindex_remove(&p->index, hash_of(p, &t->client), t->number);
	t->client = *client;
	t->error = t->up;
	t->up += up;
	hindex_add(&p->index, hash_of(p, client), t->number);
	sink_down(p, 0);
}

uint32_t population_share(const struct population *p, double share)
{
	double n = (double)p->clients * share;

	return n < 1 ? 1 : n > LIMIT_TOP ? LIMIT_TOP : (uint32_t)n;
}

uint32_t population_rank(const struct population *p, const struct addr *client)
{
	uint32_t at = find(p, client), rank = 1;

	if (at == LIMIT_TOP)
		return 0;
	uint64_t sure = p->top[at].up - p->top[at].error;
	for (uint32_t i = 0; i < p->count; i++)
		rank += i != at && p->top[i].up > sure;
	return rank;
}
