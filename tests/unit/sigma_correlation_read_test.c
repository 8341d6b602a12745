/* Correlations as the reader has them. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "core/limits.h"
#include "sigma_say.h"

#define BASE                                                                                       \
	"title: A\nid: ida\nname: a\nlogsource: {category: dns}\n"                                 \
	"detection: {s: {f: 1}, condition: s}\n---\n"                                              \
	"title: B\nid: idb\nname: b\nlogsource: {category: proxy, product: x}\n"                   \
	"detection: {s: {f: 2}, condition: s}\n---\n"
#define CORRELATION(name, body)                                                                    \
	"title: " name "\nname: " name "\ncorrelation:\n    timespan: 5m\n" body "---\n"

Test(sigma_correlation_read, every_part)
{
	struct sigma_rules *r = say_load(BASE "title: C\n"
					      "id: idc\n"
					      "level: high\n"
					      "correlation:\n"
					      "    type: value_count\n"
					      "    rules: [IDA, b]\n"
					      "    group-by: [client, dst]\n"
					      "    timespan: 90m\n"
					      "    aliases:\n"
					      "        client:\n"
					      "            a: source.ip\n"
					      "            idb: c-ip\n"
					      "        x: {b: cs-bytes}\n"
					      "    condition:\n"
					      "        field: [x, y]\n"
					      "        gt: 100\n"
					      "        lte: 200.5\n");
	cr_assert_eq(r->correlation_count, 1, "%s", say_problems);
	const struct sigma_correlation *c = r->correlation[0];
	cr_expect_str_eq(c->info.title, "C");
	cr_expect_eq(c->info.level, LEVEL_HIGH);
	cr_expect_eq(c->info.line, 13);
	cr_expect_eq(c->type, CORRELATE_VALUE_COUNT);
	cr_assert_eq(c->ref_count, 2);
	cr_expect_eq(c->ref[0].number, 0);
	cr_expect_eq(c->ref[1].number, 1);
	cr_expect_not(c->ref[0].correlation);
	cr_assert_eq(c->group_count, 2);
	cr_expect_str_eq(c->group[0], "client");
	cr_expect_str_eq(c->group_field[0][0], "source.ip");
	cr_expect_str_eq(c->group_field[1][0], "c-ip");
	cr_expect_str_eq(c->group_field[0][1], "dst");
	cr_expect_str_eq(c->group_field[1][1], "dst");
	cr_expect_eq(c->timespan, 90 * 60 * NS_PER_S);
	cr_assert_eq(c->field_count, 2);
	cr_expect_str_eq(c->field[1], "y");
	cr_expect_str_eq(c->counted_field[0][0], "x");
	cr_expect_str_eq(c->counted_field[1][0], "cs-bytes");
	cr_expect_str_eq(c->counted_field[1][1], "y");
	cr_assert_eq(c->bound_count, 2);
	cr_expect_eq(c->bound[0].kind, BOUND_GT);
	cr_expect_eq(c->bound[0].value, 100);
	cr_expect_eq(c->bound[1].kind, BOUND_LTE);
	cr_expect_eq(c->bound[1].value, 200.5);
	cr_expect_null(c->logic);
	cr_expect_not(c->silent);
	cr_expect(r->rule[0]->silent && r->rule[1]->silent);
	sigma_rules_free(r);
}

Test(sigma_correlation_read, types_and_bounds)
{
	static const struct {
		const char *type, *condition;
		enum correlation_type is;
		enum bound_kind bound;
	} rows[] = {
		{"event_count", "{gte: 10}", CORRELATE_EVENT_COUNT, BOUND_GTE},
		{"value_count", "{field: x, lt: 10}", CORRELATE_VALUE_COUNT, BOUND_LT},
		{"value_sum", "{field: x, gt: 10}", CORRELATE_VALUE_SUM, BOUND_GT},
		{"value_avg", "{field: x, lte: '10'}", CORRELATE_VALUE_AVG, BOUND_LTE},
		{"value_percentile", "{field: x, eq: 10, percentile: 50}",
		 CORRELATE_VALUE_PERCENTILE, BOUND_EQ},
		{"value_median", "{field: x, neq: 10}", CORRELATE_VALUE_MEDIAN, BOUND_NEQ},
		{"temporal", "{gte: 10}", CORRELATE_TEMPORAL, BOUND_GTE},
		{"temporal_ordered", "{gte: 10}", CORRELATE_TEMPORAL_ORDERED, BOUND_GTE},
	};
	char text[2048];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(text, sizeof text,
			 BASE "title: C\ncorrelation: {type: %s, rules: a, timespan: 1d, "
			      "group-by: g, condition: %s}\n",
			 rows[i].type, rows[i].condition);
		struct sigma_rules *r = say_load(text);
		cr_assert_eq(r->correlation_count, 1, "%s", say_problems);
		const struct sigma_correlation *c = r->correlation[0];
		cr_expect_eq(c->type, rows[i].is);
		cr_assert_eq(c->bound_count, 1);
		cr_expect_eq(c->bound[0].kind, rows[i].bound);
		cr_expect_eq(c->bound[0].value, 10);
		cr_expect_eq(c->percentile, 50);
		cr_expect_eq(c->timespan, 86400 * NS_PER_S);
		sigma_rules_free(r);
	}
}

static void say_logic(FILE *out, const struct sigma_logic *l)
{
	static const char *const kinds[] = {"and", "or", "not"};

	if (l->kind == NODE_LEAF) {
		fprintf(out, "%zu", l->ref);
		return;
	}
	fprintf(out, "(%s", kinds[l->kind]);
	for (size_t i = 0; i < l->count; i++) {
		fputc(' ', out);
		say_logic(out, l->child[i]);
	}
	fputc(')', out);
}

static const char *logic_of(const char *rules, const char *condition)
{
	static char said[1024];
	char text[4096];

	snprintf(text, sizeof text,
		 BASE "title: C\ncorrelation: {type: temporal, timespan: 1s, %s condition: '%s'}\n",
		 rules, condition);
	struct sigma_rules *r = say_load(text);
	if (r->correlation_count == 0) {
		snprintf(said, sizeof said, "%.900s", strstr(say_problems, "C: ") + 3);
		said[strcspn(said, "\n")] = '\0';
	} else {
		FILE *out = fmemopen(said, sizeof said, "w");
		say_logic(out, r->correlation[0]->logic);
		fclose(out);
	}
	sigma_rules_free(r);
	return said;
}

Test(sigma_correlation_read, boolean_conditions)
{
	cr_expect_str_eq(logic_of("rules: [a, b],", "a and b"), "(and 0 1)");
	cr_expect_str_eq(logic_of("rules: [b, a],", "a or not b"), "(or 1 (not 0))");
	cr_expect_str_eq(logic_of("rules: [a, b],", "not (ida and idb) or b"),
			 "(or (not (and 0 1)) 1)");
	/* rules as the condition names them */
	cr_expect_str_eq(logic_of("", "b and not a"), "(and 0 (not 1))");
	cr_expect_str_eq(logic_of("rules: [a, b],", "a"), "the condition does not name 'b'");
	cr_expect_str_eq(logic_of("rules: [a],", "a and b"),
			 "the condition names 'b', which is none of the rules");
	cr_expect_str_eq(logic_of("rules: [a],", "a and c"), "there is no rule 'c'");
	cr_expect_str_eq(logic_of("rules: [a],", "a and"),
			 "condition, at its end: a name is missing");
	cr_expect_str_eq(logic_of("", "1 of a"), "condition, at 'of': and or or is missing");
}

#define HEAD "rules: a, timespan: 1s, "

Test(sigma_correlation_read, refused)
{
	static const struct {
		const char *body, *said;
	} rows[] = {
		{HEAD "condition: {gte: 1}", "the correlation has no type"},
		{HEAD "type: count, condition: {gte: 1}", "there is no correlation type 'count'"},
		{HEAD "type: EVENT_COUNT, condition: {gte: 1}",
		 "there is no correlation type 'EVENT_COUNT'"},
		{"type: event_count, timespan: 1s, condition: {gte: 1}",
		 "the correlation names no rules"},
		{"type: event_count, rules: [], timespan: 1s, condition: {gte: 1}",
		 "the correlation names no rules"},
		{"type: event_count, rules: {a: b}, timespan: 1s, condition: {gte: 1}",
		 "'rules' holds something that is no text"},
		{"type: event_count, rules: [x], timespan: 1s, condition: {gte: 1}",
		 "there is no rule 'x'"},
		{"type: event_count, rules: a, condition: {gte: 1}",
		 "the correlation has no timespan"},
		{HEAD "type: event_count", "the correlation has no condition"},
		{HEAD "type: event_count, condition: a", "a condition of event_count is a map"},
		{HEAD "type: event_count, condition: {}",
		 "the condition has none of gt, gte, lt, lte, eq, neq"},
		{HEAD "type: event_count, condition: {gte: x}", "condition: 'gte' takes a number"},
		{HEAD "type: event_count, condition: {over: 1}",
		 "condition: 'over' is none of gt, gte, lt, lte, eq, neq, field and percentile"},
		{HEAD "type: event_count, condition: {gt: 1, gte: 1, lt: 1, lte: 1, eq: 1}",
		 "the condition has too many bounds"},
		{HEAD "type: value_sum, condition: {gte: 1}",
		 "a condition of value_sum needs a field"},
		{HEAD "type: value_sum, condition: {field: [x, y], gte: 1}",
		 "a condition of value_sum takes one field"},
		{HEAD "type: value_count, condition: {field: [a, b, c, d, e], gte: 1}",
		 "'field' has more than 4 items"},
		{HEAD "type: value_percentile, condition: {field: x, gte: 1, percentile: 101}",
		 "the percentile is not from 0 to 100"},
		{HEAD "type: temporal, group-by: [a, b, c, d, e, f, g, h, i]",
		 "'group-by' has more than 8 items"},
		{HEAD "type: temporal, aliases: x", "'aliases' is no map"},
		{HEAD "type: temporal, aliases: {x: y}",
		 "the alias 'x' is no map of rules to fields"},
		{HEAD "type: temporal, aliases: {x: {a: [y]}}", "the alias 'x' names no field"},
		{HEAD "type: temporal, aliases: {x: {b: y}}",
		 "the alias 'x' is for 'b', which is none of the rules"},
		{HEAD "type: temporal, aliases: {x: {c: y}}", "there is no rule 'c'"},
		{HEAD "type: temporal, generate: 1", "'generate' is true or false"},
	};
	char text[2048];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(text, sizeof text, BASE "title: C\ncorrelation: {%s}\n", rows[i].body);
		struct sigma_rules *r = say_load(text);
		cr_expect_eq(r->correlation_count, 0, "%s", rows[i].body);
		cr_expect_eq(r->rule_count, 2);
		cr_expect_eq(r->refused, 1, "%s", rows[i].body);
		snprintf(text, sizeof text, ": C: %s\n", rows[i].said);
		cr_expect(strstr(say_problems, text), "%s\n%s", rows[i].said, say_problems);
		sigma_rules_free(r);
	}
}

static bool takes_timespan(const char *timespan, uint64_t seconds)
{
	char text[2048];

	snprintf(text, sizeof text,
		 BASE "title: C\ncorrelation: {type: event_count, rules: a, timespan: %s, "
		      "condition: {gte: 1}}\n",
		 timespan);
	struct sigma_rules *r = say_load(text);
	bool taken = r->correlation_count == 1 && r->correlation[0]->timespan == seconds * NS_PER_S;
	sigma_rules_free(r);
	return taken;
}

Test(sigma_correlation_read, timespans)
{
	static const char *const none[] = {"0s",  "366d",  "5M",   "1w",  "5",
					   "m",	  "1h30m", "-1s",  "1 m", "1S",
					   "[1]", "'1m '", "1.5h", "''",  "99999999999999999999s"};

	cr_expect(takes_timespan("1s", 1));
	cr_expect(takes_timespan("10m", 600));
	cr_expect(takes_timespan("24h", 86400));
	cr_expect(takes_timespan("365d", 31536000));
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		cr_expect_not(takes_timespan(none[i], 1), "%s", none[i]);
		cr_expect(strstr(say_problems, "timespan"), "%s", say_problems);
	}
}

/* What is named may come later, and may be a correlation itself; it then stands before. */
Test(sigma_correlation_read, chains)
{
	struct sigma_rules *r = say_load(
		CORRELATION("three", "    type: temporal\n    rules: [two, b]\n") CORRELATION(
			"two", "    type: temporal_ordered\n    rules: [one, a, one]\n")
			BASE CORRELATION(
				"one",
				"    type: event_count\n    rules: [a]\n    condition: {gte: 3}\n"
				"    generate: true\n"));
	cr_assert_eq(r->correlation_count, 3, "%s", say_problems);
	const struct sigma_correlation *one = r->correlation[0], *two = r->correlation[1],
				       *three = r->correlation[2];
	cr_expect_str_eq(one->info.name, "one");
	cr_expect_str_eq(two->info.name, "two");
	cr_expect_str_eq(three->info.name, "three");
	cr_expect(one->silent && two->silent && !three->silent);
	/* `one` lets its rule speak, `two` does not */
	cr_expect(r->rule[0]->silent && r->rule[1]->silent);
	cr_assert_eq(two->ref_count, 3); /* an order may hold one twice */
	cr_expect(two->ref[0].correlation && two->ref[0].number == 0);
	cr_expect(!two->ref[1].correlation && two->ref[1].number == 0);
	cr_expect(two->ref[2].correlation && two->ref[2].number == 0);
	cr_expect(three->ref[0].correlation && three->ref[0].number == 1);
	cr_expect(!three->ref[1].correlation && three->ref[1].number == 1);
	sigma_rules_free(r);
}

Test(sigma_correlation_read, a_rule_named_twice_counts_once)
{
	struct sigma_rules *r =
		say_load(BASE CORRELATION("C", "    type: temporal\n    rules: [a, ida, b, a]\n"));
	cr_assert_eq(r->correlation_count, 1, "%s", say_problems);
	cr_expect_eq(r->correlation[0]->ref_count, 2);
	cr_expect_eq(r->correlation[0]->ref[1].number, 1);
	sigma_rules_free(r);
}

Test(sigma_correlation_read, generate)
{
	static const char *const bodies[] = {"    generate: true\n", "    generate: false\n", ""};

	for (size_t i = 0; i < 3; i++) {
		char text[2048];
		snprintf(text, sizeof text,
			 BASE "title: C\ncorrelation:\n    type: event_count\n    rules: a\n"
			      "    timespan: 1s\n    condition: {gte: 1}\n%s",
			 bodies[i]);
		struct sigma_rules *r = say_load(text);
		cr_assert_eq(r->correlation_count, 1, "%s", say_problems);
		cr_expect_eq(r->rule[0]->silent, i != 0);
		cr_expect_not(r->rule[1]->silent);
		sigma_rules_free(r);
	}
	/* beside the section, as the specification lists it */
	struct sigma_rules *r =
		say_load(BASE "title: C\ngenerate: true\n"
			      "correlation: {type: temporal, rules: a, timespan: 1s}");
	cr_assert_eq(r->correlation_count, 1, "%s", say_problems);
	cr_expect_not(r->rule[0]->silent);
	sigma_rules_free(r);
}

#define TEMPORAL(name, rules)                                                                      \
	CORRELATION(name, "    type: temporal\n    rules: " rules "\n    generate: false\n")

Test(sigma_correlation_read, circles_and_what_hangs_on_them)
{
	struct sigma_rules *r =
		say_load(BASE TEMPORAL("x", "[y, a]") TEMPORAL("y", "[x]")
				 TEMPORAL("self", "[self]") TEMPORAL("lost", "[nobody, b]")
					 TEMPORAL("above", "[lost]") TEMPORAL("good", "[a, b]"));
	cr_assert_eq(r->correlation_count, 1, "%s", say_problems);
	cr_expect_str_eq(r->correlation[0]->info.name, "good");
	cr_expect_eq(r->refused, 5);
	cr_expect(strstr(say_problems, ": lost: there is no rule 'nobody'"));
	cr_expect(strstr(say_problems, ": above: the correlation 'lost' was refused itself"));
	cr_expect(strstr(say_problems, ": x: correlations name each other in a circle"));
	cr_expect(strstr(say_problems, ": y: correlations name each other in a circle"));
	cr_expect(strstr(say_problems, ": self: correlations name each other in a circle"));
	sigma_rules_free(r);
}

/* Parts of a correlation make no findings of their own because that has an error. */
Test(sigma_correlation_read, parts_stay_silent)
{
	struct sigma_rules *r = say_load(BASE TEMPORAL("lost", "[nobody, b]"));

	cr_expect_eq(r->correlation_count, 0);
	cr_expect(!r->rule[0]->silent && r->rule[1]->silent);
	sigma_rules_free(r);
}

Test(sigma_correlation_read, chains_have_a_bound)
{
	char text[16384];

	for (unsigned count = LIMIT_CORRELATION_CHAIN; count <= LIMIT_CORRELATION_CHAIN + 2;
	     count++) {
		char *p = text, *end = text + sizeof text;
		p += snprintf(p, (size_t)(end - p), BASE);
		for (unsigned i = 0; i < count; i++) {
			char below[16];
			snprintf(below, sizeof below, i ? "c%u" : "a", i - 1);
			p += snprintf(p, (size_t)(end - p),
				      "title: c%u\nname: c%u\ncorrelation: {type: temporal, "
				      "timespan: 1s, rules: %s}\n---\n",
				      i, i, below);
		}
		struct sigma_rules *r = say_load(text);
		bool fits = count <= LIMIT_CORRELATION_CHAIN + 1;
		cr_expect_eq(r->correlation_count, fits ? count : LIMIT_CORRELATION_CHAIN + 1);
		cr_expect_eq(r->refused, fits ? 0 : 1);
		sigma_rules_free(r);
	}
}

#define NAMED_A                                                                                    \
	"title: A\nname: a\nlogsource: {category: dns}\ndetection: {s: {f: 1}, condition: "        \
	"s}\n---\n"

Test(sigma_correlation_read, names)
{
	/* two of one name in one file: which one is meant? */
	struct sigma_rules *r = say_load(NAMED_A NAMED_A TEMPORAL("C", "[a]"));
	cr_expect_eq(r->correlation_count, 0);
	cr_expect(strstr(say_problems, "C: more than one rule has the name 'a'"));
	sigma_rules_free(r);
	/* of two with one id, the second is none */
	r = say_load(BASE BASE TEMPORAL("C", "[a]"));
	cr_expect_eq(r->correlation_count, 1);
	sigma_rules_free(r);
	r = say_load("title: A\nname: a\nlogsource: {category: dns}\n---\n" TEMPORAL("C", "[a]"));
	cr_expect(strstr(say_problems, "C: the rule 'a' was refused itself"), "%s", say_problems);
	sigma_rules_free(r);
	/* a name that is an id means the id */
	r = say_load(NAMED_A "title: B\nid: a\nlogsource: {category: dns}\n"
			     "detection: {s: {f: 1}, condition: s}\n---\n" TEMPORAL("C", "[a]"));
	cr_assert_eq(r->correlation_count, 1, "%s", say_problems);
	cr_expect_eq(r->correlation[0]->ref[0].number, 1);
	sigma_rules_free(r);
}
