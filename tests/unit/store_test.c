/* The stores that tables are made of: index, pool, wheel, slab and interned texts, each against a
 * plain model. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/hindex.h"
#include "base/intern.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/slab.h"
#include "base/wheel.h"

static uint32_t state = 1;

static uint32_t below(uint32_t n)
{
	state = state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(state >> 4) * n >> 28);
}

/* hindex */

static unsigned count_of(const struct hindex *ix, uint64_t hash, uint32_t ref)
{
	unsigned n = 0;

	for (struct hprobe q = hindex_probe(ix, hash); hindex_next(ix, &q);)
		n += q.ref == ref;
	return n;
}

/* Few different hashes, so that runs are long and wrap around the end; every step is checked. */
Test(hindex, agrees_with_a_list)
{
	enum { MOST = 400 };
	static struct {
		uint64_t hash;
		bool there;
	} model[MOST];
	struct hindex ix;
	uint32_t used = 0;

	hindex_init(&ix, 1);
	for (unsigned i = 0; i < MOST; i++)
		/* a third of them around the end of any table, so that runs wrap */
		model[i].hash = i % 3 ? below(40) * 3u : UINT32_MAX - below(5);
	for (unsigned step = 0; step < 40000; step++) {
		uint32_t k = below(step < 20000 ? MOST : MOST / 4);
		if (model[k].there) {
			cr_assert(hindex_remove(&ix, model[k].hash, k));
			cr_assert_not(hindex_remove(&ix, model[k].hash, k));
			used--;
		} else {
			hindex_add(&ix, model[k].hash, k);
			used++;
		}
		model[k].there = !model[k].there;
		cr_assert_eq(ix.used, used);
		uint32_t other = below(MOST);
		cr_assert_eq(count_of(&ix, model[other].hash, other), model[other].there);
		if (step % 512 == 0)
			for (unsigned i = 0; i < MOST; i++)
				cr_assert_eq(count_of(&ix, model[i].hash, i), model[i].there);
	}
	hindex_clear(&ix);
	cr_expect_eq(ix.used, 0);
	cr_expect_eq(count_of(&ix, model[0].hash, 0), 0);
	hindex_fini(&ix);
}

Test(hindex, grows_and_keeps_all)
{
	struct hindex ix;
	struct hash_key key;

	hash_key_fixed(&key, 1);
	hindex_init(&ix, 0);
	for (uint32_t i = 0; i < 100000; i++)
		hindex_add(&ix, hash_bytes(&key, &i, sizeof i), i);
	for (uint32_t i = 0; i < 100000; i++)
		cr_assert_eq(count_of(&ix, hash_bytes(&key, &i, sizeof i), i), 1);
	cr_expect_leq((uint64_t)ix.used * 4, ((uint64_t)ix.mask + 1) * 3);
	hindex_fini(&ix);
}

/* pool */

Test(pool, objects_are_zeroed_apart_and_bounded)
{
	struct pool p;
	enum { LIMIT = 2500 };
	static bool live[LIMIT];
	uint32_t held = 0;

	pool_init(&p, 64, LIMIT);
	for (unsigned step = 0; step < 60000; step++) {
		uint32_t n = below(LIMIT);
		if (n < p.made && live[n] && below(3) == 0) {
			pool_put(&p, n);
			live[n] = false;
			held--;
			continue;
		}
		n = pool_get(&p);
		cr_assert_eq(n == POOL_NONE, held == LIMIT);
		if (n == POOL_NONE)
			continue;
		cr_assert_lt(n, LIMIT);
		cr_assert_not(live[n]);
		uint8_t *object = pool_at(&p, n), zero[64] = {0};
		cr_assert_eq((uintptr_t)object % 64, 0);
		cr_assert(memcmp(object, zero, 64) == 0);
		memset(object, 0xff, 64);
		live[n] = true;
		held++;
		cr_assert_eq(pool_live(&p), held);
	}
	pool_clear(&p);
	cr_expect_eq(pool_live(&p), 0);
	cr_expect_eq(pool_get(&p), 0); /* from the first one again */
	pool_fini(&p);
}

/* wheel */

enum { MEMBERS = 300 };

struct clockwork {
	struct wheel wheel;
	struct pool links; /* struct wheel_link */
	uint64_t due[MEMBERS], fired[MEMBERS];
	unsigned fires;
	bool again;
};

static struct wheel_link *link_of(const struct clockwork *c, uint32_t n)
{
	return pool_at(&c->links, n);
}

static void fire(void *owner, uint32_t n)
{
	struct clockwork *c = owner;

	c->fired[n] = c->wheel.now;
	c->fires++;
	cr_assert_eq(link_of(c, n)->slot, WHEEL_IDLE);
	if (c->again)
		wheel_arm(&c->wheel, n, c->wheel.now + 1 + n % 7);
	else if (n % 5 == 0 && link_of(c, (n + 1) % MEMBERS)->slot != WHEEL_IDLE)
		wheel_disarm(&c->wheel, (n + 1) % MEMBERS); /* any member may go meanwhile */
}

static struct clockwork *clockwork_new(void)
{
	struct clockwork *c = mem_zalloc(sizeof *c);

	pool_init(&c->links, sizeof(struct wheel_link), MEMBERS);
	wheel_init(&c->wheel, &c->links, 0);
	for (int i = 0; i < MEMBERS; i++)
		link_of(c, pool_get(&c->links))->slot = WHEEL_IDLE;
	return c;
}

static void clockwork_free(struct clockwork *c)
{
	pool_fini(&c->links);
	free(c);
}

Test(wheel, each_fires_at_its_tick)
{
	struct clockwork *c = clockwork_new();

	wheel_start(&c->wheel, 5000);
	for (uint32_t n = 0; n < MEMBERS; n += 2) { /* (odd ones stay idle: nobody is disarmed) */
		c->due[n] = 5000 + 1 + below(WHEEL_SLOTS - 1);
		wheel_arm(&c->wheel, n, c->due[n]);
	}
	for (uint64_t t = 5000; t < 5000 + WHEEL_SLOTS;)
		wheel_advance(&c->wheel, t += 1 + below(9), fire, c);
	for (uint32_t n = 0; n < MEMBERS; n += 2)
		cr_assert_eq(c->fired[n], c->due[n]);
	cr_expect_eq(c->fires, MEMBERS / 2);
	clockwork_free(c);
}

Test(wheel, late_and_far_deadlines)
{
	struct clockwork *c = clockwork_new();

	wheel_start(&c->wheel, 100);
	wheel_arm(&c->wheel, 2, 7);	     /* past: next tick */
	wheel_arm(&c->wheel, 4, 1000000000); /* beyond the wheel: its last slot */
	wheel_advance(&c->wheel, 100, fire, c);
	cr_expect_eq(c->fires, 0);
	wheel_advance(&c->wheel, 50, fire, c); /* never back */
	wheel_advance(&c->wheel, 101, fire, c);
	cr_expect_eq(c->fired[2], 101);
	wheel_advance(&c->wheel, 100 + WHEEL_SLOTS - 1, fire, c);
	cr_expect_eq(c->fired[4], 100 + WHEEL_SLOTS - 1);
	clockwork_free(c);
}

/* After a pause of any length each is fired a bounded number of times, at ticks that go up. */
Test(wheel, a_year_takes_no_longer_than_a_turn)
{
	struct clockwork *c = clockwork_new();

	c->again = true;
	for (uint32_t n = 0; n < MEMBERS; n++)
		wheel_arm(&c->wheel, n, 1 + n);
	wheel_advance(&c->wheel, 365 * 24 * 3600, fire, c);
	cr_expect_geq(c->fires, MEMBERS);
	cr_expect_leq(c->fires, MEMBERS * WHEEL_SLOTS);
	for (uint32_t n = 0; n < MEMBERS; n++)
		cr_assert_neq(link_of(c, n)->slot, WHEEL_IDLE);
	clockwork_free(c);
}

Test(wheel, any_order_of_arming_and_disarming)
{
	struct clockwork *c = clockwork_new();
	uint64_t now = 0;

	for (unsigned step = 0; step < 100000; step++) {
		uint32_t n = below(MEMBERS);
		if (link_of(c, n)->slot == WHEEL_IDLE)
			wheel_arm(&c->wheel, n, now + below(2000));
		else
			wheel_disarm(&c->wheel, n);
		if (below(10) == 0)
			wheel_advance(&c->wheel, now += below(5), fire, c);
	}
	unsigned armed = 0, listed = 0;
	for (uint32_t n = 0; n < MEMBERS; n++)
		armed += link_of(c, n)->slot != WHEEL_IDLE;
	for (unsigned s = 0; s < WHEEL_SLOTS; s++)
		for (uint32_t n = c->wheel.head[s]; n != POOL_NONE; n = link_of(c, n)->next)
			listed++;
	cr_expect_eq(armed, listed);
	clockwork_free(c);
}

/* slab */

Test(slab, stays_within_its_budget_and_gives_all_back)
{
	enum { BUFFERS = 64, BUDGET = 300000 };
	struct slab s;
	struct {
		uint8_t *p;
		uint32_t room;
	} b[BUFFERS] = {0};

	slab_init(&s, BUDGET);
	for (unsigned step = 0; step < 20000; step++) {
		unsigned k = below(BUFFERS);
		if (b[k].p) {
			for (uint32_t i = 0; i < b[k].room; i += 37)
				cr_assert_eq(b[k].p[i], (uint8_t)k);
			slab_put(&s, b[k].p, b[k].room);
			b[k].p = NULL;
		} else {
			size_t n = below(below(10) ? 5000 : 140000);
			b[k].p = slab_get(&s, n, &b[k].room);
			if (b[k].p) {
				cr_assert_geq(b[k].room, n);
				memset(b[k].p, (int)k, b[k].room);
			} else {
				/* too large, or others are in the way */
				cr_assert(n > 128 * 1024 || s.used + n > BUDGET / 8);
			}
		}
		cr_assert_leq(s.used, BUDGET);
	}
	for (unsigned k = 0; k < BUFFERS; k++)
		if (b[k].p)
			slab_put(&s, b[k].p, b[k].room);
	cr_expect_eq(s.used, 0);
	/* what was halved is whole again */
	for (unsigned k = 0; k < 2; k++) {
		b[k].p = slab_get(&s, 128 * 1024, &b[k].room);
		cr_assert(b[k].p);
	}
	for (unsigned k = 0; k < 2; k++)
		slab_put(&s, b[k].p, b[k].room);
	slab_fini(&s);
}

Test(slab, sizes_at_the_edges)
{
	struct slab s;
	uint32_t room;
	static const size_t fits[] = {0, 1, 256, 257, 512, 131072};

	slab_init(&s, 1 << 20);
	for (size_t i = 0; i < sizeof fits / sizeof *fits; i++) {
		void *p = slab_get(&s, fits[i], &room);
		cr_assert(p && room >= fits[i]);
		slab_put(&s, p, room);
	}
	cr_expect_null(slab_get(&s, 131073, &room));
	slab_fini(&s);
}

/* intern */

Test(intern, equal_texts_share_a_number_until_the_last_goes)
{
	struct intern t;
	char text[1100];

	intern_init(&t, 1000);
	for (unsigned n = 1; n < sizeof text; n += 7) {
		for (unsigned i = 0; i < n; i++)
			text[i] = (char)(n * 31 + i);
		struct str s = {text, n};
		uint32_t a = intern_get(&t, s), b = intern_get(&t, s);
		cr_assert(a != INTERN_NONE && a == b);
		struct str kept = intern_text(&t, a);
		cr_assert_eq(kept.n, n < INTERN_TEXT_MAX ? n : INTERN_TEXT_MAX);
		cr_assert(memcmp(kept.p, text, kept.n) == 0);
		cr_assert_eq(*intern_mark(&t, a), 0);
		*intern_mark(&t, a) = n;
		intern_put(&t, a);
		cr_assert_eq(intern_find(&t, s), a);
		intern_ref(&t, a);
		intern_put(&t, a);
		cr_assert_eq(*intern_mark(&t, a), n);
		intern_put(&t, a);
		cr_assert_eq(intern_find(&t, s), INTERN_NONE);
	}
	cr_expect_eq(t.index.used, 0);
	cr_expect_eq(intern_get(&t, (struct str){0}), INTERN_NONE);
	cr_expect_eq(intern_text(&t, INTERN_NONE).n, 0);
	intern_put(&t, INTERN_NONE);
	intern_fini(&t);
}

Test(intern, the_limit_is_one)
{
	struct intern t;
	char text[16];
	uint32_t number[100];

	intern_init(&t, 100);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(text, sizeof text, "t%u", i);
		number[i] = intern_get(&t, str_of(text));
		cr_assert_neq(number[i], INTERN_NONE);
	}
	cr_expect_eq(intern_get(&t, STR("more")), INTERN_NONE);
	cr_expect_eq(intern_get(&t, STR("t5")), number[5]); /* known ones go on */
	intern_put(&t, number[5]);
	intern_put(&t, number[5]);
	cr_expect_neq(intern_get(&t, STR("more")), INTERN_NONE);
	intern_fini(&t);
}

/* hash */

Test(hash, length_and_every_bit_count)
{
	struct hash_key a, b;
	uint8_t text[64] = {0};

	hash_key_fixed(&a, 1);
	hash_key_fixed(&b, 2);
	for (size_t n = 0; n <= sizeof text; n++) {
		uint64_t h = hash_bytes(&a, text, n);
		cr_assert_eq(h, hash_bytes(&a, text, n));
		cr_assert_neq(h, hash_bytes(&b, text, n));
		if (n)
			cr_assert_neq(h, hash_bytes(&a, text, n - 1));
		for (size_t bit = 0; bit < 8 * n; bit++) {
			text[bit / 8] ^= (uint8_t)(1 << bit % 8);
			uint64_t other = hash_bytes(&a, text, n);
			text[bit / 8] ^= (uint8_t)(1 << bit % 8);
			cr_assert_neq(h, other);
			/* and both halves of it change */
			cr_assert((uint32_t)h != (uint32_t)other || n == 0);
			cr_assert(h >> 32 != other >> 32 || n == 0);
		}
	}
}

Test(hash, keys_are_random)
{
	struct hash_key a, b;

	hash_key_init(&a);
	hash_key_init(&b);
	cr_expect(memcmp(&a, &b, sizeof a) != 0);
}
