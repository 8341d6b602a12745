#include <criterion/criterion.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/hostname.h"
#include "core/limits.h"
#include "output/json.h"

#define ROOM 4096

static char out[ROOM];

/* The string's JSON between its quotes. */
static struct str written(struct str s, size_t max, bool name)
{
	struct json j = json_of(out, sizeof out);

	j.string_max = max;
	if (name)
		json_name(&j, NULL, s);
	else
		json_str(&j, NULL, s);
	cr_assert(!j.w.full);
	cr_assert_eq(out[0], '"');
	cr_assert_eq(j.w.p[-1], '"');
	return (struct str){out + 1, wr_length(&j.w) - 2};
}

/* RFC 8259 section 7, as far as we use it. */
static size_t json_decode(struct str s, char *to)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		cr_assert_neq(s.p[i], '"', "a bare quote");
		if (s.p[i] == '\\') {
			i++;
			cr_assert(i < s.n && (s.p[i] == '\\' || s.p[i] == '"'), "escape torn");
		}
		to[n++] = s.p[i];
	}
	return n;
}

static int hex_of(char c)
{
	const char *at = c ? strchr("0123456789abcdef", c) : NULL;
	cr_assert(at);
	return (int)(at - "0123456789abcdef");
}

/* What json.h says a reader of wire strings has to do. */
static size_t wire_undo(const char *p, size_t n, char *to)
{
	size_t m = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] != '\\') {
			to[m++] = p[i];
		} else if (i + 1 < n && p[i + 1] == '\\') {
			to[m++] = '\\';
			i++;
		} else {
			cr_assert(i + 3 < n && p[i + 1] == 'x', "escape torn");
			to[m++] = (char)(hex_of(p[i + 2]) << 4 | hex_of(p[i + 3]));
			i += 3;
		}
	}
	return m;
}

/* No control characters, and UTF-8 by another's judgement. */
static void expect_clean(struct str s)
{
	static char wide[4 * ROOM];
	char *in = (char *)s.p, *to = wide;
	size_t left = s.n, room = sizeof wide;
	iconv_t cd = iconv_open("UCS-4LE", "UTF-8");

	cr_assert(cd != (iconv_t)-1);
	cr_expect_eq(iconv(cd, &in, &left, &to, &room), 0, "invalid UTF-8");
	iconv_close(cd);
	for (char *p = wide; p < to; p += 4) {
		uint32_t c;
		memcpy(&c, p, 4);
		cr_expect(c >= 0x20 && !(c >= 0x7f && c <= 0x9f), "control character %x", c);
		cr_expect(!(c >= 0x2028 && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069));
	}
}

static void expect_wire(struct str in, const char *want)
{
	struct str s = written(in, 0, false);
	cr_expect(str_eq(s, str_of(want)), "%.*s, not %s", (int)s.n, s.p, want);
}

Test(json_str, known_cases)
{
	expect_wire(STR(""), "");
	expect_wire(STR("plain /?&=<>'"), "plain /?&=<>'");
	expect_wire(STR("a\"b"), "a\\\"b");
	expect_wire(STR("a\\b"), "a\\\\\\\\b");
	expect_wire(STR("\x1b[31m\n\r\t"), "\\\\x1b[31m\\\\x0a\\\\x0d\\\\x09");
	expect_wire(((struct str){"\0\x7f", 2}), "\\\\x00\\\\x7f");
	expect_wire(STR("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
	expect_wire(STR("\xc2\x9b" "31m"), "\\\\xc2\\\\x9b31m"); /* C1: CSI */
	expect_wire(STR("\xe2\x80\xae" "cod.exe"), "\\\\xe2\\\\x80\\\\xaecod.exe"); /* RLO */
	expect_wire(STR("\xef\xbb\xbf"), "\\\\xef\\\\xbb\\\\xbf"); /* BOM */
	expect_wire(STR("\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80"),
		    "\\\\xc0\\\\xaf\\\\xed\\\\xa0\\\\x80\\\\xf4\\\\x90\\\\x80\\\\x80");
	expect_wire(STR("\xe2\x82"), "\\\\xe2\\\\x82");
}

static void random_bytes(char *p, size_t n, unsigned *seed)
{
	static const char odd[] = "\\\\\"x0ff\x1b\x80\xc2\x9b\xe2\x80\xae\xf0\x9f\x98\x80";
	int kind = rand_r(seed) % 3;

	for (size_t i = 0; i < n; i++)
		p[i] = kind ? odd[(size_t)rand_r(seed) % (sizeof odd - 1)] : (char)rand_r(seed);
}

Test(json_str, any_bytes_come_back)
{
	unsigned seed = 1;
	char in[64], text[8 * sizeof in], back[8 * sizeof in];

	for (int turn = 0; turn < 20000; turn++) {
		size_t n = (size_t)rand_r(&seed) % sizeof in;
		random_bytes(in, n, &seed);
		struct str s = written((struct str){in, n}, 0, false);
		if (turn % 16 == 0)
			expect_clean(s);
		size_t m = wire_undo(text, json_decode(s, text), back);
		cr_assert_eq(m, n);
		cr_assert_eq(memcmp(in, back, n), 0);
	}
}

Test(json_str, is_cut_between_characters)
{
	unsigned seed = 2;
	char in[32], text[8 * sizeof in], back[8 * sizeof in];

	for (int turn = 0; turn < 20000; turn++) {
		size_t n = (size_t)rand_r(&seed) % sizeof in, max = 1 + (size_t)rand_r(&seed) % 40;
		random_bytes(in, n, &seed);
		struct str s = written((struct str){in, n}, max, false);
		cr_assert_leq(s.n, max);
		expect_clean(s);
		size_t m = wire_undo(text, json_decode(s, text), back);
		cr_assert_leq(m, n);
		cr_assert_eq(memcmp(in, back, m), 0);
	}
}

Test(json_str, says_that_it_cut)
{
	struct json j = json_of(out, sizeof out);

	j.string_max = 3;
	json_str(&j, NULL, STR("abc"));
	cr_expect(!j.cut);
	json_str(&j, NULL, STR("ab\n"));
	cr_expect(j.cut);
	cr_expect(!j.w.full);
	cr_expect_eq(memcmp(out, "\"abc\",\"ab\"", 10), 0);
}

Test(json_name, host_names_stand_as_they_are)
{
	unsigned seed = 3;
	char in[80], name[HOSTNAME_MAX], text[2 * HOSTNAME_MAX];

	for (int turn = 0; turn < 5000; turn++) {
		size_t n = (size_t)rand_r(&seed) % sizeof in;
		random_bytes(in, n, &seed);
		size_t length = hostname_from_text((struct str){in, n}, name);
		struct str s = written((struct str){name, length}, 0, true);
		cr_assert_eq(json_decode(s, text), length);
		cr_assert_eq(memcmp(text, name, length), 0);
	}
}

Test(json_name, what_is_no_name_becomes_one)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{"a\nb", "a\\\\010b"},	    {"\xff", "\\\\255"},	{"x\\", "x\\\\092"},
		{"\\12", "\\\\09212"},	    {"\\1a2", "\\\\0921a2"},	{"\\\x01", "\\\\092\\\\001"},
		{"\"a b\"", "\\\"a b\\\""}, {"\\\"", "\\\\\\\""},	{"\\\\", "\\\\\\\\"},
		{"\\;x", "\\\\;x"},	    {"\\1234", "\\\\1234"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct str s = written(str_of(cases[i].in), 0, true);
		cr_expect(str_eq(s, str_of(cases[i].want)), "%.*s, not %s", (int)s.n, s.p,
			  cases[i].want);
	}
}

Test(json_name, is_cut_between_escapes)
{
	char text[ROOM];
	const char *name = "a\\009\\\\b\\\"\x01\xff\"z";

	for (size_t max = 1; max < 40; max++) {
		size_t n = json_decode(written(str_of(name), max, true), text);
		for (size_t i = 0; i < n; i++) {
			cr_assert(text[i] >= 0x20 && text[i] < 0x7f);
			if (text[i] != '\\')
				continue;
			cr_assert_lt(i + 1, n, "a torn escape at %zu", max);
			i += text[i + 1] >= '0' && text[i + 1] <= '9' ? 3 : 1;
			cr_assert_lt(i, n, "a torn escape at %zu", max);
		}
	}
}

static size_t some_of_each(char *to, size_t room, bool *full)
{
	struct json j = json_of(to, room);

	json_open(&j, NULL, '{');
	json_word(&j, "word", "value");
	json_u64(&j, "number", UINT64_MAX);
	json_str(&j, "string", STR("a\n\\\xc3\xa4"));
	json_name(&j, "name", STR("a\\001\x80"));
	json_time(&j, "time", 1);
	json_close(&j, '}');
	*full = j.w.full;
	return wr_length(&j.w);
}

Test(json, never_passes_the_end)
{
	bool full;
	size_t whole = some_of_each(out, sizeof out, &full);

	cr_expect(!full);
	for (size_t room = 0; room < whole + 8; room++) {
		char *exact = malloc(room ? room : 1); /* a sanitizer watches its end */
		size_t n = some_of_each(exact, room, &full);
		cr_expect_leq(n, room);
		/* a key asks for four bytes more than it may need */
		cr_expect(room < whole ? full : room < whole + 4 || !full, "%zu", room);
		cr_expect_eq(memcmp(exact, out, n), 0);
		free(exact);
	}
}

Test(json, commas_come_by_themselves)
{
	struct json j = json_of(out, sizeof out);

	json_open(&j, NULL, '{');
	json_open(&j, "empty", '[');
	json_close(&j, ']');
	json_open(&j, "list", '[');
	json_u64(&j, NULL, 0);
	json_bool(&j, NULL, false);
	json_open(&j, NULL, '{');
	json_text(&j, "k", "v");
	json_close(&j, '}');
	json_close(&j, ']');
	json_bool(&j, "last", true);
	json_close(&j, '}');
	wr_char(&j.w, '\0');
	cr_expect_str_eq(out, "{\"empty\":[],\"list\":[0,false,{\"k\":\"v\"}],\"last\":true}");
}

static void expect_date(uint64_t ns, struct date_cache *cache)
{
	time_t seconds = (time_t)(ns / NS_PER_S);
	struct tm tm;
	char want[64], day[32];
	struct json j = json_of(out, sizeof out);

	j.dates = cache;
	json_time(&j, NULL, ns);
	gmtime_r(&seconds, &tm);
	strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(want, sizeof want, "\"%s.%09uZ\"", day, (unsigned)(ns % NS_PER_S));
	wr_char(&j.w, '\0');
	cr_assert_str_eq(out, want);
}

Test(json, time_agrees_with_the_c_library)
{
	struct date_cache cache = {0};
	uint64_t x = 88172645463325252u;

	expect_date(0, &cache);
	expect_date(UINT64_MAX, &cache);
	expect_date(UINT64_MAX, NULL);
	for (uint64_t day = 0; day < 213503; day++) { /* every day that 64 bits hold */
		expect_date(day * 86400 * NS_PER_S, &cache);
		expect_date((day + 1) * 86400 * NS_PER_S - 1, &cache);
	}
	for (int i = 0; i < 20000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		expect_date(x, &cache);
	}
}
