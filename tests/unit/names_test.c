/* Which name an address had for a client, when. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/limits.h"
#include "names/names.h"

static struct names names;

static void setup(void)
{
	names_init(&names, 1024);
}

static void teardown(void)
{
	names_fini(&names);
}

TestSuite(names, .init = setup, .fini = teardown);

static struct addr address(unsigned n)
{
	return addr_v4((uint8_t[]){198, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n});
}

static struct addr client(unsigned n)
{
	return addr_v4((uint8_t[]){10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n});
}

static void learn(unsigned c, unsigned a, const char *name, uint32_t ttl, uint64_t second)
{
	struct name_lesson *l = calloc(1, sizeof *l);

	l->client = client(c);
	l->name = str_of(name);
	l->time = second * NS_PER_S;
	l->count = 1;
	l->item[0].address = address(a);
	l->item[0].ttl = ttl;
	l->hash = hash_bytes(&names.key, l->name.p, l->name.n);
	names_prepare(&names, l);
	names_learn(&names, l);
	free(l);
}

static struct name_answer find(unsigned c, unsigned a, uint64_t second)
{
	struct addr from = client(c), to = address(a);

	return names_find(&names, &from, &to, second * NS_PER_S);
}

static bool is(struct name_answer a, enum name_source source, const char *name)
{
	return a.source == source && str_eq(a.name, str_of(name));
}

Test(names, this_client_before_any_other)
{
	learn(1, 1, "a.example", 300, 1000);
	learn(2, 1, "b.example", 300, 1001);
	cr_expect(is(find(1, 1, 1010), NAME_DNS_CLIENT, "a.example"));
	cr_expect(is(find(2, 1, 1010), NAME_DNS_CLIENT, "b.example"));
	cr_expect(is(find(3, 1, 1010), NAME_DNS_ANY, "b.example"));
	cr_expect_eq(find(3, 1, 1010).others, 1);
	cr_expect_eq(find(1, 2, 1010).source, NAME_NONE);
}

Test(names, a_name_holds_for_its_ttl_and_a_little_longer)
{
	learn(1, 1, "a.example", 600, 1000);
	cr_expect_eq(find(1, 1, 990).source, NAME_NONE); /* not yet known */
	cr_expect(is(find(1, 1, 999), NAME_DNS_CLIENT, "a.example"));
	cr_expect(is(find(1, 1, 1700), NAME_DNS_CLIENT, "a.example"));
	cr_expect_eq(find(1, 1, 2000).source, NAME_NONE);
	/* a TTL of 0 holds for a while as well */
	learn(1, 2, "b.example", 0, 1000);
	cr_expect(is(find(1, 2, 1060), NAME_DNS_CLIENT, "b.example"));
}

Test(names, the_latest_name_that_held_wins_and_the_others_are_told)
{
	learn(1, 1, "a.example", 3600, 1000);
	learn(1, 1, "b.example", 3600, 2000);
	cr_expect(is(find(1, 1, 1500), NAME_DNS_CLIENT, "a.example")); /* b came later */
	struct name_answer a = find(1, 1, 2500);
	cr_expect(is(a, NAME_DNS_CLIENT, "b.example"));
	cr_expect_eq(a.others, 1);
	cr_expect(str_eq(a.other[0], STR("a.example")));
}

Test(names, told_again_it_has_held_since_it_was_told_first)
{
	learn(1, 1, "a.example", 300, 1000);
	learn(1, 1, "a.example", 300, 1200);
	cr_expect(is(find(1, 1, 1100), NAME_DNS_CLIENT, "a.example"));
	cr_expect_eq(find(1, 1, 1300).others, 0);
}

Test(names, told_again_it_is_the_latest)
{
	learn(1, 1, "a.example", 3600, 1000);
	learn(1, 1, "b.example", 3600, 2000);
	learn(1, 1, "a.example", 3600, 3000);
	cr_expect(is(find(1, 1, 3500), NAME_DNS_CLIENT, "a.example"));
	/* as of an earlier time b was */
	cr_expect(is(find(1, 1, 2500), NAME_DNS_CLIENT, "b.example"));
	cr_expect(is(find(1, 1, 1500), NAME_DNS_CLIENT, "a.example"));
}

/* One packet with a time out of nowhere must not spoil a name for the rest of a capture. */
Test(names, a_time_in_the_far_future_is_forgiven)
{
	learn(1, 1, "a.example", 3600, 4000000000);
	learn(1, 1, "a.example", 300, 1000);
	cr_expect(is(find(1, 1, 1100), NAME_DNS_CLIENT, "a.example"));
	cr_expect_eq(find(1, 1, 5000).source, NAME_NONE);
}

Test(names, the_alias_comes_with_the_name)
{
	struct name_lesson *l = calloc(1, sizeof *l);

	l->client = client(1);
	l->name = STR("files.example.com");
	l->via = STR("bucket.s3.amazonaws.com");
	l->time = 1000 * NS_PER_S;
	l->count = 1;
	l->item[0].address = address(1);
	l->item[0].ttl = 60;
	l->hash = hash_bytes(&names.key, l->name.p, l->name.n);
	names_prepare(&names, l);
	names_learn(&names, l);
	struct name_answer a = find(1, 1, 1000);
	cr_expect(is(a, NAME_DNS_CLIENT, "files.example.com"));
	cr_expect(str_eq(a.via, STR("bucket.s3.amazonaws.com")));
	free(l);
}

/* More than fits, and more text than the ring holds: old names go, no wrong one is ever given. */
Test(names, what_is_forgotten_is_counted_and_never_wrong)
{
	char name[1000], wanted[32];
	unsigned right = 0;

	teardown();
	names_init(&names, 4096);
	for (unsigned i = 0; i < 100000; i++) {
		memset(name, 'x', sizeof name);
		name[snprintf(name, sizeof name, "%u.", i)] = 'x';
		name[sizeof name - 1] = '\0';
		learn(i % 7, i, name, 3600, 1000 + i / 1000);
	}
	for (unsigned i = 0; i < 100000; i++) {
		struct name_answer a = find(i % 7, i, 1100);
		if (a.source == NAME_NONE)
			continue;
		int k = snprintf(wanted, sizeof wanted, "%u.", i);
		cr_assert(a.name.n == 999 && memcmp(a.name.p, wanted, (size_t)k) == 0, "%u", i);
		right++;
	}
	cr_expect_gt(right, 2000);
	cr_expect_gt(names_evicted(&names), 90000);
}
