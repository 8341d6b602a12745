/* N2, V5 to V10, T1 and D1: what is new, and what stands around an upload. */
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

TestSuite(detectors_context, .init = begin, .fini = end);

/* N2 */

Test(detectors_context, new_service)
{
	feed_days(&x, 9, DROPBOX, 0, 8, MB);
	feed_up(&x, 1, MEGA, AT(8, 9), 5 * MB - 1);
	cr_expect_eq(x.count, 0);
	feed_up(&x, 1, MEGA, AT(8, 10), 1);
	cr_assert_eq(x.count, 1);
	cr_expect_eq(x.got[0].detector, DETECTOR_N2);
	cr_expect_eq(x.got[0].severity, SEVERITY_LOW);
	feed_up(&x, 1, MEGA, AT(11, 10), 50 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_N2), 1, "known by now");
	feed_pass(&x, 11, 42);
	feed_up(&x, 1, MEGA, AT(42, 10), 50 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_N2), 2, "31 days without use");
}

Test(detectors_context, new_service_near_misses)
{
	feed_up(&x, 1, MEGA, AT(0, 9), 20 * MB);
	feed_up(&x, 1, DROPBOX, AT(6, 9), 20 * MB);
	cr_expect_eq(x.count, 0, "in the first week everything is new");
	for (unsigned i = 2; i < 5; i++)
		feed_up(&x, i, DROPBOX, AT(7, i), 1000);
	feed_up(&x, 5, DROPBOX, AT(8, 9), 20 * MB);
	cr_expect_eq(x.count, 0, "four others use it");
	x.use.tier = TIER_C;
	feed_up(&x, 5, S3, AT(8, 10), 20 * MB);
	cr_expect_eq(x.count, 0, "tier C");
}

/* V5 */

static void crowd(unsigned day, unsigned clients, uint64_t up)
{
	for (unsigned i = 0; i < clients; i++)
		feed_up(&x, 100 + i, DROPBOX, AT(day, 8) + i * NS_PER_S, up + i);
}

Test(detectors_context, population)
{
	for (unsigned day = 0; day < 8; day++)
		crowd(day, 150, MB);
	feed_up(&x, 100, DROPBOX, AT(8, 7), MB);
	crowd(8, 150, MB);
	feed_up(&x, 100, DROPBOX, AT(8, 12), 200 * MB);
	const struct told_one *t = feed_find(&x, DETECTOR_V5);
	cr_assert(t);
	cr_expect_eq(t->severity, SEVERITY_LOW);
	cr_expect(t->with & 1u << DETECTOR_V2);
	feed_forget(&x);
	crowd(9, 150, MB);
	feed_up(&x, 100, DROPBOX, AT(9, 12), 400 * MB);
	cr_expect(feed_find(&x, DETECTOR_V2));
	cr_expect_null(feed_find(&x, DETECTOR_V5), "it was yesterday, too");
	crowd(10, 150, MB);
	feed_up(&x, 101, DROPBOX, AT(10, 12), 900 * MB);
	feed_forget(&x);
	feed_up(&x, 102, DROPBOX, AT(10, 13), 300 * MB);
	cr_expect(feed_find(&x, DETECTOR_V2));
	cr_expect_null(feed_find(&x, DETECTOR_V5), "the second of 150");
}

Test(detectors_context, population_of_few_says_nothing)
{
	for (unsigned day = 0; day < 9; day++)
		crowd(day, 90, MB);
	feed_up(&x, 100, DROPBOX, AT(8, 12), 200 * MB);
	cr_expect(feed_find(&x, DETECTOR_V2));
	cr_expect_null(feed_find(&x, DETECTOR_V5));
}

/* V6 */

static void fetch(unsigned client, unsigned from, unsigned to, uint64_t down)
{
	struct addr a = feed_client(client);

	for (unsigned day = from; day < to; day++)
		detectors_download(x.d, AT(day, 9), &a, down);
}

Test(detectors_context, hoard)
{
	fetch(1, 0, 8, 100 * MB);
	fetch(1, 8, 9, 2 * GB);
	feed_up(&x, 1, MEGA, AT(9, 8.5), 200 * MB);
	const struct told_one *t = feed_find(&x, DETECTOR_V6);
	cr_assert(t, "23 hours later");
	cr_expect_eq(t->severity, SEVERITY_HIGH);
	cr_expect_float_eq(t->threshold, 1e9, 1);
	cr_expect_gt(t->score, 0.8);
}

Test(detectors_context, hoard_near_misses)
{
	fetch(1, 0, 8, 100 * MB);
	fetch(1, 8, 9, 999 * MB);
	feed_up(&x, 1, MEGA, AT(8, 12), 200 * MB);
	cr_expect_null(feed_find(&x, DETECTOR_V6), "less than 1 GB");
	fetch(2, 9, 17, 500 * MB);
	fetch(2, 17, 18, 2400 * MB);
	feed_up(&x, 2, MEGA, AT(17, 12), 200 * MB);
	cr_expect_null(feed_find(&x, DETECTOR_V6), "less than five times its median");
	fetch(3, 18, 26, 100 * MB);
	fetch(3, 26, 27, 2 * GB);
	feed_up(&x, 3, MEGA, AT(27, 11), 200 * MB);
	cr_expect_null(feed_find(&x, DETECTOR_V6), "26 hours later");
	fetch(4, 28, 29, 20 * GB);
	feed_up(&x, 4, MEGA, AT(28, 12), 200 * MB);
	cr_expect_null(feed_find(&x, DETECTOR_V6), "nothing is known of this client");
}

/* V7 */

Test(detectors_context, fanout)
{
	feed_up(&x, 1, MEGA, AT(0, 9), 20 * MB);
	feed_up(&x, 1, DROPBOX, AT(0, 14), 20 * MB);
	feed_up(&x, 1, S3, AT(0, 20), 10 * MB - 1);
	cr_expect_eq(x.count, 0);
	feed_up(&x, 1, S3, AT(0, 20), 1);
	cr_assert_eq(x.count, 1);
	cr_expect_eq(x.got[0].detector, DETECTOR_V7);
	cr_expect_eq(x.got[0].severity, SEVERITY_HIGH);
	cr_expect_eq(x.got[0].value, 3);
}

Test(detectors_context, fanout_near_misses)
{
	feed_up(&x, 1, MEGA, AT(0, 9), 30 * MB);
	feed_up(&x, 1, DROPBOX, AT(0, 14), 30 * MB);
	feed_up(&x, 1, DISCORD, AT(0, 15), 30 * MB);
	feed_up(&x, 1, MEGA, AT(0, 15.5), 5 * MB);
	cr_expect_eq(x.count, 0, "messages are no storage");
	feed_up(&x, 2, MEGA, AT(2, 9), 30 * MB);
	feed_up(&x, 2, DROPBOX, AT(2, 9), 30 * MB);
	feed_up(&x, 2, S3, AT(2, 9), MB - 1);
	cr_expect_eq(x.count, 0, "a page that was only looked at");
	feed_up(&x, 3, MEGA, AT(4, 9), 30 * MB);
	feed_up(&x, 3, DROPBOX, AT(4, 9.5), 30 * MB);
	feed_up(&x, 3, S3, AT(5, 10), 30 * MB);
	cr_expect_eq(x.count, 0, "more than 24 hours apart");
}

Test(detectors_context, fanout_of_old_habit)
{
	for (unsigned day = 0; day < 6; day++)
		for (unsigned s = MEGA; s <= S3; s++)
			feed_up(&x, 1, (int)s, AT(day, 9 + s), 20 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V7), 1, "told once, on the first day");
	feed_forget(&x);
	feed_up(&x, 1, GOFILE, AT(5, 15), 20 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V7), 1, "a fourth is news");
}

/* Little to many does not make a habit that much to many could hide behind. */
Test(detectors_context, fanout_cannot_be_prepared)
{
	for (unsigned s = MEGA; s <= S3; s++)
		feed_up(&x, 1, (int)s, AT(0, 9 + s), 2 * MB);
	for (unsigned s = MEGA; s <= S3; s++)
		feed_up(&x, 1, (int)s, AT(2, 9 + s), 20 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V7), 1);
}

Test(detectors_context, fanout_tier_a)
{
	x.use.tier = TIER_A;
	feed_up(&x, 1, PASTEBIN, AT(0, 9), 5 * MB);
	feed_up(&x, 1, GOFILE, AT(0, 15), 9 * MB);
	cr_expect_eq(x.count, 0, "two, but not 50 MB");
	for (unsigned i = 0; i < 5; i++)
		feed_up(&x, 1, GOFILE, AT(0, 16.5 + 1.1 * i), 8 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V7), 1);
}

/* V8 */

Test(detectors_context, tenant_of_others)
{
	struct error e;

	cr_assert_eq(detectors_allow(x.d, OWN_TENANT, STR("sharepoint:Contoso"), &e), 0);
	x.use.tier = TIER_C;
	x.use.name = STR("contoso-my.sharepoint.com");
	feed_up(&x, 1, SHAREPOINT, AT(0, 10), 90 * MB);
	cr_expect_eq(x.count, 0, "our own");
	x.use.name = STR("evil.sharepoint.com");
	feed_up(&x, 1, SHAREPOINT, AT(0, 12), 49 * MB);
	cr_expect_eq(x.count, 0);
	feed_up(&x, 1, SHAREPOINT, AT(0, 12), 1 * MB);
	cr_assert_eq(x.count, 1);
	cr_expect_eq(x.got[0].detector, DETECTOR_V8);
	cr_expect_eq(x.got[0].severity, SEVERITY_HIGH);
	cr_expect_str_eq(x.got[0].tenant, "sharepoint:evil");
	feed_forget(&x);
	feed_pass(&x, 0, 9);
	feed_up(&x, 1, SHAREPOINT, AT(9, 12), 90 * MB);
	cr_expect_eq(x.count, 0, "in use for more than a week");
	x.use.name = STR("bucket.s3.us-east-1.amazonaws.com");
	feed_up(&x, 1, S3, AT(9, 13), 90 * MB);
	cr_expect_eq(x.count, 1, "the list says nothing of S3, but it is new to all here");
}

Test(detectors_context, tenant_new_to_everybody)
{
	x.use.tier = TIER_C;
	x.use.name = STR("old.s3.amazonaws.com");
	feed_up(&x, 1, S3, AT(0, 10), 90 * MB);
	cr_expect_eq(x.count, 0, "nothing is known yet");
	feed_pass(&x, 0, 5);
	x.use.name = STR("young.s3.amazonaws.com");
	feed_up(&x, 1, S3, AT(5, 10), 90 * MB);
	feed_pass(&x, 5, 9);
	feed_up(&x, 2, S3, AT(9, 9), 90 * MB);
	cr_expect_eq(x.count, 0, "first seen in the first week: who knows for how long");
	x.use.name = STR("s3.amazonaws.com");
	feed_up(&x, 1, S3, AT(9, 10), 90 * MB);
	cr_expect_eq(x.count, 0, "in the path: not visible");
	x.use.name = STR("old.s3.amazonaws.com");
	feed_up(&x, 2, S3, AT(9, 12), 90 * MB);
	cr_expect_eq(x.count, 0, "new to the client, not to us");
	x.use.name = STR("new.s3.amazonaws.com");
	feed_up(&x, 2, S3, AT(9, 15), 90 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V8), 1);
}

/* V9 */

Test(detectors_context, unnamed)
{
	x.use.hides = HIDES_NO_SNI;
	feed_up(&x, 1, -1, AT(0, 10), 500 * MB - 1);
	cr_expect_eq(x.count, 0);
	feed_up(&x, 1, -1, AT(0, 10), 1);
	cr_assert_eq(x.count, 1);
	cr_expect_eq(x.got[0].detector, DETECTOR_V9);
	cr_expect_str_eq(x.got[0].label, "203.0.113.0/24");
	cr_expect(strstr(x.got[0].items, "ClientHello without one"));
	x.use.server = addr_v6((const uint8_t[16]){0x20, 1, 0xd, 0xb8, 0, 7, [15] = 1});
	feed_up(&x, 2, -1, AT(0, 11), 600 * MB);
	cr_expect_eq(x.count, 2);
	cr_expect_str_eq(x.got[1].label, "2001:db8:7::/48");
}

Test(detectors_context, unnamed_spread_over_a_network_is_one)
{
	for (unsigned i = 1; i <= 6; i++) {
		x.use.server = addr_v4((const uint8_t[]){203, 0, 113, (uint8_t)i});
		feed_up(&x, 1, -1, AT(0, 10), 90 * MB);
	}
	cr_expect_eq(feed_count(&x, DETECTOR_V9), 1);
}

Test(detectors_context, names_outside_the_lists)
{
	x.use.name = STR("files.drop.example.co.uk");
	feed_up(&x, 1, -1, AT(0, 10), 499 * MB);
	cr_expect_eq(x.count, 0);
	x.use.name = STR("more.example.co.uk");
	feed_up(&x, 1, -1, AT(0, 10), 2 * MB);
	cr_assert_eq(feed_count(&x, DETECTOR_V1), 1);
	cr_expect_str_eq(x.got[0].label, "example.co.uk");
	feed_set(&x, "unlisted", "no");
	feed_up(&x, 2, -1, AT(0, 11), 5 * GB);
	cr_expect_eq(x.count, 1);
	/* many names with little each are not kept */
	feed_set(&x, "unlisted", "yes");
	char name[64];
	for (unsigned i = 0; i < 500; i++) {
		snprintf(name, sizeof name, "a.site%u.example", i);
		x.use.name = str_of(name);
		feed_up(&x, 3, -1, AT(0, 12), 10000);
	}
	cr_expect_lt(detectors_stats(x.d).labels, 10);
	/* nor is little every day */
	x.use.name = STR("www.daily.example");
	uint64_t labels = detectors_stats(x.d).labels;
	feed_days(&x, 4, -1, 1, 9, 600000);
	cr_expect_eq(detectors_stats(x.d).labels, labels);
}

/* V10 */

Test(detectors_context, off_hours)
{
	for (unsigned day = 0; day < 29; day++)
		for (unsigned hour = 9; hour < 17; hour += 2)
			if (day % 7 < 5)
				feed_up(&x, 1, MEGA, AT(day, hour + (day == 2 ? 10 : 0)), 60 * MB);
	feed_forget(&x);
	cr_expect_eq(detectors_stats(x.d).accounts, 1);
	feed_up(&x, 1, MEGA, AT(29, 11), 110 * MB);
	cr_expect_eq(x.count, 0, "V1 where there is a past: not enough by itself");
	feed_up(&x, 1, MEGA, AT(30, 3), 110 * MB);
	cr_assert_eq(x.count, 1, "but it is at three in the morning");
	cr_expect(x.got[0].off_hours);
	cr_expect_float_eq(x.got[0].score, 0.7, 1e-9);
	cr_expect(strstr(x.got[0].items, "outside the client's hours=3"));
	feed_forget(&x);
	feed_up(&x, 1, MEGA, AT(31, 8), 110 * MB);
	cr_expect_eq(x.count, 0, "an hour early");
	feed_up(&x, 1, MEGA, AT(31, 22), 110 * MB);
	cr_expect_eq(x.count, 1, "one late evening is no habit");
}

Test(detectors_context, off_hours_need_four_weeks)
{
	for (unsigned day = 0; day < 20; day++)
		for (unsigned hour = 9; hour < 17; hour += 2)
			feed_up(&x, 1, MEGA, AT(day, hour), 60 * MB);
	feed_forget(&x);
	feed_up(&x, 1, MEGA, AT(21, 3), 110 * MB);
	cr_expect_eq(x.count, 0);
}

Test(detectors_context, off_hours_by_local_time)
{
	feed_set(&x, "utc-offset", "-300");
	for (unsigned day = 0; day < 29; day++)
		for (unsigned hour = 9; hour < 17; hour += 2)
			feed_up(&x, 1, MEGA, AT(day, hour + 5), 60 * MB);
	feed_forget(&x);
	feed_up(&x, 1, MEGA, AT(30, 9 + 5), 110 * MB);
	cr_expect_eq(x.count, 0);
	feed_up(&x, 1, MEGA, AT(31, 3 + 5), 110 * MB);
	cr_expect_eq(x.count, 1);
}

/* T1 */

Test(detectors_context, tool)
{
	x.use.tool = STR("rclone");
	feed_up(&x, 1, MEGA, AT(0, 9), 99 * MB);
	cr_expect_eq(x.count, 0, "a tool by itself is nothing");
	feed_up(&x, 1, MEGA, AT(0, 9), 2 * MB);
	cr_expect_eq(x.count, 2);
	cr_expect_eq(feed_find(&x, DETECTOR_V1)->severity, SEVERITY_HIGH, "one level more");
	cr_expect(strstr(x.got[0].items, "tool=rclone"));
	/* and joined with what would not be enough */
	feed_days(&x, 2, MEGA, 1, 10, 150 * MB);
	feed_forget(&x);
	feed_up(&x, 2, MEGA, AT(10, 9), 150 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_T1), 1);
}

/* D1 */

Test(detectors_context, loss_is_noted)
{
	detectors_loss(x.d, AT(0, 9), 0.005, NS_PER_S);
	feed_up(&x, 1, MEGA, AT(0, 10), 200 * MB);
	cr_assert_eq(x.count, 1);
	cr_expect_not(x.got[0].loss);
	detectors_loss(x.d, AT(0, 11), 0.02, 0);
	feed_up(&x, 2, MEGA, AT(0, 12), 200 * MB);
	cr_expect(x.got[1].loss);
	cr_expect(strstr(x.got[1].items, "share of packets lost=0.02"));
	detectors_loss(x.d, AT(2, 0), 0, 6 * NS_PER_S);
	feed_up(&x, 3, MEGA, AT(2, 1), 200 * MB);
	cr_expect(x.got[2].loss);
}

Test(detectors_context, every_one_can_be_switched_off)
{
	static const char *const keys[] = {"new-service", "burst",	"own-max", "robust",
					   "cusum",	  "population", "hoard",   "fanout",
					   "tenant",	  "unnamed",	"tool"};
	char key[64];

	for (unsigned i = 0; i < sizeof keys / sizeof *keys; i++) {
		snprintf(key, sizeof key, "%s.enabled", keys[i]);
		feed_set(&x, key, "no");
	}
	x.use.tool = STR("rclone");
	x.use.name = STR("evil.sharepoint.com");
	for (unsigned day = 0; day < 20; day++)
		for (int s = MEGA; s <= DISCORD; s++)
			feed_up(&x, 1, s, AT(day, 10), day * GB);
	x.use.name = STR("");
	feed_up(&x, 1, -1, AT(20, 10), 10 * GB);
	cr_expect_eq(x.count, 0);
}
