/* Sending in drops hides nothing. */
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

TestSuite(detectors_drip, .init = begin, .fini = end);

/* Looks are put off for as long as no detector can change its mind. So whoever sends in drops is
 * found at the same byte as who sends all at once. */

struct drip {
	enum detector detector;
	void (*past)(void);
	void (*send)(uint64_t up);
};

static void past_steady(void)
{
	feed_days(&x, 1, MEGA, 0, 12, 20 * MB);
}

static void past_uneven(void)
{
	feed_days(&x, 1, MEGA, 0, 5, 30 * MB);
	feed_up(&x, 1, MEGA, AT(5, 10), 200 * MB);
	feed_days(&x, 1, MEGA, 6, 12, 30 * MB);
}

static void past_rising(void)
{
	feed_days(&x, 1, MEGA, 0, 8, 12 * MB);
	feed_days(&x, 1, MEGA, 8, 12, 45 * MB);
}

static void past_of_others(void)
{
	feed_days(&x, 9, DROPBOX, 0, 12, MB);
}

static void past_fan(void)
{
	feed_up(&x, 1, S3, AT(12, 8), 11 * MB);
	feed_up(&x, 1, DROPBOX, AT(12, 9), 13 * MB);
}

static void send_mega(uint64_t up)
{
	feed_up(&x, 1, MEGA, AT(12, 10), up);
}

static void send_bucket(uint64_t up)
{
	x.use.name = STR("new.s3.amazonaws.com");
	feed_up(&x, 1, S3, AT(12, 10), up);
}

static void send_unnamed(uint64_t up)
{
	feed_up(&x, 1, -1, AT(12, 10), up);
}

static const struct drip drips[] = {
	{DETECTOR_V1, past_of_others, send_mega},   {DETECTOR_V2, past_steady, send_mega},
	{DETECTOR_V3, past_uneven, send_mega},	    {DETECTOR_V4, past_rising, send_mega},
	{DETECTOR_N2, past_of_others, send_mega},   {DETECTOR_V7, past_fan, send_mega},
	{DETECTOR_V8, past_of_others, send_bucket}, {DETECTOR_V9, past_of_others, send_unnamed},
};

static void prepare(const struct drip *d)
{
	feed_close(&x);
	feed_open(&x);
	/* each by itself is enough */
	x.set.score = 0.05;
	detectors_configure(x.d, &x.set);
	d->past();
	x.use.name = (struct str){0};
	feed_forget(&x);
}

Test(detectors_drip, drops_are_found_at_the_same_byte)
{
	for (unsigned i = 0; i < sizeof drips / sizeof *drips; i++) {
		const struct drip *d = &drips[i];
		uint64_t low = 0, high = 2 * GB; /* not told, and told */
		while (high - low > 1) {
			uint64_t middle = low + (high - low) / 2;
			prepare(d);
			d->send(middle);
			if (feed_find(&x, d->detector))
				high = middle;
			else
				low = middle;
		}
		cr_assert_lt(high, 2 * GB, "%s", detector_code(d->detector));
		const uint64_t drop = high / 5000 + 1;
		uint64_t sum = 0;
		prepare(d);
		while (!feed_find(&x, d->detector) && sum < high + 10 * drop) {
			d->send(drop);
			sum += drop;
		}
		cr_expect(sum >= high && sum < high + drop, "%s: %lu, not %lu",
			  detector_code(d->detector), (unsigned long)sum, (unsigned long)high);
		cr_expect_lt(detectors_stats(x.d).looks, 600, "%s", detector_code(d->detector));
	}
}
