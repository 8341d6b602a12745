/* Addresses, Community IDs, counters, and the writer below them. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/writer.h"
#include "core/record.h"
#include "core/stats.h"
#include "core/tuple.h"

static struct tuple tuple_of(const char *src, const char *dst, uint16_t sport, uint16_t dport,
			     uint8_t proto)
{
	struct tuple t = {.sport = sport, .dport = dport, .proto = proto};

	cr_assert(addr_parse(src, &t.src) && addr_parse(dst, &t.dst));
	return t;
}

/* The baseline of github.com/corelight/community-id-spec, seed 0. */
Test(community_id, baseline)
{
	static const struct {
		const char *src, *dst;
		uint16_t sport, dport;
		uint8_t proto;
		const char *id;
	} line[] = {
		{"128.232.110.120", "66.35.250.204", 34855, 80, 6,
		 "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{"192.168.1.52", "8.8.8.8", 54585, 53, 17, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
		{"2001:470:e5bf:dead:4957:2174:e82c:4887", "2607:f8b0:400c:c03::1a", 63943, 25, 6,
		 "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
		{"192.168.170.8", "192.168.170.56", 7, 7, 132, "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="},
		{"10.1.12.1", "10.1.12.2", 0, 0, 46, "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw="},
	};

	for (size_t i = 0; i < sizeof line / sizeof *line; i++) {
		char id[COMMUNITY_ID_MAX];
		struct tuple t = tuple_of(line[i].src, line[i].dst, line[i].sport, line[i].dport,
					  line[i].proto);
		tuple_community_id(&t, id);
		cr_expect_str_eq(id, line[i].id);
		t = tuple_swap(&t);
		tuple_community_id(&t, id);
		cr_expect_str_eq(id, line[i].id);
	}
}

Test(community_id, one_address_twice_is_ordered_by_port)
{
	char a[COMMUNITY_ID_MAX], b[COMMUNITY_ID_MAX];
	struct tuple t = tuple_of("127.0.0.1", "127.0.0.1", 2, 1, 6), r = tuple_swap(&t);

	tuple_community_id(&t, a);
	tuple_community_id(&r, b);
	cr_expect_str_eq(a, b);
}

/* A v4-mapped source in an IPv6 packet is the sender's lie: both ends keep their 16 bytes. */
Test(community_id, mixed_families_are_v6)
{
	char a[COMMUNITY_ID_MAX], b[COMMUNITY_ID_MAX];
	struct tuple t = tuple_of("1.2.3.4", "2001:db8::1", 1, 2, 6);
	struct tuple u = tuple_of("1.2.3.4", "2001:db9::1", 1, 2, 6);

	tuple_community_id(&t, a);
	tuple_community_id(&u, b);
	cr_expect_str_neq(a, b);
	t = tuple_swap(&t);
	tuple_community_id(&t, b);
	cr_expect_str_eq(a, b);
}

Test(addr, text_is_canonical)
{
	uint32_t r = 1;

	for (unsigned i = 0; i < 200000; i++) {
		uint8_t b[16];
		char want[INET6_ADDRSTRLEN], got[64];
		for (int k = 0; k < 16; k++) {
			r = r * 1664525 + 1013904223;
			b[k] = r >> 30 ? 0 : (uint8_t)(r >> 16); /* mostly zeros */
		}
		struct addr a = addr_v6(b);
		if (addr_is_v4(&a) || memcmp(b, (uint8_t[12]){0}, 12) == 0)
			continue; /* inet_ntop writes those with a dotted quad */
		struct writer w = wr_of(got, sizeof got - 1);
		addr_write(&w, &a);
		*w.p = '\0';
		inet_ntop(AF_INET6, b, want, sizeof want);
		cr_assert_str_eq(got, want);
		struct addr back;
		cr_assert(addr_parse(got, &back) && addr_eq(&a, &back));
	}
	for (unsigned i = 0; i < 256; i++) {
		char want[32], got[32];
		struct addr a =
			addr_v4((uint8_t[]){(uint8_t)i, 0, (uint8_t)(255 - i), (uint8_t)(i * 7)});
		struct writer w = wr_of(got, sizeof got - 1);
		addr_write(&w, &a);
		*w.p = '\0';
		inet_ntop(AF_INET, a.b + 12, want, sizeof want);
		cr_assert_str_eq(got, want);
	}
}

Test(addr, kinds)
{
	static const struct {
		const char *text;
		bool own, many;
	} kind[] = {{"10.0.0.1", true, false},
		    {"11.0.0.1", false, false},
		    {"172.15.9.9", false, false},
		    {"172.16.0.1", true, false},
		    {"172.31.255.255", true, false},
		    {"172.32.0.0", false, false},
		    {"192.168.3.4", true, false},
		    {"192.169.0.0", false, false},
		    {"100.63.0.1", false, false},
		    {"100.64.0.1", true, false},
		    {"100.127.1.1", true, false},
		    {"100.128.0.1", false, false},
		    {"169.254.1.1", true, false},
		    {"127.0.0.1", true, false},
		    {"224.0.0.251", false, true},
		    {"239.1.1.1", false, true},
		    {"255.255.255.255", false, true},
		    {"8.8.8.8", false, false},
		    {"fe80::1", true, false},
		    {"febf::1", true, false},
		    {"fec0::1", false, false},
		    {"fc00::1", true, false},
		    {"fdff::1", true, false},
		    {"fe00::1", false, false},
		    {"::1", true, false},
		    {"::2", false, false},
		    {"ff02::fb", false, true},
		    {"2001:db8::1", false, false}};

	for (size_t i = 0; i < sizeof kind / sizeof *kind; i++) {
		struct addr a;
		cr_assert(addr_parse(kind[i].text, &a));
		cr_expect_eq(addr_is_private(&a), kind[i].own, "%s", kind[i].text);
		cr_expect_eq(addr_is_multicast(&a), kind[i].many, "%s", kind[i].text);
	}
	struct addr a;
	cr_expect_not(addr_parse("", &a));
	cr_expect_not(addr_parse("1.2.3", &a));
	cr_expect_not(addr_parse("1.2.3.4.5", &a));
	cr_expect_not(addr_parse("example.com", &a));
}

Test(stats, add_up_each_by_itself)
{
	struct stats a = {0}, b = {0};

	for (unsigned i = 0; i < stat_count; i++) {
		((uint64_t *)&a)[i] = i;
		((uint64_t *)&b)[i] = 1000 * i;
	}
	stats_add(&a, &b);
	for (unsigned i = 0; i < stat_count; i++) {
		cr_assert_eq(stat_get(&a, i), 1001 * i);
		cr_assert(*stat_infos[i].name && *stat_infos[i].group && *stat_infos[i].help);
		for (unsigned k = 0; k < i; k++)
			cr_assert_str_neq(stat_infos[i].name, stat_infos[k].name);
	}
}

Test(record, words_are_never_null)
{
	for (int i = 0; i < 300; i++) {
		cr_assert(*record_kind_name(i) && *opener_name(i) && *name_source_name(i));
		cr_assert(*name_missing_name(i) && *byte_method_name(i) && *app_protocol_name(i));
		cr_assert(*flow_end_name(i) && *dns_flavour_name(i));
	}
}

Test(writer, stops_at_its_end_and_stays_full)
{
	for (size_t room = 0; room < 40; room++) {
		char b[41];
		memset(b, '#', sizeof b);
		struct writer w = wr_of(b, room);
		wr_u64(&w, UINT64_MAX);
		wr_i64(&w, INT64_MIN);
		wr_char(&w, '.');
		cr_assert_leq(wr_length(&w), room);
		cr_assert_eq(w.full, room < 20 + 20 + 1);
		for (size_t i = wr_length(&w); i < sizeof b; i++)
			cr_assert_eq(b[i], '#');
	}
}

Test(writer, numbers)
{
	char b[64], want[64];
	static const uint64_t values[] = {0,	     1,	  9,	10,    99,	   100,
					  101,	     999, 1000, 12345, UINT32_MAX, UINT64_MAX - 1,
					  UINT64_MAX};

	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		for (int width = 0; width <= 24; width++) {
			struct writer w = wr_of(b, sizeof b);
			wr_u64_pad(&w, values[i], width);
			int n = snprintf(want, sizeof want, "%0*lu", width,
					 (unsigned long)values[i]);
			cr_assert_eq(wr_length(&w), (size_t)n);
			cr_assert(memcmp(b, want, (size_t)n) == 0);
		}
	struct writer w = wr_of(b, sizeof b);
	wr_hex(&w, 0xabc, 5);
	wr_i64(&w, -7);
	cr_expect(memcmp(b, "00abc-7", 7) == 0);
}

Test(writer, what_came_from_the_wire_is_escaped)
{
	char b[64];
	struct writer w = wr_of(b, sizeof b);

	wr_escaped(&w, STR("a\\b\x1b\n\x7f\xff z"));
	cr_expect(str_eq((struct str){b, wr_length(&w)}, STR("a\\\\b\\x1b\\x0a\\x7f\\xff z")));
}
