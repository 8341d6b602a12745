#include <criterion/criterion.h>

#include "match/match.h"
#include "fixture.h"

static void count(void *context, unsigned number)
{
	unsigned *hits = context;

	hits[number]++;
}

static unsigned *scan(struct match_set *m, struct str text)
{
	static unsigned hits[16];

	memset(hits, 0, sizeof hits);
	match_scan(m, text, count, hits);
	return hits;
}

static struct match_set *must(const struct match_pattern *p, size_t n)
{
	struct error e = {0};
	size_t bad;
	struct match_set *m = match_new(p, n, NULL, &bad, &e);

	cr_assert(m, "%s", e.text);
	return m;
}

Test(match, reports_each_pattern_once)
{
	static const struct match_pattern p[] = {{"a", 0}, {"a+b", 0}, {"\\Ab", 0}, {"b\\z", 0}};
	struct match_set *m = must(p, 4);
	unsigned *hits = scan(m, STR("aaaab aaab"));

	cr_expect_eq(hits[0], 1);
	cr_expect_eq(hits[1], 1);
	cr_expect_eq(hits[2], 0);
	cr_expect_eq(hits[3], 1);
	cr_expect_eq(scan(m, STR("b\n"))[3], 0); /* \z is the very end */
	cr_expect_eq(scan(m, STR(""))[0], 0);
	match_free(m);
}

Test(match, flags)
{
	static const struct match_pattern p[] = {
		{"abc", 0},		{"abc", MATCH_CASELESS}, {"x.y", 0}, {"x.y", MATCH_DOTALL},
		{"\\A.\\z", MATCH_UTF8}, {"\\A.\\z", 0},	  {"z*", MATCH_EMPTY},
		{"\xc3\xa9", MATCH_UTF8 | MATCH_CASELESS},
	};
	struct match_set *m = must(p, 8);

	cr_expect_eq(scan(m, STR("ABC"))[0], 0);
	cr_expect_eq(scan(m, STR("ABC"))[1], 1);
	cr_expect_eq(scan(m, STR("x\ny"))[2], 0);
	cr_expect_eq(scan(m, STR("x\ny"))[3], 1);
	cr_expect_eq(scan(m, STR("\xc3\xa9"))[4], 1);
	cr_expect_eq(scan(m, STR("\xc3\xa9"))[5], 0);
	cr_expect_eq(scan(m, STR("q"))[6], 1);
	cr_expect_eq(scan(m, STR("\xc3\x89"))[7], 1);
	match_free(m);
}

Test(match, no_patterns)
{
	struct match_set *m = must(NULL, 0), *copy = match_clone(m);

	cr_expect_eq(scan(m, STR("anything"))[0], 0);
	match_free(m);
	cr_expect_eq(scan(copy, STR("anything"))[0], 0);
	match_free(copy);
	match_free(NULL);
}

Test(match, says_which_pattern_is_refused)
{
	static const struct match_pattern p[] = {{"a", 0}, {"(b", 0}, {"c(?=d)", 0}, {"e*", 0}};
	struct error e = {0};
	size_t bad;

	cr_expect_null(match_new(p, 4, NULL, &bad, &e));
	cr_expect_eq(bad, 1);
	cr_expect(strlen(e.text) > 0);
	cr_expect_eq(match_check(&p[0], &e), 0);
	for (size_t i = 1; i < 4; i++) {
		e.text[0] = '\0';
		cr_expect_eq(match_check(&p[i], &e), -1, "%s", p[i].expression);
		cr_expect(e.text[0] != '\0');
	}
}

Test(match, a_clone_outlives_its_original)
{
	static const struct match_pattern p[] = {{"a", 0}};
	struct match_set *m = must(p, 1), *one = match_clone(m), *two = match_clone(one);

	match_free(one);
	match_free(m);
	cr_expect_eq(scan(two, STR("a"))[0], 1);
	match_free(two);
}

Test(match, cached_only_for_the_same_patterns)
{
	char *folder = fixture_folder();
	struct match_pattern p[] = {{"a", 0}, {"b", 0}};
	struct error e = {0};
	size_t bad;

	cr_expect_null(match_cached(p, 2, folder));
	cr_expect_null(match_cached(p, 2, NULL));
	match_free(match_new(p, 2, folder, &bad, &e));
	struct match_set *m = match_cached(p, 2, folder);
	cr_assert(m);
	cr_expect_eq(scan(m, STR("b"))[1], 1);
	match_free(m);

	cr_expect_null(match_cached(p, 1, folder));
	p[1].flags = MATCH_CASELESS;
	cr_expect_null(match_cached(p, 2, folder));
	p[1] = (struct match_pattern){"c", 0};
	cr_expect_null(match_cached(p, 2, folder));
	p[0] = (struct match_pattern){"b", 0};
	p[1] = (struct match_pattern){"a", 0};
	cr_expect_null(match_cached(p, 2, folder));
	fixture_remove(folder);
}
