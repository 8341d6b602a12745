#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "event/json_in.h"
#include "mutate.h"

static struct json_in *in;
static struct json_items items;
static struct error error;

static void set_up(void)
{
	in = json_in_new();
}

static void tear_down(void)
{
	json_in_free(in);
}

TestSuite(json_in, .init = set_up, .fini = tear_down);

static int open_text(struct str s)
{
	error.text[0] = '\0';
	return json_in_open(in, s, &error);
}

/* All items of the first object as "path=text;", numbers as "path#text;", booleans with '?'. */
static const char *told(struct str s)
{
	static char out[4096];
	char *p = out, *end = out + sizeof out;

	cr_assert_geq(open_text(s), 1, "%s", error.text);
	cr_assert(json_in_next(in, &items));
	*p = '\0';
	for (unsigned i = 0; i < items.count; i++) {
		const struct json_item *t = &items.item[i];
		p += snprintf(p, (size_t)(end - p), "%.*s%c%.*s;", (int)t->path.n, t->path.p,
			      "=#?0"[t->kind], (int)t -> text.n, t->text.n ? t->text.p : "");
	}
	return out;
}

#define TOLD(literal) told(STR(literal))

Test(json_in, paths_of_objects_and_lists)
{
	cr_expect_str_eq(TOLD("{}"), "");
	cr_expect_str_eq(TOLD("{\"a\":\"x\",\"b\":{\"c\":1,\"d\":[true,null,{\"e\":\"f\"},[2]]}}"),
			 "a=x;b.c#1;b.d?true;b.d0;b.d.e=f;b.d#2;");
	cr_expect_str_eq(TOLD("{\"winlog.event_data.Image\":\"x\",\"a\":{\"b.c\":1}}"),
			 "winlog.event_data.Image=x;a.b.c#1;");
	cr_expect_str_eq(TOLD("{\"\":{\"\":1}}"), "#1;");
	cr_expect_str_eq(TOLD("{\"a\":[],\"b\":{}}"), "");
	cr_expect_str_eq(TOLD("\xef\xbb\xbf {\"a\" : 1}\r"), "a#1;");
}

Test(json_in, elements_are_counted_by_the_innermost_list)
{
	TOLD("{\"a\":[{\"x\":1,\"l\":[7,8]},{\"x\":2}],\"b\":3}");
	const uint32_t want[] = {0, 0, 1, 1, 0};
	cr_assert_eq(items.count, 5);
	for (unsigned i = 0; i < 5; i++)
		cr_expect_eq(items.item[i].element, want[i], "%u", i);
}

Test(json_in, the_last_of_a_key_counts)
{
	cr_expect_str_eq(TOLD("{\"a\":1,\"b\":2,\"a\":\"x\"}"), "a=x;b#2;");
}

Test(json_in, numbers_keep_their_text_and_size)
{
	cr_expect_str_eq(TOLD("{\"a\":5.0,\"b\":-0,\"c\":1E+3,\"d\":18446744073709551615,"
			      "\"e\":123456789012345678901234567890,\"f\":1e999,\"g\":0.1}"),
			 "a#5.0;b#-0;c#1E+3;d#18446744073709551615;"
			 "e#123456789012345678901234567890;f#1e999;g#0.1;");
	cr_expect_eq(items.item[0].number, 5);
	cr_expect_eq(items.item[1].number, 0);
	cr_expect_eq(items.item[2].number, 1000);
	cr_expect_eq(items.item[3].number, 18446744073709551616.0);
	cr_expect_eq(items.item[4].number, 123456789012345678901234567890.0);
	cr_expect_eq(items.item[6].number, 0.1);
	TOLD("{\"a\":[999999999999999,-12,1234567890123456]}");
	cr_expect_eq(items.item[0].number, 999999999999999.0);
	cr_expect_eq(items.item[1].number, -12);
	cr_expect_eq(items.item[2].number, 1234567890123456.0);
}

Test(json_in, what_is_no_number)
{
	static const char *const bad[] = {"01",	 "-",	  "1.",	 ".5",	     "+1",   "1e",
					  "1e+", "0x1",	  "1_0", "--1",	     "1.e1", "12-3",
					  "1+1", "1e5e5", "NaN", "Infinity", "1 2"};
	char line[64];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(line, sizeof line, "{\"a\":%s}", bad[i]);
		cr_expect_eq(open_text(str_of(line)), -1, "%s", line);
	}
}

Test(json_in, broken_text_does_not_lose_the_line)
{
	/* no UTF-8, cut UTF-8, overlong, a surrogate in UTF-8 */
	cr_expect_str_eq(
		TOLD("{\"a\":\"x\xff\",\"b\":\"\xc3\",\"c\":\"\xc0\x80\",\"d\":\"\xed\xa0\x80\"}"),
		"a=x\xef\xbf\xbd;b=\xef\xbf\xbd;c=\xef\xbf\xbd\xef\xbf\xbd;"
		"d=\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd;");
	/* halves of pairs */
	cr_expect_str_eq(
		TOLD("{\"a\":\"\\ud83d\",\"b\":\"\\ude00\\ud83d\",\"c\":\"\\ud83d\\ude00\","
		     "\"d\":\"\\ud83dx\",\"e\":\"\\ud83d\\ud83d\\ude00\"}"),
		"a=\xef\xbf\xbd;b=\xef\xbf\xbd\xef\xbf\xbd;c=\xf0\x9f\x98\x80;"
		"d=\xef\xbf\xbdx;e=\xef\xbf\xbd\xf0\x9f\x98\x80;");
	/* control characters as they are */
	cr_expect_str_eq(TOLD("{\"a\":\"x\ty\x01\x1fz\"}"), "a=x\ty\x01\x1fz;");
	/* NUL in a key */
	cr_expect_str_eq(TOLD("{\"a\\u0000\\\\u0000\":1}"), "a\xef\xbf\xbd\\u0000#1;");
}

Test(json_in, nul_stays_in_a_value)
{
	TOLD("{\"a\":\"x\\u0000y\"}");
	cr_assert_eq(items.count, 1);
	cr_expect(str_eq(items.item[0].text, STR("x\0y")));
	struct str raw = STR("{\"a\":\"x\0y\"}");
	cr_assert_eq(open_text(raw), 1);
	cr_assert(json_in_next(in, &items));
	cr_expect(str_eq(items.item[0].text, STR("x\0y")));
}

Test(json_in, what_is_no_object)
{
	static const char *const bad[] = {"",
					  "7",
					  "\"x\"",
					  "null",
					  "[]",
					  "[1,2]",
					  "{",
					  "{\"a\"",
					  "{a:1}",
					  "{'a':1}",
					  "{}x",
					  "{} {}",
					  "nul",
					  "\"",
					  "{\"a\":\"\\x\"}",
					  "{\"a\":\"\\u12\"}",
					  "{\"a\":1,}",
					  "\x01"};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		cr_expect_eq(open_text(str_of(bad[i])), -1, "%s", bad[i]);
		cr_expect(error.text[0], "%s", bad[i]);
		cr_expect(!json_in_next(in, &items));
	}
}

Test(json_in, an_error_says_where_and_quotes_nothing)
{
	open_text(STR("{\"a\":1234567890,\"b\":\"\xff\xff\",\"c\":\x1b[31m}"));
	cr_expect_str_eq(error.text, "not JSON: invalid token (column 30)");
	for (const char *p = error.text; *p; p++)
		cr_expect(*p >= 0x20 && *p < 0x7f);
}

Test(json_in, lists_of_objects_are_read_one_by_one)
{
	cr_expect_eq(open_text(STR("{\"Records\":[{\"a\":1},{\"b\":2},7,{\"c\":3}]}")), 3);
	const char *const want[] = {"a", "b", "c"};
	for (int i = 0; i < 3; i++) {
		cr_assert(json_in_next(in, &items));
		cr_assert_eq(items.count, 1);
		cr_expect(str_eq(items.item[0].path, str_of(want[i])));
	}
	cr_expect(!json_in_next(in, &items));
	cr_expect_eq(open_text(STR("[{\"a\":1},{\"a\":2}]")), 2);
	/* with something beside it, it is a field like others */
	cr_expect_eq(open_text(STR("{\"Records\":[{\"a\":1},{\"a\":2}],\"b\":1}")), 1);
	cr_expect_eq(open_text(STR("{\"Records\":[1,2]}")), 1);
	cr_expect_eq(open_text(STR("{\"Records\":{}}")), 1);
}

Test(json_in, bounds)
{
	/* depth: the value inside is left out and counted */
	char deep[512], *p = deep;
	for (int i = 0; i < 40; i++)
		p += sprintf(p, "{\"a\":");
	p += sprintf(p, "1");
	for (int i = 0; i < 40; i++)
		p += sprintf(p, "}");
	cr_assert_eq(open_text(str_of(deep)), 1);
	cr_assert(json_in_next(in, &items));
	cr_expect_eq(items.count, 0);
	cr_expect_eq(items.lost, 1);

	/* items */
	size_t n = 3 * (JSON_ITEMS_MAX + 10);
	char *many = malloc(n + 16);
	p = many + sprintf(many, "{\"a\":[");
	for (unsigned i = 0; i < JSON_ITEMS_MAX + 10; i++)
		p += sprintf(p, i ? ",1" : "1");
	p += sprintf(p, "]}");
	cr_assert_eq(open_text(str_of(many)), 1);
	cr_assert(json_in_next(in, &items));
	cr_expect_eq(items.count, JSON_ITEMS_MAX);
	cr_expect_eq(items.lost, 10);
	free(many);

	/* a key that makes no path */
	char key[JSON_PATH_MAX + 32];
	p = key + sprintf(key, "{\"b\":2,\"");
	memset(p, 'k', JSON_PATH_MAX);
	strcpy(p + JSON_PATH_MAX, "\":1}");
	cr_expect_str_eq(told(str_of(key)), "b#2;");
	cr_expect_eq(items.lost, 1);

	/* values and length of the line */
	n = 2 * (LIMIT_EVENT_NODES + 10);
	many = malloc(n + 16);
	p = many + sprintf(many, "{\"a\":[");
	for (unsigned i = 0; i < LIMIT_EVENT_NODES + 10; i++, p += 2)
		memcpy(p, "1,", 2);
	strcpy(p, "1]}");
	cr_expect_eq(open_text(str_of(many)), -1);
	cr_expect(strstr(error.text, "more than"));
	free(many);
	many = malloc(LIMIT_EVENT_LINE + 1);
	memset(many, ' ', LIMIT_EVENT_LINE + 1);
	cr_expect_eq(open_text((struct str){many, LIMIT_EVENT_LINE + 1}), -1);
	cr_expect(strstr(error.text, "longer than"));
	free(many);
}

static void read_any(const uint8_t *p, size_t n, bool mutated)
{
	bool whole = json_in_open(in, (struct str){(const char *)p, n}, &error) >= 0;

	while (json_in_next(in, &items))
		;
	cr_assert(mutated || !whole);
}

Test(json_in, no_prefix_is_read_and_no_mutation_leaves_the_line)
{
	static const char good[] = "{\"a\":\"x\\ud83d\\ude00\xc3\xa9\\u0000\",\"b\":[-1.5e3,null,"
				   "{\"c\":true}],\"\\u0000\":\"\xff\"}";
	mutate_all((const uint8_t *)good, sizeof good - 1, read_any);
}

static long long whole_number(struct str text)
{
	char terminated[32];

	cr_assert_lt(text.n, sizeof terminated);
	memcpy(terminated, text.p, text.n);
	terminated[text.n] = '\0';
	return strtoll(terminated, NULL, 10);
}

/* The library alone and behind what makes lines ready agree on lines that need nothing. */
static void same_as(const json_t *v, const struct json_item *i)
{
	switch (json_typeof(v)) {
	case JSON_STRING:
		cr_assert(
			i->kind == VALUE_TEXT &&
			str_eq(i->text, (struct str){json_string_value(v), json_string_length(v)}));
		break;
	case JSON_INTEGER:
		cr_assert(i->kind == VALUE_NUMBER &&
			  whole_number(i->text) == json_integer_value(v));
		break;
	case JSON_REAL:
		cr_assert(i->kind == VALUE_NUMBER && i->number == json_real_value(v));
		break;
	case JSON_NULL:
		cr_assert_eq(i->kind, VALUE_NULL);
		break;
	default:
		cr_assert(i->kind == VALUE_BOOL &&
			  str_eq(i->text, json_is_true(v) ? STR("true") : STR("false")));
	}
}

Test(json_in, scalars_are_what_the_library_says)
{
	static const char *const scalars[] = {"0",
					      "-1",
					      "9223372036854775807",
					      "-9223372036854775808",
					      "1.5",
					      "1e3",
					      "-0.25e-2",
					      "3.141592653589793",
					      "true",
					      "false",
					      "null",
					      "\"\"",
					      "\"plain\"",
					      "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
					      "\"\\u00e9\\u20ac\"",
					      "\"\xe2\x82\xac\"",
					      "\"\\ud83d\\ude00\""};
	char line[128];

	for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++) {
		snprintf(line, sizeof line, "{\"k\":%s}", scalars[i]);
		json_t *v = json_loads(line, 0, NULL);
		told(str_of(line));
		cr_assert_eq(items.count, 1);
		same_as(json_object_get(v, "k"), &items.item[0]);
		json_decref(v);
	}
}
