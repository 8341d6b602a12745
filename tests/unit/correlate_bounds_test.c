/* Correlations within their bounds: what is forgotten, and what it costs. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "correlate_play.h"

static struct stage s;

static void stop(void)
{
	stage_end(&s);
}

TestSuite(correlate_bounds, .fini = stop);

#define ROOMY 100000u

static struct correlator_stats stats(void)
{
	return correlator_stats(s.correlator);
}

static void bounded(enum correlation_type type, double value, uint32_t items, uint32_t groups,
		    size_t text)
{
	struct sigma_correlation *c = stage_init(&s, type);

	if (type == CORRELATE_TEMPORAL_ORDERED)
		stage_refs(c, 2, (size_t[]){0, 1});
	else
		stage_bound(c, BOUND_GTE, value);
	stage_field(c, "v");
	stage_start(&s);
	correlator_bound(s.correlator, items, groups, text);
}

static unsigned take(uint64_t time, const char *form, unsigned n)
{
	char text[256];

	snprintf(text, sizeof text, form, n, n);
	return stage_take(&s, 0, time, text);
}

/* Windows of ten seconds, a match a second: those behind are no loss. */
Test(correlate_bounds, what_is_past_goes_first)
{
	for (int type = 0; type <= CORRELATE_TEMPORAL_ORDERED; type++) {
		if (type == CORRELATE_TEMPORAL)
			continue;
		bounded((enum correlation_type)type, 2, 3000, ROOMY, ROOMY);
		for (unsigned i = 0; i < 20000; i++)
			take((1000 + i) * S, "host=a v=%u", i % 7);
		cr_expect_leq(stats().items, 3002);
		cr_expect_eq(stats().evicted, 0, "type %d: %lu", type, stats().evicted);
		cr_expect(type == CORRELATE_TEMPORAL_ORDERED || s.hits > 1000, "type %d: %u", type,
			  s.hits);
		if (type != CORRELATE_TEMPORAL_ORDERED)
			stage_end(&s);
	}
}

Test(correlate_bounds, groups_that_are_past_go_before_those_in_use)
{
	bounded(CORRELATE_EVENT_COUNT, 1e9, ROOMY, 3000, ROOMY);
	for (unsigned i = 0; i < 50000; i++)
		take((1000 + i) * S, "host=%u v=1", i);
	cr_expect_leq(stats().groups, 3000);
	cr_expect_eq(stats().evicted, 0);
}

Test(correlate_bounds, the_group_not_heard_of_for_longest_goes)
{
	bounded(CORRELATE_EVENT_COUNT, 3, ROOMY, 4, ROOMY);
	for (unsigned i = 0; i < 4; i++)
		take(1000 * S, "host=%u v=1", i);
	take(1000 * S, "host=%u v=1", 0);
	take(1000 * S, "host=%u v=1", 4); /* 1 goes */
	cr_expect_eq(stats().groups, 4);
	cr_expect_eq(stats().evicted, 1);
	cr_expect_eq(take(1000 * S, "host=%u v=1", 0), 3, "0 is as it was");
	take(1000 * S, "host=%u v=1", 1);
	cr_expect_eq(take(1000 * S, "host=%u v=1", 1), 0, "1 begins again");
	cr_expect_eq(stats().evicted, 2);
}

Test(correlate_bounds, texts_of_groups)
{
	char text[128];

	bounded(CORRELATE_EVENT_COUNT, 1e9, ROOMY, ROOMY, 1000);
	for (unsigned i = 0; i < 100; i++) {
		snprintf(text, sizeof text, "host=%0100u v=1", i);
		stage_take(&s, 0, 1000 * S, text);
	}
	cr_expect_eq(stats().groups, 10);
	cr_expect_eq(stats().evicted, 90);
}

/* Values beyond what is kept still tell groups apart. */
Test(correlate_bounds, long_values_are_kept_in_part)
{
	static char text[3000];
	struct event_value value = {.kind = VALUE_TEXT, .text = {text, sizeof text}};
	struct event e = {.values = &value, .count = 1, .time = 1000 * S};
	struct sigma_match m = {.rule = 0};

	memset(text, 'x', sizeof text);
	bounded(CORRELATE_EVENT_COUNT, 2, ROOMY, ROOMY, ROOMY);
	value.field = fields_find(s.fields, STR("host"));
	correlator_take(s.correlator, &e, &m, 0);
	text[sizeof text - 1] = 'y';
	correlator_take(s.correlator, &e, &m, 0);
	cr_expect_eq(s.hits, 0);
	correlator_take(s.correlator, &e, &m, 0);
	cr_expect_eq(s.hits, 2);
	cr_expect_eq(s.hit[0].group[0].n, LIMIT_CORRELATION_VALUE);
}

/* One group beyond the bound: its first matches go, the others count as before. */
Test(correlate_bounds, a_window_with_more_than_fits)
{
	bounded(CORRELATE_EVENT_COUNT, 5000, 1000, ROOMY, ROOMY);
	for (unsigned i = 0; i < 5000; i++) {
		unsigned hits = take(1000 * S + i, "host=a v=1", 0);
		cr_expect_eq(hits, 0);
	}
	cr_expect_leq(stats().items, 1002);
	cr_expect_geq(stats().evicted, 3990);
	stage_end(&s);
	for (int type = 0; type < CORRELATE_TEMPORAL; type++) {
		/* of 1,000 matches that are held, 900 are wanted, or the like of their values */
		static const double wanted[] = {900, 45, 2200, 2, 2, 2};
		bounded((enum correlation_type)type, wanted[type], 1000, ROOMY, ROOMY);
		for (unsigned i = 0; i < 5000; i++)
			take(1000 * S + i, "host=a v=%u", type == 1 ? i % 50 : i % 6);
		cr_expect_gt(s.hits, 4000, "type %d: %u", type, s.hits);
		if (type < CORRELATE_TEMPORAL - 1)
			stage_end(&s);
	}
}

/* The second lane of a group needs as much room as the first had. */
Test(correlate_bounds, a_group_with_possible_matches_beyond_the_bound)
{
	for (int type = 0; type <= CORRELATE_TEMPORAL_ORDERED; type++) {
		if (type == CORRELATE_TEMPORAL)
			continue;
		bounded((enum correlation_type)type, 5, 500, ROOMY, ROOMY);
		for (unsigned i = 0; i < 3000; i++) {
			char text[32];
			snprintf(text, sizeof text, "host=%c v=%u", "ab"[i % 5 == 0], i);
			stage_event(&s, i & 1, (1000 + i / 100) * S, text, (struct event){0},
				    i > 400 && i % 3 == 0);
		}
		cr_expect_leq(stats().items, 502);
		cr_expect_gt(stats().evicted, 1000);
		if (type != CORRELATE_TEMPORAL_ORDERED)
			stage_end(&s);
	}
}

Test(correlate_bounds, tiny_ones)
{
	struct sigma_correlation *c = stage_init(&s, CORRELATE_VALUE_COUNT);
	char text[500] = "host=a";

	for (unsigned i = 0; i < 12; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), " v=%u", i);
	stage_field(c, "v");
	stage_bound(c, BOUND_GTE, 12);
	stage_start(&s);
	correlator_bound(s.correlator, 1, 1, 1);
	for (unsigned i = 0; i < 100; i++) {
		cr_expect_geq(stage_take(&s, 0, (1000 + i) * S, text), 1);
		stage_event(&s, 0, (1000 + i) * S, i & 1 ? "host=b v=1" : "host=a v=1",
			    (struct event){0}, true);
	}
	cr_expect_leq(stats().items, 3);
}

/* Time goes with the number of matches, in whatever order they come. */

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

enum arrival {
	IN_ORDER,
	BACKWARDS,
	MIXED,
};

static void quiet(void *context, const struct correlation_hit *h)
{
	(void)h;
	++*(unsigned long *)context;
}

/* All matches in one window. `bound`: 0 or so that nothing is found. */
static double cost(enum correlation_type type, double bound, enum arrival how, unsigned n)
{
	struct sigma_correlation *c = stage_init(&s, type);
	unsigned long hits = 0;
	uint32_t random = 1;

	c->timespan = 1000000 * S;
	stage_field(c, "v");
	if (type >= CORRELATE_TEMPORAL)
		stage_refs(c, 3, (size_t[]){0, 1, bound > 0 ? 3 : 2});
	else
		stage_bound(c, BOUND_GTE, bound);
	s.fields = fields_new();
	s.correlator = correlator_new(&s.rules, s.fields, quiet, &hits);
	double start = cpu();
	for (unsigned i = 0; i < n; i++) {
		struct event_value v[2] = {
			{fields_find(s.fields, STR("host")), VALUE_TEXT, 0, STR("a"), false, NULL},
			{fields_find(s.fields, STR("v")), VALUE_TEXT, 0, {0}, false, NULL}};
		char text[16];
		random = random * 1664525 + 1013904223;
		uint32_t r = random >> 8;
		v[1].text = (struct str){text, (size_t)snprintf(text, sizeof text, "%u", r % n)};
		unsigned place = how == IN_ORDER ? i : how == BACKWARDS ? n - i : r % n;
		struct event e = {.values = v, .count = 2, .time = 1000 * S + place};
		struct sigma_match m = {.rule = r % 3};
		if (type < CORRELATE_TEMPORAL)
			m.rule = 0;
		correlator_take(s.correlator, &e, &m, 0);
	}
	double took = cpu() - start;
	cr_expect_eq(correlator_stats(s.correlator).evicted, 0);
	if (bound > 0)
		cr_expect_eq(hits, 0);
	else
		cr_expect_gt(hits, n / 2);
	stage_end(&s);
	s.correlator = NULL;
	s.fields = NULL;
	return took;
}

static double least(enum correlation_type type, double bound, enum arrival how, unsigned n)
{
	double best = 1e9;

	for (int i = 0; i < 3; i++) {
		double took = cost(type, bound, how, n);
		best = took < best ? took : best;
	}
	return best;
}

static void linear(enum arrival how)
{
	for (int type = 0; type <= CORRELATE_TEMPORAL_ORDERED; type++)
		for (double bound = 0; bound < 2e15; bound += 1e15) {
			double one = least((enum correlation_type)type, bound, how, 2000);
			double four = least((enum correlation_type)type, bound, how, 8000);
			cr_expect_lt(four, 8 * one + 0.01,
				     "type %d, bound %g: %.4f s for n, %.4f s for 4 n", type, bound,
				     one, four);
		}
}

Test(correlate_bounds, linear_in_order)
{
	linear(IN_ORDER);
}

Test(correlate_bounds, linear_backwards)
{
	linear(BACKWARDS);
}

Test(correlate_bounds, linear_mixed)
{
	linear(MIXED);
}

/* The figure of the specification's longest counts: a million matches in one window. */
Test(correlate_bounds, a_million_in_one_window)
{
	stage_bound(stage_init(&s, CORRELATE_EVENT_COUNT), BOUND_GTE, 1000000);
	stage_start(&s);
	for (unsigned i = 0; i < 999999; i++)
		stage_take(&s, 0, 1000 * S + i, "host=a");
	cr_expect_eq(s.hits, 0);
	cr_expect_eq(stage_take(&s, 0, 1000 * S + 999999, "host=a"), 1);
	cr_expect_eq(s.hit[0].matches, 1000000);
	cr_expect_eq(stats().evicted, 0);
}
