/* What rules find: the rows of the specification's tables that concern matching. */
#include <criterion/criterion.h>

#include "sigma_try.h"

struct row {
	const char *items, *event, *verdict;
};

static void check(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *is = try_selection(rows[i].items, rows[i].event);
		cr_expect_str_eq(is, rows[i].verdict, "%s\nagainst\n%s\nis %s", rows[i].items,
				 rows[i].event, is);
	}
}

#define CHECK(...)                                                                                 \
	do {                                                                                       \
		static const struct row rows[] = {__VA_ARGS__};                                    \
		check(rows, sizeof rows / sizeof *rows);                                           \
	} while (0)

Test(sigma_engine, values_are_case_insensitive_strings)
{
	CHECK({"a: foo", "a=foo", "yes"}, {"a: foo", "a=FOO", "yes"}, {"a: FOO", "a=foo", "yes"},
	      {"a: foo", "a=food", "no"}, {"a: foo", "a=xfoo", "no"}, {"a: foo", "b=foo", "no"},
	      {"a|cased: Foo", "a=Foo", "yes"}, {"a|cased: Foo", "a=foo", "no"},
	      {"a|contains|cased: Foo", "a=xFoox", "yes"},
	      {"a|contains|cased: Foo", "a=xfoox", "no"}, {"a: true", "a=!true", "yes"},
	      {"a: 'true'", "a=!true", "yes"}, {"a: true", "a=TRUE", "yes"},
	      {"a: '5'", "a=#5", "yes"}, {"a|contains: '5'", "a=#1523", "yes"},
	      {"A: foo", "a=foo", "no"});
}

Test(sigma_engine, ends)
{
	CHECK({"a|contains: foo", "a=foo", "yes"}, {"a|contains: foo", "a=afoob", "yes"},
	      {"a|contains: foo", "a=fo", "no"}, {"a|startswith: foo", "a=foobar", "yes"},
	      {"a|startswith: foo", "a=afoo", "no"}, {"a|endswith: foo", "a=barfoo", "yes"},
	      {"a|endswith: foo", "a=fooa", "no"},
	      {"a|endswith: .mega.nz", "a=g.api.MEGA.nz", "yes"},
	      {"a|endswith: .mega.nz", "a=mega.nz", "no"},
	      {"a|endswith: .mega.nz", "a=g.mega.nz.", "no"},
	      {"a|contains: mega.nz", "a=omega.nz", "yes"},
	      {"a|contains: mega.nz", "a=megaxnz", "no"});
}

/* An end is the end, also before a line feed; a wildcard takes everything. */
Test(sigma_engine, line_feeds_and_zeros)
{
	CHECK({"a|endswith: foo", "a=xfoo\v", "no"}, {"a: foo", "a=foo\v", "no"},
	      {"a: 'x*y'", "a=x\v\r\vy", "yes"}, {"a: 'x?y'", "a=x\vy", "yes"},
	      {"a|contains: foo",
	       "a=\x01\x01"
	       "foo",
	       "yes"},
	      {"a|endswith: foo", "a=foo\x01", "no"}, {"a: 'x?y'", "a=x\x01y", "yes"},
	      {"a|re: 'x.y'", "a=x\vy", "no"}, {"a|re|s: 'x.y'", "a=x\vy", "yes"},
	      {"a|re: '^y'", "a=x\vy", "no"}, {"a|re|m: '^y'", "a=x\vy", "yes"},
	      {"a|re|m|i: '^Y$'", "a=x\vy\vz", "yes"}, {"a|re|s: '(?=x)x.y'", "a=x\vy", "yes"},
	      {"a|re: '(?=x)x.y'", "a=x\vy", "no"}, {"a|re|m: '(?=y)^y'", "a=x\vy", "yes"});
}

Test(sigma_engine, wildcards)
{
	CHECK({"a: 'f?o'", "a=fxo", "yes"}, {"a: 'f?o'", "a=fo", "no"},
	      {"a: 'f?o'", "a=fxxo", "no"}, {"a: 'f*o'", "a=fo", "yes"},
	      {"a: 'f*o'", "a=fxxo", "yes"}, {"a: 'f*o'", "a=fxxox", "no"},
	      {"a: '*'", "a=x", "yes"}, {"a: '*'", "a=", "yes"}, {"a: '*'", "b=x", "no"},
	      {"a: '*'", "a", "no"}, {"a: '?*'", "a=", "no"}, {"a: '?*'", "a=x", "yes"},
	      {"a: 'f?o'", "a=f\xc3\xa9o", "yes"}, {"a: 'f??o'", "a=f\xc3\xa9o", "no"},
	      {"a: 'f?o'", "a~f\xc3\xa9o", "no"}, {"a: 'f??o'", "a~f\xc3\xa9o", "yes"},
	      {"a: 'f?o'", "a=f\xe9o", "yes"}, {"a: '*.com*.com'", "a=x.com", "no"},
	      {"a: '*.com*.com'", "a=x.com.com", "yes"}, {"a: '*a?c*'", "a=xxabcxx", "yes"});
}

Test(sigma_engine, escapes)
{
	CHECK({"a: 'f\\*o'", "a=f*o", "yes"}, {"a: 'f\\*o'", "a=fxo", "no"},
	      {"a: 'f\\?o'", "a=f?o", "yes"}, {"a: 'f\\?o'", "a=fxo", "no"},
	      {"a: 'C:\\dir'", "a=C:\\dir", "yes"}, {"a: 'C:\\\\dir'", "a=c:\\DIR", "yes"},
	      {"a: 'dir\\\\*'", "a=dir\\x", "yes"}, {"a: 'dir\\\\*'", "a=dir*", "no"},
	      {"a: 'dir\\\\\\*'", "a=dir\\*", "yes"}, {"a: 'dir\\\\\\*'", "a=dir\\x", "no"},
	      {"a: 'x\\'", "a=x\\", "yes"}, {"a: 'a.c'", "a=abc", "no"},
	      {"a: 'a+(b)[c]{1}^$|#'", "a=a+(b)[c]{1}^$|#", "yes"});
}

Test(sigma_engine, letters_beyond_ascii)
{
	CHECK({"a: \xc3\xa9t\xc3\xa9", "a=\xc3\x89T\xc3\x89", "yes"},
	      {"a|cased: \xc3\xa9", "a=\xc3\x89", "no"},
	      {"a|contains: \xd0\xb6", "a=x\xd0\x96x", "yes"}, {"a: \xc3\xa9", "a~\xc3\xa9", "yes"},
	      {"a: \xc3\xa9", "a~\xc3\x89", "no"}, {"a: \xc3\xa9", "a=e", "no"},
	      {"a|contains: foo", "a=\xc3\xa9\x66oo", "yes"},
	      {"a|contains: foo", "a=\xff\x66oo", "yes"}, {"a: foo", "a=f\xc3\xb6o", "no"});
}

Test(sigma_engine, lists_and_maps)
{
	CHECK({"a: [foo, bar]", "a=bar", "yes"}, {"a: [foo, bar]", "a=baz", "no"},
	      {"a|contains|all: [foo, bar]", "a=barfoo", "yes"},
	      {"a|contains|all: [foo, bar]", "a=bar", "no"},
	      {"a|all|contains: [foo, bar]", "a=barfoo", "yes"}, {"a: x\nb: y", "a=x\nb=y", "yes"},
	      {"a: x\nb: y", "a=x", "no"}, {"- a: x\n- b: y", "b=y", "yes"},
	      {"- a: x\n- b: y", "b=x", "no"}, {"- a: x\n  b: y\n- c: z", "a=x\nb=y", "yes"},
	      {"- a: x\n  b: y\n- c: z", "a=x", "no"}, {"- a: x\n  b: y\n- c: z", "c=z", "yes"});
}

Test(sigma_engine, several_values_of_a_field)
{
	CHECK({"a: foo", "a=x\na=foo\na=y", "yes"}, {"a: foo", "a=x\na=y", "no"},
	      {"a|contains|all: [foo, bar]", "a=foo\na=bar", "yes"},
	      {"a|gt: 5", "a=#1\na=#6", "yes"},
	      {"a|cidr: 10.0.0.0/8", "a=1.2.3.4\na=10.1.1.1", "yes"}, {"a: null", "a\na=x", "no"},
	      {"a: ''", "a=x\na=", "yes"}, {"a|fieldref: b", "a=x\na=y\nb=z\nb=y", "yes"});
}

Test(sigma_engine, numbers)
{
	CHECK({"a: 5", "a=#5", "yes"}, {"a: 5", "a=5", "yes"}, {"a: 5", "a=5.0", "yes"},
	      {"a: 5", "a=#5.5", "no"}, {"a: 5", "a=05", "yes"}, {"a: 5", "a=5x", "no"},
	      {"a: 5", "a=", "no"}, {"a: 5", "a", "no"}, {"a: 5", "a= 5", "no"},
	      {"a: 5", "a=0x5", "no"}, {"a: 5", "a=!true", "no"}, {"a: -1.5", "a=-1.5", "yes"},
	      {"a: 1000", "a=1e3", "yes"}, {"a: [80, 443]", "a=443", "yes"},
	      {"a: [80, 443]", "a=44", "no"}, {"a: '5'", "a=5.0", "no"}, {"a: '5'", "a=05", "no"});
}

Test(sigma_engine, comparisons)
{
	CHECK({"a|lt: 5", "a=#4", "yes"}, {"a|lt: 5", "a=#5", "no"}, {"a|lte: 5", "a=#5", "yes"},
	      {"a|gt: 5", "a=#6", "yes"}, {"a|gt: 5", "a=5", "no"}, {"a|gte: 5", "a=5", "yes"},
	      {"a|gt: 5", "a=10", "yes"}, {"a|gt: 5", "a=ten", "no"}, {"a|gt: 5", "b=#6", "no"},
	      {"a|gt: 5", "a", "no"}, {"a|lt: 5", "a=!true", "no"}, {"a|neq: 5", "a=#6", "yes"},
	      {"a|neq: 5", "a=#5", "no"}, {"a|neq: 5", "b=#5", "yes"},
	      {"a|neq: [5, 6]", "a=#6", "no"}, {"a|neq: [5, 6]", "a=#7", "yes"});
}

Test(sigma_engine, null_empty_present_and_exists)
{
	CHECK({"a: null", "b=x", "yes"}, {"a: null", "a", "yes"}, {"a: null", "a=", "no"},
	      {"a: null", "a=x", "no"}, {"a: []", "b=x", "yes"}, {"a: []", "a=x", "no"},
	      {"a: ''", "a=", "yes"}, {"a: ''", "a", "no"}, {"a: ''", "b=x", "no"},
	      {"a: ''", "a=x", "no"}, {"a|contains: ''", "a=x", "yes"},
	      {"a|contains: ''", "a=", "yes"}, {"a|contains: ''", "a", "no"},
	      {"a|contains: ''", "b=x", "no"}, {"a|exists: true", "a=x", "yes"},
	      {"a|exists: true", "a=", "yes"}, {"a|exists: true", "a", "yes"},
	      {"a|exists: true", "b=x", "no"}, {"a|exists: false", "b=x", "yes"},
	      {"a|exists: false", "a", "no"});
}

Test(sigma_engine, expressions)
{
	CHECK({"a|re: 'fo+'", "a=xfoox", "yes"}, {"a|re: 'fo+'", "a=FOO", "no"},
	      {"a|re|i: 'fo+'", "a=FOO", "yes"}, {"a|re: '^fo+$'", "a=foo", "yes"},
	      {"a|re: '^fo+$'", "a=xfoo", "no"}, {"a|re: 'a.c'", "a=a\xc3\xa9\x63", "yes"},
	      {"a|re: '^[a-z]{3,5}$'", "a=abcd", "yes"}, {"a|re: '^[a-z]{3,5}$'", "a=ab", "no"},
	      {"a|re: '(foo|bar)baz'", "a=barbaz", "yes"}, {"a|re: 'x*'", "a=", "yes"},
	      {"a|re: 'x*'", "b=", "no"}, {"a|re: 'x*'", "a", "no"}, {"a|re: '^$'", "a=", "yes"},
	      {"a|re: '^5$'", "a=#5", "yes"}, {"a|re: '\\bfoo\\b'", "a=a foo\xc3\xa9", "yes"},
	      {"a|re: '^\\w+$'", "a=\xc3\xa9", "no"},
	      {"a|re: '\\x{20ac}'", "a=\xe2\x82\xac", "yes"}, {"a|re: '\\x{20ac}'", "a=x", "no"},
	      {"a|re: '\\x{20ac}|x'", "a=x", "yes"}, {"a|re: '\\x{20ac}|x'", "a~x", "yes"});
}

/* What Hyperscan does not do. */
Test(sigma_engine, expressions_of_pcre)
{
	CHECK({"a|re: '(?<!x)foo'", "a=yfoo", "yes"}, {"a|re: '(?<!x)foo'", "a=xfoo", "no"},
	      {"a|re: '(.)\\1'", "a=abba", "yes"}, {"a|re: '(.)\\1'", "a=abab", "no"},
	      {"a|re: '^(?!.*good).*evil'", "a=evil", "yes"},
	      {"a|re: '^(?!.*good).*evil'", "a=good evil", "no"},
	      {"a|re|i: 'a(?=B)'", "a=xAb", "yes"}, {"a|re: '(?>a+)b'", "a=aab", "yes"},
	      {"a|re: '^(?=.{3}$)'", "a=\xc3\xa9\xc3\xa9\xc3\xa9", "yes"},
	      {"a|re: '^(?=.{3}$)'", "a~\xc3\xa9\xc3\xa9\xc3\xa9", "no"},
	      {"a|re: 'x\\Kfoo'", "a=xfoo", "yes"}, {"a|re: 'x\\Kfoo'", "a=foo", "no"},
	      {"- a|re: '(?=x)x'\n- a: y", "a=y", "yes"},
	      {"- a|re: '(?=x)x'\n- a: y", "a=z", "no"});
}

Test(sigma_engine, bad_expressions)
{
	struct trial *t = trial_new("title: bad\nlogsource: {category: test}\n"
				    "detection:\n  s:\n    a|re: 'x(?<'\n  condition: s\n"
				    "---\n"
				    "title: good\nlogsource: {category: test}\n"
				    "detection:\n  s:\n    a: y\n  condition: s\n"
				    "---\n"
				    "title: utf\nlogsource: {category: test}\n"
				    "detection:\n  s:\n    a|re: '(*UTF)x'\n  condition: s\n",
				    NULL);

	cr_expect(strstr(t->problems, "5: bad: 'a|re: x(?<': "), "%s", t->problems);
	cr_expect(!strstr(t->problems, "good"), "%s", t->problems);
	cr_expect_str_eq(trial_run(t, &(struct logsource){.category = "test"}, "a=y"), "good\n");
	trial_free(t);
}

/* A search that cannot end is given up, counted, and found nothing. */
Test(sigma_engine, expressions_have_limits)
{
	struct trial *t =
		trial_new("title: slow\nlogsource: {category: test}\n"
			  "detection:\n  s:\n    a|re: '^(a+)+(?=[bc])$'\n  condition: s\n",
			  NULL);

	cr_expect_str_eq(t->problems, "");
	cr_expect_str_eq(trial_run(t, &(struct logsource){.category = "test"},
				   "a=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
			 "");
	cr_expect_eq(sigma_engine_stats(t->engine).regex_limit, 1);
	trial_free(t);
}

Test(sigma_engine, networks)
{
	CHECK({"a|cidr: 10.0.0.0/8", "a=10.255.0.1", "yes"},
	      {"a|cidr: 10.0.0.0/8", "a=11.0.0.1", "no"},
	      {"a|cidr: 10.0.0.0/8", "a=::ffff:10.0.0.1", "yes"},
	      {"a|cidr: 10.0.0.0/8", "a=::ffff:a00:1", "yes"},
	      {"a|cidr: 10.0.0.0/8", "a=10.0.0", "no"},
	      {"a|cidr: 10.0.0.0/8", "a=10.0.0.1.example.com", "no"},
	      {"a|cidr: 192.0.2.128/25", "a=192.0.2.127", "no"},
	      {"a|cidr: 192.0.2.128/25", "a=192.0.2.128", "yes"},
	      {"a|cidr: 192.0.2.1/32", "a=192.0.2.1", "yes"},
	      {"a|cidr: 0.0.0.0/0", "a=1.2.3.4", "yes"}, {"a|cidr: 0.0.0.0/0", "a=::1", "no"},
	      {"a|cidr: fe80::/10", "a=fe80::1%eth0", "yes"},
	      {"a|cidr: fe80::/10", "a=FEBF::1", "yes"}, {"a|cidr: fe80::/10", "a=fec0::1", "no"},
	      {"a|cidr: ::/0", "a=2001:db8::1", "yes"}, {"a|cidr: ::/0", "a=10.0.0.1", "no"},
	      {"a|cidr: 10.0.0.0/8", "a=", "no"}, {"a|cidr: 10.0.0.0/8", "a=#10", "no"},
	      {"a|cidr: [10.0.0.0/8, 10.1.0.0/16, 192.168.0.0/16]", "a=192.168.3.4", "yes"},
	      {"a|cidr|all: [10.0.0.0/8, 10.1.0.0/16, 10.1.2.0/24]", "a=10.1.2.3", "yes"},
	      {"a|cidr|all: [10.0.0.0/8, 10.1.0.0/16, 10.1.2.0/24]", "a=10.1.3.3", "no"});
}

Test(sigma_engine, field_references)
{
	CHECK({"a|fieldref: b", "a=x\nb=X", "yes"}, {"a|fieldref: b", "a=x\nb=y", "no"},
	      {"a|fieldref: b", "a=x", "no"}, {"a|fieldref: b", "a=\nb=", "yes"},
	      {"a|fieldref: b", "a\nb", "no"}, {"a|fieldref: b", "a=#5\nb=5", "yes"},
	      {"a|fieldref|startswith: b", "a=xyz\nb=XY", "yes"},
	      {"a|fieldref|startswith: b", "a=xyz\nb=yz", "no"},
	      {"a|fieldref|endswith: b", "a=xyz\nb=yz", "yes"},
	      {"a|fieldref|contains: b", "a=xyz\nb=y", "yes"},
	      {"a|fieldref|contains: b", "a=xyz\nb=xyzz", "no"},
	      {"a|fieldref|contains: b", "a=xyz\nb=", "yes"},
	      {"a|fieldref|neq: b", "a=xyz\nb=y", "yes"});
}

Test(sigma_engine, encodings)
{
	CHECK({"a|base64: foo", "a=Zm9v", "yes"},
	      {"a|base64offset|contains: foo", "a=xxZvbxx", "yes"},
	      {"a|base64offset|contains: foo", "a=xxmb2xx", "yes"},
	      {"a|base64offset|contains: foo", "a=xxZm8xx", "no"},
	      {"a|wide|base64offset|contains: foo", "a=ZgBvAG8A", "yes"},
	      {"a|windash|contains: ' -x'", "a=c /x", "yes"},
	      {"a|windash|contains: ' -x'", "a=c \xe2\x80\x93x", "yes"},
	      {"a|windash|contains: ' -x'", "a=c +x", "no"});
}

Test(sigma_engine, time_modifiers)
{
	CHECK({"a|hour: 14", "a=2026-08-05T14:37:16Z", "yes"},
	      {"a|hour: 15", "a=2026-08-05T14:37:16Z", "no"},
	      {"a|hour|gte: 14", "a=2026-08-05T14:37:16Z", "yes"},
	      {"a|month: 8", "a=August", "no"});
}

static void check_keywords(const char *list, const char *event, const char *verdict)
{
	char section[512];

	snprintf(section, sizeof section, "  k:\n%s\n  condition: k", list);
	const char *is = try_detection(section, NULL, event);
	cr_expect_str_eq(is, verdict, "%s\nagainst\n%s\nis %s", section, event, is);
}

Test(sigma_engine, keywords)
{
	check_keywords("    - foo\n    - bar", "x=some FOO here", "yes");
	check_keywords("    - foo\n    - bar", "x=fo\ny=oo", "no");
	check_keywords("    - foo\n    - bar", "x=1\ny=xbar", "yes");
	check_keywords("    - 200", "x=#1200", "yes");
	check_keywords("    - 'f*o'", "x=xfaaoy", "yes");
	check_keywords("    '|all':\n      - foo\n      - bar", "x=foo\ny=bar", "yes");
	check_keywords("    '|all':\n      - foo\n      - bar", "x=foo", "no");
	check_keywords("    '|re': 'fo{2}'", "x=xfoo", "yes");
	check_keywords("    '|re': 'fo{3}'", "x=xfoo", "no");
	check_keywords("    '|cased': 'Foo'", "x=foo", "no");
	check_keywords("    - foo", "foo=x", "no");
	check_keywords("    - foo", "x", "no");
	check_keywords("    - foo", "", "no");
}

static void check_condition(const char *condition, const char *event, const char *verdict)
{
	char section[1024];

	snprintf(section, sizeof section,
		 "  sel_a:\n    a: x\n  sel_b:\n    b: x\n  _c:\n    c: x\n  other:\n    d: x\n"
		 "  condition: %s",
		 condition);
	const char *is = try_detection(section, NULL, event);
	cr_expect_str_eq(is, verdict, "%s\nagainst\n%s\nis %s", condition, event, is);
}

Test(sigma_engine, conditions)
{
	check_condition("sel_a and sel_b", "a=x\nb=x", "yes");
	check_condition("sel_a and sel_b", "a=x", "no");
	check_condition("sel_a or sel_b", "b=x", "yes");
	check_condition("not sel_a", "b=x", "yes");
	check_condition("not sel_a", "a=x", "no");
	check_condition("not sel_a", "", "yes");
	check_condition("sel_a and not sel_b or other", "d=x\nb=x", "yes");
	check_condition("sel_a and not (sel_b or other)", "a=x\nd=x", "no");
	check_condition("1 of sel_*", "b=x", "yes");
	check_condition("1 of sel_*", "d=x", "no");
	check_condition("all of sel_*", "a=x\nb=x", "yes");
	check_condition("all of sel_*", "a=x", "no");
	check_condition("not 1 of sel_*", "d=x", "yes");
	check_condition("any of them", "d=x", "yes");
	check_condition("1 of them", "c=x", "no");
	check_condition("1 of _*", "c=x", "yes");
	check_condition("all of them", "a=x\nb=x\nd=x", "yes");
	check_condition("[sel_a, sel_b]", "b=x", "yes");
	check_condition("not not sel_a", "a=x", "yes");
}

/* Rules for other log sources are not compiled. */
Test(sigma_engine, wire_only)
{
	static const char yaml[] =
		"title: w\nlogsource: {category: dns_query, product: windows}\n"
		"detection:\n  s:\n    a|contains: x1\n  condition: s\n"
		"---\n"
		"title: p\nlogsource: {category: process_creation, product: windows}\n"
		"detection:\n  s:\n    b|contains: x2\n  condition: s\n";
	struct trial *t = trial_new(yaml, &(struct sigma_engine_options){.wire_only = true});

	cr_expect_eq(sigma_engine_stats(t->engine).rules, 1);
	cr_expect_eq(sigma_engine_stats(t->engine).patterns, 1);
	cr_expect_eq(fields_find(t->fields, STR("b")), FIELD_NONE);
	trial_free(t);
	t = trial_new(yaml, NULL);
	cr_expect_eq(sigma_engine_stats(t->engine).rules, 2);
	trial_free(t);
}

/* Equal leaves are one pattern, also in different rules. */
Test(sigma_engine, leaves_are_shared)
{
	struct trial *t =
		trial_new("title: a\nlogsource: {category: test}\n"
			  "detection:\n  s:\n    a|contains: x\n    b|contains: x\n"
			  "  condition: s\n"
			  "---\n"
			  "title: b\nlogsource: {category: test}\n"
			  "detection:\n  s:\n    a|contains: x\n  t:\n    a|contains|cased: x\n"
			  "  condition: s and t\n",
			  NULL);

	cr_expect_eq(sigma_engine_stats(t->engine).patterns, 3);
	cr_expect_str_eq(trial_run(t, &(struct logsource){.category = "test"}, "a=x\nb=x"),
			 "a\nb\n");
	trial_free(t);
}

/* A rule is tried for events in which the rarest of what it needs is found, and no others. */
Test(sigma_engine, only_what_was_touched_is_tried)
{
	static const struct logsource test = {.category = "test"};
	static const char yaml[] =
		"title: a\nlogsource: {category: test}\n"
		"detection:\n  s:\n    Initiated: true\n    DestinationPort: [80, 443]\n"
		"    Image: x.exe\n    Host|contains: [mega, drop]\n    EventID: 3\n  condition: "
		"s\n"
		"---\n"
		"title: b\nlogsource: {category: test}\n"
		"detection:\n  s:\n    Host|endswith: [.nz, .io]\n  t:\n    Initiated: true\n"
		"    DestinationIp|cidr: 192.0.2.0/24\n  f:\n    Host: ''\n"
		"  condition: (s or t) and not f\n"
		"---\n"
		"title: c\nlogsource: {category: test}\n"
		"detection:\n  s:\n    Host|exists: false\n    EventID: 3\n  condition: s\n";
	static const char common[] = "Initiated=!true\nDestinationPort=#443\nEventID=#4\nHost=";
	static const struct {
		const char *host, *found;
		unsigned tried[2]; /* where it is the Image that is looked for; where that is
				      unknown */
	} rows[] = {
		{"example.com", "", {0, 0}},
		{"x.io", "b\n", {1, 1}},
		{"mega.com", "", {0, 1}},
		{"drop.io", "b\n", {1, 2}},
	};

	for (int image = 0; image < 2; image++) {
		struct trial *t = trial_new(yaml, NULL);
		if (image)
			trial_unknown(t, "Image");
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
			char values[256];
			snprintf(values, sizeof values, "%s%s", common, rows[i].host);
			uint64_t before = sigma_engine_stats(t->engine).evaluated;
			cr_expect_str_eq(trial_run(t, &test, values), rows[i].found, "%s", values);
			cr_expect_eq(sigma_engine_stats(t->engine).evaluated - before,
				     rows[i].tried[image], "%s", rows[i].host);
		}
		uint64_t before = sigma_engine_stats(t->engine).evaluated;
		cr_expect_str_eq(trial_run(t, &test, "EventID=#3"), "c\n");
		cr_expect_eq(sigma_engine_stats(t->engine).evaluated - before, 1);
		trial_free(t);
	}
}
