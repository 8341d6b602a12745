/* Events of hosts and records of the wire about the same. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "core/limits.h"
#include "detect/join.h"
#include "expect.h"

#define AT(seconds) ((uint64_t)((1000 + (seconds)) * 1e9))

static struct join *join;
static uint64_t told[64];
static char told_image[64][32];
static unsigned told_count;

static void completed(void *context, uint64_t token, const struct join_host *h)
{
	(void)context;
	if (told_count == 64)
		return;
	snprintf(told_image[told_count], sizeof *told_image, "%.*s", (int)h->image.n, h->image.p);
	told[told_count++] = token;
}

static void start(void)
{
	join = join_new(completed, NULL);
	told_count = 0;
}

static void stop(void)
{
	join_free(join);
}

TestSuite(join, .init = start, .fini = stop);

static struct tuple tuple(const char *src, uint16_t sport, const char *dst)
{
	struct tuple t = {.sport = sport, .dport = 443, .proto = PROTO_TCP};

	cr_assert(addr_parse(src, &t.src));
	cr_assert(addr_parse(dst, &t.dst));
	return t;
}

static void event(uint64_t time, const struct tuple *t, const char *name, const char *image,
		  const char *host, uint64_t line)
{
	struct join_key k = {.time = time, .tuple = t, .name = str_of(name)};
	struct join_host h = {str_of(image), STR("CORP\\bob"), str_of(host), line};

	join_event(join, &k, &h);
}

static bool record(uint64_t time, const struct tuple *t, uint64_t token, struct join_host *h)
{
	return join_record(join, &(struct join_key){.time = time, .tuple = t}, token, h);
}

static bool query(uint64_t time, const char *client, const char *name, uint64_t token,
		  struct join_host *h)
{
	struct addr a;

	cr_assert(addr_parse(client, &a));
	return join_record(join,
			   &(struct join_key){.time = time, .name = str_of(name), .client = &a},
			   token, h);
}

Test(join, the_event_comes_first)
{
	struct tuple t = tuple("10.0.0.1", 50000, "192.0.2.1");
	struct join_host h;

	event(AT(0), &t, "", "rclone.exe", "PC1", 7);
	cr_assert(record(AT(1), &t, 1, &h));
	expect_str(h.image, "rclone.exe");
	expect_str(h.user, "CORP\\bob");
	expect_str(h.host, "PC1");
	cr_expect_eq(h.line, 7);
	struct tuple back = tuple_swap(&t);
	cr_expect(record(AT(1), &back, 1, &h), "either direction");
	struct tuple other = tuple("10.0.0.1", 50001, "192.0.2.1");
	cr_expect_not(record(AT(1), &other, 2, &h));
	expect_str(h.image, "");
	cr_expect_eq(told_count, 0);
}

Test(join, the_record_comes_first)
{
	struct tuple t = tuple("2001:db8::1", 50000, "2001:db8::2");
	struct join_host h;

	cr_expect_not(record(AT(0), &t, 11, &h));
	cr_expect_not(record(AT(1), &t, 12, &h));
	event(AT(-2), &t, "", "a.exe", "PC1", 1);
	cr_assert_eq(told_count, 2, "both");
	cr_expect_eq(told[0], 11, "the nearest first");
	cr_expect_eq(told[1], 12);
	cr_expect_str_eq(told_image[0], "a.exe");
	event(AT(-2), &t, "", "a.exe", "PC1", 1);
	cr_expect_eq(told_count, 2, "each once");
	cr_expect_eq(join_stats(join).records, 0);
	cr_expect_eq(join_stats(join).joined, 2);
}

Test(join, only_within_the_time)
{
	struct tuple t = tuple("10.0.0.1", 50000, "192.0.2.1");
	struct join_host h;

	event(AT(0), &t, "", "a.exe", "PC1", 1);
	cr_expect(record(AT(5), &t, 1, &h));
	cr_expect(record(AT(-5), &t, 1, &h));
	cr_expect_not(record(AT(5) + 1, &t, 2, &h));
	cr_expect_not(record(AT(-5) - 1, &t, 3, &h));
	cr_expect_not(record(0, &t, 4, &h), "without a time");
	event(AT(11), &t, "", "b.exe", "PC1", 2);
	cr_assert_eq(told_count, 0, "6 seconds");
	event(AT(10), &t, "", "b.exe", "PC1", 2);
	cr_assert_eq(told_count, 1);
	cr_expect_eq(told[0], 2);
}

Test(join, the_nearest_of_several)
{
	struct tuple t = tuple("10.0.0.1", 50000, "192.0.2.1");
	struct join_host h;

	event(AT(0), &t, "", "a.exe", "PC1", 1);
	event(AT(4), &t, "", "b.exe", "PC1", 2);
	cr_expect(record(AT(1), &t, 1, &h));
	expect_str(h.image, "a.exe");
	cr_expect(record(AT(3), &t, 1, &h));
	expect_str(h.image, "b.exe");
}

Test(join, community_id)
{
	struct tuple t = tuple("10.0.0.1", 50000, "192.0.2.1");
	char id[COMMUNITY_ID_MAX];
	struct join_host h, host = {.image = STR("a.exe")};
	struct join_key k = {.time = AT(0)};

	tuple_community_id(&t, id);
	k.community_id = str_of(id);
	join_event(join, &k, &host);
	cr_expect(record(AT(0), &t, 1, &h));
	struct tuple other = tuple("10.0.0.1", 50001, "192.0.2.1");
	cr_expect_not(record(AT(0), &other, 2, &h));
	tuple_community_id(&other, id);
	join_event(join, &k, &host);
	cr_expect_eq(told_count, 1);
}

Test(join, a_look_up_needs_the_hosts_address)
{
	struct tuple t = tuple("10.0.0.1", 50000, "192.0.2.1");
	struct tuple second = tuple("2001:db8::7", 50000, "2001:db8::8");
	struct join_host h;

	event(AT(0), NULL, "api.mega.co.nz", "mega.exe", "PC1", 1);
	cr_expect_not(query(AT(0), "10.0.0.1", "api.mega.co.nz", 1, &h), "whose is it?");
	event(AT(60), &t, "", "other.exe", "PC1", 2);
	event(AT(60), &second, "", "other.exe", "pc1", 2);
	cr_assert(query(AT(1), "10.0.0.1", "API.mega.co.nz", 1, &h));
	expect_str(h.image, "mega.exe");
	cr_expect(query(AT(1), "2001:db8::7", "api.mega.co.nz", 1, &h), "its other address");
	cr_expect_not(query(AT(1), "10.0.0.2", "api.mega.co.nz", 1, &h), "somebody else");
	cr_expect_not(query(AT(1), "10.0.0.1", "mega.co.nz", 1, &h), "another name");
	cr_expect_not(query(AT(7), "10.0.0.1", "api.mega.co.nz", 5, &h));
	event(AT(8), NULL, "api.mega.co.nz", "later.exe", "PC1", 3);
	cr_assert_eq(told_count, 1);
	cr_expect_eq(told[0], 5);
	/* the address changes hands */
	event(AT(90), &t, "", "x.exe", "PC2", 4);
	cr_expect_not(query(AT(8), "10.0.0.1", "api.mega.co.nz", 6, &h));
}

Test(join, is_bounded)
{
	struct join_host h;
	char image[32];

	for (unsigned i = 0; i < 2 * LIMIT_JOIN_FACTS; i++) {
		struct tuple t = tuple("10.0.0.1", (uint16_t)i, "192.0.2.1");
		t.src.b[13] = (uint8_t)(i >> 16);
		t.src.b[14] = (uint8_t)(i >> 8);
		snprintf(image, sizeof image, "%u.exe", i);
		event(AT(0), &t, "", image, "PC", 1);
		t.proto = PROTO_UDP;
		record(AT(0), &t, i, &h);
	}
	struct join_stats s = join_stats(join);
	cr_expect_eq(s.events, LIMIT_JOIN_FACTS);
	cr_expect_eq(s.records, LIMIT_JOIN_FACTS);
	cr_expect_leq(s.addresses, LIMIT_JOIN_ADDRESSES);
	struct tuple t = tuple("10.0.0.1", 0xffff, "192.0.2.1");
	t.src.b[13] = 1;
	t.src.b[14] = 0xff;
	cr_assert(record(AT(0), &t, 1, &h), "the last one is there");
	expect_str(h.image, "131071.exe");
}

Test(join, one_connection_does_not_push_out_the_others)
{
	struct tuple t = tuple("10.0.0.1", 1, "192.0.2.1"),
		     rare = tuple("10.0.0.9", 2, "192.0.2.1");
	struct join_host h;

	event(AT(0), &rare, "", "rare.exe", "PC9", 1);
	for (unsigned i = 0; i < 2 * LIMIT_JOIN_FACTS; i++) {
		event(AT(0) + i, &t, "", "a.exe", "PC1", i);
		record(AT(100) + i, &t, i, &h);
	}
	cr_expect_eq(join_stats(join).events, LIMIT_JOIN_SAME + 1);
	cr_expect_eq(join_stats(join).records, LIMIT_JOIN_SAME);
	cr_expect(record(AT(0), &rare, 1, &h));
}
