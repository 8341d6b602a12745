#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/limits.h"
#include "sigma_say.h"

#define SELECTIONS                                                                                 \
	"a: {f: 1}\nb: {f: 2}\nc: {f: 3}\nsel_1: {f: 4}\nsel_2: {f: 5}\nfilter_x: {f: 6}\n"        \
	"_hidden: {f: 7}\nnotepad: {f: 8}\norder: {f: 9}\nandroid: {f: 10}\nall: {f: 11}\n"        \
	"of: {f: 12}\nA-b.c: {f: 13}\nthem: {f: 14}\n"

struct row {
	const char *condition, *said;
};

static void check(const struct row *row)
{
	char section[8192];

	snprintf(section, sizeof section, SELECTIONS "condition: %s\n", row->condition);
	const char *said = say_detection(section);
	cr_expect_str_eq(said, row->said, "%s\n  is   %s\n  not  %s", row->condition, said,
			 row->said);
}

#define CHECK(...)                                                                                 \
	do {                                                                                       \
		static const struct row rows[] = {__VA_ARGS__};                                    \
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)                            \
			check(&rows[i]);                                                           \
	} while (0)

Test(sigma_condition, precedence)
{
	CHECK({"a", "f=1"}, {"a and b", "(and f=1 f=2)"}, {"a or b or c", "(or f=1 f=2 f=3)"},
	      {"a or b and c", "(or f=1 (and f=2 f=3))"},
	      {"a and b or c", "(or (and f=1 f=2) f=3)"},
	      {"(a or b) and c", "(and (or f=1 f=2) f=3)"}, {"not a and b", "(and (not f=1) f=2)"},
	      {"not (a and b)", "(not (and f=1 f=2))"}, {"not not a", "(not (not f=1))"},
	      {"a and not b or not c", "(or (and f=1 (not f=2)) (not f=3))"}, {"((a))", "f=1"},
	      {"(a)and(b)", "(and f=1 f=2)"}, {"'  a  '", "f=1"},
	      {"not 1 of sel_* and a", "(and (not (or f=4 f=5)) f=1)"},
	      {"\"a\\n and\\tb\"", "(and f=1 f=2)"});
}

/* pySigma reads the first three as "not epad", … */
Test(sigma_condition, words_are_whole)
{
	CHECK({"notepad", "f=8"}, {"a and notepad", "(and f=1 f=8)"},
	      {"order or android", "(or f=9 f=10)"}, {"all", "f=11"},
	      {"all and of", "(and f=11 f=12)"}, {"A-b.c", "f=13"}, {"them", "f=14"},
	      {"a-b", "condition: there is no selection 'a-b'"});
}

Test(sigma_condition, quantifiers)
{
	CHECK({"1 of sel_*", "(or f=4 f=5)"}, {"any of sel_*", "(or f=4 f=5)"},
	      {"all of sel_*", "(and f=4 f=5)"}, {"1 of sel_1", "f=4"}, {"all of *_x", "f=6"},
	      {"1 of s*_*2", "f=5"}, {"1 of _*", "f=7"}, {"1 of _hidden", "f=7"},
	      /* what begins with _ is only for patterns that do */
	      {"1 of *hidden", "condition: '1 of *hidden' fits no selection"},
	      {"not all of sel_*", "(not (and f=4 f=5))"},
	      {"1 of them", "(or f=1 f=2 f=3 f=4 f=5 f=6 f=8 f=9 f=10 f=11 f=12 f=13 f=14)"},
	      {"all of them", "(and f=1 f=2 f=3 f=4 f=5 f=6 f=8 f=9 f=10 f=11 f=12 f=13 f=14)"},
	      {"1 of nope*", "condition: '1 of nope*' fits no selection"},
	      {"all of nope*", "condition: 'all of nope*' fits no selection"},
	      {"2 of sel_*", "condition, at '2': only 1, any and all can stand before 'of'"},
	      {"ALL of sel_*", "condition, at 'ALL': only 1, any and all can stand before 'of'"},
	      {"1 of (a)", "condition, at '(': a pattern or 'them' has to follow 'of'"},
	      {"1 of", "condition, at its end: a pattern or 'them' has to follow 'of'"});
}

Test(sigma_condition, errors)
{
	CHECK({"x", "condition: there is no selection 'x'"},
	      {"a and", "condition, at its end: a name is missing"},
	      {"and a", "condition, at 'and': a name is missing"},
	      {"a or or b", "condition, at 'or': a name is missing"},
	      {"()", "condition, at ')': a name is missing"},
	      {"not", "condition, at its end: a name is missing"},
	      {"(a", "condition, at its end: a parenthesis is not closed"},
	      {"a)", "condition, at ')': a parenthesis too many"},
	      {"a b", "condition, at 'b': and or or is missing"},
	      {"a not b", "condition, at 'not': and or or has to stand before not"},
	      {"a AND b", "condition, at 'AND': operators are written in lower case"},
	      {"a Or b", "condition, at 'Or': operators are written in lower case"},
	      {"NOT a", "condition, at 'NOT': operators are written in lower case"},
	      {"'a | count() by f > 5'", "condition: aggregations behind '|' (count, near, …) are "
					 "obsolete: write a correlation"},
	      {"a near b", "condition, at 'near': near is obsolete: write a temporal correlation"},
	      {"NOT", "condition: 'NOT': operators are written in lower case"},
	      {"''", "condition, at its end: a name is missing"}, {"null", "there is no condition"},
	      {"{a: b}", "the condition is no text"});
}

Test(sigma_condition, lists)
{
	CHECK({"[a, b and c]", "(or f=1 (and f=2 f=3))"}, {"[a]", "f=1"},
	      {"[]", "the list of conditions is empty"}, {"[[a]]", "the condition is no text"},
	      {"[a, x]", "condition: there is no selection 'x'"},
	      {"[a, null]", "the condition is no text"});
}

/* n times `before`, "a", n times `behind`. */
static const char *nested(const char *before, const char *behind, unsigned n)
{
	char *section = NULL;
	size_t length;
	FILE *out = open_memstream(&section, &length);

	fprintf(out, "a: {f: 1}\ncondition: '");
	for (unsigned i = 0; i < n; i++)
		fprintf(out, "%s", before);
	fprintf(out, "a");
	for (unsigned i = 0; i < n; i++)
		fprintf(out, "%s", behind);
	fprintf(out, "'\n");
	fclose(out);
	const char *said = say_detection(section);
	free(section);
	return said;
}

Test(sigma_condition, bounded_depth)
{
	cr_expect_str_eq(nested("(", ")", LIMIT_RULE_DEPTH - 1), "f=1");
	cr_expect(strstr(nested("(", ")", LIMIT_RULE_DEPTH), "nested too deep"));
	cr_expect(strstr(nested("(", ")", 10000), "nested too deep"));
	cr_expect(strstr(nested("not ", "", 10000), "nested too deep"));
	/* side by side is no depth */
	cr_expect_eq(strncmp(nested("a and ", "", 3000), "(and f=1 f=1 ", 13), 0);
}

/* A small file cannot stand for more than the limit. */
Test(sigma_condition, bounded_size)
{
	char *section = NULL;
	size_t length;
	FILE *out = open_memstream(&section, &length);

	fprintf(out, "a:\n    f: [");
	for (unsigned i = 0; i < 2000; i++)
		fprintf(out, "%u, ", i);
	fprintf(out, "0]\ncondition: a");
	for (unsigned i = 0; i < 2000; i++)
		fprintf(out, " or a");
	fprintf(out, "\n");
	fclose(out);
	cr_expect(strstr(say_detection(section), "the rule has more than"));
	free(section);
}

Test(sigma_condition, selections)
{
	static const struct row rows[] = {
		{"s: [{a: 1, b: 2}, {c: 3}]\ncondition: s", "(or (and a=1 b=2) c=3)"},
		{"s: [[{a: 1}, {b: 2}], {c: 3}]\ncondition: s", "(or (or a=1 b=2) c=3)"},
		{"s: [{a: 1}, foo]\ncondition: s", "(or a=1 ='*foo*')"},
		{"s: [[x, y], {c: 3}]\ncondition: s", "(or (or ='*x*' ='*y*') c=3)"},
		{"s: {}\ncondition: s", "a selection is empty"},
		{"s: []\ncondition: s", "a selection is empty"},
		{"s: [{a: 1}, {}]\ncondition: s", "a selection is empty"},
		{"condition: s", "there is no selection"},
		{"s: {a: 1}", "there is no condition"},
		/* what is not used has to be right, too */
		{"s: {a: 1}\nt: {a|nope: 1}\ncondition: s",
		 "'a|nope': there is no modifier 'nope'"},
		/* of Sigma 1, and no selection */
		{"s: {a: 1}\ntimeframe: 5m\ncondition: 1 of them", "a=1"},
		{"s: {a: 1}\ns: {a: 2}\ncondition: s", "the key 's' is there twice"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *said = say_detection(rows[i].condition);
		cr_expect_str_eq(said, rows[i].said, "%s\n  is   %s\n  not  %s", rows[i].condition,
				 said, rows[i].said);
	}
}

static const struct sigma_node *below(const struct sigma_node *n, size_t a, size_t b)
{
	return n->child[a]->child[b];
}

/* What explanations show. */
Test(sigma_condition, labels)
{
	struct sigma_rules *r = say_load("title: T\n"
					 "logsource: {category: dns}\n"
					 "detection:\n"
					 "    sel:\n"
					 "        q|endswith: [.a.example, .b.example]\n"
					 "        p: 443\n"
					 "        n: null\n"
					 "        x|exists: false\n"
					 "        w|windash: -x\n"
					 "        e|expand: '%one%.com'\n"
					 "    filter_x: [foo, bar]\n"
					 "    filter_y: baz\n"
					 "    condition: sel and not 1 of filter_*\n");
	cr_assert_eq(r->rule_count, 1, "%s", say_problems);
	const struct sigma_node *t = r->rule[0]->tree, *sel = t->child[0];

	cr_expect_null(t->label);
	cr_expect_eq(t->line, 13);
	cr_expect_str_eq(sel->label, "sel");
	cr_expect_str_eq(sel->child[0]->label, "q|endswith");
	cr_expect_str_eq(below(sel, 0, 1)->label, "q|endswith: .b.example");
	cr_expect_eq(below(sel, 0, 1)->line, 5);
	cr_expect_str_eq(sel->child[1]->label, "p: 443");
	cr_expect_str_eq(sel->child[2]->label, "n: null");
	cr_expect_str_eq(sel->child[3]->label, "x|exists: false");
	cr_expect_str_eq(sel->child[4]->label, "w|windash: -x");
	cr_expect_str_eq(below(sel, 4, 2)->label, "w|windash: -x");
	cr_expect_str_eq(sel->child[5]->label, "e|expand: a.com");
	const struct sigma_node *filters = below(t, 1, 0);
	cr_expect_str_eq(filters->label, "1 of filter_*");
	cr_expect_str_eq(filters->child[0]->label, "filter_x");
	cr_expect_str_eq(below(filters, 0, 1)->label, "keyword: bar");
	cr_expect_str_eq(filters->child[1]->label, "filter_y");
	cr_expect_str_eq(below(filters, 1, 0)->label, "keyword: baz");
	sigma_rules_free(r);
}
