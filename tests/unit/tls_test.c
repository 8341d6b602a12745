#include <criterion/criterion.h>

#include "core/limits.h"
#include "expect.h"
#include "mutate.h"
#include "proto/tls.h"
#include "tls_build.h"

static struct wire w, stream;
static uint8_t scratch[LIMIT_HELLO];

/* ---- making hellos ---- */

struct marks {
	size_t message, extensions;
};

static struct marks hello_begin(uint16_t legacy)
{
	struct marks m;
	w.n = 0;
	wire_number(&w, 1, 1);
	m.message = wire_open(&w, 3);
	wire_number(&w, legacy, 2);
	wire_zeros(&w, 32);
	wire_number(&w, 0, 1);
	const size_t ciphers = wire_open(&w, 2);
	wire_number(&w, 0x0a0a1301, 4);
	wire_number(&w, 0x1302c02b, 4);
	wire_close(&w, ciphers, 2);
	wire_number(&w, 0x0100, 2);
	m.extensions = wire_open(&w, 2);
	return m;
}

static void hello_end(struct marks m)
{
	wire_close(&w, m.extensions, 2);
	wire_close(&w, m.message, 3);
}

static void add_ext(uint16_t type, const void *p, size_t n)
{
	wire_number(&w, type, 2);
	wire_number(&w, n, 2);
	wire_bytes(&w, p, n);
}

static void add_sni(const void *name, size_t n)
{
	wire_number(&w, 0, 2);
	const size_t ext = wire_open(&w, 2), list = wire_open(&w, 2);
	wire_number(&w, 0, 1);
	wire_number(&w, n, 2);
	wire_bytes(&w, name, n);
	wire_close(&w, list, 2);
	wire_close(&w, ext, 2);
}

#define add_lit(type, literal) add_ext((type), (literal), sizeof(literal) - 1)

static enum parse parse_hello(struct tls_hello *h)
{
	struct cursor c = wire_cursor(&w);
	return tls_client_hello(&c, false, h);
}

static void usual_hello(void)
{
	const struct marks m = hello_begin(0x0303);
	add_lit(0x1a1a, "");
	add_sni("www.example.net", 15);
	add_lit(16, "\0\xc\2h2\x8http/1.1");
	add_lit(43, "\6\x3a\x3a\3\4\3\3");
	add_lit(13, "\0\4\4\3\10\4");
	add_lit(51, "\0\0");
	hello_end(m);
}

/* ---- ClientHello ---- */

Test(tls_hello, tells_what_it_says)
{
	struct tls_hello h;
	usual_hello();
	w.b[w.n++] = 0x0b; /* a byte of the next message */
	struct cursor c = wire_cursor(&w);
	cr_assert_eq(tls_client_hello(&c, false, &h), PARSE_DONE);
	cr_expect_eq(cur_left(&c), 1);
	expect_str(h.server_name, "www.example.net");
	cr_expect(h.has_sni);
	cr_expect_eq(h.alpn.count, 2);
	expect_str(h.alpn.item[0], "h2");
	expect_str(h.alpn.item[1], "http/1.1");
	cr_expect_eq(h.version_offered, 0x0304);
	cr_expect_eq(h.hides, 0);
	cr_expect_eq(strncmp(h.ja4, "t13d0305h2_", 11), 0, "%s", h.ja4);
	cr_assert_eq(strlen(h.ja4), 36);
	c = wire_cursor(&w);
	cr_assert_eq(tls_client_hello(&c, true, &h), PARSE_DONE);
	cr_expect_eq(h.ja4[0], 'q');
}

static void read_hello(const uint8_t *p, size_t n, bool mutated)
{
	struct tls_hello h;
	struct cursor c = cur_of(p, n);
	const enum parse state = tls_client_hello(&c, false, &h);
	cr_expect((state == PARSE_DONE) == (c.p != p));
	if (!mutated) {
		cr_expect_eq(state, PARSE_MORE, "prefix of %zu", n);
		cr_expect_eq(h.ja4[0], '\0');
		cr_expect_eq(h.hides & HIDES_NO_SNI, 0);
	}
}

Test(tls_hello, every_prefix_wants_more_and_nothing_reads_beyond)
{
	usual_hello();
	mutate_all(w.b, w.n, read_hello);
}

Test(tls_hello, tells_the_name_as_soon_as_its_extension_is_whole)
{
	struct tls_hello h;
	usual_hello();
	const uint8_t *name = memmem(w.b, w.n, "www.example.net", 15);
	const size_t whole = (size_t)(name - w.b) + 15;
	for (size_t n = 0; n < w.n; n++) {
		struct cursor c = cur_of(w.b, n);
		cr_assert_eq(tls_client_hello(&c, false, &h), PARSE_MORE);
		cr_expect_eq(h.has_sni, n >= whole, "%zu", n);
		cr_expect_eq(h.server_name.n, n >= whole ? 15 : 0);
		cr_expect(h.alpn.count == 0 || h.alpn.count == 2, "never half a list");
	}
}

Test(tls_hello, hands_odd_names_on_as_they_are)
{
	char longest[255];
	memset(longest, 'x', sizeof longest);
	const struct str names[] = {STR("WWW.Example.NET."), STR("xn--bcher-kva.example"),
				    STR("b\xc3\xbc" "cher.example"), STR("a\0b.example"),
				    STR("192.0.2.1"), {longest, sizeof longest}, STR(" "), STR(".")};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct tls_hello h;
		const struct marks m = hello_begin(0x0303);
		add_sni(names[i].p, names[i].n);
		hello_end(m);
		cr_assert_eq(parse_hello(&h), PARSE_DONE);
		cr_expect(str_eq(h.server_name, names[i]), "%zu", i);
	}
}

Test(tls_hello, takes_the_first_host_name_of_a_list)
{
	struct tls_hello h;
	struct marks m = hello_begin(0x0303);
	add_lit(0, "\0\x12\1\0\3x.y\0\0\3a.b\0\0\3c.d");
	add_lit(0, "\0\6\0\0\3e.f");
	hello_end(m);
	cr_assert_eq(parse_hello(&h), PARSE_DONE);
	expect_str(h.server_name, "a.b");
}

Test(tls_hello, tells_no_name_from_an_empty_one)
{
	struct tls_hello h;
	struct marks m = hello_begin(0x0303);
	add_lit(0, "");
	hello_end(m);
	cr_assert_eq(parse_hello(&h), PARSE_DONE);
	cr_expect(h.has_sni);
	cr_expect_eq(h.hides, HIDES_NO_SNI);
	m = hello_begin(0x0301);
	hello_end(m);
	cr_assert_eq(parse_hello(&h), PARSE_DONE);
	cr_expect_not(h.has_sni);
	cr_expect_eq(h.hides, HIDES_NO_SNI);
	cr_expect_eq(h.version_offered, 0x0301);
	cr_expect_eq(strcmp(h.ja4 + 24, "000000000000"), 0, "%s", h.ja4);
}

Test(tls_hello, may_end_before_its_extensions)
{
	struct tls_hello h;
	const struct marks m = hello_begin(0x0300);
	w.n -= 2; /* no extensions field at all, as SSL 3.0 has it */
	wire_close(&w, m.message, 3);
	cr_assert_eq(parse_hello(&h), PARSE_DONE);
	cr_expect_eq(h.version_offered, 0x0300);
	cr_expect_eq(strncmp(h.ja4, "ts3i0300", 8), 0);
}

Test(tls_hello, short_inside_a_declared_length_is_bad)
{
	static const struct {
		uint16_t type;
		struct str body;
	} wrong[] = {
		{0, STR("\0\7\0\0\3a.b")},   {0, STR("\0\6\0\0\4a.b")}, {0, STR("\0")},
		{16, STR("\0\4\2h2")},	     {16, STR("\0\3\3h2")},	{43, STR("\4\3\4")},
		{43, STR("\3\3\4\3")},	     {13, STR("\0\3\4\3\10")},	{13, STR("")},
	};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct tls_hello h;
		const struct marks m = hello_begin(0x0303);
		add_ext(wrong[i].type, wrong[i].body.p, wrong[i].body.n);
		hello_end(m);
		cr_expect_eq(parse_hello(&h), PARSE_BAD, "%zu", i);
	}
	struct tls_hello h;
	usual_hello();
	const struct wire good = w;
	w.b[5]++; /* fails further in: version 3.x only */
	w.b[4] = 4;
	cr_expect_eq(parse_hello(&h), PARSE_BAD);
	w = good;
	w.b[38] = 33; /* session id */
	cr_expect_eq(parse_hello(&h), PARSE_BAD);
	w = good;
	w.b[3]--; /* message shorter than its extensions */
	cr_expect_eq(parse_hello(&h), PARSE_BAD);
	w = good;
	w.b[0] = 2;
	cr_expect_eq(parse_hello(&h), PARSE_BAD);
	w.b[0] = 1;
	w.b[1] = 1; /* 64 KiB */
	cr_expect_eq(parse_hello(&h), PARSE_BAD);
}

Test(tls_hello, knows_what_hides_names)
{
	struct tls_hello h;
	struct marks m = hello_begin(0x0303);
	add_sni("public.example", 14);
	add_lit(0xfe0d, "\0\0\1\0\1");
	add_lit(16, "\0\4\3dot");
	hello_end(m);
	cr_assert_eq(parse_hello(&h), PARSE_DONE);
	cr_expect_eq(h.hides, HIDES_ECH | HIDES_DOT);

	m = hello_begin(0x0303);
	add_lit(0xffce, "x");
	add_lit(16, "\0\x8\7doq-i02");
	hello_end(m);
	cr_assert_eq(parse_hello(&h), PARSE_DONE);
	cr_expect_eq(h.hides, HIDES_ESNI | HIDES_DOQ | HIDES_NO_SNI);
}

Test(tls_hello, ranks_versions_by_what_they_stand_for)
{
	static const struct {
		struct str body;
		uint16_t version;
		const char *ja4;
	} cases[] = {
		{STR("\6\3\3\x7f\x1c\3\4"), 0x0304, "t00"}, /* JA4 takes the largest number */
		{STR("\4\x7f\x1c\3\3"), 0x7f1c, "t00"},
		{STR("\4\xfb\x1a\3\4"), 0x0304, "t00"},
		{STR("\4\x0a\x0a\3\2"), 0x0302, "t11"},
		{STR("\2\xca\xca"), 0x0303, "t12"}, /* nothing but GREASE */
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct tls_hello h;
		const struct marks m = hello_begin(0x0303);
		add_ext(43, cases[i].body.p, cases[i].body.n);
		hello_end(m);
		cr_assert_eq(parse_hello(&h), PARSE_DONE);
		cr_expect_eq(h.version_offered, cases[i].version, "%zu: %04x", i, h.version_offered);
		cr_expect_eq(strncmp(h.ja4, cases[i].ja4, 3), 0, "%zu: %s", i, h.ja4);
	}
}

Test(tls_hello, bounds_its_lists)
{
	struct tls_hello h;
	const struct marks m = hello_begin(0x0303);
	wire_number(&w, 16, 2);
	const size_t ext = wire_open(&w, 2), list = wire_open(&w, 2);
	for (int i = 0; i < 100; i++)
		wire_bytes(&w, "\2ab", 3);
	wire_bytes(&w, "\3doq", 4);
	wire_close(&w, list, 2);
	wire_close(&w, ext, 2);
	for (uint16_t i = 0; i < 400; i++)
		add_ext((uint16_t)(1000 + i), "", 0);
	hello_end(m);
	cr_assert_eq(parse_hello(&h), PARSE_DONE);
	cr_expect_eq(h.alpn.count, RECORD_LIST_MAX);
	cr_expect(h.alpn.more);
	cr_expect(h.hides & HIDES_DOQ);
	cr_expect_eq(strncmp(h.ja4, "t12i0399ab", 10), 0, "%s", h.ja4);
}

/* ---- records ---- */

static enum parse hello_of_stream(struct cursor s, struct tls_hello *h)
{
	struct cursor handshake;
	const enum parse framed = tls_deframe(s, scratch, sizeof scratch, &handshake);
	return framed == PARSE_BAD ? PARSE_BAD : tls_client_hello(&handshake, false, h);
}

Test(tls_record, joins_a_hello_cut_into_records_of_any_size)
{
	usual_hello();
	for (size_t size = 1; size <= w.n; size++) {
		struct tls_hello h;
		stream.n = 0;
		tls_frame(&stream, &w, size);
		cr_assert_eq(tls_is_client_start(wire_cursor(&stream)), PARSE_DONE, "%zu", size);
		for (size_t n = 0; n < stream.n; n += 1 + n / 37) {
			const struct cursor part = cur_of(stream.b, n);
			cr_assert_eq(hello_of_stream(part, &h), PARSE_MORE, "%zu/%zu", size, n);
			cr_assert_neq(tls_is_client_start(part), PARSE_BAD);
		}
		cr_assert_eq(hello_of_stream(wire_cursor(&stream), &h), PARSE_DONE);
		expect_str(h.server_name, "www.example.net");
	}
}

Test(tls_record, copies_only_what_needs_joining)
{
	struct cursor handshake;
	usual_hello();
	stream.n = 0;
	tls_frame(&stream, &w, 5000);
	wire_bytes(&stream, "\x14\3\3\0\1\1\x17\3\3\0\1x", 12);
	cr_assert_eq(tls_deframe(wire_cursor(&stream), scratch, sizeof scratch, &handshake),
		     PARSE_DONE);
	cr_expect(handshake.p == stream.b + TLS_RECORD_HEADER);
	cr_expect_eq(cur_left(&handshake), w.n);
}

Test(tls_record, stops_where_the_cleartext_ends)
{
	/* alert, change_cipher_spec, then what looks like a handshake record but is ciphertext */
	static const uint8_t rest[] = "\x15\3\3\0\2\1\x70\x14\3\3\0\1\1\x16\3\3\0\x8\0\0\0\0\0\0\0\1";
	struct cursor handshake;
	usual_hello();
	stream.n = 0;
	tls_frame(&stream, &w, 50);
	wire_bytes(&stream, rest, sizeof rest - 1);
	cr_assert_eq(tls_deframe(wire_cursor(&stream), scratch, sizeof scratch, &handshake),
		     PARSE_DONE);
	cr_expect_eq(cur_left(&handshake), w.n);
}

Test(tls_record, never_writes_beyond_its_room)
{
	struct cursor handshake;
	uint8_t *room = guard_copy(scratch, 600);
	w.n = 0;
	wire_bytes(&w, "\1\0\x3f\0\3\3", 6);
	wire_zeros(&w, 16000);
	stream.n = 0;
	tls_frame(&stream, &w, 200);
	cr_assert_eq(tls_deframe(wire_cursor(&stream), room, 600, &handshake), PARSE_DONE);
	cr_expect_eq(cur_left(&handshake), 600);
	guard_free(room);
}

static void read_stream(const uint8_t *p, size_t n, bool mutated)
{
	struct cursor handshake;
	struct tls_hello h;
	struct tls_server s;
	(void)mutated;
	tls_is_client_start(cur_of(p, n));
	tls_is_server_start(cur_of(p, n));
	tls_deframe(cur_of(p, n), scratch, sizeof scratch, &handshake);
	tls_server_flight(handshake, &s);
	tls_client_hello(&handshake, false, &h);
}

Test(tls_record, nothing_reads_beyond_the_stream)
{
	usual_hello();
	stream.n = 0;
	tls_frame(&stream, &w, 30);
	mutate_all(stream.b, stream.n, read_stream);
}

Test(tls_record, is_strict_about_a_start)
{
	static const struct {
		struct str bytes;
		enum parse client, server;
	} cases[] = {
		{STR(""), PARSE_MORE, PARSE_MORE},
		{STR("\x16"), PARSE_MORE, PARSE_MORE},
		{STR("\x16\3\1\2\0"), PARSE_MORE, PARSE_MORE},
		{STR("\x16\3\1\2\0\1"), PARSE_DONE, PARSE_BAD},
		{STR("\x16\3\3\0\x7a\2"), PARSE_BAD, PARSE_DONE},
		{STR("\x16\3\1\2\0\1\0\1\xfc\3\3"), PARSE_DONE, PARSE_BAD},
		{STR("\x16\3\1\2\0\1\0\0\5"), PARSE_BAD, PARSE_BAD},	   /* body too short */
		{STR("\x16\3\1\2\0\1\1"), PARSE_BAD, PARSE_BAD},	   /* body too long */
		{STR("\x16\3\1\2\0\1\0\1\xfc\2\3"), PARSE_BAD, PARSE_BAD}, /* hello version */
		{STR("\x16\3\xff\2\0\1"), PARSE_DONE, PARSE_BAD}, /* versions that servers ignore */
		{STR("\x16\0\0\2\0\1"), PARSE_DONE, PARSE_BAD},
		{STR("\x16\x10\0\2\0\1"), PARSE_BAD, PARSE_BAD},
		{STR("\x16\3\1\x50\0\1"), PARSE_BAD, PARSE_BAD},
		{STR("\x16\3\1\0\1\1\x17"), PARSE_BAD, PARSE_BAD}, /* a record of another type */
		{STR("\x17\3\3\2\0\1"), PARSE_BAD, PARSE_BAD},
		{STR("\x15\3\1\0\2\2\x28"), PARSE_BAD, PARSE_DONE},
		{STR("\x15\3\1\0\2"), PARSE_BAD, PARSE_MORE},
		{STR("\x15\3\1\0\2\7\x28"), PARSE_BAD, PARSE_BAD},
		{STR("\x15\3\1\0\x1a"), PARSE_BAD, PARSE_BAD},
		{STR("\x80\x2e\1\3\1"), PARSE_BAD, PARSE_BAD}, /* SSLv2 framing */
		{STR("EHLO x\r\n"), PARSE_BAD, PARSE_BAD},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct cursor c = cur_of(cases[i].bytes.p, cases[i].bytes.n);
		cr_expect_eq(tls_is_client_start(c), cases[i].client, "client %zu", i);
		cr_expect_eq(tls_is_server_start(c), cases[i].server, "server %zu", i);
	}
}
