#include <criterion/criterion.h>
#include <stdio.h>

#include "expect.h"
#include "mutate.h"
#include "proto/http.h"
#include "wire.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct cursor cursor_of(struct str s)
{
	return cur_of(s.p, s.n);
}

static enum parse request(struct str s, struct http_request *r)
{
	struct cursor c = cursor_of(s);
	return http_request_head(&c, r);
}

static const char usual[] = "PUT /bucket/key?a=b HTTP/1.1\r\n"
			    "Host: Upload.Example.NET:8080\r\n"
			    "User-Agent:agent/1 (x; y)\r\n"
			    "content-LENGTH: \t1234 \r\n"
			    "Content-Type: text/plain\r\n"
			    "Referer: http://r.example/\r\n"
			    "\r\n";

/* ---- request heads ---- */

Test(http_request, tells_what_it_says)
{
	struct http_request r;
	struct cursor c = cur_of(usual, sizeof usual - 1);
	cr_assert_eq(http_request_head(&c, &r), PARSE_DONE);
	cr_expect_eq(cur_left(&c), 0);
	expect_str(r.method, "PUT");
	expect_str(r.target, "/bucket/key?a=b");
	expect_str(r.version, "1.1");
	expect_str(r.host, "Upload.Example.NET:8080");
	expect_str(r.user_agent, "agent/1 (x; y)");
	expect_str(r.content_type, "text/plain");
	expect_str(r.referrer, "http://r.example/");
	cr_expect(r.body.has_bytes && r.body.bytes == 1234);
	cr_expect(!r.body.chunked && !r.connect && !r.upgrade && !r.body.bad);
}

static void read_request(const uint8_t *p, size_t n, bool mutated)
{
	struct http_request r;
	struct cursor c = cur_of(p, n);
	const enum parse state = http_request_head(&c, &r);
	const enum parse start = http_is_request(cur_of(p, n));
	cr_expect((state == PARSE_DONE) == (c.p != p));
	if (mutated)
		return;
	cr_expect_eq(state, PARSE_MORE, "prefix of %zu", n);
	cr_expect_eq(start, n < 30 ? PARSE_MORE : PARSE_DONE, "prefix of %zu", n);
	if (n >= 30 + 31)
		expect_str(r.host, "Upload.Example.NET:8080");
}

Test(http_request, every_prefix_wants_more_and_nothing_reads_beyond)
{
	mutate_all((const uint8_t *)usual, sizeof usual - 1, read_request);
}

Test(http_request, leaves_what_follows)
{
	struct http_request r;
	const struct str two = STR("\r\n\nGET /1 HTTP/1.0\n\nPOST /2 HTTP/1.1\r\nHost: b\r\n\r\nbody");
	struct cursor c = cursor_of(two);
	cr_assert_eq(http_request_head(&c, &r), PARSE_DONE);
	expect_str(r.target, "/1");
	cr_expect_eq(r.host.n, 0);
	cr_assert_eq(http_request_head(&c, &r), PARSE_DONE);
	expect_str(r.target, "/2");
	expect_str(r.host, "b");
	cr_expect_eq(cur_left(&c), 4);
	cr_expect_eq(http_request_head(&c, &r), PARSE_BAD);
}

Test(http_request, takes_odd_forms)
{
	static const struct {
		struct str head;
		const char *host;
	} cases[] = {
		{STR("GET / HTTP/1.1\r\nHOST:a\r\n\r\n"), "a"},
		{STR("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), "a"},
		{STR("GET / HTTP/1.1\r\nHost:\t a \t\r\n\r\n"), "a"},
		{STR("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), "a"},
		{STR("GET / HTTP/1.1\r\nHost:\r\nHost: b\r\n\r\n"), ""},
		{STR("GET / HTTP/1.1\nX: y\nhost: a\n\n"), "a"},
		{STR("GET / HTTP/1.1\r\nX: y\r\n z\r\n\tHost: no\r\nHost:\r\n a\r\n\r\n"), "a"},
		{STR("GET / HTTP/1.1\r\nHost: a:80\r\n\r\n"), "a:80"},
		{STR("GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n"), "[2001:db8::1]:80"},
		{STR("GET / HTTP/1.1\r\nno colon\r\n:\r\nXHost: c\r\nHost: a\r\n\r\n"), "a"},
		{STR("GET / HTTP/1.1\r\nX:\r\rHost: c\r\nHost: a\r\r\n\r\n"), "a"},
		{STR("GET  /a b\tc  HTTP/1.1 \r\nHost: a\r\n\r\n"), "a"},
		{STR("GET / HTTP/1.\r\nHost: a\r\n\r\n"), "a"},
		{STR("GET /\r\nHost: a\r\n\r\n"), "a"},
		{STR("OPTIONS HTTP/1.1\r\nHost: a\r\n\r\n"), "a"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct http_request r;
		cr_expect_eq(request(cases[i].head, &r), PARSE_DONE, "%zu", i);
		cr_expect(str_eq(r.host, str_of(cases[i].host)), "%zu: %.*s", i, (int)r.host.n,
			  r.host.p);
		cr_expect_eq(http_is_request(cursor_of(cases[i].head)), PARSE_DONE, "%zu", i);
	}
}

Test(http_request, tells_the_effective_host)
{
	static const struct {
		struct str head;
		const char *host;
	} cases[] = {
		{STR("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "a"},
		{STR("GET http://b:81/x HTTP/1.1\r\nHost: a\r\n\r\n"), "b:81"},
		{STR("GET HTTP://u@b?x HTTP/1.1\r\nHost: a\r\n\r\n"), "u@b"},
		{STR("GET ftp://b HTTP/1.1\r\nHost: a\r\n\r\n"), "b"},
		{STR("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n"), "a"},
		{STR("GET /http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"), "a"},
		{STR("CONNECT c:443 HTTP/1.1\r\nHost: a\r\n\r\n"), "c:443"},
		{STR("CONNECT [::1]:443 HTTP/1.1\r\n\r\n"), "[::1]:443"},
		{STR("CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n"), "a"},
		{STR("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), "a"},
		{STR("GET / HTTP/1.0\r\n\r\n"), ""},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct http_request r;
		cr_assert_eq(request(cases[i].head, &r), PARSE_DONE, "%zu", i);
		cr_expect_eq(r.connect, cases[i].head.p[0] == 'C');
		const struct str host = http_effective_host(&r);
		cr_expect(str_eq(host, str_of(cases[i].host)), "%zu: %.*s", i, (int)host.n, host.p);
	}
	const struct http_request none = {0};
	cr_expect_eq(http_effective_host(&none).n, 0);
}

Test(http_request, reads_the_length_of_the_body)
{
	static const struct {
		struct str fields;
		bool has, chunked, bad;
		uint64_t bytes;
	} cases[] = {
		{STR(""), .has = false},
		{STR("Content-Length: 0\r\n"), .has = true, .bytes = 0},
		{STR("Content-Length: 18446744073709551615\r\n"), .has = true, .bytes = UINT64_MAX},
		{STR("Content-Length: 18446744073709551616\r\n"), .bad = true},
		{STR("Content-Length: 99999999999999999999999999\r\n"), .bad = true},
		{STR("Content-Length: 7, 7,7\r\n"), .has = true, .bytes = 7},
		{STR("Content-Length: 7\r\nContent-Length: 07\r\n"), .has = true, .bytes = 7},
		{STR("Content-Length: 7\r\nContent-Length: 8\r\n"), .bad = true},
		{STR("Content-Length: 7, 8\r\n"), .bad = true},
		{STR("Content-Length: 7\r\nContent-Length: 8\r\nContent-Length: 7\r\n"), .bad = true},
		{STR("Content-Length: -1\r\n"), .bad = true},
		{STR("Content-Length: +1\r\n"), .bad = true},
		{STR("Content-Length: 0x10\r\n"), .bad = true},
		{STR("Content-Length:\r\n"), .bad = true},
		{STR("Content-Length: 1 2\r\n"), .bad = true},
		{STR("Content-Lengths: 7\r\n"), .has = false},
		{STR("Transfer-Encoding: chunked\r\n"), .chunked = true},
		{STR("Transfer-Encoding: gzip, CHUNKED\r\n"), .chunked = true},
		{STR("Transfer-Encoding: chunked, gzip\r\n"), .chunked = false},
		{STR("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"), .chunked = true},
		{STR("Transfer-Encoding: xchunked\r\n"), .chunked = false},
		{STR("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), .has = true,
		 .chunked = true, .bytes = 3},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct http_request r;
		struct http_response a;
		char text[256];
		int n = snprintf(text, sizeof text, "POST / HTTP/1.1\r\n%s\r\n", cases[i].fields.p);
		cr_assert_eq(request((struct str){text, (size_t)n}, &r), PARSE_DONE);
		n = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\n%s\r\n", cases[i].fields.p);
		struct cursor c = cur_of(text, (size_t)n);
		cr_assert_eq(http_response_head(&c, &a), PARSE_DONE);
		for (unsigned side = 0; side < 2; side++) {
			const struct http_body *b = side ? &a.body : &r.body;
			cr_expect_eq(b->has_bytes, cases[i].has, "%zu", i);
			cr_expect_eq(b->bytes, cases[i].bytes, "%zu", i);
			cr_expect_eq(b->chunked, cases[i].chunked, "%zu", i);
			cr_expect_eq(b->bad, cases[i].bad, "%zu", i);
		}
	}
}

Test(http_request, knows_an_upgrade)
{
	struct http_request r;
	cr_assert_eq(request(STR("GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"), &r), PARSE_DONE);
	cr_expect(r.upgrade);
}

Test(http_request, is_strict_about_a_start)
{
	static const struct {
		struct str bytes;
		enum parse state;
	} cases[] = {
		{STR(""), PARSE_MORE},
		{STR("\r"), PARSE_MORE},
		{STR("\r\n"), PARSE_MORE},
		{STR("G"), PARSE_MORE},
		{STR("GET /"), PARSE_MORE},
		{STR("GET / HTTP/1.1"), PARSE_MORE},
		{STR("GET / HTTP/1.1\r"), PARSE_MORE},
		{STR("M-SEARCH * HTTP/1.1\r\n"), PARSE_DONE},
		{STR("VERSION-CONTROL /x HTTP/1.1\r\n"), PARSE_DONE},
		{STR("ANYTHING_2 /x HTTP/1.0\r\n"), PARSE_DONE},
		{STR("GET /HTTP/1.1\r\n"), PARSE_DONE},
		{STR("ANYTHING /x\r\n"), PARSE_BAD},
		{STR("ANYTHING HTTP/1.1\r\n"), PARSE_BAD},
		{STR("AN / HTTP/1.1\r\n"), PARSE_BAD},
		{STR("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\n"), PARSE_BAD},
		{STR("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG"), PARSE_BAD},
		{STR("get / HTTP/1.1\r\n"), PARSE_BAD},
		{STR(" GET / HTTP/1.1\r\n"), PARSE_BAD},
		{STR("-GET / HTTP/1.1\r\n"), PARSE_BAD},
		{STR("GET\r\n"), PARSE_BAD},
		{STR("GET/ HTTP/1.1\r\n"), PARSE_BAD},
		{STR("GETHTTP/1.1\r\n"), PARSE_BAD},
		{STR("GET foo\r\n"), PARSE_BAD},
		{STR("GET /\1 HTTP/1.1\r\n"), PARSE_BAD},
		{STR("GET /\1"), PARSE_BAD},
		{STR("GET / HTTP/2.0\r\n"), PARSE_BAD},
		{STR("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), PARSE_BAD},
		{STR("OPTIONS sip:a@b.example SIP/2.0\r\n"), PARSE_BAD},
		{STR("OPTIONS * RTSP/1.0\r\n"), PARSE_BAD},
		{STR("GET /info RTSP/1.0\r\n"), PARSE_BAD},
		{STR("OPTIONS icap://a/b ICAP/1.0\r\n"), PARSE_BAD},
		{STR("HTTP/1.1 200 OK\r\n"), PARSE_BAD},
		{STR("EHLO mail.example\r\n"), PARSE_BAD},
		{STR("A001 LOGIN a b\r\n"), PARSE_BAD},
		{STR("SSH-2.0-OpenSSH_9.2\r\n"), PARSE_BAD},
		{STR("\x16\3\1"), PARSE_BAD},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct http_request r;
		cr_expect_eq(http_is_request(cursor_of(cases[i].bytes)), cases[i].state, "%zu", i);
		if (cases[i].state == PARSE_BAD)
			cr_expect_eq(request(cases[i].bytes, &r), PARSE_BAD, "%zu", i);
	}
}

static struct wire w;

Test(http_request, takes_long_lines)
{
	struct http_request r;
	w.n = 0;
	wire_text(&w, "GET /");
	for (unsigned i = 0; i < 12000; i++)
		wire_text(&w, "x");
	/* its start leaves no doubt, though its end is not there */
	cr_expect_eq(http_is_request(cur_of(w.b, 100)), PARSE_MORE);
	cr_expect_eq(http_is_request(wire_cursor(&w)), PARSE_DONE);
	w.b[0] = 'X'; /* of an unknown method it does */
	cr_expect_eq(http_is_request(wire_cursor(&w)), PARSE_MORE);
	w.b[0] = 'G';
	wire_text(&w, " HTTP/1.1\r\nHost: a\r\n\r\n");
	struct cursor c = wire_cursor(&w);
	cr_assert_eq(http_request_head(&c, &r), PARSE_DONE);
	cr_expect_eq(r.target.n, 12001);
	expect_str(r.host, "a");
}

/* ---- response heads ---- */

static const char answer[] = "HTTP/1.1 201 Created\r\nContent-Length: 12\r\n\r\n";

static void read_response(const uint8_t *p, size_t n, bool mutated)
{
	struct http_response r;
	struct cursor c = cur_of(p, n);
	const enum parse state = http_response_head(&c, &r);
	cr_expect((state == PARSE_DONE) == (c.p != p));
	if (mutated)
		return;
	cr_expect_eq(state, PARSE_MORE);
	cr_expect_eq(http_is_response(cur_of(p, n)), n < 12 ? PARSE_MORE : PARSE_DONE);
	cr_expect_eq(r.status, n < 12 ? 0 : 201);
}

Test(http_response, tells_what_it_says)
{
	struct http_response r;
	struct cursor c = cur_of(answer, sizeof answer - 1);
	cr_assert_eq(http_response_head(&c, &r), PARSE_DONE);
	cr_expect_eq(r.status, 201);
	cr_expect(r.body.has_bytes && r.body.bytes == 12);
	mutate_all((const uint8_t *)answer, sizeof answer - 1, read_response);
}

Test(http_response, is_strict_about_a_start)
{
	static const struct {
		struct str bytes;
		enum parse state;
	} cases[] = {
		{STR("HTTP/1.0 404\r\n\r\n"), PARSE_DONE}, {STR("HTTP/1.1 200\n\n"), PARSE_DONE},
		{STR("HTTP/1.1 20\r\n"), PARSE_BAD},	   {STR("HTTP/1.1 2000 X\r\n"), PARSE_BAD},
		{STR("HTTP/1.1 099 X\r\n"), PARSE_BAD},	   {STR("HTTP/2.0 200 OK\r\n"), PARSE_BAD},
		{STR("HTTP/1.1  200 OK\r\n"), PARSE_BAD},  {STR("http/1.1 200 OK\r\n"), PARSE_BAD},
		{STR("RTSP/1.0 200 OK\r\n"), PARSE_BAD},   {STR("220 mail.example\r\n"), PARSE_BAD},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct http_response r;
		struct cursor c = cursor_of(cases[i].bytes);
		cr_expect_eq(http_is_response(c), cases[i].state, "%zu", i);
		cr_expect_eq(http_response_head(&c, &r), cases[i].state, "%zu", i);
	}
}

/* ---- chunked bodies ---- */

static const struct {
	struct str body;
	size_t used;
	bool done, bad;
} bodies[] = {
	{STR("5\r\nhello\r\n0\r\n\r\nGET /"), 15, true, false},
	{STR("A\r\n0123456789\r\n00;last\r\n\r\n"), 26, true, false},
	{STR("0a ; a=\"b;c\"\r\n0123456789\r\n0\r\nT: v\r\nU: w\r\n\r\nx"), 43, true, false},
	{STR("1\na\n0\n\n"), 7, true, false},
	{STR("0\r\n\r\n"), 5, true, false},
	{STR("5\r\nhel"), 6, false, false},
	{STR("5\r\nhello\r\n0\r\nT: v"), 17, false, false},
	{STR("8000000000000000\r\nx"), 19, false, false},
	{STR("8000000000000001\r\nx"), 15, false, true},
	{STR("10000000000000000\r\nx"), 16, false, true},
	{STR("\r\n"), 0, false, true},
	{STR("g\r\n"), 0, false, true},
	{STR("5x\r\n"), 1, false, true},
	{STR("5\r\nhellox"), 8, false, true},
	{STR("5\r\nhello\rx"), 9, false, true},
	{STR("0\r\n\rx"), 4, false, true},
};

Test(http_chunks, are_skipped_however_they_are_cut)
{
	for (size_t i = 0; i < COUNT(bodies); i++) {
		const uint8_t *p = (const uint8_t *)bodies[i].body.p;
		for (size_t cut = 0; cut <= bodies[i].body.n; cut++) {
			struct http_chunks s = {0};
			bool done, bad;
			size_t used = http_chunks_skip(&s, p, cut, &done, &bad);
			if (!done && !bad)
				used += http_chunks_skip(&s, p + cut, bodies[i].body.n - cut, &done,
							 &bad);
			cr_expect_eq(used, bodies[i].used, "%zu/%zu: %zu", i, cut, used);
			cr_expect_eq(done, bodies[i].done, "%zu/%zu", i, cut);
			cr_expect_eq(bad, bodies[i].bad, "%zu/%zu", i, cut);
		}
	}
}

Test(http_chunks, bound_the_digits_of_a_size)
{
	uint8_t zeros[100];
	struct http_chunks s = {0};
	bool done, bad;
	memset(zeros, '0', sizeof zeros);
	http_chunks_skip(&s, zeros, sizeof zeros, &done, &bad);
	cr_expect(bad);
}

static void read_chunks(const uint8_t *p, size_t n, bool mutated)
{
	struct http_chunks s = {0};
	bool done, bad;
	const size_t used = http_chunks_skip(&s, p, n, &done, &bad);
	cr_expect(used <= n);
	if (!mutated)
		cr_expect(used == n && !done && !bad);
}

Test(http_chunks, nothing_reads_beyond)
{
	mutate_all((const uint8_t *)bodies[2].body.p, bodies[2].used, read_chunks);
}
