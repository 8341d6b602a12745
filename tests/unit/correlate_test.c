/* Correlations: every type, every kind of bound, what is a group and what a value. */
#include "correlate_play.h"
#include "sigma_say.h"

static struct stage s;

static void stop(void)
{
	stage_end(&s);
}

TestSuite(correlate, .fini = stop);

#define T(seconds) ((uint64_t)((1000 + (seconds)) * 1e9))

Test(correlate, events_are_counted_over_a_sliding_window)
{
	stage_bound(stage_init(&s, CORRELATE_EVENT_COUNT), BOUND_GTE, 3);
	stage_start(&s);
	/* across what would be the border of a clock's ten seconds */
	cr_expect_eq(stage_take(&s, 0, T(8), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 0, T(9), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 0, T(17), "host=b"), 0, "another group");
	cr_expect_eq(stage_take(&s, 0, T(17.9), "host=a"), 1);
	cr_expect_eq(s.hit[0].value, 3);
	cr_expect_eq(s.hit[0].matches, 3);
	cr_expect_eq(s.hit[0].first, T(8));
	cr_expect_eq(s.hit[0].last, T(17.9));
	cr_expect_eq(s.hit[0].token, T(17.9));
	cr_expect_str_eq(s.group[0][0], "a");
	cr_expect_not(s.hit[0].possible);
	cr_expect_eq(stage_take(&s, 0, T(18.1), "host=a"), 1, "9, 17.9 and 18.1");
	cr_expect_eq(stage_take(&s, 0, T(28), "host=a"), 0, "17.9 is out of it");
	cr_expect_eq(stage_take(&s, 3, T(18), "host=a"), 0, "a rule that it does not name");
}

Test(correlate, the_window_is_open_at_its_start)
{
	stage_bound(stage_init(&s, CORRELATE_EVENT_COUNT), BOUND_GTE, 2);
	stage_start(&s);
	stage_take(&s, 0, T(0), "host=a");
	cr_expect_eq(stage_take(&s, 0, T(10), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 0, T(10) - 1, "host=a"), 2, "with both");
}

static void bound_kind(enum bound_kind kind, const char *wanted)
{
	stage_bound(stage_init(&s, CORRELATE_EVENT_COUNT), kind, 3);
	stage_start(&s);
	for (int i = 0; i < 5; i++)
		cr_expect_eq(stage_take(&s, 0, T(i), "host=a"), wanted[i] == 'x', "%d events: %c",
			     i + 1, wanted[i]);
}

Test(correlate, bound_gt)
{
	bound_kind(BOUND_GT, "...xx");
}

Test(correlate, bound_gte)
{
	bound_kind(BOUND_GTE, "..xxx");
}

Test(correlate, bound_lt)
{
	bound_kind(BOUND_LT, "xx...");
}

Test(correlate, bound_lte)
{
	bound_kind(BOUND_LTE, "xxx..");
}

Test(correlate, bound_eq)
{
	bound_kind(BOUND_EQ, "..x..");
}

Test(correlate, bound_neq)
{
	bound_kind(BOUND_NEQ, "xx.xx");
}

Test(correlate, bounds_from_both_sides)
{
	struct sigma_correlation *c = stage_init(&s, CORRELATE_EVENT_COUNT);

	stage_bound(c, BOUND_LTE, 4);
	stage_bound(c, BOUND_GT, 2);
	stage_start(&s);
	for (int i = 0; i < 6; i++)
		cr_expect_eq(stage_take(&s, 0, T(i), "host=a"), i == 2 || i == 3, "%d", i);
}

Test(correlate, distinct_values)
{
	struct sigma_correlation *c = stage_init(&s, CORRELATE_VALUE_COUNT);

	stage_field(c, "name");
	stage_bound(c, BOUND_GTE, 3);
	stage_start(&s);
	stage_take(&s, 0, T(0), "host=a name=x");
	stage_take(&s, 0, T(1), "host=a name=y");
	cr_expect_eq(stage_take(&s, 0, T(2), "host=a name=x"), 0);
	cr_expect_eq(stage_take(&s, 0, T(2), "host=a name=Y"), 0, "as Sigma compares");
	cr_expect_eq(stage_take(&s, 0, T(3), "host=a"), 0, "no value");
	cr_expect_eq(stage_take(&s, 0, T(3), "host=a name=null"), 0);
	cr_expect_eq(stage_take(&s, 0, T(3), "host=a name=?"), 0);
	cr_expect_eq(stage_take(&s, 0, T(4), "host=a name=z"), 1);
	cr_expect_eq(s.hit[0].value, 3);
	cr_expect_eq(s.hit[0].matches, 5, "only those with a value");
	cr_expect_eq(stage_take(&s, 0, T(12.5), "host=a name=x"), 0, "x twice and z");
}

Test(correlate, each_value_of_a_list_counts)
{
	struct sigma_correlation *c = stage_init(&s, CORRELATE_VALUE_COUNT);

	stage_field(c, "name");
	stage_bound(c, BOUND_GTE, 3);
	stage_start(&s);
	cr_expect_eq(stage_take(&s, 0, T(0), "host=a name=x name=x name=y"), 0);
	cr_expect_eq(stage_take(&s, 0, T(1), "host=a name=null name=y name=z"), 1);
}

Test(correlate, distinct_tuples)
{
	struct sigma_correlation *c = stage_init(&s, CORRELATE_VALUE_COUNT);

	stage_field(c, "address");
	stage_field(c, "port");
	stage_bound(c, BOUND_GTE, 3);
	stage_start(&s);
	stage_take(&s, 0, T(0), "host=a address=1 port=2");
	stage_take(&s, 0, T(1), "host=a address=2 port=1");
	cr_expect_eq(stage_take(&s, 0, T(2), "host=a address=1 port=2"), 0);
	cr_expect_eq(stage_take(&s, 0, T(2), "host=a address=3"), 0, "half a tuple");
	cr_expect_eq(stage_take(&s, 0, T(3), "host=a address=1 port=1"), 1);
}

/* The specification's own example: more than 1,000,000 bytes in an hour. */
Test(correlate, sums)
{
	struct sigma_correlation *c = stage_init(&s, CORRELATE_VALUE_SUM);

	c->timespan = 3600 * S;
	c->group[1] = "user";
	c->group_count = 2;
	stage_field(c, "bytes_sent");
	stage_bound(c, BOUND_GT, 1000000);
	stage_start(&s);
	cr_expect_eq(stage_take(&s, 0, T(0), "host=a user=u bytes_sent=600000"), 0);
	cr_expect_eq(stage_take(&s, 0, T(1000), "host=a user=u bytes_sent=400000"), 0);
	cr_expect_eq(stage_take(&s, 0, T(1001), "host=a user=v bytes_sent=999999"), 0);
	cr_expect_eq(stage_take(&s, 0, T(1001), "host=a user=u bytes_sent=much"), 0);
	cr_expect_eq(stage_take(&s, 0, T(1001), "host=a user=u bytes_sent=0x10"), 0);
	cr_expect_eq(stage_take(&s, 0, T(1001), "host=a user=u bytes_sent=nan"), 0);
	cr_expect_eq(stage_take(&s, 0, T(1001), "host=a user=u bytes_sent=1e999"), 0);
	cr_expect_eq(stage_take(&s, 0, T(1001), "host=a user=u bytes_sent=null"), 0);
	cr_expect_eq(stage_take(&s, 0, T(1001), "host=a user=u"), 0);
	cr_expect_eq(stage_take(&s, 0, T(3599.9), "host=a user=u bytes_sent=1"), 1);
	cr_expect_eq(s.hit[0].value, 1000001);
	cr_expect_eq(correlator_stats(s.correlator).no_number, 6);
	cr_expect_eq(stage_take(&s, 0, T(3600), "host=a user=u bytes_sent=599999"), 0,
		     "the first is out");
}

Test(correlate, numbers_may_be_negative_and_have_parts)
{
	struct sigma_correlation *c = stage_init(&s, CORRELATE_VALUE_SUM);

	stage_field(c, "v");
	stage_bound(c, BOUND_GTE, 2);
	stage_start(&s);
	cr_expect_eq(stage_take(&s, 0, T(0), "host=a v=2.5e0"), 1);
	cr_expect_eq(stage_take(&s, 0, T(1), "host=a v=-1"), 0);
	cr_expect_eq(stage_take(&s, 0, T(2), "host=a v=x v=.5"), 1, "the first number");
	cr_expect_eq(s.hit[1].value, 2);
}

Test(correlate, averages)
{
	struct sigma_correlation *c = stage_init(&s, CORRELATE_VALUE_AVG);

	stage_field(c, "v");
	stage_bound(c, BOUND_GTE, 5);
	stage_start(&s);
	cr_expect_eq(stage_take(&s, 0, T(0), "host=a v=4"), 0);
	cr_expect_eq(stage_take(&s, 0, T(1), "host=a v=6"), 1);
	cr_expect_eq(s.hit[0].value, 5);
	cr_expect_eq(stage_take(&s, 0, T(2), "host=a v=1"), 0);
	cr_expect_eq(stage_take(&s, 0, T(11), "host=a v=9"), 1, "1 and 9");
	cr_expect_eq(s.hit[1].value, 5);
}

static double percentile(double percentile_of, unsigned n)
{
	struct sigma_correlation *c = stage_init(&s, CORRELATE_VALUE_PERCENTILE);
	char text[32];
	double value;

	c->percentile = percentile_of;
	stage_field(c, "v");
	stage_bound(c, BOUND_NEQ, -1);
	stage_start(&s);
	for (unsigned i = 0; i < n; i++) {
		/* 10, 20, … n * 10, not in order */
		snprintf(text, sizeof text, "host=a v=%u", (i * 7 % n + 1) * 10);
		cr_assert_eq(stage_take(&s, 0, T(i * .01), text), 1);
	}
	value = s.hit[n - 1].value;
	stage_end(&s);
	s.correlator = NULL;
	s.fields = NULL;
	return value;
}

Test(correlate, percentiles_are_by_nearest_rank)
{
	cr_expect_eq(percentile(0, 10), 10);
	cr_expect_eq(percentile(50, 10), 50);
	cr_expect_eq(percentile(51, 10), 60);
	cr_expect_eq(percentile(90, 10), 90);
	cr_expect_eq(percentile(95, 10), 100);
	cr_expect_eq(percentile(95, 20), 190);
	cr_expect_eq(percentile(99.9, 20), 200);
	cr_expect_eq(percentile(100, 10), 100);
	cr_expect_eq(percentile(50, 1), 10);
}

Test(correlate, a_percentile_is_held_against_its_bound)
{
	struct sigma_correlation *c = stage_init(&s, CORRELATE_VALUE_PERCENTILE);

	c->percentile = 75;
	stage_field(c, "v");
	stage_bound(c, BOUND_GT, 10);
	stage_start(&s);
	cr_expect_eq(stage_take(&s, 0, T(0), "host=a v=10"), 0);
	cr_expect_eq(stage_take(&s, 0, T(1), "host=a v=11"), 1, "the second of two");
	cr_expect_eq(stage_take(&s, 0, T(2), "host=a v=9"), 1, "the third of three");
	cr_expect_eq(stage_take(&s, 0, T(3), "host=a v=9"), 0, "the third of four");
	cr_expect_eq(s.hit[1].value, 11);
}

Test(correlate, the_median_of_an_even_number_is_between_two)
{
	struct sigma_correlation *c = stage_init(&s, CORRELATE_VALUE_MEDIAN);

	stage_field(c, "v");
	stage_bound(c, BOUND_GTE, 5);
	stage_start(&s);
	cr_expect_eq(stage_take(&s, 0, T(0), "host=a v=3"), 0);
	cr_expect_eq(stage_take(&s, 0, T(1), "host=a v=7"), 1);
	cr_expect_eq(s.hit[0].value, 5);
	cr_expect_eq(stage_take(&s, 0, T(2), "host=a v=4"), 0);
	cr_expect_eq(stage_take(&s, 0, T(3), "host=a v=5.5"), 0, "4 and 5.5");
	cr_expect_eq(stage_take(&s, 0, T(4), "host=a v=100"), 1);
	cr_expect_eq(s.hit[1].value, 5.5);
}

/* Rules 0, 1 and 2 within ten seconds. */
static struct sigma_correlation *three(enum correlation_type type)
{
	struct sigma_correlation *c = stage_init(&s, type);

	stage_refs(c, 3, (size_t[]){0, 1, 2});
	return c;
}

Test(correlate, temporal_in_any_order)
{
	three(CORRELATE_TEMPORAL);
	stage_start(&s);
	cr_expect_eq(stage_take(&s, 2, T(0), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 0, T(1), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 0, T(2), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 1, T(3), "host=b"), 0);
	cr_expect_eq(stage_take(&s, 1, T(3), "host=a"), 1);
	cr_expect_eq(s.hit[0].value, 3);
	cr_expect_eq(s.hit[0].matches, 4);
	cr_expect_eq(stage_take(&s, 1, T(10), "host=a"), 0, "2 is out");
	cr_expect_eq(stage_take(&s, 2, T(10.5), "host=a"), 1);
}

Test(correlate, temporal_with_a_number_of_rules)
{
	stage_bound(three(CORRELATE_TEMPORAL), BOUND_GTE, 2);
	stage_start(&s);
	cr_expect_eq(stage_take(&s, 0, T(0), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 0, T(1), "host=a"), 0, "one rule twice");
	cr_expect_eq(stage_take(&s, 2, T(2), "host=a"), 1);
	cr_expect_eq(s.hit[0].value, 2);
}

/* 0 and (1 or not 2) */
static struct sigma_logic *condition(void)
{
	static struct sigma_logic leaf[3], not, or, and;
	static struct sigma_logic *not_child[1] = {&leaf[2]}, *or_child[2] = {&leaf[1], &not },
				  *and_child[2] = {&leaf[0], & or };

	for (size_t i = 0; i < 3; i++)
		leaf[i] = (struct sigma_logic){.kind = NODE_LEAF, .ref = i};
	not = (struct sigma_logic){.kind = NODE_NOT, .child = not_child, .count = 1};
	or = (struct sigma_logic){.kind = NODE_OR, .child = or_child, .count = 2};
	and = (struct sigma_logic){.kind = NODE_AND, .child = and_child, .count = 2};
	return &and;
}

Test(correlate, temporal_with_a_condition)
{
	three(CORRELATE_TEMPORAL)->logic = condition();
	stage_start(&s);
	cr_expect_eq(stage_take(&s, 2, T(0), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 0, T(1), "host=a"), 0, "2 hit, 1 did not");
	cr_expect_eq(stage_take(&s, 1, T(2), "host=a"), 1);
	cr_expect_eq(stage_take(&s, 1, T(20), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 0, T(40), "host=a"), 1, "2 did not hit");
}

Test(correlate, temporal_in_order)
{
	three(CORRELATE_TEMPORAL_ORDERED);
	stage_start(&s);
	cr_expect_eq(stage_take(&s, 2, T(0), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 1, T(1), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 0, T(2), "host=a"), 0, "backwards");
	cr_expect_eq(stage_take(&s, 1, T(3), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 2, T(11.9), "host=a"), 1);
	cr_expect_eq(s.hit[0].value, 3);
	cr_expect_eq(s.hit[0].first, T(2));
	cr_expect_eq(stage_take(&s, 2, T(12.1), "host=a"), 0, "0 is out");
	cr_expect_eq(stage_take(&s, 0, T(3.5), "host=a"), 0, "0 comes after 1");
	cr_expect_eq(stage_take(&s, 0, T(2.5), "host=a"), 1, "late: the window of 12.1");
	cr_expect_eq(s.hit[1].last, T(12.1));
}

Test(correlate, in_order_at_the_same_time)
{
	three(CORRELATE_TEMPORAL_ORDERED);
	stage_start(&s);
	cr_expect_eq(stage_take(&s, 2, T(0), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 1, T(0), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 0, T(0), "host=a"), 3, "all three matches");
}

Test(correlate, in_order_with_a_rule_twice)
{
	struct sigma_correlation *c = stage_init(&s, CORRELATE_TEMPORAL_ORDERED);

	stage_refs(c, 3, (size_t[]){0, 1, 0});
	stage_start(&s);
	cr_expect_eq(stage_take(&s, 0, T(0), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 1, T(0), "host=a"), 0, "one match is not two");
	cr_expect_eq(stage_take(&s, 1, T(1), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 0, T(2), "host=a"), 1);
	cr_expect_eq(stage_take(&s, 0, T(30), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 1, T(30), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 0, T(30), "host=a"), 3);
}

Test(correlate, in_order_as_many_as_asked_for)
{
	stage_bound(three(CORRELATE_TEMPORAL_ORDERED), BOUND_GTE, 2);
	stage_start(&s);
	cr_expect_eq(stage_take(&s, 2, T(0), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 0, T(1), "host=a"), 0, "backwards");
	cr_expect_eq(stage_take(&s, 2, T(2), "host=a"), 1);
	cr_expect_eq(s.hit[0].value, 2);
}

Test(correlate, in_order_with_a_condition)
{
	three(CORRELATE_TEMPORAL_ORDERED)->logic = condition();
	stage_start(&s);
	cr_expect_eq(stage_take(&s, 2, T(0), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 1, T(1), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 0, T(2), "host=a"), 0, "1 before 0, and 2 there");
	cr_expect_eq(stage_take(&s, 1, T(3), "host=a"), 1);
	cr_expect_eq(stage_take(&s, 0, T(40), "host=a"), 1, "2 is not there");
}

Test(correlate, groups_need_all_of_their_fields)
{
	struct sigma_correlation *c = stage_init(&s, CORRELATE_EVENT_COUNT);

	c->group[1] = "user";
	c->group_count = 2;
	stage_bound(c, BOUND_GTE, 1);
	stage_start(&s);
	cr_expect_eq(stage_take(&s, 0, T(0), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 0, T(0), "host=a user=null"), 0);
	cr_expect_eq(stage_take(&s, 0, T(0), "host=a user=?"), 0);
	cr_expect_eq(stage_take(&s, 0, T(0), "host=a user="), 1, "empty is a value");
	cr_expect_eq(stage_take(&s, 0, T(0), "host=A user=null user=u user=v"), 1, "the first");
	cr_expect_str_eq(s.group[1][0], "A");
	cr_expect_str_eq(s.group[1][1], "u");
	cr_expect_eq(stage_take(&s, 0, T(0), "host=a user=U"), 1);
	cr_expect_eq(s.hit[2].value, 2, "upper and lower case are the same");
	cr_expect_eq(stage_take(&s, 0, T(0), "host=au user="), 1);
	cr_expect_eq(s.hit[3].value, 1, "not the same as a, u");
}

Test(correlate, without_group_by_all_are_one_group)
{
	struct sigma_correlation *c = stage_init(&s, CORRELATE_EVENT_COUNT);

	c->group_count = 0;
	stage_bound(c, BOUND_GTE, 2);
	stage_start(&s);
	cr_expect_eq(stage_take(&s, 0, T(0), ""), 0);
	cr_expect_eq(stage_take(&s, 0, T(1), "host=b"), 1);
}

Test(correlate, aliases)
{
	struct sigma_correlation *c = stage_init(&s, CORRELATE_TEMPORAL);
	static const char *names[2][CORRELATION_GROUP_MAX] = {{"src"}, {"dst"}};

	c->group[0] = "address";
	c->group_field = names;
	stage_refs(c, 2, (size_t[]){0, 1});
	stage_start(&s);
	cr_expect_eq(stage_take(&s, 0, T(0), "src=1 dst=2"), 0);
	cr_expect_eq(stage_take(&s, 1, T(1), "src=1 dst=2"), 0);
	cr_expect_eq(stage_take(&s, 1, T(2), "src=2 dst=1"), 1);
	cr_expect_str_eq(s.group[0][0], "1");
}

Test(correlate, what_is_counted_has_aliases_too)
{
	struct sigma_correlation *c = stage_init(&s, CORRELATE_VALUE_SUM);
	static const char *groups[2][CORRELATION_GROUP_MAX] = {{"host"}, {"host"}};
	static const char *fields[2][CORRELATION_FIELDS_MAX] = {{"out"}, {"sent"}};

	stage_field(c, "bytes");
	c->group_field = groups;
	c->counted_field = fields;
	stage_refs(c, 2, (size_t[]){0, 1});
	stage_bound(c, BOUND_GTE, 30);
	stage_start(&s);
	cr_expect_eq(stage_take(&s, 0, T(0), "host=a out=10 sent=100"), 0);
	cr_expect_eq(stage_take(&s, 1, T(1), "host=a out=100 sent=20"), 1);
	cr_expect_eq(s.hit[0].value, 30);
}

Test(correlate, a_late_match_counts_in_each_window_it_falls_into)
{
	stage_bound(stage_init(&s, CORRELATE_EVENT_COUNT), BOUND_GTE, 3);
	stage_start(&s);
	stage_take(&s, 0, T(0), "host=a");
	stage_take(&s, 0, T(6), "host=a");
	stage_take(&s, 0, T(12), "host=a");
	cr_expect_eq(stage_take(&s, 0, T(5), "host=a"), 2, "(-4, 6] and (2, 12]");
	cr_expect_eq(s.hit[0].last, T(6));
	cr_expect_eq(s.hit[1].last, T(12));
	cr_expect_eq(stage_take(&s, 0, T(4), "host=a"), 1, "only its own: (-6, 4] has two; 5");
	cr_expect_eq(s.hit[2].last, T(5));
}

Test(correlate, clock_jumps_lose_nothing)
{
	stage_bound(stage_init(&s, CORRELATE_EVENT_COUNT), BOUND_GTE, 3);
	stage_start(&s);
	stage_take(&s, 0, T(0), "host=a");
	stage_take(&s, 0, T(1), "host=a");
	stage_take(&s, 0, T(400000000), "host=a");
	stage_take(&s, 0, UINT64_MAX, "host=a");
	stage_take(&s, 0, 1, "host=a");
	cr_expect_eq(stage_take(&s, 0, T(2), "host=a"), 1);
	cr_expect_eq(s.hit[0].matches, 3);
	cr_expect_eq(stage_take(&s, 0, T(400000001), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 0, T(400000002), "host=a"), 1);
}

Test(correlate, events_without_a_time_are_of_now)
{
	stage_bound(stage_init(&s, CORRELATE_EVENT_COUNT), BOUND_GTE, 2);
	stage_start(&s);
	cr_expect_eq(stage_take(&s, 0, 0, "host=a"), 0);
	stage_take(&s, 0, T(5), "host=a");
	cr_expect_eq(stage_take(&s, 0, 0, "host=a"), 2);
	cr_expect_eq(s.hit[1].last, T(5));
}

Test(correlate, a_hit_names_its_lines)
{
	stage_bound(stage_init(&s, CORRELATE_EVENT_COUNT), BOUND_GTE, 100);
	stage_start(&s);
	for (unsigned i = 0; i < 100; i++)
		stage_event(&s, 0, T(i * .01), "host=a", (struct event){.line = i + 1}, false);
	cr_assert_eq(s.hits, 1);
	cr_expect_eq(s.hit[0].line_count, 64);
	cr_expect_eq(s.hit[0].line[0], 37, "the latest ones, in order");
	cr_expect_eq(s.hit[0].line[63], 100);
}

Test(correlate, a_fact_counts_once_however_many_rules_match_it)
{
	struct sigma_correlation *c = stage_init(&s, CORRELATE_EVENT_COUNT);

	stage_refs(c, 2, (size_t[]){0, 1});
	stage_bound(c, BOUND_GTE, 2);
	stage_refs(stage_add(&s, CORRELATE_TEMPORAL), 2, (size_t[]){0, 1});
	stage_start(&s);
	correlator_begin(s.correlator);
	cr_expect_eq(stage_take(&s, 0, T(0), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 1, T(0), "host=a"), 2, "for the temporal one");
	cr_expect_eq(s.hit[0].correlation, 1);
	cr_expect_eq(s.hit[1].correlation, 1);
	correlator_begin(s.correlator);
	cr_expect_eq(stage_take(&s, 1, T(0), "host=a"), 3);
	cr_expect_eq(s.hit[2].correlation, 0);
	cr_expect_eq(s.hit[2].value, 2);
}

Test(correlate, a_rule_named_twice_counts_once)
{
	struct sigma_correlation *c = stage_init(&s, CORRELATE_EVENT_COUNT);

	stage_refs(c, 2, (size_t[]){0, 0});
	stage_bound(c, BOUND_GTE, 2);
	stage_start(&s);
	cr_expect_eq(stage_take(&s, 0, T(0), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 0, T(1), "host=a"), 1);
}

static unsigned possible(uint64_t time, const char *text)
{
	return stage_event(&s, 0, time, text, (struct event){0}, true);
}

Test(correlate, a_possible_match_makes_the_hit_possible_that_needs_it)
{
	stage_bound(stage_init(&s, CORRELATE_EVENT_COUNT), BOUND_GTE, 2);
	stage_start(&s);
	cr_expect_eq(stage_take(&s, 0, T(0), "host=a"), 0);
	cr_expect_eq(possible(T(1), "host=a"), 1);
	cr_expect(s.hit[0].possible);
	cr_expect_eq(s.hit[0].value, 2);
	cr_expect_eq(stage_take(&s, 0, T(2), "host=a"), 1);
	cr_expect_not(s.hit[1].possible, "0 and 2 are enough");
	cr_expect_eq(s.hit[1].value, 2, "of the certain ones");
	cr_expect_eq(stage_take(&s, 0, T(-1), "host=a"), 1, "the window of 0 is certain now");
	cr_expect_eq(s.hit[2].last, T(0));
	cr_expect_not(s.hit[2].possible);
}

Test(correlate, a_possible_hit_is_told_again_when_it_is_certain)
{
	stage_bound(stage_init(&s, CORRELATE_EVENT_COUNT), BOUND_GTE, 2);
	struct sigma_correlation *c = stage_add(&s, CORRELATE_EVENT_COUNT);
	c->ref[0].correlation = true;
	stage_bound(c, BOUND_GTE, 2);
	stage_start(&s);
	possible(T(0), "host=a");
	cr_expect_eq(stage_take(&s, 0, T(1), "host=a"), 1);
	cr_expect(s.hit[0].possible);
	/* the windows of 1 (told before) and of 0.5: that is possible. 2 hits at 1, of which the
	 * first is the same: it must not count twice */
	cr_expect_eq(stage_take(&s, 0, T(.5), "host=a"), 3);
	cr_expect_eq(s.hit[1].correlation, 0);
	cr_expect_eq(s.hit[1].last, T(1));
	cr_expect_not(s.hit[1].possible);
	cr_expect_eq(s.hit[2].last, T(.5));
	cr_expect(s.hit[2].possible);
	cr_expect_eq(s.hit[3].correlation, 1);
	cr_expect_eq(s.hit[3].last, T(1));
	cr_expect(s.hit[3].possible);
	cr_expect_eq(s.hit[3].value, 2);
}

Test(correlate, correlations_of_correlations)
{
	struct sigma_correlation *failures = stage_init(&s, CORRELATE_EVENT_COUNT);
	stage_bound(failures, BOUND_GTE, 3);
	failures->silent = true;
	struct sigma_correlation *then = stage_add(&s, CORRELATE_TEMPORAL_ORDERED);
	then->ref_count = 2;
	then->ref[0] = (struct sigma_ref){.correlation = true, .number = 0};
	then->ref[1] = (struct sigma_ref){.number = 1};
	then->timespan = 60 * S;
	stage_start(&s);
	cr_expect_eq(stage_take(&s, 1, T(0), "host=a"), 0);
	stage_take(&s, 0, T(1), "host=a");
	stage_take(&s, 0, T(2), "host=a");
	cr_expect_eq(stage_take(&s, 1, T(2.5), "host=a"), 0);
	cr_expect_eq(stage_take(&s, 0, T(3), "host=a"), 1, "silent ones are told too");
	cr_expect_eq(stage_take(&s, 1, T(20), "host=b"), 0);
	cr_expect_eq(stage_take(&s, 1, T(62.9), "host=a"), 1);
	cr_expect_eq(s.hit[1].correlation, 1);
	cr_expect_eq(s.hit[1].first, T(3), "the time of its latest match");
	cr_expect_str_eq(s.group[1][0], "a");
	cr_expect_eq(stage_take(&s, 1, T(63), "host=a"), 0);
}

Test(correlate, chains_know_the_groups_of_what_they_name)
{
	static const char *names[1][CORRELATION_GROUP_MAX] = {{"user"}};
	struct sigma_correlation *c = stage_init(&s, CORRELATE_EVENT_COUNT);
	c->group[1] = "user";
	c->group_count = 2;
	stage_bound(c, BOUND_GTE, 2);
	/* users with many hosts, under another name */
	struct sigma_correlation *many = stage_add(&s, CORRELATE_VALUE_COUNT);
	many->ref[0].correlation = true;
	many->group[0] = "who";
	many->group_field = names;
	stage_field(many, "host");
	stage_bound(many, BOUND_GTE, 2);
	/* by something that a hit does not have */
	struct sigma_correlation *lost = stage_add(&s, CORRELATE_EVENT_COUNT);
	lost->ref[0].correlation = true;
	lost->group[0] = "domain";
	stage_bound(lost, BOUND_GTE, 1);
	stage_start(&s);
	for (int i = 0; i < 3; i++)
		stage_take(&s, 0, T(i), "host=a user=u domain=d");
	cr_expect_eq(s.hits, 2);
	stage_take(&s, 0, T(4), "host=b user=u domain=d");
	cr_expect_eq(stage_take(&s, 0, T(5), "host=b user=u domain=d"), 2);
	cr_expect_eq(s.hit[3].correlation, 1);
	cr_expect_eq(s.hit[3].value, 2);
	cr_expect_str_eq(s.group[3][0], "u");
}

/* As the reader has them: aliases, a chain, silence. */
Test(correlate, from_the_text_of_rules)
{
	struct sigma_rules *r =
		say_load("title: A\nname: failed\nlogsource: {category: x}\n"
			 "detection: {s: {f: 1}, condition: s}\n---\n"
			 "title: B\nname: worked\nlogsource: {category: x}\n"
			 "detection: {s: {f: 2}, condition: s}\n---\n"
			 "title: many\nname: many\ncorrelation:\n    type: event_count\n"
			 "    rules: [failed]\n    group-by: [user]\n    timespan: 10s\n"
			 "    condition: {gte: 2}\n---\n"
			 "title: then\ncorrelation:\n    type: temporal_ordered\n"
			 "    rules: [many, worked]\n    group-by: [who]\n    timespan: 1m\n"
			 "    aliases: {who: {many: user, worked: account}}\n---\n");

	stage_init(&s, CORRELATE_EVENT_COUNT);
	cr_assert_eq(r->correlation_count, 2, "%s", say_problems);
	s.fields = fields_new();
	s.correlator = correlator_new(r, s.fields, stage_found, &s);
	stage_take(&s, 0, T(0), "user=u");
	cr_expect_eq(stage_take(&s, 0, T(1), "user=u"), 1);
	cr_expect(r->correlation[s.hit[0].correlation]->silent);
	cr_expect_eq(stage_take(&s, 1, T(2), "user=u account=v"), 0);
	cr_expect_eq(stage_take(&s, 1, T(3), "user=v account=u"), 1);
	cr_expect_str_eq(r->correlation[s.hit[1].correlation]->info.title, "then");
	cr_expect_str_eq(s.group[1][0], "u");
	sigma_rules_free(r);
}
