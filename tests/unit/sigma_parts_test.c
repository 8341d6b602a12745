/* What the engine is put together from: networks, numbers, plain texts, marks, patterns. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/mem.h"
#include "fixture.h"
#include "match/regex.h"
#include "sigma/cidr.h"
#include "sigma/marks.h"
#include "sigma/number.h"
#include "sigma/plain.h"
#include "sigma/scanner.h"

static uint64_t state = 1;

static unsigned below(unsigned n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state >> 33) % n;
}

static void count(void *context, uint32_t leaf)
{
	unsigned *hits = context;

	hits[leaf]++;
}

static struct addr address(unsigned bits)
{
	static const uint8_t few[] = {0, 1, 0x80, 0xff};
	struct addr a = {{0}};
	bool v4 = below(2);

	if (v4)
		a.b[10] = a.b[11] = 0xff;
	for (unsigned i = v4 ? 12 : 0; i < 16; i++)
		a.b[i] = below(2) ? 0 : few[below(4)];
	for (unsigned i = bits; i < 128; i++)
		a.b[i / 8] &= (uint8_t) ~(0x80u >> i % 8);
	return a;
}

static bool is_in(const struct addr *a, const struct addr *network, unsigned bits)
{
	for (unsigned i = 0; i < bits; i++)
		if ((a->b[i / 8] ^ network->b[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return !addr_is_v4(a) || bits >= 96;
}

/* Nested, equal and apart, of any length: each found once, and no other. */
Test(sigma_parts, networks_against_bit_by_bit)
{
	enum { NETWORKS = 60 };
	struct addr network[NETWORKS];
	unsigned bits[NETWORKS];
	size_t found = 0;

	for (int round = 0; round < 60; round++) {
		struct cidr_set s = {0};
		for (uint32_t i = 0; i < NETWORKS; i++) {
			bits[i] = below(8) ? 90 + below(39) : below(129);
			network[i] = address(bits[i]);
			cidr_add(&s, &network[i], bits[i], i);
		}
		cidr_settle(&s);
		for (int k = 0; k < 300; k++) {
			unsigned hits[NETWORKS] = {0};
			struct addr a = below(2) ? address(128) : network[below(NETWORKS)];
			cidr_find(&s, &a, count, hits);
			for (int i = 0; i < NETWORKS; i++) {
				cr_assert_eq(hits[i], is_in(&a, &network[i], bits[i]));
				found += hits[i];
			}
		}
		cidr_fini(&s);
	}
	cr_expect_gt(found, 10000);
	struct cidr_set none = {0};
	cidr_settle(&none);
	cidr_find(&none, &network[0], NULL, NULL);
}

Test(sigma_parts, addresses_of_texts)
{
	static const struct {
		const char *text;
		bool is;
	} rows[] = {
		{"1.2.3.4", true},
		{"::1", true},
		{"::ffff:1.2.3.4", true},
		{"fe80::1%eth0", true},
		{"fe80::1%", true},
		{"1.2.3.4%eth0", false},
		{"", false},
		{"%eth0", false},
		{"1.2.3", false},
		{"1.2.3.4 ", false},
		{"01.2.3.4", false},
		{"1.2.3.4:80", false},
		{"[::1]", false},
		{"1.2.3.256", false},
		{"::1::", false},
		{"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000", false},
	};
	struct addr a;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		cr_expect_eq(cidr_address(str_of(rows[i].text), &a), rows[i].is, "%s",
			     rows[i].text);
	cr_expect_not(cidr_address((struct str){"1.2.3.4\0x", 9}, &a));
	cr_expect_not(cidr_address((struct str){NULL, 0}, &a));
}

Test(sigma_parts, numbers_of_texts)
{
	static const struct {
		const char *text;
		bool is;
		double value;
	} rows[] = {
		{"0", true, 0},
		{"443", true, 443},
		{"-1", true, -1},
		{"+1.50", true, 1.5},
		{".5", true, .5},
		{"5.", true, 5},
		{"1e3", true, 1000},
		{"1E-2", true, .01},
		{"007", true, 7},
		{"123456789012345678", true, 123456789012345678.0},
		{"999999999999999", true, 999999999999999.0},
		{"", false, 0},
		{".", false, 0},
		{"-", false, 0},
		{"e5", false, 0},
		{"1e", false, 0},
		{"1e+", false, 0},
		{" 1", false, 0},
		{"1 ", false, 0},
		{"0x10", false, 0},
		{"inf", false, 0},
		{"nan", false, 0},
		{"1,5", false, 0},
		{"1e999", false, 0},
		{"1.2.3", false, 0},
		{"12a", false, 0},
	};
	double v;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		cr_expect_eq(number_read(str_of(rows[i].text), &v), rows[i].is, "%s", rows[i].text);
		if (rows[i].is)
			cr_expect_eq(v, rows[i].value, "%s is %f", rows[i].text, v);
	}
	char digits[100];
	memset(digits, '1', sizeof digits);
	cr_expect_not(number_read((struct str){digits, sizeof digits}, &v));
}

Test(sigma_parts, marks_come_in_order_once)
{
	enum { NUMBERS = 20000 };
	static bool is[NUMBERS];
	struct marks m;
	uint32_t number;

	marks_init(&m, NUMBERS);
	cr_expect_not(marks_take(&m, &number));
	for (int round = 0; round < 200; round++) {
		unsigned n = below(4) ? below(20) : below(NUMBERS);
		for (unsigned i = 0; i < n; i++) {
			number = below(8) ? below(NUMBERS) : NUMBERS - 1;
			marks_set(&m, number);
			is[number] = true;
		}
		for (uint32_t i = 0; i < NUMBERS; i++) {
			if (!is[i])
				continue;
			cr_assert(marks_take(&m, &number));
			cr_assert_eq(number, i);
			is[i] = false;
		}
		cr_assert_not(marks_take(&m, &number));
	}
	marks_fini(&m);
}

Test(sigma_parts, plain_texts)
{
	enum { TEXTS = 3000 };
	static char text[TEXTS][16];
	static unsigned hits[TEXTS + 2];
	struct plain p;
	char longest[PLAIN_MAX + 1];

	plain_init(&p);
	for (uint32_t i = 0; i < TEXTS; i++) {
		snprintf(text[i], sizeof text[i], "Text%u", i);
		plain_add(&p, str_of(text[i]), i % 2, i);
	}
	memset(longest, 'x', sizeof longest);
	plain_add(&p, (struct str){longest, PLAIN_MAX}, false, TEXTS);
	plain_find(&p, STR("Text7"), count, hits);
	plain_find(&p, STR("TEXT7"), count, hits);
	plain_find(&p, STR("TEXT8"), count, hits);
	plain_find(&p, STR("text8"), count, hits);
	plain_find(&p, STR(""), count, hits);
	plain_find(&p, (struct str){longest, PLAIN_MAX}, count, hits);
	plain_find(&p, (struct str){longest, PLAIN_MAX + 1}, count, hits);
	for (unsigned i = 0; i <= TEXTS; i++)
		cr_expect_eq(hits[i], i == 7 || i == TEXTS ? 1 : i == 8 ? 2 : 0, "%u", i);
	plain_fini(&p);
}

Test(sigma_parts, regex_says_what_it_could_not)
{
	struct error e = {0};
	struct regex *r = regex_new("^(a+)+(?=[bc])$", 0, &e);

	cr_assert(r);
	cr_expect_eq(regex_search(r, STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")),
		     REGEX_LIMIT);
	cr_expect_eq(regex_search(r, STR("x")), REGEX_NO);
	regex_free(r);
	/* as long as it is linear a text may be long */
	r = regex_new("(?<!x)b", 0, &e);
	char *text = mem_alloc(50000);
	memset(text, 'a', 50000);
	cr_expect_eq(regex_search(r, (struct str){text, 50000}), REGEX_NO);
	text[49999] = 'b';
	cr_expect_eq(regex_search(r, (struct str){text, 50000}), REGEX_YES);
	cr_expect_eq(regex_search(r, (struct str){NULL, 0}), REGEX_NO);
	free(text);
	regex_free(r);
	cr_expect_not(regex_new("a(", 0, &e));
	cr_expect(strstr(e.text, "parenthesis"), "%s", e.text);
	cr_expect_not(regex_new("(*UTF)a", 0, &e), "texts are not checked for it");
	cr_expect_not(regex_new("(*UCP)a", 0, &e));
	regex_free(NULL);
}

static void on_lost(void *context, uint32_t leaf, const char *why)
{
	unsigned *lost = context;

	(void)why;
	lost[leaf]++;
}

/* What Hyperscan reads and then cannot compile is left to PCRE2; what is too much for both is lost,
 * and the others of the set are found. */
Test(sigma_parts, too_much_to_compile)
{
	enum { LONG = 80000 };
	char *text = mem_alloc(LONG);
	bool *wild = mem_array(LONG, sizeof *wild);
	const struct sigma_leaf leaf[] = {
		{.kind = LEAF_REGEX, .regex = {.expression = "(.a){900}.*(b.){900}|z"}},
		{.kind = LEAF_TEXT, .text = {text, wild, 20000}},
		{.kind = LEAF_TEXT, .text = {text, wild, LONG}},
		{.kind = LEAF_REGEX, .regex = {.expression = "x+y"}},
	};
	unsigned hits[4] = {0}, lost[4] = {0};
	struct scanner *s = scanner_new();
	struct error e;

	memset(text, '.', LONG);
	for (uint32_t i = 0; i < 4; i++)
		cr_assert_eq(scanner_add(s, &leaf[i], i, &e), 0, "%s", e.text);
	scanner_build(s, NULL);
	scanner_refused(s, on_lost, lost);
	cr_expect_eq(lost[0] + lost[1] + lost[3], 0);
	cr_expect_eq(lost[2], 1);
	scanner_run(s, &(struct event_value){.text = STR("xxyz")}, count, hits);
	cr_expect_eq(hits[0], 1);
	cr_expect_eq(hits[3], 1);
	scanner_run(s, &(struct event_value){.text = {text, 20000}}, count, hits);
	cr_expect_eq(hits[1], 1);
	cr_expect_eq(scanner_sets(s), 1);
	scanner_free(s);
	free(text);
	free(wild);
}

/* Where Hyperscan can tell which values are worth a search it does. */
Test(sigma_parts, what_is_not_supported_is_narrowed_down)
{
	const struct sigma_leaf leaf[] = {
		{.kind = LEAF_REGEX, .regex = {.expression = "(?<!x)y"}},
		{.kind = LEAF_REGEX, .regex = {.expression = "x\\Ky"}},
	};
	struct error e;

	for (uint32_t i = 0; i < 2; i++) {
		struct scanner *s = scanner_new();
		cr_assert_eq(scanner_add(s, &leaf[i], 0, &e), 0);
		scanner_build(s, NULL);
		cr_expect_eq(scanner_sets(s), i == 0 ? 1 : 0, "%s", leaf[i].regex.expression);
		scanner_free(s);
	}
}

/* A start from the cache finds the same, in characters too. */
Test(sigma_parts, from_the_cache)
{
	const struct sigma_leaf leaf[] = {
		{.kind = LEAF_REGEX, .regex = {.expression = "(?<!x)y"}},
		{.kind = LEAF_REGEX,
		 .regex = {.expression = "^\xc3\xa9.$", .flags = REGEX_CASELESS}},
	};
	char *folder = fixture_folder();
	struct error e;

	for (int round = 0; round < 2; round++) {
		struct scanner *s = scanner_new();
		unsigned hits[2] = {0};
		for (uint32_t i = 0; i < 2; i++)
			cr_assert_eq(scanner_add(s, &leaf[i], i, &e), 0);
		scanner_build(s, folder);
		scanner_run(s, &(struct event_value){.text = STR("zy")}, count, hits);
		scanner_run(s, &(struct event_value){.text = STR("\xc3\x89\xc3\xa9")}, count, hits);
		scanner_run(s, &(struct event_value){.text = STR("xy"), .wire = true}, count, hits);
		cr_expect_eq(hits[0], 1);
		cr_expect_eq(hits[1], 1);
		cr_expect_eq(scanner_sets(s), 2);
		scanner_free(s);
	}
	fixture_remove(folder);
}
