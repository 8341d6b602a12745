/* What dns_parse makes of each type of record. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "dns_build.h"
#include "guard.h"
#include "proto/dns.h"

static struct build m;
static struct dns_message out;

static enum parse parse(bool rare)
{
	uint8_t *copy = guard_copy(m.b, m.n);
	enum parse got = dns_parse(cur_of(copy, m.n), true, rare, &out);
	guard_free(copy);
	return got;
}

/* An answer with one record of the question's name; the caller builds the rdata. */
static size_t begin(unsigned type)
{
	build_header(&m, ANSWER, 1, 1, 0, 0);
	build_question(&m, "Host.Example", type);
	return build_record(&m, type);
}

static const struct dns_answer *one(size_t length, bool rare)
{
	build_end(&m, length);
	cr_assert_eq(parse(rare), PARSE_DONE);
	cr_assert_eq(out.answers, 1);
	return &out.answer[0];
}

static const char *text_of(const struct dns_answer *a)
{
	static char text[8192];

	snprintf(text, sizeof text, "%.*s", (int)a->text.n, a->text.n ? a->text.p : "");
	return text;
}

#define expect_text(a, want) cr_expect_str_eq(text_of(a), (want))

/* The text of rare rdata, which must be whole. */
static const char *rare_text(unsigned type, const void *rdata, size_t n)
{
	size_t length = begin(type);

	build_bytes(&m, rdata, n);
	const struct dns_answer *a = one(length, true);
	cr_expect_not(out.cut, "type %u", type);
	return text_of(a);
}

#define RARE(type, literal) rare_text((type), (literal), sizeof(literal) - 1)

/* Rdata that does not fit its type: the record stays, the message is cut. */
static const char *broken_text(unsigned type, const void *rdata, size_t n)
{
	size_t length = begin(type);

	build_bytes(&m, rdata, n);
	const struct dns_answer *a = one(length, true);
	cr_expect(out.cut, "type %u", type);
	cr_expect_eq(a->type, type);
	cr_expect_not(a->has_address);
	return text_of(a);
}

#define BROKEN(type, literal) broken_text((type), (literal), sizeof(literal) - 1)

Test(dns_record, addresses)
{
	char text[ADDR_TEXT_MAX];
	size_t length = begin(DNS_A);

	build_lit(&m, "\300\0\2\1");
	const struct dns_answer *a = one(length, false);
	cr_expect_not(out.cut);
	cr_expect(a->has_address);
	cr_expect_str_eq(addr_text(&a->address, text), "192.0.2.1");
	cr_expect_eq(a->type, DNS_A);
	cr_expect_eq(a->class, DNS_IN);
	cr_expect_eq(a->ttl, 300);
	cr_expect_eq(a->section, DNS_ANSWER);
	cr_expect(str_eq(a->name, STR("host.example")));
	cr_expect_eq(a->text.n, 0);
	length = begin(DNS_AAAA);
	build_lit(&m, "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1");
	a = one(length, false);
	cr_expect(a->has_address);
	cr_expect_str_eq(addr_text(&a->address, text), "2001:db8::1");
	BROKEN(DNS_A, "\300\0\2");
	BROKEN(DNS_A, "\300\0\2\1\0");
	BROKEN(DNS_A, "");
	BROKEN(DNS_AAAA, "\300\0\2\1");
}

/* Chaosnet addresses are a name and a number, RFC 1035 section 3.4.1 tells only IN. */
Test(dns_record, addresses_of_other_classes)
{
	build_header(&m, ANSWER, 0, 1, 0, 0);
	build_name(&m, "a.example");
	size_t length = build_fixed(&m, DNS_A, DNS_CH, 1);
	build_lit(&m, "\1a\0\1\2");
	const struct dns_answer *a = one(length, false);
	cr_expect_not(out.cut);
	cr_expect_not(a->has_address);
	cr_expect_eq(a->class, DNS_CH);
}

Test(dns_record, targets)
{
	static const unsigned types[] = {DNS_CNAME, DNS_NS, DNS_PTR, DNS_DNAME};

	for (unsigned i = 0; i < 4; i++) {
		size_t length = begin(types[i]);
		build_labels(&m, "WWW");
		build_pointer(&m, 12);
		expect_text(one(length, false), "www.host.example");
		cr_expect_not(out.cut);
		length = begin(types[i]);
		build_u8(&m, 0);
		expect_text(one(length, false), ".");
		BROKEN(types[i], "");
		BROKEN(types[i], "\1a");
		BROKEN(types[i], "\1a\0\0"); /* a byte behind the name */
		BROKEN(types[i], "\300\377");
	}
}

Test(dns_record, mx_and_srv)
{
	size_t length = begin(DNS_MX);

	build_u16(&m, 10);
	build_name(&m, "Mail.example");
	expect_text(one(length, false), "10 mail.example");
	length = begin(DNS_MX); /* RFC 7505: no mail */
	build_lit(&m, "\0\0\0");
	expect_text(one(length, false), "0 .");
	length = begin(DNS_SRV);
	build_u16(&m, 0);
	build_u16(&m, 5);
	build_u16(&m, 5060);
	build_labels(&m, "sip");
	build_pointer(&m, 12);
	expect_text(one(length, false), "0 5 5060 sip.host.example");
	cr_expect_not(out.cut);
	BROKEN(DNS_MX, "\0");
	BROKEN(DNS_MX, "\0\1");
	BROKEN(DNS_MX, "\0\1\0\0");
	BROKEN(DNS_SRV, "\0\1\0\2\0");
}

Test(dns_record, services)
{
	char text[ADDR_TEXT_MAX];
	size_t length = begin(DNS_HTTPS);

	build_u16(&m, 1);
	build_u8(&m, 0);
	build_lit(&m, "\0\1\0\6\2h2\2h3");                       /* alpn */
	build_lit(&m, "\0\4\0\10\300\0\2\1\300\0\2\2");          /* ipv4hint */
	build_lit(&m, "\0\5\0\3abc");                            /* ech */
	build_lit(&m, "\0\6\0\20\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1"); /* ipv6hint */
	const struct dns_answer *a = one(length, false);
	cr_expect_not(out.cut);
	expect_text(a, ".");
	cr_expect(a->has_ech);
	cr_assert_eq(a->hints, 3);
	cr_expect_str_eq(addr_text(&a->hint[0], text), "192.0.2.1");
	cr_expect_str_eq(addr_text(&a->hint[1], text), "192.0.2.2");
	cr_expect_str_eq(addr_text(&a->hint[2], text), "2001:db8::1");
	/* an alias, and more hints than are kept */
	length = begin(DNS_SVCB);
	build_u16(&m, 0);
	build_name(&m, "Pool.example");
	expect_text(one(length, false), "pool.example");
	cr_expect_not(out.answer[0].has_ech);
	length = begin(DNS_HTTPS);
	build_lit(&m, "\0\1\0\0\4\0\x18" "1111" "2222" "3333" "4444" "5555" "6666");
	a = one(length, false);
	cr_expect_eq(a->hints, 4);
	cr_expect_not(out.cut);
	BROKEN(DNS_HTTPS, "\0");
	BROKEN(DNS_HTTPS, "\0\1");
	BROKEN(DNS_HTTPS, "\0\1\0\0");
	BROKEN(DNS_HTTPS, "\0\1\0\0\4");
	BROKEN(DNS_HTTPS, "\0\1\0\0\4\0\4abc");
	BROKEN(DNS_HTTPS, "\0\1\0\0\4\0\3abc");
	BROKEN(DNS_HTTPS, "\0\1\0\0\4\0\0");
	BROKEN(DNS_HTTPS, "\0\1\0\0\6\0\4abcd");
}

Test(dns_record, texts_of_our_own)
{
	cr_expect_str_eq(RARE(DNS_TXT, "\5hello"), "\"hello\"");
	cr_expect_str_eq(RARE(DNS_TXT, "\3a\"b\0\4c\\\n\377"),
			 "\"a\\\"b\" \"\" \"c\\\\\\010\\255\"");
	cr_expect_str_eq(RARE(DNS_SPF, "\6v=spf1"), "\"v=spf1\"");
	BROKEN(DNS_TXT, "");
	cr_expect_str_eq(BROKEN(DNS_TXT, "\2ok\5bad"), "\"ok\"");
	cr_expect_str_eq(RARE(DNS_SOA, "\2NS\300\14\5admin\300\14\0\0\0\1\0\0\34\40\0\0\16\20"
				       "\377\377\377\377\0\0\1\54"),
			 "ns.host.example admin.host.example 1 7200 3600 4294967295 300");
	BROKEN(DNS_SOA, "\2ns\300\14\5admin\300\14\0\0\0\1");
	BROKEN(DNS_SOA, "\2ns\0\1");
}

Test(dns_record, long_texts_are_cut)
{
	size_t length = begin(DNS_TXT);

	for (int i = 0; i < 100; i++) {
		build_u8(&m, 100);
		for (int j = 0; j < 100; j++)
			build_u8(&m, 'x');
	}
	const struct dns_answer *a = one(length, true);
	cr_expect(out.cut);
	cr_expect_leq(a->text.n, 4096);
	cr_expect_gt(a->text.n, 4000);
}

Test(dns_record, texts_by_ldns)
{
	cr_expect_str_eq(RARE(257, "\0\5issueletsencrypt.org"), "0 issue \"letsencrypt.org\"");
	cr_expect_str_eq(RARE(43, "\60\71\10\2\1\2\3\4"), "12345 8 2 01020304");
	cr_expect_str_eq(RARE(17, "\1a\300\14\0"), "a.Host.Example. .");
	cr_expect_str_eq(RARE(35, "\0\144\0\12\1u\7E2U+sip\0\3sip\300\14"),
			 "100 10 \"u\" \"E2U+sip\" \"\" sip.Host.Example.");
	cr_expect_str_eq(RARE(47, "\300\14\0\4\100\0\0\10"), "Host.Example. A AAAA");
	cr_expect_str_eq(RARE(13, "\3ARM\5Linux"), "\"ARM\" \"Linux\"");
	cr_expect_str_eq(RARE(108, "\1\2\3\4\5\6"), "01-02-03-04-05-06");
	cr_expect_str_eq(RARE(52, "\3\1\1\253\315"), "3 1 1 abcd");
	BROKEN(257, "\0\5iss");
	BROKEN(47, "\1a\0\0\0");      /* an empty window */
	BROKEN(47, "\1a\0\1\1\1\0\1\1"); /* windows that do not ascend */
	BROKEN(17, "\1a\0\300\377");
	BROKEN(43, "\0\1\2");
}

/* What ldns does not know or is not given. */
Test(dns_record, general_form)
{
	cr_expect_str_eq(RARE(65400, "\12\0\0\1"), "\\# 4 0a000001");
	cr_expect_str_eq(RARE(10, ""), "\\# 0");
	cr_expect_str_eq(RARE(11, "\12\0\0\1\6\377\377"), "\\# 7 0a00000106ffff"); /* WKS */
	cr_expect_str_eq(RARE(45, "\12\3\2\300\14"), "\\# 5 0a0302c00c");          /* IPSECKEY */
	cr_expect_str_eq(RARE(55, "\1\2\0\1ab"), "\\# 6 010200016162");            /* HIP */
	cr_expect_str_eq(RARE(260, "\12\3\300\14"), "\\# 4 0a03c00c");             /* AMTRELAY */
	/* and what it finds fault with itself: CAA tags are letters and digits */
	cr_expect_str_eq(RARE(257, "\0\1-x"), "\\# 4 00012d78");
	size_t length = begin(65400);
	build_bytes(&m, (char[3000]){0}, 3000);
	cr_expect_eq(one(length, true)->text.n, 4096);
	cr_expect(out.cut);
}

/* The work that a message may give to ldns is bounded; beyond that, the general form. */
Test(dns_record, ldns_budget)
{
	unsigned by_ldns = 0;

	build_header(&m, ANSWER, 1, 60, 0, 0);
	build_question(&m, "a", 48);
	for (int i = 0; i < 60; i++) {
		size_t length = build_record(&m, 43);
		build_bytes(&m, (char[104]){0}, 104);
		build_end(&m, length);
	}
	cr_assert_eq(parse(true), PARSE_DONE);
	cr_assert_eq(out.answers, 60);
	for (int i = 0; i < 60; i++)
		by_ldns += out.answer[i].text.p[0] != '\\';
	cr_expect_gt(by_ldns, 10);
	cr_expect_lt(by_ldns, 30);
	cr_expect_not(out.cut);
}

Test(dns_record, rare_texts_only_when_asked_for)
{
	static const unsigned types[] = {DNS_TXT, DNS_SOA, 257, 65400};

	for (unsigned i = 0; i < 4; i++) {
		size_t length = begin(types[i]);
		build_lit(&m, "\3abc");
		cr_expect_eq(one(length, false)->text.n, 0);
		cr_expect_not(out.cut);
	}
}
