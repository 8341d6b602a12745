#include <criterion/criterion.h>
#include <sys/stat.h>

#include "core/limits.h"
#include "fixture.h"
#include "sigma_say.h"

#define RULE(title, id)                                                                            \
	"title: " title "\nid: " id "\nlogsource: {category: dns}\n"                               \
	"detection: {s: {a: 1}, condition: s}\n"

Test(sigma_load, what_a_rule_says_of_itself)
{
	struct sigma_rules *r = say_load("# a comment\n"
					 "title: Upload to a file host\n"
					 "id: 7a2c4d6e-0000-4000-8000-000000000001\n"
					 "name: upload\n"
					 "status: test\n"
					 "description: |\n"
					 "    Two\n"
					 "    lines\n"
					 "references: [https://a.example/]\n"
					 "unheard-of: {a: [b]}\n"
					 "tags: [attack.exfiltration, attack.t1567.002]\n"
					 "logsource:\n"
					 "    product: Windows\n"
					 "    category: DNS_query\n"
					 "    definition: something\n"
					 "detection:\n"
					 "    s: {a: 1}\n"
					 "    condition: s\n"
					 "level: High\n");
	cr_assert_eq(r->rule_count, 1, "%s", say_problems);
	const struct sigma_rule *x = r->rule[0];
	cr_expect_str_eq(x->info.title, "Upload to a file host");
	cr_expect_str_eq(x->info.id, "7a2c4d6e-0000-4000-8000-000000000001");
	cr_expect_str_eq(x->info.name, "upload");
	cr_expect_str_eq(x->info.status, "test");
	cr_expect_str_eq(x->info.description, "Two\nlines\n");
	cr_expect_eq(x->info.level, LEVEL_HIGH);
	cr_expect_str_eq(x->info.tags[0], "attack.exfiltration");
	cr_expect_str_eq(x->info.tags[1], "attack.t1567.002");
	cr_expect_null(x->info.tags[2]);
	cr_expect_str_eq(x->info.file, "x.yml");
	cr_expect_eq(x->info.line, 2);
	cr_expect_str_eq(x->logsource.product, "windows");
	cr_expect_str_eq(x->logsource.category, "dns_query");
	cr_expect_null(x->logsource.service);
	cr_expect_not(x->silent);
	cr_expect_eq(r->refused, 0);
	sigma_rules_free(r);

	r = say_load(RULE("T", "''"));
	cr_assert_eq(r->rule_count, 1, "%s", say_problems);
	cr_expect_str_eq(r->rule[0]->info.name, "");
	cr_expect_str_eq(r->rule[0]->info.description, "");
	cr_expect_eq(r->rule[0]->info.level, LEVEL_NONE);
	cr_expect_null(r->rule[0]->info.tags[0]);
	sigma_rules_free(r);
	cr_expect_str_eq(sigma_level_name(LEVEL_NONE), "");
	cr_expect_str_eq(sigma_level_name(LEVEL_INFORMATIONAL), "informational");
	cr_expect_str_eq(sigma_level_name(LEVEL_CRITICAL), "critical");
}

Test(sigma_load, what_is_missing)
{
	static const struct {
		const char *text, *said;
	} rows[] = {
		{"logsource: {category: dns}\ndetection: {s: {a: 1}, condition: s}",
		 "1: there is no title"},
		{"title: [a]\nlogsource: {category: dns}\ndetection: {s: {a: 1}, condition: s}",
		 "1: 'title' is no text"},
		{"title: T\n\ndetection: {s: {a: 1}, condition: s}", "1: there is no logsource"},
		{"title: T\nlogsource: dns\ndetection: {s: {a: 1}, condition: s}",
		 "2: 'logsource' is no map"},
		{"title: T\nlogsource:\n    definition: x\ndetection: {s: {a: 1}, condition: s}",
		 "3: the logsource states no category, product or service"},
		{"title: T\nlogsource: {category: [dns]}\ndetection: {s: {a: 1}, condition: s}",
		 "2: 'category' is no text"},
		{"title: T\nlogsource: {category: dns}", "1: there is no detection"},
		{"title: T\nlogsource: {category: dns}\ndetection: x", "3: 'detection' is no map"},
		{"title: T\nlogsource: {category: dns}\ndetection: {s: {a: 1}}",
		 "3: there is no condition"},
		{"title: T\nlogsource: {category: dns}\ndetection:\n    s:\n        a|gt: x\n"
		 "    condition: s",
		 "5: 'a|gt': gt takes a number, without quotes"},
		{"title: T\nlevel: huge\nlogsource: {category: dns}",
		 "2: there is no level 'huge'"},
		{"title: T\ntags: [{a: b}]\nlogsource: {category: dns}", "2: a tag is no text"},
		{"[a, b]", "1: a rule is a map"},
		{"\n\nfoo", "3: a rule is a map"},
		{"action: global\ntitle: T",
		 "1: collections with 'action' are of Sigma 1: write each rule out"},
		{"title: T\ntitle: U", "2: the key 'title' is there twice"},
		{"title: T\n  x: [", "2: mapping values are not allowed in this context"},
		{"title: T\ndetection: \"\xff\"", "2: not UTF-8"},
		{"title: \x01", "1: a control character (U+0001)"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *said = say_rule(rows[i].text);
		cr_expect_str_eq(said, rows[i].said, "%s\n  is   %s\n  not  %s", rows[i].text, said,
				 rows[i].said);
	}
}

Test(sigma_load, one_bad_document_does_not_lose_the_others)
{
	struct sigma_rules *r =
		say_load(RULE("A", "a") "---\n"
					"title: B\nlogsource: [\n"
					"---\n" RULE("C", "c") "...\n"
							       "# nothing but a comment\n"
							       "---\n"
							       "---\n"
							       "title: 'D\n"
							       "--- # and\n" RULE("E", "e"));
	cr_assert_eq(r->rule_count, 3);
	cr_expect_str_eq(r->rule[0]->info.title, "A");
	cr_expect_str_eq(r->rule[1]->info.title, "C");
	cr_expect_eq(r->rule[1]->info.line, 9);
	cr_expect_str_eq(r->rule[2]->info.title, "E");
	cr_expect_eq(r->rule[2]->info.line, 19);
	cr_expect_eq(r->refused, 2);
	cr_expect_str_eq(say_problems, "8: B: did not find expected node content while parsing "
				       "a flow node (from line 8 on)\n"
				       "18: 'D: found unexpected end of stream while scanning "
				       "a quoted scalar (from line 17 on)\n");
	sigma_rules_free(r);
}

Test(sigma_load, line_ends_and_byte_order_mark)
{
	static const char *const texts[] = {
		"\xef\xbb\xbftitle: T\nlogsource: {category: dns}\ndetection:\n  s: {a: \"x\n    "
		"y\"}\n"
		"  condition: s\n",
		"title: T\r\nlogsource: {category: dns}\r\ndetection:\r\n  s: {a: \"x\r\n    "
		"y\"}\r\n"
		"  condition: s\r\n",
		"title: T\rlogsource: {category: dns}\rdetection:\r  s: {a: \"x\r    y\"}\r"
		"  condition: s\r",
		"\xef\xbb\xbf---\r\ntitle: T\r\nlogsource: {category: dns}\r\ndetection:\r\n"
		"  s: {a: x y}\r\n  condition: s",
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		cr_expect_str_eq(say_rule(texts[i]), "a='x y'", "%zu", i);
	cr_expect_str_eq(say_rule("title: T\r\n\r\nlevel: x\r\n"), "3: there is no level 'x'");
}

Test(sigma_load, ids_are_there_once)
{
	struct sigma_rules *r = say_load(RULE("A", "aaaa") "---\n" RULE(
		"B", "AAAA") "---\n"
			     "title: C\nid: aaaa\ncorrelation: {}\n---\n"
			     "title: D\nid: dddd\n---\n" RULE("E", "dddd") "---\n" RULE(
				     "F", "''") "---\n" RULE("G", "''"));
	cr_expect_eq(r->rule_count, 4);
	cr_expect_eq(r->refused, 3);
	cr_expect_str_eq(say_problems, "6: B: the id AAAA is that of x.yml already\n"
				       "11: C: the id aaaa is that of x.yml already\n"
				       "15: D: there is no logsource\n");
	sigma_rules_free(r);
}

/* Aliases and merges, and what they can blow up to. */
Test(sigma_load, anchors)
{
	cr_expect_str_eq(say_detection("s: &s {a: 1, b: &v [x, y]}\n"
				       "t: {<<: *s, a: 2, c: *v}\n"
				       "condition: t"),
			 "(and a=2 (or c='x' c='y') (or b='x' b='y'))");
	cr_expect_str_eq(say_detection("a: &a [x, x, x, x, x, x, x, x, x, x]\n"
				       "b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
				       "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n"
				       "d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
				       "e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\n"
				       "f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]\n"
				       "condition: a"),
			 "aliases stand for too many values");
	cr_expect_str_eq(say_detection("a: &a [*a]\ncondition: a"),
			 "an alias inside of what it stands for");
	cr_expect_str_eq(say_detection("a: [*b]\ncondition: a"), "an alias without its anchor");
}

struct heard {
	char text[4096];
};

static void hear(void *context, const char *file, unsigned line, const char *rule, const char *text)
{
	struct heard *h = context;
	size_t n = strlen(h->text);
	const char *name = strrchr(file, '/');

	snprintf(h->text + n, sizeof h->text - n, "%s:%u: %s: %s\n", name ? name + 1 : file, line,
		 rule, text);
}

static struct sigma_rules *load(struct heard *h, const char *a, const char *b, struct error *e)
{
	const char *const paths[] = {a, b};
	struct sigma_load_options o = {
		.paths = paths, .path_count = b ? 2 : 1, .problem = hear, .problem_context = h};

	h->text[0] = '\0';
	return sigma_load(&o, e);
}

static const char *in(const char *folder, const char *name)
{
	static char path[2][4096];
	static unsigned turn;
	char *p = path[turn++ % 2];

	snprintf(p, sizeof path[0], "%s/%s", folder, name);
	return p;
}

Test(sigma_load, files_and_folders)
{
	char *folder = fixture_folder();
	struct error e;
	struct heard h;

	cr_assert_eq(mkdir(in(folder, "sub"), 0700), 0);
	cr_assert_eq(mkdir(in(folder, "empty"), 0700), 0);
	fixture_write(folder, "b.yml", RULE("B", "b"));
	fixture_write(folder, "a.yaml", RULE("A", "a") "---\n" RULE("A2", "a2"));
	fixture_write(folder, "sub/c.yml", RULE("C", "c"));
	fixture_write(folder, ".hidden.yml", RULE("H", "h"));
	fixture_write(folder, "readme.md", "not: [a rule");
	fixture_write(folder, "named.rule", RULE("N", "n"));
	/* folders that link to themselves end */
	cr_assert_eq(symlink(".", in(folder, "sub/loop")), 0);
	cr_assert_eq(symlink("..", in(folder, "sub/up")), 0);
	cr_assert_eq(symlink("nowhere.yml", in(folder, "z.yml")), 0);

	struct sigma_rules *r = load(&h, folder, in(folder, "named.rule"), &e);
	cr_assert_not_null(r);
	cr_assert_eq(r->rule_count, 5, "%s", h.text);
	static const char *const titles[] = {"A", "A2", "B", "C", "N"};
	for (size_t i = 0; i < 5; i++)
		cr_expect_str_eq(r->rule[i]->info.title, titles[i]);
	cr_expect_str_eq(r->rule[3]->info.file, in(folder, "sub/c.yml"));
	cr_expect_str_eq(h.text, "");
	sigma_rules_free(r);

	/* the same again is refused, and an empty folder told */
	r = load(&h, in(folder, "b.yml"), in(folder, "b.yml"), &e);
	cr_assert_not_null(r);
	cr_expect_eq(r->rule_count, 1);
	cr_expect_eq(r->refused, 1);
	sigma_rules_free(r);
	r = load(&h, in(folder, "empty"), NULL, &e);
	cr_assert_not_null(r);
	cr_expect_str_eq(h.text, "empty:0: : no .yml or .yaml file in it\n");
	sigma_rules_free(r);

	cr_expect_null(load(&h, folder, in(folder, "none"), &e));
	cr_expect(strstr(e.text, "/none: No such file"), "%s", e.text);
	fixture_remove(folder);
}

Test(sigma_load, a_file_that_cannot_be_read_loses_no_other)
{
	char *folder = fixture_folder();
	struct error e;
	struct heard h;

	fixture_write(folder, "a.yml", RULE("A", "a"));
	FILE *f = fopen(in(folder, "b.yml"), "w");
	cr_assert_not_null(f);
	cr_assert_eq(ftruncate(fileno(f), LIMIT_RULE_FILE + 1), 0);
	fclose(f);
	struct sigma_rules *r = load(&h, folder, NULL, &e);
	cr_assert_not_null(r);
	cr_expect_eq(r->rule_count, 1);
	cr_expect_eq(r->refused, 1);
	cr_expect(strstr(h.text, "larger than"), "%s", h.text);
	sigma_rules_free(r);
	fixture_remove(folder);
}

Test(sigma_load, without_anybody_to_tell)
{
	struct sigma_load_options o = {0};
	struct sigma_rules *r = sigma_load_text(&o, "x", STR("title: ["));

	cr_expect_eq(r->refused, 1);
	sigma_rules_free(r);
	r = sigma_load_text(&o, "x", (struct str){NULL, 0});
	cr_expect_eq(r->rule_count + r->refused, 0);
	sigma_rules_free(r);
	sigma_rules_free(NULL);
}
