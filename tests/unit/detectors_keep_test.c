/* What holds of all detectors: suppression, allow-lists, clocks, bounds, and a state that goes on
 * where it stopped. */
#include <criterion/criterion.h>
#include <stdlib.h>

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

TestSuite(detectors_keep, .init = begin, .fini = end);

Test(detectors_keep, one_that_grows)
{
	for (unsigned i = 0; i < 3000; i++)
		feed_up(&x, 1, MEGA, AT(0, 10) + i * NS_PER_S, MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V1), 1);
	cr_expect_gt(x.count, 20);
	cr_expect_lt(x.count, 80, "not one for every use");
	for (unsigned i = 1; i < x.count; i++) {
		cr_expect(x.got[i].update);
		cr_expect_gt(x.got[i].up, x.got[i - 1].up);
		cr_expect_eq(x.got[i].first, x.got[0].first);
	}
	cr_expect_gt(x.got[x.count - 1].up, 2700 * MB);
}

Test(detectors_keep, quiet_hours)
{
	feed_up(&x, 1, MEGA, AT(0, 1), 150 * MB);
	feed_up(&x, 1, MEGA, AT(0, 4.9), 250 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V1), 1, "3.9 hours later");
	feed_up(&x, 1, MEGA, AT(0, 10), 700 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V1), 2);
	cr_expect_eq(x.got[x.count - 1].up, 700 * MB, "counted anew");
	feed_up(&x, 1, DROPBOX, AT(0, 10), 700 * MB);
	feed_up(&x, 2, MEGA, AT(0, 10), 700 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V1), 4, "others are others");
}

Test(detectors_keep, allow_lists)
{
	struct error e;

	cr_assert_eq(detectors_allow(x.d, ALLOW_CLIENT, STR("10.0.0.0/30"), &e), 0);
	cr_assert_eq(detectors_allow(x.d, ALLOW_SERVER, STR("192.0.2.0/24"), &e), 0);
	cr_assert_eq(detectors_allow(x.d, ALLOW_SERVICE, STR("dropbox"), &e), 0);
	cr_assert_eq(detectors_allow(x.d, ALLOW_SERVICE, STR("good.example"), &e), 0);
	cr_assert_eq(detectors_allow(x.d, ALLOW_TENANT, STR("contoso"), &e), 0);
	feed_up(&x, 3, MEGA, AT(0, 10), GB);
	x.use.server = addr_v4((const uint8_t[]){192, 0, 2, 9});
	feed_up(&x, 4, MEGA, AT(0, 10), GB);
	x.use.server = (struct addr){{0}};
	feed_up(&x, 4, DROPBOX, AT(0, 10), GB);
	x.use.name = STR("contoso.sharepoint.com");
	feed_up(&x, 4, SHAREPOINT, AT(0, 10), GB);
	x.use.name = STR("www.good.example");
	feed_up(&x, 4, -1, AT(0, 10), GB);
	cr_expect_eq(x.count, 0);
	cr_expect_eq(detectors_stats(x.d).allowed, 5);
	detectors_allow_none(x.d);
	feed_up(&x, 3, MEGA, AT(0, 11), GB);
	cr_expect_eq(x.count, 1, "lists can change");
	cr_expect_eq(detectors_allow(x.d, ALLOW_CLIENT, STR("10.0.0.1/30"), &e), -1);
	cr_expect_str_eq(e.text, "10.0.0.1/30: address bits beyond the prefix");
	cr_expect_eq(detectors_allow(x.d, OWN_TENANT, STR("nowhere:contoso"), &e), -1);
	cr_expect_eq(detectors_allow(x.d, ALLOW_SERVICE, STR(""), &e), -1);
}

Test(detectors_keep, renumbered_services)
{
	struct service s[] = {{"Mega", "file-sharing", 0}, {"Mega", "file-sharing", 41}};
	struct detector_use u = {.client = feed_client(1),
				 .tier = TIER_B,
				 .name = STR("mega.example"),
				 .up = 60 * MB,
				 .time = AT(0, 10),
				 .service = &s[0]};

	detectors_upload(x.d, &u);
	detectors_services_changed(x.d);
	u.service = &s[1];
	detectors_upload(x.d, &u);
	cr_expect_eq(x.count, 1, "one service, whatever its number");
	cr_expect_eq(detectors_stats(x.d).accounts, 1);
}

Test(detectors_keep, bytes_that_belonged_elsewhere)
{
	struct detector_use u = {.client = feed_client(1),
				 .tier = TIER_B,
				 .time = AT(0, 10),
				 .service = &feed_services[MEGA],
				 .up = 90 * MB,
				 .down = MB};

	detectors_upload(x.d, &u);
	detectors_retract(x.d, &u);
	detectors_upload(x.d, &u);
	cr_expect_eq(x.count, 0);
	u.up = 10 * MB;
	detectors_upload(x.d, &u);
	cr_expect_eq(x.count, 1);
	u.up = 900 * GB; /* more than there is */
	detectors_retract(x.d, &u);
	u.up = 99 * MB;
	feed_forget(&x);
	detectors_upload(x.d, &u);
	cr_expect_eq(x.count, 0);
	u.client = feed_client(2);
	detectors_retract(x.d, &u);
	cr_expect_eq(detectors_stats(x.d).accounts, 1, "nothing is made to take off from");
}

/* clocks */

Test(detectors_keep, one_wrong_stamp)
{
	feed_days(&x, 1, MEGA, 0, 10, 20 * MB);
	feed_up(&x, 1, MEGA, AT(900, 10), MB);
	feed_up(&x, 1, MEGA, AT(-900, 10), MB);
	for (unsigned day = 10; day < 14; day++)
		feed_up(&x, 1, MEGA, AT(day, 10), 20 * MB);
	cr_expect_eq(x.count, 0);
	feed_up(&x, 1, MEGA, AT(14, 10), 120 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V2), 1, "its past is still there");
	cr_expect_eq(detectors_stats(x.d).far, 2);
	cr_expect_eq(detectors_stats(x.d).clock_jumps, 0);
}

Test(detectors_keep, a_clock_that_was_set)
{
	feed_days(&x, 1, MEGA, 0, 10, 20 * MB);
	for (unsigned i = 0; i < 20; i++) /* a month later: another capture */
		feed_up(&x, 1, MEGA, AT(40, 10) + i * NS_PER_S, MB);
	cr_expect_eq(detectors_stats(x.d).clock_jumps, 1);
	feed_up(&x, 1, MEGA, AT(41, 10), 120 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V2), 1, "and it did not send for a month");
	feed_forget(&x);
	for (unsigned i = 0; i < 20; i++) /* an older capture */
		feed_up(&x, 1, MEGA, AT(5, 10) + i * NS_PER_S, MB);
	cr_expect_eq(detectors_stats(x.d).clock_jumps, 2);
	feed_days(&x, 1, MEGA, 6, 30, 20 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V2) + feed_count(&x, DETECTOR_V4), 0);
	feed_up(&x, 1, MEGA, AT(30, 10), 190 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V2), 1);
}

Test(detectors_keep, late_records_count_now)
{
	feed_up(&x, 1, MEGA, AT(0, 10), 50 * MB);
	feed_up(&x, 1, MEGA, AT(0, 9.5), 60 * MB);
	cr_expect_eq(feed_count(&x, DETECTOR_V1), 1);
	cr_expect_eq(detectors_stats(x.d).late, 1);
}

Test(detectors_keep, time_passes_without_records)
{
	feed_days(&x, 1, MEGA, 0, 8, 20 * MB);
	for (unsigned hour = 8 * 24; hour < 12 * 24; hour++)
		detectors_tick(x.d, AT(0, hour));
	feed_up(&x, 1, MEGA, AT(12, 0.5), 20 * MB);
	cr_expect_eq(x.count, 0);
}

/* bounds */

Test(detectors_keep, bounds_hold)
{
	feed_close(&x);
	settings_default(&x.set);
	x.set.most_clients = 200;
	x.set.most_accounts = 100;
	x.set.most_windows = 32;
	x.set.most_labels = 64;
	x.set.most_tenants = 16;
	x.d = detectors_new(&x.set, (struct detection_sink){feed_take, &x});
	char name[64];
	for (unsigned i = 0; i < 20000; i++) {
		unsigned r = i * 2654435761u;
		snprintf(name, sizeof name, "t%u.sharepoint.com", r >> 8 & 63);
		x.use.name = r & 1 ? str_of(name) : (struct str){0};
		if (r & 2 && r & 1)
			snprintf(name, sizeof name, "www.n%u.example", r >> 8 & 255);
		feed_up(&x, r >> 16 & 255, r & 2 ? -1 : (int)(r >> 4 & 3), AT(0, 0) + i * NS_PER_S,
			r & 0xfffff);
		struct detectors_stats s = detectors_stats(x.d);
		cr_assert(s.clients <= 200 && s.accounts <= 100 && s.windows <= 32 &&
			  s.labels <= 64 && s.tenants <= 16);
	}
	struct detectors_stats s = detectors_stats(x.d);
	cr_expect(s.clients_evicted && s.accounts_evicted && s.windows_evicted &&
		  s.tenants_evicted);
	/* names cost the sender nothing, and drive nobody out */
	uint64_t clients = s.clients_evicted, accounts = s.accounts_evicted;
	for (unsigned i = 0; i < 5000; i++)
		feed_both(&x, 1000 + i, (int)(i & 3), AT(1, 0) + i * NS_PER_S, 0, 0);
	s = detectors_stats(x.d);
	cr_expect_eq(s.clients_evicted, clients);
	cr_expect_eq(s.accounts_evicted, accounts);
}

Test(detectors_keep, names_of_known_clients_drive_nobody_out)
{
	feed_close(&x);
	settings_default(&x.set);
	x.set.most_accounts = 20;
	x.d = detectors_new(&x.set, (struct detection_sink){feed_take, &x});
	for (unsigned i = 0; i < 20; i++)
		feed_up(&x, i, MEGA, AT(0, 10), MB);
	for (unsigned i = 0; i < 20; i++)
		feed_both(&x, i, DROPBOX, AT(0, 11), 0, 0);
	cr_expect_eq(detectors_stats(x.d).accounts_evicted, 0);
	feed_up(&x, 1, DROPBOX, AT(0, 12), MB);
	cr_expect_eq(detectors_stats(x.d).accounts_evicted, 1);
}

Test(detectors_keep, one_client_cannot_drive_out_the_rest)
{
	char name[64];

	feed_up(&x, 1, MEGA, AT(0, 9), MB);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "n%u.example", i);
		x.use.name = str_of(name);
		feed_up(&x, 2, -1, AT(0, 10) + i * NS_PER_S, 2 * MB);
	}
	struct detectors_stats s = detectors_stats(x.d);
	cr_expect_eq(s.accounts, 1 + LIMIT_CLIENT_ACCOUNTS);
	cr_expect_eq(s.labels, 1 + LIMIT_CLIENT_ACCOUNTS, "%lu", (unsigned long)s.labels);
}

/* state */

static uint32_t seed;

static uint32_t below(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(seed >> 4) * n >> 28);
}

/* A fortnight's random uses, the same for every caller. `stop`: save and load at this one. */
static void scenario(struct feed *f, unsigned stop)
{
	char name[64];
	struct error e;

	seed = 7;
	for (unsigned i = 0; i < 30000; i++) {
		uint64_t time = AT(0, 0) + (uint64_t)i * 100 * NS_PER_S;
		struct addr client = feed_client(below(40));

		if (i == stop) {
			struct bytes b;
			bytes_init(&b, LIMIT_STATE);
			detectors_save(f->d, &b);
			detectors_free(f->d);
			f->d = detectors_new(&f->set, (struct detection_sink){feed_take, f});
			struct cursor c = cur_of(b.p, b.n);
			cr_assert_eq(detectors_load(f->d, &c, DETECTORS_STATE_VERSION, &e), 0, "%s",
				     e.text);
			struct bytes again;
			bytes_init(&again, LIMIT_STATE);
			detectors_save(f->d, &again);
			cr_assert_eq(b.n, again.n);
			bytes_fini(&b);
			bytes_fini(&again);
		}
		snprintf(name, sizeof name, "t%u.sharepoint.com", below(12));
		f->use.name = below(2) ? str_of(name) : STR("upload.example.com");
		f->use.tier = (enum tier)below(3);
		uint64_t up = below(40) ? below(400000) : below(400) * MB;
		if (below(20) == 0)
			detectors_download(f->d, time, &client, below(2000) * MB);
		feed_both(f, client.b[15], (int)below(7), time, up, up / (1 + below(50)));
	}
}

Test(detectors_keep, goes_on_where_it_stopped)
{
	static struct feed y;

	scenario(&x, UINT32_MAX);
	cr_assert_gt(x.count, 200);
	for (unsigned stop = 1; stop < 30000; stop += 4999) {
		feed_open(&y);
		scenario(&y, stop);
		cr_assert_eq(x.count, y.count, "stopped at %u", stop);
		cr_expect_eq(memcmp(x.got, y.got, x.count * sizeof *x.got), 0, "stopped at %u",
			     stop);
		feed_close(&y);
	}
}

static void saved(struct bytes *b)
{
	feed_days(&x, 1, MEGA, 0, 9, 60 * MB);
	x.use.name = STR("evil.sharepoint.com");
	feed_days(&x, 2, SHAREPOINT, 9, 12, 800 * MB);
	x.use.name = STR("www.site.example");
	feed_days(&x, 2, -1, 12, 13, 800 * MB);
	x.use.name = STR("");
	feed_days(&x, 3, -1, 13, 14, 800 * MB);
	bytes_init(b, LIMIT_STATE);
	detectors_save(x.d, b);
}

Test(detectors_keep, smaller_bounds_keep_the_newest)
{
	struct bytes b;
	struct error e;

	saved(&b);
	struct detector_settings set = x.set;
	set.most_clients = 2;
	set.most_accounts = 2;
	set.most_tenants = 1;
	struct detectors *d = detectors_new(&set, (struct detection_sink){0});
	struct cursor c = cur_of(b.p, b.n);
	cr_expect_eq(detectors_load(d, &c, DETECTORS_STATE_VERSION, &e), 0);
	cr_expect_eq(detectors_stats(d).clients, 2);
	cr_expect_eq(detectors_stats(d).accounts, 2);
	detectors_free(d);
	bytes_fini(&b);
}

/* Never beyond the end (it stands before a page without access), never half. */
Test(detectors_keep, damaged_state)
{
	struct bytes b;
	struct error e;
	unsigned loaded = 0;

	saved(&b);
	struct detectors *d = detectors_new(&x.set, (struct detection_sink){0});
	for (size_t n = 0; n < b.n; n += n < 2000 ? 1 : 7) {
		struct cursor c = cur_of(b.p, n);
		cr_assert_eq(detectors_load(d, &c, DETECTORS_STATE_VERSION, &e), -1, "%zu", n);
		cr_assert_eq(detectors_stats(d).clients + detectors_stats(d).labels, 0);
	}
	for (size_t n = 0; n < b.n; n += n < 2000 ? 1 : 7) {
		uint8_t old = b.p[n];
		b.p[n] = (uint8_t)(old ^ (1u << n % 8));
		struct cursor c = cur_of(b.p, b.n);
		if (detectors_load(d, &c, DETECTORS_STATE_VERSION, &e) == 0) {
			loaded++;
			struct detector_use u = {.client = feed_client(1),
						 .tier = TIER_B,
						 .time = AT(20, 1),
						 .up = GB,
						 .service = &feed_services[MEGA]};
			detectors_upload(d, &u);
			detectors_reset(d);
		}
		b.p[n] = old;
	}
	cr_expect_gt(loaded, 0);
	struct cursor c = cur_of(b.p, b.n);
	cr_expect_eq(detectors_load(d, &c, DETECTORS_STATE_VERSION + 1, &e), -1);
	detectors_free(d);
	bytes_fini(&b);
}
