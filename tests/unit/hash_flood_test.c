/* Nobody who does not know the key can choose tuples or names that fall on the same places of a
 * table: neither by patterns that cancel out in weak hashes, nor by what collides under another key. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/hindex.h"
#include "flow/table.h"
#include "traffic.h"

#define PLACES	 65536u
#define KEYS	 5
#define MOST	 14  /* on one of PLACES, of PLACES put at random: by chance once in 10^6 tests */
#define TOGETHER 128 /* that collide under one key; and under another: */
#define MEET	 4

static struct flow_table *table_new(void)
{
	struct flow_table *t = calloc(1, sizeof *t);

	hash_key_init(&t->key);
	return t;
}

static void number(struct addr *a, uint64_t high, uint64_t low)
{
	for (int i = 0; i < 8; i++) {
		a->b[i] = (uint8_t)(high >> (56 - 8 * i));
		a->b[8 + i] = (uint8_t)(low >> (56 - 8 * i));
	}
}

static void v4(struct addr *a, uint32_t n)
{
	number(a, 0, UINT64_C(0xffff00000000) | n);
}

static struct tuple base(void)
{
	struct tuple k = {.sport = 40000, .dport = 443, .proto = PROTO_TCP};

	v4(&k.src, 0x0a000001);
	v4(&k.dst, 0xcb007109);
	return k;
}

/* What an attacker can vary so that a sum, a difference, an exclusive or, or low bits stay the same. */

static void ports(struct tuple *k, uint32_t i)
{
	k->sport = (uint16_t)i;
}

static void ports_of_one_sum(struct tuple *k, uint32_t i)
{
	k->sport = (uint16_t)i;
	k->dport = (uint16_t)(7 - i);
}

static void addresses(struct tuple *k, uint32_t i)
{
	v4(&k->src, 0x0a000000 + i);
}

static void high_bits(struct tuple *k, uint32_t i)
{
	v4(&k->src, i << 16 | 1);
}

static void addresses_of_one_sum(struct tuple *k, uint32_t i)
{
	v4(&k->src, 0x0a000000 + i);
	v4(&k->dst, 0x0b010000 - i);
}

static void addresses_alike(struct tuple *k, uint32_t i)
{
	v4(&k->src, 0x0a000000 + i);
	v4(&k->dst, 0x0a000000 + i);
	k->dport = k->sport;
}

static void address_against_port(struct tuple *k, uint32_t i)
{
	v4(&k->src, 0x0a000000 + i);
	k->sport = (uint16_t)(60000 - i);
}

static void halves_of_v6(struct tuple *k, uint32_t i)
{
	number(&k->src, UINT64_C(0x20010db800000000) + i, UINT64_C(0x20010db800000000) - i);
	number(&k->dst, 1, 2);
}

static void halves_of_v6_alike(struct tuple *k, uint32_t i)
{
	uint64_t half = UINT64_C(0x20010db800000000) ^ (uint64_t)i << 24;

	number(&k->src, half, half);
	number(&k->dst, ~half, ~half);
}

static void (*const families[])(struct tuple *k, uint32_t i) = {
	ports, ports_of_one_sum, addresses, high_bits, addresses_of_one_sum, addresses_alike,
	address_against_port, halves_of_v6, halves_of_v6_alike,
};

#define FAMILIES (sizeof families / sizeof *families)

static uint32_t most_on(const uint64_t *hash, size_t n)
{
	static uint8_t on[PLACES];
	uint32_t most = 0;

	memset(on, 0, sizeof on);
	for (size_t i = 0; i < n; i++) {
		uint8_t *p = &on[hindex_tag(hash[i]) % PLACES];
		if (*p < UINT8_MAX && ++*p > most)
			most = *p;
	}
	return most;
}

Test(hash_flood, patterns_spread)
{
	static uint64_t hash[PLACES];

	for (unsigned key = 0; key < KEYS; key++) {
		struct flow_table *t = table_new();
		for (size_t f = 0; f < FAMILIES; f++) {
			for (uint32_t i = 0; i < PLACES; i++) {
				struct tuple k = base();
				families[f](&k, i);
				hash[i] = flow_hash(t, &k);
			}
			cr_expect_leq(most_on(hash, PLACES), MOST, "family %zu", f);
		}
		free(t);
	}
}

Test(hash_flood, tuples_that_meet_under_one_key_part_under_another)
{
	struct flow_table *mine = table_new(), *theirs = table_new();
	uint64_t here[TOGETHER], there[TOGETHER];
	unsigned n = 0;

	for (uint64_t i = 0; n < TOGETHER; i++) {
		struct tuple k = base();
		v4(&k.src, 0x0a000000 + (uint32_t)(i >> 16));
		k.sport = (uint16_t)i;
		uint64_t h = flow_hash(mine, &k);
		if (hindex_tag(h) % PLACES != 7)
			continue;
		here[n] = h;
		there[n++] = flow_hash(theirs, &k);
	}
	cr_expect_eq(most_on(here, n), TOGETHER);
	cr_expect_leq(most_on(there, n), MEET);
	free(mine);
	free(theirs);
}

Test(hash_flood, names_that_meet_under_one_key_part_under_another)
{
	struct hash_key mine, theirs;
	uint64_t here[TOGETHER], there[TOGETHER];
	unsigned n = 0;

	hash_key_init(&mine);
	hash_key_init(&theirs);
	for (unsigned i = 0; n < TOGETHER; i++) {
		char name[40];
		size_t length = (size_t)snprintf(name, sizeof name, "%x.example.org", i);
		uint64_t h = hash_bytes(&mine, name, length);
		if (hindex_tag(h) % PLACES != 7)
			continue;
		here[n] = h;
		there[n++] = hash_bytes(&theirs, name, length);
	}
	cr_expect_eq(most_on(here, n), TOGETHER);
	cr_expect_leq(most_on(there, n), MEET);
}

/* A pair of SYNs a flow, so that each is looked up as well. */
static double flows(void (*family)(struct tuple *k, uint32_t i))
{
	struct traffic *t = traffic_new();
	struct timespec from, to;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (uint32_t i = 0; i < 2 * PLACES; i++) {
		struct packet *p = traffic_add(t, true, TCP_SYN, 1000 + i, 0, 0);
		p->tuple = base();
		if (family) {
			family(&p->tuple, i / 2);
		} else {
			v4(&p->tuple.src, (uint32_t)random());
			p->tuple.sport = (uint16_t)random();
		}
	}
	traffic_run(t);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	traffic_free(t);
	return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) * 1e-9;
}

/* A table on one place would take tens of thousands of times as long. */
Test(hash_flood, chosen_tuples_take_no_longer_than_any)
{
	for (size_t f = 0; f < FAMILIES; f++) {
		double any, chosen;
		int tries = 4;
		do {
			any = flows(NULL);
			chosen = flows(families[f]);
		} while (chosen > 3 * any + 0.01 && --tries);
		cr_expect_leq(chosen, 3 * any + 0.01, "family %zu: %.4f s against %.4f s", f, chosen,
			      any);
	}
}
