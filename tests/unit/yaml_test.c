#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "base/yaml.h"
#include "guard.h"

static void say(FILE *out, const struct yaml_node *n)
{
	if (!n || n->kind == YAML_SCALAR) {
		fprintf(out, !n || n->plain ? "%s" : "'%s'", n ? n->text.p : "-");
		return;
	}
	bool map = n->kind == YAML_MAP;
	fputc(map ? '{' : '[', out);
	for (size_t i = 0; i < n->count; i++) {
		fprintf(out, "%s", i ? ", " : "");
		if (map) {
			say(out, n->key[i]);
			fprintf(out, ": ");
		}
		say(out, n->item[i]);
	}
	fputc(map ? '}' : ']', out);
}

/* All documents; a bad one as "!LINE: TEXT". One static buffer. */
static const char *read_all(struct str text)
{
	static char said[65536];
	FILE *out = fmemopen(said, sizeof said, "w");
	struct yaml_document d;
	struct arena a;
	struct error e;
	struct yaml y;
	bool first = true;

	said[0] = '\0';
	arena_init(&a);
	yaml_open(&y, text);
	for (enum yaml_result r; (r = yaml_next(&y, &a, &d, &e)) != YAML_END; first = false) {
		fprintf(out, "%s", first ? "" : " | ");
		if (r == YAML_BAD)
			fprintf(out, "!%u: %s", d.line, e.text);
		else
			say(out, d.root);
	}
	yaml_close(&y);
	arena_fini(&a);
	fclose(out);
	return said;
}

static const char *reading(const char *text)
{
	return read_all(str_of(text));
}

struct row {
	const char *text, *said;
};

#define CHECK(...)                                                                                 \
	do {                                                                                       \
		static const struct row rows[] = {__VA_ARGS__};                                    \
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)                            \
			cr_expect_str_eq(reading(rows[i].text), rows[i].said,                      \
					 "%s\n  is   %s\n  not  %s", rows[i].text,                 \
					 reading(rows[i].text), rows[i].said);                     \
	} while (0)

Test(yaml, scalars)
{
	CHECK({"a", "a"}, {"[a, 'b', \"c\", '']", "[a, 'b', 'c', '']"},
	      {"a: |\n  x\n  y\nb: >-\n  x\n  y\n", "{a: 'x\ny\n', b: 'x y'}"},
	      /* quotes in quotes and folded lines, which not every library gets right */
	      {"['x''''y', '''', '''''', 'a''b']", "['x''y', ''', '''', 'a'b']"},
	      {"\"a\\\\\\\n  b\"", "'a\\b'"},
	      {"\"\\x41\\u00e9\\U0001f600\\t\\\"\\\\\"", "'Aé😀\t\"\\'"},
	      {"'C:\\x\\n'", "'C:\\x\\n'"}, {"a: b # c\nd: 'e#f'", "{a: b, d: 'e#f'}"});
}

Test(yaml, structure_and_order)
{
	CHECK({"z: 1\na: {c: [d, {e: f}], b: }\n", "{z: 1, a: {c: [d, {e: f}], b: }}"},
	      {"- a\n- - b\n  - c\n- d: e\n", "[a, [b, c], {d: e}]"}, {"? a\n: b\n", "{a: b}"});
}

Test(yaml, documents)
{
	CHECK({"", ""}, {"# nothing\n\n", ""}, {"a\n---\nb\n--- c\n...\n---\n", "a | b | c | -"},
	      {"%YAML 1.2\n---\na\n...\n%YAML 1.2\n---\nb\n", "a | b"},
	      {"a: 'x\n---\nb: c\n", "!2: found unexpected end of stream while scanning a quoted "
				     "scalar (from line 1 on) | {b: c}"},
	      {"---a: b\n", "{---a: b}"}, {"a: \xff\n---\nb: c\n", "!1: not UTF-8 | {b: c}"},
	      {"---\n- null\n---\nnull\n---\n~\n---\n''", "[null] | - | - | ''"});
	cr_expect(strstr(reading("a: [\n---\nb: c\n"), " | {b: c}"));
	cr_expect_eq(reading("%directive only\n")[0], '!');
}

Test(yaml, lines)
{
	struct yaml_document d;
	struct arena a;
	struct error e;
	struct yaml y;

	arena_init(&a);
	yaml_open(&y, STR("# one\r\na: 1\r\nb:\r\n  - x\r\n  - y\r\n---\r\n\r\nc: d\r\n"));
	cr_assert_eq(yaml_next(&y, &a, &d, &e), YAML_DOCUMENT);
	cr_expect_eq(d.line, 2);
	cr_expect_eq(yaml_get(d.root, "b")->line, 4);
	cr_expect_eq(yaml_get(d.root, "b")->item[1]->line, 5);
	cr_expect(str_has_prefix(d.source, STR("# one\na: 1\n")));
	cr_assert_eq(yaml_next(&y, &a, &d, &e), YAML_DOCUMENT);
	cr_expect_eq(d.line, 8);
	cr_expect_eq(yaml_next(&y, &a, &d, &e), YAML_END);
	cr_expect_eq(yaml_next(&y, &a, &d, &e), YAML_END);
	yaml_close(&y);
	arena_fini(&a);
}

Test(yaml, keys)
{
	CHECK({"a: 1\nb: 2\n'a': 3", "!3: the key 'a' is there twice"},
	      {"{a: {b: 1, c: 2, b: 3}}", "!1: the key 'b' is there twice"},
	      {"[a]: b", "!1: a key that is no plain text"},
	      {"\"a\\0\": b", "!1: a key with a NUL character"});
	cr_expect_null(yaml_get(NULL, "a"));
}

Test(yaml, aliases_and_merges)
{
	CHECK({"a: &x [1, 2]\nb: *x\n", "{a: [1, 2], b: [1, 2]}"},
	      {"[&x a, &x b, *x]", "[a, b, b]"},
	      {"a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\n", "{a: {p: 1, q: 2}, b: {q: 3, p: 1}}"},
	      {"- &x {p: 1}\n- &y {p: 2, q: 3}\n- {<<: [*x, *y]}\n",
	       "[{p: 1}, {p: 2, q: 3}, {p: 1, q: 3}]"},
	      {"{'<<': a}", "{'<<': a}"}, {"{<<: a}", "!1: '<<' takes a map or a list of maps"},
	      {"{<<: [{a: b}, c]}", "!1: '<<' takes a map or a list of maps"},
	      {"{<<: {a: b}, <<: {c: d}}", "!1: the key '<<' is there twice"},
	      {"*x", "!1: an alias without its anchor"},
	      {"&x [*x]", "!1: an alias inside of what it stands for"});
}

Test(yaml, tags)
{
	CHECK({"[!!str 5, ! 6, !!int '7', !!seq [a], !!map {b: c}]", "['5', '6', 7, [a], {b: c}]"},
	      {"!python/object x", "!1: a tag that is not known"},
	      {"- !!binary x", "!1: a tag that is not known"});
}

static const char *nested(unsigned depth)
{
	static char text[400000];

	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	text[2 * (size_t)depth] = '\0';
	return reading(text);
}

Test(yaml, bounds)
{
	cr_expect_eq(nested(YAML_DEPTH_MAX)[0], '[');
	cr_expect_str_eq(nested(YAML_DEPTH_MAX + 1), "!1: nested too deep");
	cr_expect_str_eq(nested(100000), "!1: nested too deep");
	CHECK({"a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	       "b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
	       "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n"
	       "d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
	       "e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\n"
	       "f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]\n",
	       "!6: aliases stand for too many values"});
}

static double number(const char *text)
{
	struct yaml_node n = {.kind = YAML_SCALAR, .plain = true, .text = str_of(text)};
	double v;

	return yaml_number(&n, &v) ? v : -1;
}

Test(yaml, numbers)
{
	static const char *const none[] = {"",	   "x",	   "1x",  "1e",	 "1e+",	 ".",	  "-",
					   "+.e1", "0x",   "0xg", "0o8", "-0x1", "1_0",	  "1:30",
					   ".inf", ".nan", "inf", "nan", " 1",	 "1e999", "1 "};

	cr_expect_eq(number("0"), 0);
	cr_expect_eq(number("017"), 17);
	cr_expect_eq(number("-12.5"), -12.5);
	cr_expect_eq(number("+1e3"), 1000);
	cr_expect_eq(number("1E-1"), 0.1);
	cr_expect_eq(number(".5"), 0.5);
	cr_expect_eq(number("5."), 5);
	cr_expect_eq(number("0xfF"), 255);
	cr_expect_eq(number("0o17"), 15);
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		cr_expect_eq(number(none[i]), -1, "%s", none[i]);
	struct yaml_node quoted = {.kind = YAML_SCALAR, .text = STR("5")};
	double v;
	cr_expect_not(yaml_number(&quoted, &v));
	cr_expect_not(yaml_number(NULL, &v));
}

Test(yaml, truths_and_null)
{
	struct yaml_node n = {.kind = YAML_SCALAR, .plain = true};
	bool v;

	n.text = STR("True");
	cr_expect(yaml_bool(&n, &v) && v);
	n.text = STR("FALSE");
	cr_expect(yaml_bool(&n, &v) && !v);
	n.text = STR("yes");
	cr_expect_not(yaml_bool(&n, &v));
	n.text = STR("Null");
	cr_expect(yaml_is_null(&n));
	n.plain = false;
	cr_expect_not(yaml_is_null(&n));
	cr_expect(yaml_is_null(NULL));
}

/* Every start of a text, and every byte of it changed, right before memory that cannot be read. */
Test(yaml, truncated_and_changed)
{
	static const char text[] =
		"\xef\xbb\xbf%YAML 1.2\r\n--- # x\r\na: &x ['b''', \"\\u00e9\\\n"
		"  c\"]\r\nd: {<<: {e: *x}, f: !!str 5}\ng: |+\n  h\n\n...\n--- >\n i\n";
	static const char bytes[] = "\0\t\n\r\"'#&*-:?[]{}!|>%\\\xff\xc3\xe2 x";
	size_t all = sizeof text - 1;

	for (size_t n = 0; n <= all; n++) {
		uint8_t *copy = guard_copy(text, n);
		read_all((struct str){(char *)copy, n});
		for (size_t i = 0; n == all && i < n; i++)
			for (size_t k = 0; k < sizeof bytes - 1; k++) {
				uint8_t was = copy[i];
				copy[i] = (uint8_t)bytes[k];
				read_all((struct str){(char *)copy, n});
				copy[i] = was;
			}
		guard_free(copy);
	}
}

Test(utf8, strict)
{
	static const char *const bad[] = {"\x80",
					  "\xc0\x80",
					  "\xc1\xbf",
					  "\xe0\x80\x80",
					  "\xed\xa0\x80",
					  "\xf0\x80\x80\x80",
					  "\xf4\x90\x80\x80",
					  "\xf5\x80\x80\x80",
					  "\xc3",
					  "\xe2\x82",
					  "\xc3x"};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_not(utf8_valid(str_of(bad[i])), "%zu", i);
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		char p[4];
		uint32_t back = 0;

		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		size_t n = utf8_write(p, c);
		cr_assert(utf8_read(p, n, &back) == n && back == c, "%x", c);
		cr_assert_eq(utf8_read(p, n - 1, &back), 0);
	}
	cr_expect_eq(utf8_cut(STR("aé"), 2), 1);
	cr_expect_eq(utf8_cut(STR("aé"), 3), 3);
	cr_expect_eq(utf8_cut(STR("aé"), 9), 3);
}

Test(arena, aligned_and_zeroed)
{
	struct arena a;

	arena_init(&a);
	for (size_t i = 1; i < 200000; i = i * 3 / 2 + 1) {
		uint8_t *p = arena_alloc(&a, i);
		cr_assert_eq((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t k = 0; k < i; k++)
			cr_assert_eq(p[k], 0);
		memset(p, 0xff, i);
	}
	cr_expect_str_eq(arena_print(&a, "%s-%d", "x", 5), "x-5");
	size_t room = 0, count = 0;
	int *list = NULL;
	for (; count < 1000; count++) {
		list = arena_grow(&a, list, count, &room, sizeof *list);
		list[count] = (int)count;
	}
	for (size_t i = 0; i < count; i++)
		cr_assert_eq(list[i], (int)i);
	arena_fini(&a);
}
