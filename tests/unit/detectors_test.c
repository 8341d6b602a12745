/* V1 to V4: each detector fires, and does not where it nearly would. */
#include <criterion/criterion.h>

#include "detect_feed.h"

static struct feed x;

static void begin(void)
{
	feed_open(&x);
}

static void end(void)
{
	feed_close(&x);
}

TestSuite(detectors, .init = begin, .fini = end);

/* V1 */

Test(detectors, burst_by_tier)
{
	static const struct {
		enum tier tier;
		uint64_t least;
	} of[] = {{TIER_A, 10 * MB}, {TIER_B, 100 * MB}, {TIER_C, 500 * MB}};

	for (unsigned i = 0; i < 3; i++) {
		x.use.tier = of[i].tier;
		feed_up(&x, i, MEGA, AT(0, 10 + i), of[i].least - 1);
		cr_assert_eq(x.count, 0);
		feed_up(&x, i, MEGA, AT(0, 10 + i), 1);
		cr_assert_eq(x.count, 1);
		cr_expect_eq(x.got[0].detector, DETECTOR_V1);
		cr_expect_eq(x.got[0].up, of[i].least);
		cr_expect_eq(x.got[0].threshold, (double)of[i].least);
		cr_expect_eq(x.got[0].severity, SEVERITY_MEDIUM);
		cr_expect_str_eq(x.got[0].label, "Mega");
		cr_expect_float_eq(x.got[0].score, 0.6, 1e-9);
		feed_forget(&x);
	}
	x.use.tier = TIER_D;
	feed_up(&x, 9, MEGA, AT(0, 14), 100 * GB);
	cr_expect_eq(x.count, 0, "tier D serves downloads");
	x.use.tier = TIER_A;
	x.use.internal = true;
	feed_up(&x, 10, MEGA, AT(0, 15), 100 * GB);
	cr_expect_eq(x.count, 0, "what stays inside is no exfiltration");
}

/* Looks are put off for as long as nothing can come of them, and not one use longer. */
Test(detectors, burst_at_the_very_byte)
{
	uint64_t sum = 0;

	for (unsigned i = 0; !x.count; i++) {
		cr_assert_lt(sum, 100 * MB);
		feed_up(&x, 1, MEGA, AT(0, 10) + i * NS_PER_MS, 1460);
		sum += 1460;
	}
	cr_expect_geq(sum, 100 * MB);
	cr_expect_lt(detectors_stats(x.d).looks, 400);
}

Test(detectors, burst_hour_slides)
{
	feed_up(&x, 1, MEGA, AT(0, 10.75), 60 * MB);
	feed_up(&x, 1, MEGA, AT(0, 11.25), 60 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V1), 1, "half an hour on both sides of the hour");
	feed_up(&x, 2, MEGA, AT(0, 12), 60 * MB);
	feed_up(&x, 2, MEGA, AT(0, 13.1), 60 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V1), 1, "more than an hour apart");
	feed_up(&x, 3, MEGA, AT(0, 23.8), 60 * MB);
	feed_up(&x, 3, MEGA, AT(1, 0.2), 60 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V1), 2, "midnight between them");
}

Test(detectors, burst_needs_the_ratio)
{
	feed_both(&x, 1, MEGA, AT(0, 10), 100 * MB, 34 * MB);
	cr_expect_eq(x.count, 0, "ratio 0.493");
	feed_both(&x, 2, MEGA, AT(0, 10.2), 100 * MB, 33 * MB);
	cr_assert_eq(x.count, 1, "ratio 0.504");
	cr_expect(strstr(x.got[0].items, "producer/consumer ratio=0.50"));
	/* a ratio that turns later is seen later */
	feed_both(&x, 1, MEGA, AT(0, 10.5), 8 * MB, 0);
	cr_expect_eq(feed_count(&x, DETECTOR_V1), 2);
}

Test(detectors, burst_is_no_news_where_there_is_a_past)
{
	feed_days(&x, 1, MEGA, 0, 7, 300 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V1), 1, "the first day; then it is as before");
	feed_forget(&x);
	feed_up(&x, 1, MEGA, AT(7, 10), 300 * MB);
	feed_up(&x, 1, MEGA, AT(8, 10), 400 * MB);
	cr_expect_eq(x.count, 0);
}

/* V2 */

Test(detectors, own_max)
{
	feed_days(&x, 1, MEGA, 0, 7, 20 * MB);
	feed_up(&x, 1, MEGA, AT(7, 8), 60 * MB);
	feed_up(&x, 1, MEGA, AT(7, 12), 40 * MB - 1);
	cr_expect_eq(x.count, 0, "one byte below the floor");
	feed_up(&x, 1, MEGA, AT(7, 12), 1);
	cr_assert_eq(feed_count(&x, DETECTOR_V2), 1);
	cr_expect_eq(feed_find(&x, DETECTOR_V2)->up, 100 * MB);
	feed_forget(&x);
	/* 1.5 times the largest day */
	feed_days(&x, 2, MEGA, 8, 16, 90 * MB);
	feed_up(&x, 2, MEGA, AT(16, 9), 134 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V2), 0);
	feed_up(&x, 2, MEGA, AT(16, 15), 2 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V2), 1);
}

Test(detectors, own_max_needs_a_week)
{
	feed_days(&x, 1, MEGA, 0, 6, 20 * MB);
	feed_up(&x, 1, MEGA, AT(6, 2), 90 * MB);
	feed_up(&x, 1, MEGA, AT(6, 8), 90 * MB);
	cr_expect_eq(x.count, 0);
}

Test(detectors, own_max_forgets_after_two_weeks)
{
	feed_up(&x, 1, MEGA, AT(0, 10), 900 * MB);
	feed_days(&x, 1, MEGA, 1, 14, 20 * MB);
	feed_forget(&x);
	feed_up(&x, 1, MEGA, AT(14, 10), 300 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V2), 0, "14 days ago still counts");
	feed_up(&x, 1, MEGA, AT(15, 10), 460 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V2), 1, "15 days ago no longer does");
}

/* A service that a known client never used: its past is one of no use. */
Test(detectors, own_max_of_a_new_service)
{
	feed_days(&x, 1, DROPBOX, 0, 8, 5 * MB);
	feed_up(&x, 1, MEGA, AT(8, 9), 99 * MB);
	feed_forget(&x);
	feed_up(&x, 1, MEGA, AT(8, 14), 2 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V2), 1);
}

Test(detectors, day_causes_are_told_once_a_day)
{
	feed_days(&x, 1, MEGA, 0, 8, 20 * MB);
	for (unsigned hour = 1; hour < 24; hour += 5)
		feed_up(&x, 1, MEGA, AT(8, hour), 110 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V2), 1);
	cr_expect_eq(feed_count(&x, DETECTOR_V3), 1);
	feed_up(&x, 1, MEGA, AT(9, 2), 900 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V2), 2);
}

/* V3 */

Test(detectors, robust)
{
	feed_days(&x, 1, MEGA, 0, 5, 30 * MB);
	feed_up(&x, 1, MEGA, AT(5, 10), 200 * MB);
	feed_days(&x, 1, MEGA, 6, 10, 30 * MB);
	feed_forget(&x);
	/* ln 31 + 5 * 0.35 is 177 MB; V2 would want 300 */
	feed_up(&x, 1, MEGA, AT(10, 8), 90 * MB);
	feed_up(&x, 1, MEGA, AT(10, 12), 86 * MB);
	cr_expect_eq(x.count, 0);
	feed_up(&x, 1, MEGA, AT(10, 16), 3 * MB);
	cr_assert_eq(feed_count(&x, DETECTOR_V3), 1);
	cr_expect_eq(feed_count(&x, DETECTOR_V2), 0);
	cr_expect(strstr(x.got[0].items, "median day=3"), "%s", x.got[0].items);
}

static void working_weeks(unsigned client, unsigned from, unsigned to)
{
	for (unsigned day = from; day < to; day++)
		feed_up(&x, client, MEGA, AT(day, 10), day % 7 < 5 ? 200 * MB : 1 * MB);
}

Test(detectors, robust_knows_weekends_after_four_weeks)
{
	working_weeks(1, 0, 33); /* Saturday */
	feed_forget(&x);
	feed_up(&x, 1, MEGA, AT(33, 10), 150 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V3), 1, "much for a Saturday");
	working_weeks(2, 0, 19);
	feed_forget(&x);
	feed_up(&x, 2, MEGA, AT(19, 10), 150 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V3), 0, "weekends are not known yet");
	working_weeks(3, 34, 64);
	feed_forget(&x);
	feed_up(&x, 3, MEGA, AT(64, 10), 150 * MB);
	cr_expect_eq(x.count, 0, "nothing for a Wednesday");
}

/* V4 */

Test(detectors, cusum)
{
	feed_days(&x, 1, MEGA, 0, 20, 10 * MB);
	unsigned day = 20;
	for (; day < 34 && !feed_count(&x, DETECTOR_V4); day++)
		feed_up(&x, 1, MEGA, AT(day, 10), 60 * MB);
	/* z is clipped at 4: two days are enough for the sum, six for 300 MB in seven days */
	cr_expect_eq(day - 1, 24, "day %u", day - 1);
	cr_expect_eq(x.count, 1);
	cr_expect(strstr(x.got[0].items, "cumulative sum"), "%s", x.got[0].items);
	for (; day < 50; day++)
		feed_up(&x, 1, MEGA, AT(day, 10), 60 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V4), 1, "it goes on, and then is the new usual");
	feed_forget(&x);
	for (; day < 60; day++)
		feed_up(&x, 1, MEGA, AT(day, 10), 60 * MB);
	cr_expect_eq(x.count, 0);
}

/* While it goes on it is not learned, but held against what was usual before; after two weeks it is
 * the usual, and more than that is an alarm of its own. */
Test(detectors, cusum_freezes_and_relearns)
{
	double median = 0;

	feed_days(&x, 1, MEGA, 0, 20, 10 * MB);
	feed_days(&x, 1, MEGA, 20, 33, 60 * MB);
	cr_assert_gt(x.count, 1);
	const char *item = strstr(x.got[x.count - 1].items, "median day=");
	cr_assert(item);
	cr_assert_eq(sscanf(item, "median day=%lf", &median), 1);
	cr_expect_float_eq(median, 10e6, 0.1e6, "on the thirteenth day, too");
	feed_days(&x, 1, MEGA, 33, 55, 60 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V4), 1);
	feed_days(&x, 1, MEGA, 55, 63, 130 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V4), 2);
}

/* A day that was frozen counts again for whoever comes to stand in its place, four weeks later. */
Test(detectors, frozen_days_do_not_stay)
{
	feed_days(&x, 1, MEGA, 0, 20, 10 * MB);
	feed_days(&x, 1, MEGA, 20, 24, 60 * MB);
	feed_days(&x, 1, MEGA, 24, 70, 10 * MB);
	feed_forget(&x);
	feed_up(&x, 1, MEGA, AT(70, 10), 300 * MB);
	cr_assert(feed_find(&x, DETECTOR_V3));
	cr_expect(strstr(x.got[0].items, "days compared with=20;"), "%s", x.got[0].items);
}

Test(detectors, cusum_near_misses)
{
	feed_days(&x, 1, MEGA, 0, 20, 10 * MB);
	feed_days(&x, 1, MEGA, 20, 40, 40 * MB);
	cr_expect_eq(x.count, 0, "280 MB in seven days");
	feed_days(&x, 2, DROPBOX, 40, 60, 60 * MB);
	feed_days(&x, 2, DROPBOX, 60, 80, 75 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V4), 0,
		     "hardly more than usual, for long: z is below the slack");
}

Test(detectors, cusum_survives_days_without_use)
{
	feed_days(&x, 1, MEGA, 0, 20, 10 * MB);
	for (unsigned day = 20; day < 30; day++)
		if (day % 7 < 5)
			feed_up(&x, 1, MEGA, AT(day, 10), 90 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V4), 1);
}
