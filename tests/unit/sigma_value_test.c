/* Values and modifiers, row by row of the specification's tables. */
#include <criterion/criterion.h>

#include "base/arena.h"
#include "sigma/text.h"
#include "sigma/time_part.h"
#include "sigma_say.h"

struct row {
	const char *items, *said;
};

static void check(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *said = say_selection(rows[i].items);
		cr_expect_str_eq(said, rows[i].said, "%s\n  is   %s\n  not  %s", rows[i].items,
				 said, rows[i].said);
	}
}

#define CHECK(...)                                                                                 \
	do {                                                                                       \
		static const struct row rows[] = {__VA_ARGS__};                                    \
		check(rows, sizeof rows / sizeof *rows);                                           \
	} while (0)

Test(sigma_value, whole_values_and_anchors)
{
	CHECK({"a: foo", "a='foo'"}, {"a|contains: foo", "a='*foo*'"},
	      {"a|startswith: foo", "a='foo*'"}, {"a|endswith: foo", "a='*foo'"},
	      /* where a star is already, none is added */
	      {"a|contains: '*foo'", "a='*foo*'"}, {"a|startswith: 'foo*'", "a='foo*'"},
	      {"a|endswith: '*foo'", "a='*foo'"}, {"a|endswith: '*'", "a present"},
	      {"a|startswith|endswith: foo", "a='*foo*'"}, {"a|contains: 'f?o'", "a='*f?o*'"},
	      {"a|contains: '\\*'", "a='*\\**'"}, {"a|contains|cased: Foo", "a=='*Foo*'"},
	      {"a|cased|endswith: Foo", "a=='*Foo'"}, {"a|cased: Foo", "a=='Foo'"},
	      {"Some.Field-Name: x", "Some.Field-Name='x'"}, {"a: x\nb: y", "(and a='x' b='y')"});
}

Test(sigma_value, wildcards_and_escapes)
{
	/* in single quotes YAML takes nothing away */
	CHECK({"a: 'x*y?'", "a='x*y?'"}, {"a: 'x\\*y\\?'", "a='x\\*y\\?'"},
	      {"a: 'C:\\dir'", "a='C:\\dir'"}, {"a: 'C:\\\\dir'", "a='C:\\dir'"},
	      {"a: 'dir\\\\*'", "a='dir\\\\*'"}, {"a: 'dir\\\\\\*'", "a='dir\\\\\\*'"},
	      {"a: '\\\\\\\\'", "a='\\\\\\'"}, {"a: 'x\\'", "a='x\\'"},
	      {"a: '\\\\\\x'", "a='\\\\\\x'"}, {"a: '**x***'", "a='*x*'"},
	      {"a: 'x*?*'", "a='x*?*'"}, {"a: \"x\\ty\"", "a='x\ty'"});
}

/* What sigma.md's rows say of backslashes, character by character. */
Test(sigma_value, escapes_character_by_character)
{
	static const struct {
		const char *written, *text, *wild; /* "*" for a wildcard, "." for a literal */
	} rows[] = {
		{"\\*", "*", "."},
		{"\\?", "?", "."},
		{"*", "*", "*"},
		{"\\\\*", "\\*", ".*"},
		{"\\\\\\*", "\\*", ".."},
		{"\\\\\\\\", "\\\\", ".."},
		{"\\\\\\", "\\\\", ".."},
		{"\\\\", "\\", "."},
		{"\\", "\\", "."},
		{"\\a", "\\a", ".."},
		{"a\\", "a\\", ".."},
		{"\\\\\\\\*", "\\\\*", "..*"},
		{"\\\\a\\b", "\\a\\b", "...."},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena a;
		arena_init(&a);
		struct sigma_text t = sigma_text_parse(&a, str_of(rows[i].written));
		cr_assert_eq(t.n, strlen(rows[i].text), "%s", rows[i].written);
		cr_expect_arr_eq(t.text, rows[i].text, t.n, "%s", rows[i].written);
		for (size_t k = 0; k < t.n; k++)
			cr_expect_eq(t.wild[k], rows[i].wild[k] == '*', "%s", rows[i].written);
		/* printed and read again it is the same */
		struct sigma_text u = sigma_text_parse(&a, str_of(sigma_text_print(&a, &t)));
		cr_assert_eq(u.n, t.n, "%s", rows[i].written);
		cr_expect_arr_eq(u.text, t.text, t.n);
		cr_expect_arr_eq(u.wild, t.wild, t.n);
		arena_fini(&a);
	}
}

Test(sigma_value, lists_and_all)
{
	CHECK({"a: [x, y]", "(or a='x' a='y')"}, {"a: [x]", "a='x'"},
	      {"a|all: [x, y]", "(and a='x' a='y')"},
	      {"a|all|contains: [x, y]", "(and a='*x*' a='*y*')"},
	      {"a|contains|all: [x, y]", "(and a='*x*' a='*y*')"}, {"a|all: x", "a='x'"},
	      {"a: [1, x, 'y*']", "(or a=1 a='x' a='y*')"},
	      {"a: [[x, y]]", "'a': a value is a text, number or null"},
	      {"a: {b: c}", "'a': a value is a text, number or null"},
	      {"a: [{b: c}]", "'a': a value is a text, number or null"});
}

Test(sigma_value, numbers)
{
	CHECK({"a: 5", "a=5"}, {"a: '5'", "a='5'"}, {"a: -1.5e3", "a=-1500"}, {"a: 0x1f", "a=31"},
	      {"a: 1.0", "a=1"}, {"a: .inf", "a='.inf'"}, {"a: 1e999", "a='1e999'"},
	      {"a: !!str 5", "a='5'"}, {"a: !!int '5'", "a=5"}, {"a: 1_000", "a='1_000'"},
	      {"a: 12:30", "a='12:30'"}, {"a: 2026-08-05", "a='2026-08-05'"},
	      {"a: [80, 443]", "(or a=80 a=443)"},
	      /* modifiers for all types take it as it is written */
	      {"a|contains: 5", "a='*5*'"}, {"a|endswith: 0x1f", "a='*0x1f'"},
	      {"a|re: 5", "a~'5'"});
}

Test(sigma_value, words_that_are_truths)
{
	CHECK({"a: true", "a='true'"}, {"a: False", "a='false'"}, {"a: 'true'", "a='true'"},
	      {"a: yes", "a='yes'"}, {"a: No", "a='No'"}, {"a: on", "a='on'"});
}

Test(sigma_value, null_and_empty)
{
	CHECK({"a: null", "a null"}, {"a:", "a null"}, {"a: ~", "a null"}, {"a: []", "a null"},
	      {"a|contains|all: []", "a null"}, {"a|neq: []", "(not a null)"},
	      {"a: 'null'", "a='null'"}, {"a: ''", "a empty"}, {"a: '*'", "a present"},
	      {"a: '**'", "a present"}, {"a|contains: ''", "a present"},
	      {"a|startswith: ''", "a present"}, {"a: ['', x]", "(or a empty a='x')"},
	      {"a: ['', null]", "'a': null cannot be part of a list"},
	      {"a: [x, ~]", "'a': null cannot be part of a list"}, {"a|neq: null", "(not a null)"},
	      {"a|contains: null", "'a|contains': contains takes no such value"},
	      {"a|cased: null", "'a|cased': cased takes no such value"},
	      {"a|re: null", "'a|re': re takes no null"});
}

Test(sigma_value, exists)
{
	CHECK({"a|exists: true", "a exists"}, {"a|exists: false", "(not a exists)"},
	      {"a|exists: 'true'", "'a|exists': exists takes true or false"},
	      {"a|exists: yes", "'a|exists': exists takes true or false"},
	      {"a|exists: 1", "'a|exists': exists takes true or false"},
	      {"a|exists|contains: true",
	       "'a|exists|contains': exists goes with no other modifier"},
	      {"'|exists': true", "'|exists': exists needs a field"});
}

Test(sigma_value, regular_expressions)
{
	CHECK({"a|re: '^x.*\\d$'", "a~'^x.*\\d$'"}, {"a|re|i: X", "a~'X'i"},
	      {"a|re|i|m|s: x", "a~'x'ims"}, {"a|re|s: x", "a~'x's"},
	      {"a|re|ignorecase|multiline|dotall: x", "a~'x'ims"},
	      {"a|re: 'x*y\\\\z'", "a~'x*y\\\\z'"}, /* escapes are the expression's own */
	      {"a|re: [x, y]", "(or a~'x' a~'y')"}, {"a|re|all: [x, y]", "(and a~'x' a~'y')"},
	      {"a|all|re: [x, y]", "(and a~'x' a~'y')"}, {"a|re|contains: x", "a~'x'"},
	      {"a|re|startswith: 'x|y'", "a~'\\A(?:x|y)'"},
	      {"a|re|endswith: 'x|y'", "a~'(?:x|y)\\z'"},
	      {"a|contains|re: x", "'a|contains|re': re has to be the first modifier"},
	      {"a|i: x", "'a|i': i goes with re only"}, {"a|m: x", "'a|m': m goes with re only"},
	      {"a|re|cased: x", "'a|re|cased': cased takes no such value"},
	      {"a|re|base64: x", "'a|re|base64': base64 takes a text"},
	      {"a|re: \"\\0\"", "'a|re': re takes no NUL character: write \\x00"});
}

Test(sigma_value, networks)
{
	CHECK({"a|cidr: 10.0.0.0/8", "a in 10.0.0.0/8"}, {"a|cidr: 0.0.0.0/0", "a in 0.0.0.0/0"},
	      {"a|cidr: 'fe80::/10'", "a in fe80::/10"}, {"a|cidr: '::/0'", "a in ::/0"},
	      {"a|cidr: 192.0.2.1", "a in 192.0.2.1/32"},
	      {"a|cidr: '2001:db8::1'", "a in 2001:db8::1/128"},
	      {"a|cidr: [10.0.0.0/8, 192.168.0.0/16]", "(or a in 10.0.0.0/8 a in 192.168.0.0/16)"},
	      {"a|cidr: 10.0.0.1/8", "'a|cidr': cidr has bits set behind the prefix"},
	      {"a|cidr: 'fe80::1/10'", "'a|cidr': cidr has bits set behind the prefix"},
	      {"a|cidr: 10.0.0.0/33", "'a|cidr': cidr has a prefix length that is none"},
	      {"a|cidr: 10.0.0.0/", "'a|cidr': cidr has a prefix length that is none"},
	      {"a|cidr: 10.0.0.0/8x", "'a|cidr': cidr has a prefix length that is none"},
	      {"a|cidr: '::/129'", "'a|cidr': cidr has a prefix length that is none"},
	      {"a|cidr: 10.0.0/8", "'a|cidr': cidr takes a network like 10.0.0.0/8 or fe80::/10"},
	      {"a|cidr: 10.*", "'a|cidr': cidr takes a network like 10.0.0.0/8 or fe80::/10"},
	      {"a|cidr: ''", "'a|cidr': cidr takes a network like 10.0.0.0/8 or fe80::/10"},
	      {"a|contains|cidr: 10.0.0.0/8",
	       "'a|contains|cidr': cidr has to be the first modifier"});
}

Test(sigma_value, comparisons)
{
	CHECK({"a|lt: 5", "a<5"}, {"a|lte: 5", "a<=5"}, {"a|gt: 5", "a>5"},
	      {"a|gte: 1.5", "a>=1.5"}, {"a|gt: [5, 6]", "(or a>5 a>6)"},
	      {"a|gt: '5'", "'a|gt': gt takes a number, without quotes"},
	      {"a|gt: x", "'a|gt': gt takes a number, without quotes"},
	      {"a|lt|gt: 5", "'a|lt|gt': gt takes a number, without quotes"},
	      {"'|gt': 5", "'|gt': gt needs a field"}, {"a|gt: 5\na|lt: 9", "(and a>5 a<9)"});
}

Test(sigma_value, not_equal)
{
	CHECK({"a|neq: 5", "(not a=5)"}, {"a|neq: x", "(not a='x')"},
	      {"a|neq: [1, 2]", "(not (or a=1 a=2))"},
	      {"a|neq|all: [x, y]", "(not (and a='x' a='y'))"},
	      {"a|contains|neq: x", "(not a='*x*')"}, {"a|neq|contains: x", "(not a='*x*')"},
	      {"a|neq|re: x", "(not a~'x')"}, {"a|fieldref|neq: b", "(not a=@b)"},
	      {"a|exists|neq: true", "(not a exists)"});
}

Test(sigma_value, base64)
{
	CHECK({"a|base64: foo", "a='Zm9v'"}, {"a|base64: foob", "a='Zm9vYg=='"},
	      {"a|base64|contains: fo", "a='*Zm8=*'"},
	      /* the three starts and ends of 'foo' */
	      {"a|base64offset: foo", "(or a='Zm9v' a='Zvb' a='mb2')"},
	      {"a|base64offset|contains: foo", "(or a='*Zm9v*' a='*Zvb*' a='*mb2*')"},
	      {"a|base64offset: ab", "(or a='YW' a='Fi' a='hY')"},
	      /* one byte has no character of its own at the second place */
	      {"a|base64offset: a", "(or a='Y' a='h')"},
	      {"a|base64offset: [foo, bar]",
	       "(or (or a='Zm9v' a='Zvb' a='mb2') (or a='YmFy' a='Jhc' a='iYX'))"},
	      {"a|base64offset|all: [foo, bar]",
	       "(and (or a='Zm9v' a='Zvb' a='mb2') (or a='YmFy' a='Jhc' a='iYX'))"},
	      {"a|base64: '\\*'", "a='Kg=='"},
	      {"a|base64: 'x*'", "'a|base64': base64 takes no wildcards"},
	      {"a|contains|base64: x", "'a|contains|base64': base64 takes no wildcards"},
	      {"a|base64offset: 'x?'", "'a|base64offset': base64offset takes no wildcards"},
	      {"a|base64offset: ''", "'a|base64offset': base64offset takes no empty text"},
	      {"a|base64: 5", "'a|base64': base64 takes a text"});
}

Test(sigma_value, utf16)
{
	CHECK({"a|wide|base64: cmd", "a='YwBtAGQA'"}, {"a|utf16le|base64: cmd", "a='YwBtAGQA'"},
	      {"a|utf16be|base64: cmd", "a='AGMAbQBk'"},
	      {"a|utf16|base64: cmd", "a='//5jAG0AZAA='"},
	      {"a|wide|base64: \"\\u00e9\"", "a='6QA='"},
	      {"a|wide|base64: \"\\U0001f600\"", "a='PdgA3g=='"},
	      {"a|wide|base64offset|contains: foo",
	       "(or a='*ZgBvAG8A*' a='*YAbwBvA*' a='*mAG8Abw*')"},
	      {"a|utf16: x",
	       "'a|utf16': the encoded value is no text: base64 or base64offset has to follow"},
	      {"a|wide: 5", "'a|wide': wide takes a text"});
	/* without an encoding behind it: NUL characters between the letters */
	struct sigma_rules *r = say_load("title: T\nlogsource: {category: dns}\n"
					 "detection: {s: {a|wide: 'c*d'}, condition: s}\n");
	cr_assert_eq(r->rule_count, 1);
	const struct sigma_text *t = &r->rule[0]->tree->child[0]->leaf->text;
	cr_assert_eq(t->n, 5);
	cr_expect_arr_eq(t->text, "c\0*d", 5);
	cr_expect(t->wild[2] && !t->wild[1] && !t->wild[3]);
	sigma_rules_free(r);
}

#define FIVE(before, after)                                                                        \
	"(or a='" before "-" after "' a='" before "/" after "' a='" before "–" after               \
	"' a='" before "—" after "' a='" before "―" after "')"

Test(sigma_value, windash)
{
	CHECK({"a|windash: '-x'", FIVE("", "x")}, {"a|windash: ' /x'", FIVE(" ", "x")},
	      {"a|windash: '–x'", FIVE("", "x")}, {"a|windash|contains: ' -x '", FIVE("* ", "x *")},
	      {"a|windash: '-x-y'", FIVE("", "x-y")}, /* inside of a word it is no option */
	      {"a|windash: 'x-y'", "a='x-y'"}, {"a|windash: 'x - y'", "a='x - y'"},
	      {"a|windash: '*-x'", FIVE("*", "x")}, {"a|windash: '-*'", "a='-*'"},
	      {"a|windash: '--x'", FIVE("-", "x")}, {"a|windash: '-é'", FIVE("", "é")},
	      {"a|windash: 5", "'a|windash': windash takes a text"});
	const char *two = say_selection("a|windash: '-x -y'");
	cr_expect_eq(strncmp(two, "(or a='-x -y' a='-x /y' a='-x –y' ", 34), 0, "%s", two);
	size_t count = 0;
	for (const char *p = two; (p = strstr(p, "a='")) != NULL; p++)
		count++;
	cr_expect_eq(count, 25);
	cr_expect(strstr(say_selection("a|windash: '-a -b -c -d -e -f -g -h'"),
			 "makes too many texts"));
}

Test(sigma_value, field_references)
{
	CHECK({"a|fieldref: b", "a=@b"}, {"a|fieldref|startswith: b", "a^@b"},
	      {"a|fieldref|endswith: b", "a$@b"}, {"a|fieldref|contains: b", "a*@b"},
	      {"a|fieldref|startswith|endswith: b", "a*@b"}, {"a|fieldref|cased: b", "a==@b"},
	      {"a|fieldref: [b, c]", "(or a=@b a=@c)"},
	      {"a|fieldref: 'b*'", "'a|fieldref': fieldref takes the name of a field"},
	      {"a|fieldref: ''", "'a|fieldref': fieldref takes the name of a field"},
	      {"a|fieldref: 5", "'a|fieldref': fieldref takes the name of a field"},
	      {"'|fieldref': b", "'|fieldref': fieldref needs a field"});
}

Test(sigma_value, placeholders)
{
	CHECK({"a: '%one%'", "a='%one%'"}, {"a|expand: '%one%'", "a='a'"},
	      {"a|expand: '%two%'", "(or a='b' a='c*')"},
	      {"a|endswith|expand: '.%two%'", "(or a='*.b' a='*.c*')"},
	      {"a|expand|endswith: '.%one%'", "a='*.a'"},
	      {"a|expand: '%two%-%two%'", "(or a='b-b' a='c*-b' a='b-c*' a='c*-c*')"},
	      {"a|expand: '\\%one%one%'", "a='%onea'"}, {"a|expand: '100%'", "a='100%'"},
	      {"a|expand: '%%'", "a='%%'"}, {"a|expand: 'C:\\\\%one%'", "a='C:\\a'"},
	      {"a|expand: '\\*%one%'", "a='\\*a'"}, {"a|expand: x", "a='x'"},
	      {"a|expand|all: ['%two%', '%one%']", "(and (or a='b' a='c*') a='a')"},
	      {"a|re|expand: '^%two%$'", "(or a~'^b$' a~'^c.*$')"},
	      {"a|expand|base64: '%one%'", "a='YQ=='"},
	      {"a|cidr|expand: 10.0.0.0/8", "a in 10.0.0.0/8"},
	      {"a|expand: '%other%'", "nothing is known of the placeholder %other%"},
	      {"a|expand: '%none%'", "the placeholder %none% stands for no value"},
	      {"'|expand': '%one%'", "='*a*'"});
	/* nobody to ask */
	struct sigma_load_options o = {0};
	struct sigma_rules *r =
		sigma_load_text(&o, "x",
				STR("title: T\nlogsource: {category: dns}\n"
				    "detection: {s: {a|expand: '%one%'}, condition: s}\n"));
	cr_expect_eq(r->rule_count, 0);
	cr_expect_eq(r->refused, 1);
	sigma_rules_free(r);
}

Test(sigma_value, parts_of_dates)
{
	CHECK({"a|hour: 5", "a.hour=5"}, {"a|hour|gte: 22", "a.hour>=22"},
	      {"a|minute: 0", "a.minute=0"}, {"a|day: [1, 15]", "(or a.day=1 a.day=15)"},
	      {"a|week|neq: 1", "(not a.week=1)"}, {"a|month|lt: 3", "a.month<3"},
	      {"a|year: 2026", "a.year=2026"},
	      {"a|hour: '5'", "'a|hour': hour takes a whole number, without quotes"},
	      {"a|hour: 1.5", "'a|hour': hour takes a whole number, without quotes"},
	      {"a|hour|minute: 1", "'a|hour|minute': minute takes a whole number, without quotes"},
	      {"a|hour|contains: 1", "'a|hour|contains': contains takes no such value"},
	      {"'|hour': 1", "'|hour': hour needs a field"});
}

static double part_of(const char *text, enum time_part part)
{
	double v;

	return time_part_read(str_of(text), part, &v) ? v : -1;
}

Test(sigma_value, dates)
{
	static const char *const same[] = {
		"2026-08-05T14:37:16Z",
		"2026-08-05 14:37:16.123",
		"2026-08-05T14:37:16+02:00",
		"2026-08-05 14:37",
		"2026/08/05 14:37:16",
		"1785940636",
		"1785940636123",
		"1785940636.5",
	};

	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		cr_expect_eq(part_of(same[i], PART_MINUTE), 37, "%s", same[i]);
		cr_expect_eq(part_of(same[i], PART_HOUR), 14, "%s", same[i]);
		cr_expect_eq(part_of(same[i], PART_DAY), 5, "%s", same[i]);
		cr_expect_eq(part_of(same[i], PART_WEEK), 32, "%s", same[i]);
		cr_expect_eq(part_of(same[i], PART_MONTH), 8, "%s", same[i]);
		cr_expect_eq(part_of(same[i], PART_YEAR), 2026, "%s", same[i]);
	}
	/* ISO weeks at the turn of the year */
	cr_expect_eq(part_of("2021-01-03", PART_WEEK), 53);
	cr_expect_eq(part_of("2021-01-04", PART_WEEK), 1);
	cr_expect_eq(part_of("2024-12-30", PART_WEEK), 1);
	cr_expect_eq(part_of("2026-12-31", PART_WEEK), 53);
	cr_expect_eq(part_of("2024-02-29", PART_DAY), 29);
	/* a date without a time has no hour */
	cr_expect_eq(part_of("2026-08-05", PART_HOUR), -1);
	static const char *const none[] = {"",
					   "x",
					   "2026",
					   "2025-02-29",
					   "2026-13-01",
					   "2026-08-05T25:00",
					   "2026-08-05T14:60",
					   "12x",
					   "2026-08-05T14:37x",
					   "-5"};
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		if (strcmp(none[i], "2026") != 0) /* seconds since 1970 */
			cr_expect_eq(part_of(none[i], PART_YEAR), -1, "%s", none[i]);
}

Test(sigma_value, unknown_modifiers)
{
	CHECK({"a|nope: x", "'a|nope': there is no modifier 'nope'"},
	      {"a|: x", "'a|': there is no modifier ''"},
	      {"a|contains|Contains: x", "'a|contains|Contains': there is no modifier 'Contains'"},
	      {"a|contains |all: x", "'a|contains |all': there is no modifier 'contains '"},
	      {"a|all|all|all|all|all|all|all|all|all|all|all|all|all|all|all|all|all: x",
	       "'a|all|all|all|all|all|all|all|all|all|all|all|all|all|all|all|all|all' has too "
	       "many "
	       "modifiers"});
}

Test(sigma_value, keywords)
{
	static const struct row rows[] = {
		{"s: [foo, bar]\ncondition: s", "(or ='*foo*' ='*bar*')"},
		{"s: foo\ncondition: s", "='*foo*'"},
		{"s: 'f*o'\ncondition: s", "='*f*o*'"},
		{"s: '*foo'\ncondition: s", "='*foo*'"},
		{"s: [200, foo]\ncondition: s", "(or ='*200*' ='*foo*')"},
		{"s: true\ncondition: s", "='*true*'"},
		{"s: {'|all': [foo, bar]}\ncondition: s", "(and ='*foo*' ='*bar*')"},
		{"s: {'|all': [foo, bar], a: x}\ncondition: s",
		 "(and (and ='*foo*' ='*bar*') a='x')"},
		{"s: {'|contains': foo}\ncondition: s", "='*foo*'"},
		{"s: {'|startswith': foo}\ncondition: s", "='foo*'"},
		{"s: {'|endswith|cased': Foo}\ncondition: s", "=='*Foo'"},
		{"s: {'|re': 'x+'}\ncondition: s", "~'x+'"},
		{"s: {'|cidr': 10.0.0.0/8}\ncondition: s", " in 10.0.0.0/8"},
		{"s: {'|neq': foo}\ncondition: s", "(not ='*foo*')"},
		{"s: {'': foo}\ncondition: s", "='*foo*'"},
		{"s: null\ncondition: s", "'keyword': null needs a field"},
		{"s: [x, null]\ncondition: s", "'keyword': null cannot be part of a list"},
		{"s: ''\ncondition: s", "'keyword': would be found in every event"},
		{"s: ['*', x]\ncondition: s", "'keyword': would be found in every event"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *said = say_detection(rows[i].items);
		cr_expect_str_eq(said, rows[i].said, "%s\n  is   %s\n  not  %s", rows[i].items,
				 said, rows[i].said);
	}
}
