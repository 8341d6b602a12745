/* Messages as a whole: header, questions, bounds, framing, and the guess on any port. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <time.h>

#include "dns_build.h"
#include "guard.h"
#include "proto/dns.h"

static struct build m;
static struct dns_message out;

/* The first n bytes of what was built, as the whole or as the start of a message. */
static enum parse parse_start(size_t n, bool complete)
{
	uint8_t *copy = guard_copy(m.b, n);
	enum parse got = dns_parse(cur_of(copy, n), complete, true, &out);
	guard_free(copy);
	return got;
}

static enum parse parse(void)
{
	return parse_start(m.n, true);
}

static bool is_message(void)
{
	uint8_t *copy = guard_copy(m.b, m.n);
	bool yes = dns_is_message(cur_of(copy, m.n));
	guard_free(copy);
	return yes;
}

static void add_address(unsigned i)
{
	size_t length = build_record(&m, DNS_A);
	build_u32(&m, i);
	build_end(&m, length);
}

static void add_opt(void)
{
	build_u8(&m, 0);
	build_fixed(&m, DNS_OPT, 1232, 0);
}

/* A CNAME chain of two, two addresses, an authority and two additional records. */
static void build_answer(void)
{
	build_header(&m, ANSWER, 1, 4, 1, 2);
	build_question(&m, "Www.Example.COM", DNS_A);
	size_t length = build_record(&m, DNS_CNAME);
	size_t first = m.n;
	build_name(&m, "edge.CDN.example");
	build_end(&m, length);
	build_pointer(&m, first);
	length = build_fixed(&m, DNS_CNAME, DNS_IN, 60);
	size_t second = m.n;
	build_labels(&m, "pool");
	build_pointer(&m, first + 5);
	build_end(&m, length);
	for (unsigned i = 0; i < 2; i++) {
		build_pointer(&m, second);
		length = build_fixed(&m, DNS_A, DNS_IN, 20);
		build_u32(&m, 0xc0000201 + i);
		build_end(&m, length);
	}
	build_pointer(&m, 16);
	length = build_fixed(&m, DNS_SOA, DNS_IN, 900);
	build_lit(&m, "\2ns\300\20\5admin\300\20");
	build_bytes(&m, (char[20]){0}, 20);
	build_end(&m, length);
	add_opt();
	build_pointer(&m, second);
	length = build_fixed(&m, 43, DNS_IN, 20);
	build_lit(&m, "\60\71\10\2\1\2\3\4");
	build_end(&m, length);
}

static void expect_str(struct str s, const char *want)
{
	cr_expect_eq(s.n, strlen(want));
	cr_expect(str_eq(s, str_of(want)), "%.*s is not %s", (int)s.n, s.p, want);
}

Test(dns, query)
{
	build_header(&m, QUERY, 1, 0, 0, 1);
	build_question(&m, "wWw.ExAmPlE.com", DNS_HTTPS);
	add_opt();
	cr_assert_eq(parse(), PARSE_DONE);
	cr_expect_eq(out.id, 0x1234);
	cr_expect_eq(out.flags, QUERY);
	cr_expect_not(out.response);
	cr_expect_eq(out.opcode, DNS_QUERY);
	cr_expect_eq(out.questions, 1);
	cr_expect_eq(out.answers, 0); /* OPT is none */
	cr_expect_eq(out.additional_count, 1);
	cr_expect_eq(out.question[0].type, DNS_HTTPS);
	cr_expect_eq(out.question[0].class, DNS_IN);
	expect_str(out.question[0].name, "www.example.com");
	cr_expect_not(out.cut);
	cr_expect_not(out.more);
	cr_expect(is_message());
}

Test(dns, answer_with_a_chain)
{
	build_answer();
	cr_assert_eq(parse(), PARSE_DONE);
	cr_expect_not(out.cut);
	cr_expect(out.response);
	cr_assert_eq(out.answers, 6);
	expect_str(out.answer[0].name, "www.example.com");
	expect_str(out.answer[0].text, "edge.cdn.example");
	expect_str(out.answer[1].name, "edge.cdn.example");
	expect_str(out.answer[1].text, "pool.cdn.example");
	expect_str(out.answer[3].name, "pool.cdn.example");
	cr_expect_eq(out.answer[3].address.b[15], 2);
	cr_expect_eq(out.answer[3].section, DNS_ANSWER);
	cr_expect_eq(out.answer[4].section, DNS_AUTHORITY);
	expect_str(out.answer[4].name, "example.com");
	expect_str(out.answer[4].text, "ns.example.com admin.example.com 0 0 0 0 0");
	cr_expect_eq(out.answer[5].section, DNS_ADDITIONAL);
	expect_str(out.answer[5].text, "12345 8 2 01020304");
	cr_expect(is_message());
	/* bytes behind it are nobody's */
	build_lit(&m, "trailer");
	cr_expect_eq(parse(), PARSE_DONE);
	cr_expect_not(out.cut);
}

Test(dns, header)
{
	build_header(&m, 0x8000 | DNS_UPDATE << 11 | 0x0200 | 5, 1, 0, 0, 0);
	build_question(&m, "zone.example", DNS_SOA);
	cr_assert_eq(parse(), PARSE_DONE);
	cr_expect_eq(out.opcode, DNS_UPDATE);
	cr_expect_eq(out.rcode, 5);
	cr_expect(out.flags & 0x0200);
	/* a refusal may be a header alone */
	build_header(&m, 0x8001, 0, 0, 0, 0);
	cr_expect_eq(parse(), PARSE_DONE);
	for (size_t n = 0; n < DNS_HEADER; n++) {
		cr_expect_eq(parse_start(n, true), PARSE_BAD);
		cr_expect_eq(parse_start(n, false), PARSE_BAD);
	}
	/* but a query for nothing is none, unless it carries EDNS */
	build_header(&m, 0, 0, 0, 0, 0);
	cr_expect_eq(parse(), PARSE_BAD);
	build_header(&m, 0, 0, 0, 0, 1);
	add_opt();
	cr_expect_eq(parse(), PARSE_DONE);
}

Test(dns, update)
{
	build_header(&m, DNS_UPDATE << 11, 1, 1, 2, 0);
	build_question(&m, "example.com", DNS_SOA);
	build_labels(&m, "host");
	build_pointer(&m, 12);
	build_fixed(&m, DNS_CNAME, DNS_CLASS_NONE, 0); /* there is no such set */
	build_labels(&m, "host");
	build_pointer(&m, 12);
	build_fixed(&m, DNS_A, DNS_CLASS_ANY, 0); /* remove it */
	build_labels(&m, "host");
	build_pointer(&m, 12);
	size_t length = build_fixed(&m, DNS_A, DNS_IN, 120);
	build_u32(&m, 0x0a000001);
	build_end(&m, length);
	cr_assert_eq(parse(), PARSE_DONE);
	cr_expect_not(out.cut);
	cr_expect_eq(out.answers, 3);
	cr_expect_not(out.answer[1].has_address);
	cr_expect(out.answer[2].has_address);
	cr_expect(is_message());
}

/* Several questions with the unicast-response bit; an announcement without any, cache-flush bit
 * set, instance names with dots and blanks in a label. */
Test(dns, mdns)
{
	build_header(&m, 0, 3, 0, 0, 0);
	for (unsigned i = 0; i < 3; i++) {
		build_name(&m, "_ipp._tcp.local");
		build_u16(&m, DNS_PTR);
		build_u16(&m, 0x8001);
	}
	cr_assert_eq(parse(), PARSE_DONE);
	cr_expect_eq(out.questions, 3);
	cr_expect_eq(out.question[2].class, DNS_IN);
	expect_str(out.question[2].name, "_ipp._tcp.local");
	build_header(&m, 0x8400, 0, 1, 0, 0);
	build_lit(&m, "\13Printer 2.0\4_ipp\4_tcp\5local\0");
	size_t length = build_fixed(&m, DNS_SRV, 0x8001, 120);
	build_lit(&m, "\0\0\0\0\2\167\5Host1\300\42");
	build_end(&m, length);
	cr_assert_eq(parse(), PARSE_DONE);
	cr_expect_not(out.cut);
	cr_expect_eq(out.questions, 0);
	cr_expect_eq(out.answer[0].class, DNS_IN);
	expect_str(out.answer[0].name, "printer\\0322\\0460._ipp._tcp.local");
	expect_str(out.answer[0].text, "0 0 631 host1.local");
}

Test(dns, questions_beyond_the_bound)
{
	build_header(&m, 0, 70, 1, 0, 0);
	for (unsigned i = 0; i < 70; i++)
		build_question(&m, "a", DNS_PTR);
	add_address(1);
	cr_assert_eq(parse(), PARSE_DONE);
	cr_expect_eq(out.questions, DNS_QUESTIONS_MAX);
	cr_expect(out.more);
	cr_expect_not(out.cut);
	cr_expect_eq(out.answers, 1);
}

Test(dns, answers_beyond_the_bound)
{
	for (unsigned n = LIMIT_DNS_ANSWERS - 1; n <= LIMIT_DNS_ANSWERS + 1; n++) {
		build_header(&m, ANSWER, 1, n, 0, 1);
		build_question(&m, "a", DNS_A);
		for (unsigned i = 0; i < n; i++)
			add_address(i);
		add_opt(); /* is no record more */
		cr_assert_eq(parse(), PARSE_DONE);
		cr_expect_eq(out.answers, n > LIMIT_DNS_ANSWERS ? LIMIT_DNS_ANSWERS : n);
		cr_expect_eq(out.more, n > LIMIT_DNS_ANSWERS);
		cr_expect_not(out.cut);
	}
}

/* Names of escapes only, each four times as long as on the wire. */
Test(dns, text_room)
{
	build_header(&m, 0x8400, 0, LIMIT_DNS_ANSWERS, 0, 0);
	for (unsigned i = 0; i < LIMIT_DNS_ANSWERS; i++) {
		char label[64] = {0};
		memset(label, 0x80 + (int)i, 63);
		for (int j = 0; j < 3; j++)
			build_labels(&m, label);
		build_u8(&m, 0);
		size_t length = build_fixed(&m, DNS_CNAME, DNS_IN, 1);
		for (int j = 0; j < 3; j++)
			build_labels(&m, label);
		build_u8(&m, 0);
		build_end(&m, length);
	}
	cr_assert_eq(parse(), PARSE_DONE);
	cr_expect(out.cut);
	cr_expect_eq(out.answers, LIMIT_DNS_ANSWERS);
	cr_expect_eq(out.answer[0].text.n, 758);
	cr_expect_eq(out.answer[LIMIT_DNS_ANSWERS - 1].text.n, 0);
	cr_expect_leq(out.text_used, DNS_TEXT_ROOM);
}

Test(dns, declared_records_that_are_not_there)
{
	build_header(&m, ANSWER, 0xffff, 0xffff, 0xffff, 0xffff);
	cr_expect_eq(parse(), PARSE_BAD);
	build_header(&m, ANSWER, 0, 0xffff, 0xffff, 0xffff);
	cr_expect_eq(parse(), PARSE_DONE);
	cr_expect(out.cut);
	cr_expect_eq(out.answers, 0);
	cr_expect_eq(out.answer_count, 0xffff);
}

Test(dns, malformed_questions)
{
	static const char *const names[] = {"\300\14", "\300\15", "\377\377", "\100", "\200"};

	for (unsigned i = 0; i < 5; i++) {
		build_header(&m, QUERY, 1, 0, 0, 0);
		build_bytes(&m, names[i], strlen(names[i]));
		build_lit(&m, "\0\1\0\1");
		cr_expect_eq(parse(), PARSE_BAD, "name %u", i);
		cr_expect_eq(parse_start(m.n, false), PARSE_BAD, "name %u", i);
		cr_expect_not(is_message());
	}
}

/* A second question that is not there, or makes no sense: the first one stays. */
Test(dns, malformed_second_question)
{
	build_header(&m, QUERY, 2, 0, 0, 0);
	build_question(&m, "a.example", DNS_A);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(parse(), PARSE_DONE);
		cr_expect(out.cut);
		cr_expect_eq(out.questions, 1);
		build_lit(&m, "\200\0\0\1\0\1");
	}
}

/* An owner that loops ends the message, what was before stays. */
Test(dns, malformed_owner)
{
	build_header(&m, ANSWER, 1, 3, 0, 0);
	build_question(&m, "a", DNS_A);
	add_address(1);
	build_pointer(&m, m.n);
	size_t length = build_fixed(&m, DNS_A, DNS_IN, 1);
	build_u32(&m, 2);
	build_end(&m, length);
	add_address(3);
	cr_assert_eq(parse(), PARSE_DONE);
	cr_expect(out.cut);
	cr_expect_eq(out.answers, 1);
}

Test(dns, every_prefix)
{
	build_answer();
	for (size_t n = 0; n < m.n; n++) {
		enum parse whole = parse_start(n, true);
		cr_expect_eq(whole, n < DNS_HEADER + 21 ? PARSE_BAD : PARSE_DONE, "%zu", n);
		if (whole == PARSE_DONE)
			cr_expect(out.cut, "%zu", n);
		enum parse start = parse_start(n, false);
		cr_expect_eq(start, n < DNS_HEADER ? PARSE_BAD : PARSE_DONE, "%zu", n);
		if (start == PARSE_DONE)
			cr_expect(out.cut, "%zu", n);
		struct cursor c = cur_of(m.b, n);
		cr_expect_not(dns_is_message(c));
	}
	/* what is there of it is kept */
	parse_start(m.n - 1, false);
	cr_expect_eq(out.answers, 5);
	expect_str(out.answer[1].text, "pool.cdn.example");
}

/* Every single-byte change, whole and cut: never past the end, never MORE. */
Test(dns, every_mutation)
{
	build_answer();
	for (size_t at = 0; at < m.n; at++) {
		uint8_t was = m.b[at];
		for (unsigned v = 0; v < 256; v++) {
			m.b[at] = (uint8_t)v;
			bool guess = dns_is_message(build_cursor(&m));
			enum parse got = dns_parse(build_cursor(&m), true, v & 1, &out);
			cr_assert_neq(got, PARSE_MORE);
			cr_assert(!guess || got == PARSE_DONE);
		}
		for (unsigned bit = 0; bit < 8; bit++) {
			m.b[at] = was ^ (uint8_t)(1 << bit);
			parse();
			is_message();
		}
		m.b[at] = was;
	}
}

Test(dns, over_tcp)
{
	struct build whole = {.n = 0};

	for (unsigned i = 0; i < 3; i++) {
		build_header(&m, QUERY, 1, 0, 0, 0);
		build_question(&m, i == 1 ? "b.example" : "a", DNS_A);
		build_u16(&whole, (unsigned)m.n);
		build_bytes(&whole, m.b, m.n);
	}
	for (size_t n = 0; n <= whole.n; n++) {
		uint8_t *copy = guard_copy(whole.b, n);
		struct cursor c = cur_of(copy, n), one;
		unsigned found = 0;
		const uint8_t *at = c.p;
		while (dns_tcp_next(&c, &one) == PARSE_DONE) {
			cr_expect_eq(dns_parse(one, true, false, &out), PARSE_DONE);
			expect_str(out.question[0].name, found == 1 ? "b.example" : "a");
			cr_expect_eq(one.p, at + 2);
			at = c.p;
			found++;
		}
		cr_expect_eq(dns_tcp_next(&c, &one), PARSE_MORE);
		cr_expect_eq(c.p, at); /* unmoved */
		cr_expect_eq(found, (n >= 21) + (n >= 50) + (n >= 71u), "%zu", n);
		guard_free(copy);
	}
	struct cursor c = cur_of("\0\13", 2), one;
	cr_expect_eq(dns_tcp_next(&c, &one), PARSE_BAD);
}

static double seconds_for(unsigned rounds)
{
	struct timespec a, b;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	for (unsigned i = 0; i < rounds; i++)
		cr_assert_eq(dns_parse(build_cursor(&m), true, true, &out), PARSE_DONE);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	return (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
}

/* A message of pointers that lead to pointers, and records whose names start as deep among them as
 * is followed, against as large a message of plain records. The bound is what 128 hops a name may
 * cost; without it there would be 8000, and with all records looked at, the square of that. */
Test(dns, pointer_chains_cost_no_square)
{
	size_t chain = DNS_HEADER + 15 + 12, deep = chain + 2 * 126;

	build_header(&m, ANSWER, 1, 1, 4000, 0);
	build_question(&m, "a.example", DNS_A);
	size_t length = build_record(&m, 65400);
	build_pointer(&m, 12);
	while (m.n < 0x3f00)
		build_pointer(&m, m.n - 2);
	build_end(&m, length);
	while (m.n < 65000) {
		build_pointer(&m, deep);
		length = build_fixed(&m, DNS_NS, DNS_IN, 1);
		build_pointer(&m, deep);
		build_end(&m, length);
	}
	double worst = seconds_for(200);
	cr_expect_eq(out.answers, LIMIT_DNS_ANSWERS);
	expect_str(out.answer[LIMIT_DNS_ANSWERS - 1].text, "a.example");
	build_header(&m, ANSWER, 1, 4000, 0, 0);
	build_question(&m, "a.example", DNS_A);
	while (m.n < 65000)
		add_address(1);
	double plain = seconds_for(200);
	cr_expect_lt(worst, plain * 100 + 0.01, "%g s against %g s", worst, plain);
	/* the deepest pointer of all is not followed to its end */
	build_header(&m, ANSWER, 1, 2, 0, 0);
	build_question(&m, "a.example", DNS_A);
	length = build_record(&m, 65400);
	build_pointer(&m, 12);
	while (m.n < 0x3f00)
		build_pointer(&m, m.n - 2);
	build_end(&m, length);
	build_pointer(&m, 0x3efe);
	build_fixed(&m, 65400, DNS_IN, 1);
	cr_assert_eq(parse(), PARSE_DONE);
	cr_expect(out.cut);
	cr_expect_eq(out.answers, 1);
}

Test(dns, mnemonics)
{
	char text[16];

	cr_expect_str_eq(dns_type_name(1, text), "A");
	cr_expect_str_eq(dns_type_name(65, text), "HTTPS");
	cr_expect_str_eq(dns_type_name(64, text), "SVCB");
	cr_expect_str_eq(dns_type_name(255, text), "ANY");
	cr_expect_str_eq(dns_type_name(32769, text), "DLV");
	cr_expect_str_eq(dns_type_name(0, text), "TYPE0");
	cr_expect_str_eq(dns_type_name(65535, text), "TYPE65535");
	cr_expect_str_eq(dns_class_name(1, text), "IN");
	cr_expect_str_eq(dns_class_name(65535, text), "CLASS65535");
	cr_expect_str_eq(dns_rcode_name(3), "NXDOMAIN");
	cr_expect_str_eq(dns_rcode_name(15), "RCODE15");
	cr_expect_str_eq(dns_rcode_name(255), "UNASSIGNED");
	cr_expect(dns_type_assigned(257));
	cr_expect_not(dns_type_assigned(54));
	cr_expect_not(dns_type_assigned(65400));
}
