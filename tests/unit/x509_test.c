#include <criterion/criterion.h>

#include "expect.h"
#include "mutate.h"
#include "proto/x509.h"
#include "wire.h"

static struct wire w;

/* Elements with a length of three bytes, which fits anything here. */
static size_t der_open(uint8_t tag)
{
	wire_number(&w, tag, 1);
	wire_number(&w, 0x82, 1);
	return wire_open(&w, 2);
}

static void der_close(size_t open)
{
	wire_close(&w, open, 2);
}

static void der_put(uint8_t tag, const void *p, size_t n)
{
	const size_t open = der_open(tag);
	wire_bytes(&w, p, n);
	der_close(open);
}

struct attribute {
	uint8_t type; /* last byte of 2.5.4.x */
	uint8_t tag;
	struct str value;
};

static void der_name(const struct attribute *list, size_t n)
{
	const size_t name = der_open(0x30);
	for (size_t i = 0; i < n; i++) {
		const uint8_t oid[] = {0x55, 0x04, list[i].type};
		const size_t set = der_open(0x31), pair = der_open(0x30);
		der_put(0x06, oid, sizeof oid);
		der_put(list[i].tag, list[i].value.p, list[i].value.n);
		der_close(pair);
		der_close(set);
	}
	der_close(name);
}

struct marks {
	size_t certificate, tbs;
};

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct marks begin(bool v3, const struct attribute *issuer, size_t issuers,
			  const struct attribute *subject, size_t subjects)
{
	struct marks m;
	w.n = 0;
	m.certificate = der_open(0x30);
	m.tbs = der_open(0x30);
	if (v3)
		der_put(0xa0, "\2\1\2", 3);
	der_put(0x02, "\1", 1);
	der_put(0x30, "", 0);
	der_name(issuer, issuers);
	der_put(0x30, "", 0);
	der_name(subject, subjects);
	der_put(0x30, "key", 3);
	return m;
}

static void end(struct marks m)
{
	der_close(m.tbs);
	der_put(0x30, "", 0);
	der_put(0x03, "", 0);
	der_close(m.certificate);
}

static void alt_names(bool critical, const struct str *names, const uint8_t *tags, size_t n)
{
	const size_t wrapped = der_open(0xa3), list = der_open(0x30);
	size_t ext = der_open(0x30);
	der_put(0x06, "\x55\x1d\x0f", 3); /* some other extension first */
	der_put(0x04, "\3\2\5\xa0", 4);
	der_close(ext);
	ext = der_open(0x30);
	der_put(0x06, "\x55\x1d\x11", 3);
	if (critical)
		der_put(0x01, "\xff", 1);
	const size_t value = der_open(0x04), sequence = der_open(0x30);
	for (size_t i = 0; i < n; i++)
		der_put(tags[i], names[i].p, names[i].n);
	der_close(sequence);
	der_close(value);
	der_close(ext);
	der_close(list);
	der_close(wrapped);
}

static const struct attribute authority[] = {
	{6, 0x13, STR("XX")}, {10, 0x0c, STR("An Organisation")}, {3, 0x0c, STR("A Root")}};
static const struct attribute server[] = {
	{10, 0x14, STR("Org")}, {3, 0x13, STR("first.example")}, {3, 0x0c, STR("last.example")}};

static void usual(void)
{
	static const struct str names[] = {STR("a.example"), STR("\xc0\0\2\1"), STR("*.b.example"),
					   STR("mail@c.example"), STR("d\0e.example")};
	static const uint8_t tags[] = {0x82, 0x87, 0x82, 0x81, 0x82};
	const struct marks m = begin(true, authority, COUNT(authority), server, COUNT(server));
	alt_names(true, names, tags, COUNT(names));
	end(m);
}

Test(x509, tells_the_names)
{
	struct x509_names n;
	usual();
	cr_assert_eq(x509_names_of(wire_cursor(&w), &n), PARSE_DONE);
	expect_str(n.subject, "last.example"); /* the most specific one */
	expect_str(n.issuer, "A Root");
	cr_assert_eq(n.names.count, 3);
	expect_str(n.names.item[0], "a.example");
	expect_str(n.names.item[1], "*.b.example");
	expect_str(n.names.item[2], "d\0e.example");
}

Test(x509, falls_back_to_the_organisation_for_the_issuer_alone)
{
	struct x509_names n;
	const struct marks m = begin(false, authority, 2, server, 1); /* version 1 */
	end(m);
	cr_assert_eq(x509_names_of(wire_cursor(&w), &n), PARSE_DONE);
	expect_str(n.issuer, "An Organisation");
	cr_expect_eq(n.subject.n, 0);
	cr_expect_eq(n.names.count, 0);
}

Test(x509, hands_every_string_type_on_as_bytes)
{
	static const struct attribute odd[] = {
		{3, 0x1e, STR("\0b\0m\0p")}, {3, 0x16, STR("ia5")}, {3, 0x1c, STR("\0\0\0u")},
		{3, 0x14, STR("t\xe9")},     {3, 0x0c, STR("b\xc3\xbc")}, {3, 0x13, STR("")}};
	for (size_t i = 0; i < COUNT(odd); i++) {
		struct x509_names n;
		end(begin(true, authority, 1, odd + i, 1));
		cr_assert_eq(x509_names_of(wire_cursor(&w), &n), PARSE_DONE);
		cr_expect(str_eq(n.subject, odd[i].value), "%zu", i);
	}
}

Test(x509, keeps_a_bounded_list)
{
	struct str names[RECORD_LIST_MAX + 1];
	uint8_t tags[COUNT(names)];
	for (size_t i = 0; i < COUNT(names); i++) {
		names[i] = STR("n.example");
		tags[i] = 0x82;
	}
	for (size_t have = RECORD_LIST_MAX; have <= COUNT(names); have++) {
		struct x509_names n;
		const struct marks m = begin(true, authority, 1, server, 2);
		alt_names(false, names, tags, have);
		end(m);
		cr_assert_eq(x509_names_of(wire_cursor(&w), &n), PARSE_DONE);
		cr_expect_eq(n.names.count, RECORD_LIST_MAX);
		cr_expect_eq(n.names.more, have > RECORD_LIST_MAX);
	}
}

static void read_certificate(const uint8_t *p, size_t n, bool mutated)
{
	struct x509_names names;
	const enum parse state = x509_names_of(cur_of(p, n), &names);
	cr_expect_neq(state, PARSE_MORE);
	if (!mutated)
		cr_expect_eq(state, PARSE_BAD);
	for (unsigned i = 0; i < names.names.count; i++)
		cr_expect(names.names.item[i].p >= (const char *)p &&
			  names.names.item[i].p + names.names.item[i].n <= (const char *)p + n);
}

Test(x509, refuses_every_prefix_and_never_reads_beyond)
{
	usual();
	mutate_all(w.b, w.n, read_certificate);
}

Test(x509, refuses_what_is_not_der)
{
	static const struct str wrong[] = {
		STR(""), STR("\x30"), STR("\x30\x80\0\0"), /* the indefinite form */
		STR("\x30\x85\0\0\0\0\1\0"),		   /* a length of five bytes */
		STR("\x30\x84\xff\xff\xff\xff\0"), STR("\x3f\x81\0"), STR("\x31\0"), STR("\x30\0"),
		STR("\x30\2\x30\0"),
	};
	struct x509_names n;
	for (size_t i = 0; i < COUNT(wrong); i++)
		cr_expect_eq(x509_names_of(cur_of(wrong[i].p, wrong[i].n), &n), PARSE_BAD, "%zu", i);
}

Test(x509, refuses_a_length_of_more_than_four_bytes)
{
	struct x509_names n;
	struct cursor contents;
	static struct wire again;
	usual();
	for (unsigned bytes = 2; bytes <= 5; bytes++) {
		contents = cur_of(w.b + 4, w.n - 4); /* behind the outermost head */
		again.n = 0;
		wire_number(&again, 0x30, 1);
		wire_number(&again, 0x80 | bytes, 1);
		wire_number(&again, cur_left(&contents), bytes);
		wire_bytes(&again, contents.p, cur_left(&contents));
		cr_expect_eq(x509_names_of(wire_cursor(&again), &n),
			     bytes <= 4 ? PARSE_DONE : PARSE_BAD, "%u", bytes);
	}
}
