#include <criterion/criterion.h>
#include <stdio.h>

#include "sigma_say.h"

#define BASE                                                                                       \
	"title: A\nid: ida\nname: a\nlogsource: {category: dns}\n"                                 \
	"detection: {s: {f: 1}, condition: s}\n---\n"                                              \
	"title: B\nid: idb\nname: b\nlogsource: {category: proxy, product: x}\n"                   \
	"detection: {s: {f: 2}, condition: s}\n---\n"
#define FILTER(rules, condition)                                                                   \
	"title: F\nname: f\nlogsource: {category: dns}\nfilter:\n    rules: " rules                \
	"\n    sel_1: {u: 8}\n    sel_2: {u: 9}\n    condition: " condition "\n"

Test(sigma_filter, what_is_to_be_suppressed_and_what_may_pass)
{
	static const struct {
		const char *text, *said;
	} rows[] = {
		{BASE FILTER("[a]", "sel_1"), "(and f=1 (not u=8))"},
		{BASE FILTER("ida", "sel_1 and not sel_2"), "(and f=1 (not (and u=8 (not u=9))))"},
		{BASE FILTER("[a]", "1 of sel_*"), "(and f=1 (not (or u=8 u=9)))"},
		{BASE FILTER("[a]", "not sel_1"), "(and f=1 (not u=8))"},
		{BASE FILTER("[a]", "not sel_1 and not sel_2"),
		 "(and f=1 (and (not u=8) (not u=9)))"},
		{BASE FILTER("[a]", "not 1 of them"), "(and f=1 (not (or u=8 u=9)))"},
		{BASE FILTER("any", "sel_1"), "(and f=1 (not u=8))"},
		{BASE FILTER("[]", "sel_1"), "(and f=1 (not u=8))"},
		{BASE FILTER("[a]", "sel_1") "---\n" FILTER("[a]", "sel_2"),
		 "(and f=1 (not u=8) (not u=9))"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *said = say_rule(rows[i].text);
		cr_expect_str_eq(said, rows[i].said, "%s\n  is   %s", rows[i].text, said);
	}
}

Test(sigma_filter, only_its_rules)
{
	struct sigma_rules *r = say_load(FILTER("[a, b, c, f]", "sel_1") "---\n" BASE);
	cr_assert_eq(r->rule_count, 2);
	cr_expect_str_eq(say_tree(r->rule[0]->tree), "(and f=1 (not u=8))");
	cr_expect_str_eq(r->rule[0]->tree->child[1]->label, "filter: F");
	cr_expect_str_eq(say_tree(r->rule[1]->tree), "f=2");
	cr_expect_eq(r->filters, 1);
	cr_expect_eq(r->refused, 0);
	cr_expect_str_eq(say_problems, "5: F: filters 'b': the rule is for another log source\n"
				       "5: F: filters 'c': there is no such rule\n"
				       "5: F: filters 'f': only rules take filters\n");
	sigma_rules_free(r);
}

Test(sigma_filter, refused)
{
	static const struct {
		const char *section, *said;
	} rows[] = {
		{"x", "'filter' is no map"},
		{"{s: {a: 1}, condition: s}", "the filter names no rules"},
		{"{rules: {a: b}, s: {a: 1}, condition: s}",
		 "'rules' is no list of at most 10000 rules"},
		{"{rules: [[a]], s: {a: 1}, condition: s}", "a rule's name is no text"},
		{"{rules: a, s: {a: 1}}", "there is no condition"},
		{"{rules: a, s: {a: 1}, condition: [s]}", "the condition is no text"},
		{"{rules: a, s: {a: 1}, condition: t}", "condition: there is no selection 't'"},
		{"{rules: a, condition: t}", "there is no selection"},
	};
	char text[1024];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(text, sizeof text, "title: F\nlogsource: {category: dns}\nfilter: %s\n",
			 rows[i].section);
		struct sigma_rules *r = say_load(text);
		cr_expect_eq(r->refused, 1);
		cr_expect(strstr(say_problems, rows[i].said), "%s\n%s", rows[i].said, say_problems);
		sigma_rules_free(r);
	}
	struct sigma_rules *r = say_load("title: F\nfilter: {rules: a, s: {a: 1}, condition: s}");
	cr_expect_str_eq(say_problems, "1: F: there is no logsource\n");
	sigma_rules_free(r);
}
