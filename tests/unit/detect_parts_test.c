/* The parts that the detectors are made of, each against a plain model. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/cursor.h"
#include "volume/clock.h"
#include "volume/history.h"
#include "core/networks.h"
#include "volume/population.h"
#include "volume/quantum.h"
#include "volume/settings.h"
#include "volume/sketch.h"

static uint32_t state = 1;

static uint32_t below(uint32_t n)
{
	state = state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(state >> 4) * n >> 28);
}

/* bytes */

Test(bytes, reads_back)
{
	struct bytes b;

	bytes_init(&b, 1000);
	bytes_u8(&b, 0xfe);
	bytes_u16le(&b, 0x1234);
	bytes_u32le(&b, 0x12345678);
	bytes_u64le(&b, 0x123456789abcdef0);
	bytes_f32le(&b, -1.5f);
	bytes_text(&b, STR("text"));
	bytes_text(&b, (struct str){0});
	struct cursor c = cur_of(b.p, b.n);
	cr_expect_eq(b.p[1], 0x34, "little-endian");
	cr_expect_eq(cur_u8(&c), 0xfe);
	cr_expect_eq(cur_u16le(&c), 0x1234);
	cr_expect_eq(cur_u32le(&c), 0x12345678);
	cr_expect_eq(cur_u64le(&c), 0x123456789abcdef0);
	cr_expect_eq(cur_f32le(&c), -1.5f);
	cr_expect_eq(cur_u16le(&c), 4);
	cr_expect(cur_skip(&c, 4));
	cr_expect_eq(cur_u16le(&c), 0);
	cr_expect_eq(cur_left(&c), 0);
	cr_expect_not(c.bad);
	cr_expect_eq(cur_u64le(&c), 0);
	cr_expect(c.bad);
	bytes_fini(&b);
}

Test(bytes, stops_at_the_limit)
{
	struct bytes b;

	bytes_init(&b, 10);
	bytes_u64le(&b, 1);
	bytes_u32le(&b, 2);
	cr_expect(b.full);
	cr_expect_eq(b.n, 8);
	bytes_u8(&b, 1);
	cr_expect_eq(b.n, 8, "nothing after what did not fit");
	bytes_fini(&b);
	bytes_init(&b, 100000);
	for (unsigned i = 0; i < 100000; i++)
		bytes_u8(&b, (uint8_t)i);
	cr_expect_not(b.full);
	for (unsigned i = 0; i < 100000; i++)
		cr_assert_eq(b.p[i], (uint8_t)i);
	cr_expect_null(bytes_more(&b, SIZE_MAX));
	bytes_fini(&b);
}

/* settings */

Test(settings, table_is_sound)
{
	struct detector_settings s;
	struct error e;
	char text[64];

	settings_default(&s);
	for (unsigned i = 0; i < setting_count; i++) {
		const struct setting_info *x = &setting_infos[i];
		cr_expect(x->value >= x->least && x->value <= x->most, "%s", x->key);
		cr_expect_float_eq(settings_get(&s, i), x->value, 1e-12, "%s", x->key);
		for (unsigned k = 0; k < i; k++)
			cr_expect_str_neq(x->key, setting_infos[k].key);
		if (x->type == SETTING_SWITCH)
			continue;
		snprintf(text, sizeof text, "%.17g", x->most);
		cr_expect_eq(settings_set(&s, str_of(x->key), str_of(text), &e), 0, "%s", e.text);
		cr_expect_eq(settings_get(&s, i), x->most, "%s", x->key);
		snprintf(text, sizeof text, "%.17g", x->most * 1.01 + 1);
		cr_expect_eq(settings_set(&s, str_of(x->key), str_of(text), &e), -1, "%s", x->key);
		snprintf(text, sizeof text, "%.17g", x->least - 1);
		cr_expect_eq(settings_set(&s, str_of(x->key), str_of(text), &e), -1, "%s", x->key);
		cr_expect_eq(settings_get(&s, i), x->most, "%s", x->key);
	}
}

Test(settings, texts)
{
	static const struct {
		const char *key, *text;
		double value; /* NAN: refused */
	} of[] = {
		{"burst.upload-b", "250M", 250e6},
		{"burst.upload-b", "1.5G", 1.5e9},
		{"burst.upload-b", "64Ki", 65536},
		{"burst.upload-b", "2MiB", 2097152},
		{"burst.upload-b", "10kB", 10000},
		{"burst.upload-b", "10K", 10000},
		{"burst.upload-b", "1e9", 1e9},
		{"burst.upload-b", "10X", NAN},
		{"burst.upload-b", "10MM", NAN},
		{"burst.upload-b", "0x10", NAN},
		{"burst.upload-b", "nan", NAN},
		{"burst.upload-b", "inf", NAN},
		{"burst.upload-b", "", NAN},
		{"burst.upload-b", "-5", NAN},
		{"burst.upload-b", " 5", NAN},
		{"burst.upload-b", "1e400", NAN},
		{"burst.ratio", "-0.25", -0.25},
		{"burst.ratio", "0.5x", NAN},
		{"learn-days", "9", 9},
		{"learn-days", "9.5", NAN},
		{"utc-offset", "-330", -330},
		{"utc-offset", "900", NAN},
		{"burst.enabled", "OFF", 0},
		{"burst.enabled", "yes", 1},
		{"burst.enabled", "maybe", NAN},
		{"no-such", "1", NAN},
	};
	struct detector_settings s;

	for (unsigned i = 0; i < sizeof of / sizeof *of; i++) {
		struct error e = {""};
		settings_default(&s);
		int r = settings_set(&s, str_of(of[i].key), str_of(of[i].text), &e);
		cr_expect_eq(r, isnan(of[i].value) ? -1 : 0, "%s %s", of[i].key, of[i].text);
		cr_expect_eq(e.text[0] != 0, r != 0);
		for (unsigned k = 0; r == 0 && k < setting_count; k++)
			if (!strcmp(setting_infos[k].key, of[i].key))
				cr_expect_float_eq(settings_get(&s, k), of[i].value, 1e-9);
	}
}

/* networks */

static bool within(const struct addr *a, const struct addr *net, unsigned bits)
{
	for (unsigned i = 0; i < bits; i++)
		if ((a->b[i / 8] ^ net->b[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

Test(networks, agree_with_a_list)
{
	struct {
		struct addr a;
		unsigned bits;
	} model[60];
	char text[ADDR_TEXT_MAX + 8];
	struct networks n;
	struct error e;

	networks_init(&n);
	for (unsigned i = 0; i < 60; i++) {
		uint8_t four[4] = {10, 0, (uint8_t)below(4), (uint8_t)below(256)};
		unsigned bits = 20 + below(13);
		uint32_t v = ((uint32_t)four[2] << 8 | four[3]) &
			     (uint32_t)(0xffffffffull << (32 - bits));
		four[2] = (uint8_t)(v >> 8);
		four[3] = (uint8_t)v;
		model[i].a = addr_v4(four);
		model[i].bits = bits + 96;
		if (bits < 22 && i > 3) /* else they cover all */
			model[i].bits = 128;
		addr_text(&model[i].a, text);
		snprintf(text + strlen(text), 8, "/%u", model[i].bits - 96);
		cr_assert_eq(networks_add(&n, str_of(text), &e), 0, "%s", e.text);
		for (unsigned k = 0; k < 3000; k++) {
			struct addr a = addr_v4(
				(const uint8_t[]){10, 0, (uint8_t)below(5), (uint8_t)below(256)});
			bool in = false;
			for (unsigned j = 0; j <= i; j++)
				in |= within(&a, &model[j].a, model[j].bits);
			cr_assert_eq(networks_have(&n, &a), in);
		}
		for (size_t k = 1; k < n.count; k++)
			cr_assert_lt(memcmp(n.range[k - 1].last.b, n.range[k].first.b, 16), 0);
	}
	networks_fini(&n);
}

Test(networks, texts)
{
	static const char *const good[] = {"0.0.0.0/0", "192.0.2.1", "2001:db8::/32", "::/0",
					   "::1"};
	static const char *const bad[] = {"",
					  "192.0.2.1/24",
					  "192.0.2.0/33",
					  "192.0.2.0/",
					  "/24",
					  "2001:db8::/129",
					  "192.0.2.0/-1",
					  "192.0.2.0/0024",
					  "example.com",
					  "192.0.2.0/24 ",
					  "192.0.2.0/2x"};
	struct networks n;
	struct error e;
	struct addr v4 = addr_v4((const uint8_t[]){8, 8, 8, 8}),
		    v6 = {{0x20, 1, 0xd, 0xb8, [15] = 9}};

	networks_init(&n);
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_eq(networks_add(&n, str_of(bad[i]), &e), -1, "%s", bad[i]);
	cr_expect_eq(n.count, 0);
	cr_assert_eq(networks_add(&n, STR("2001:db8::/32"), &e), 0);
	cr_expect(networks_have(&n, &v6));
	cr_expect_not(networks_have(&n, &v4));
	cr_assert_eq(networks_add(&n, STR("0.0.0.0/0"), &e), 0);
	cr_expect(networks_have(&n, &v4));
	for (unsigned i = 0; i < sizeof good / sizeof *good; i++)
		cr_expect_eq(networks_add(&n, str_of(good[i]), &e), 0, "%s", good[i]);
	cr_expect_eq(n.count, 1, "::/0 has them all");
	networks_fini(&n);
}

/* quantum */

Test(quantum, is_close)
{
	uint16_t last = 0;

	cr_expect_eq(quantum_bytes(quantum_of(0)), 0);
	for (double v = 1; v < 0x1p63; v *= 1.01) {
		uint16_t q = quantum_of((uint64_t)v);
		cr_assert_float_eq(quantum_bytes(q) / floor(v), 1, 0.001, "%g", v);
		cr_assert_geq(q, last);
		last = q;
	}
	cr_expect_gt(quantum_bytes(quantum_of(UINT64_MAX)), 0x1p63);
}

/* clock */

#define HOUR_NS (3600 * NS_PER_S)

Test(detect_clock, days_and_weekends)
{
	struct detect_clock c = {0};
	uint64_t friday = (UINT64_C(1772409600) + 4 * 86400) * NS_PER_S;

	cr_expect_not(clock_take(&c, friday));
	cr_expect_not(clock_weekend(c.day));
	cr_expect_not(clock_take(&c, friday + 24 * HOUR_NS - 1));
	cr_expect(clock_take(&c, friday + 24 * HOUR_NS));
	cr_expect(clock_weekend(c.day));
	cr_expect_not(clock_take(&c, friday + 24 * HOUR_NS - 1), "late");
	cr_expect_eq(c.now, friday + 24 * HOUR_NS);
	cr_expect(clock_take(&c, friday + 72 * HOUR_NS));
	cr_expect_not(clock_weekend(c.day));
	c = (struct detect_clock){.offset_s = -3600};
	clock_take(&c, friday + 24 * HOUR_NS);
	cr_expect_not(clock_weekend(c.day), "still Friday there");
	cr_expect_eq(c.hour % 24, 23);
	c = (struct detect_clock){.offset_s = -50000};
	clock_take(&c, 5);
	cr_expect_eq(c.day, 0);
}

Test(detect_clock, slots_follow_every_step)
{
	struct detect_clock c = {.offset_s = 19800};
	uint64_t t = UINT64_C(1772409600) * NS_PER_S;

	for (unsigned i = 0; i < 100000; i++) {
		t += below(200) * NS_PER_S + below(1000000);
		clock_take(&c, t);
		uint64_t s = t / NS_PER_S + 19800;
		cr_assert_eq(c.slot, s / 300);
		cr_assert_eq(c.hour, s / 3600);
		cr_assert_eq(c.day, s / 86400);
	}
}

Test(detect_clock, far_times_need_agreement)
{
	struct detect_clock c = {0};
	uint64_t t = UINT64_C(1772409600) * NS_PER_S, far = t + 3000 * HOUR_NS;

	clock_take(&c, t);
	for (unsigned i = 0; i < 100; i++) {
		clock_take(&c, far + i * HOUR_NS * 24); /* never twice the same */
		clock_take(&c, t - i * HOUR_NS * 48 - 2 * HOUR_NS);
	}
	cr_expect_eq(c.now, t);
	for (unsigned i = 0; i < 15; i++)
		clock_take(&c, far + i);
	cr_expect_eq(c.now, t);
	clock_take(&c, t + 1); /* one of the right time between them */
	for (unsigned i = 0; i < 15; i++)
		clock_take(&c, far + i);
	cr_expect_eq(c.now, t + 1);
	clock_take(&c, t); /* or a late one */
	for (unsigned i = 0; i < 15; i++)
		clock_take(&c, far + i);
	cr_expect_eq(c.now, t + 1);
	clock_take(&c, far + 15);
	cr_expect_eq(c.now, far + 15);
	for (unsigned i = 0; i < 16; i++)
		clock_take(&c, t + i);
	cr_expect_eq(c.now, t + 15, "and back");
	cr_expect_eq(c.jumps, 2);
}

/* population */

static int downwards(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

Test(population, keeps_its_promise)
{
	enum { CLIENTS = 5000 };
	static struct population p;
	static uint64_t sum[CLIENTS], sorted[CLIENTS], all;

	population_init(&p);
	for (unsigned i = 0; i < 400000; i++) {
		unsigned n = below(3) ? below(CLIENTS) : below(50);
		uint64_t up = 1 + below(100000);
		struct addr a = addr_v4((const uint8_t[]){10, 0, (uint8_t)(n >> 8), (uint8_t)n});
		population_add(&p, &a, up);
		sum[n] += up;
		all += up;
	}
	memcpy(sorted, sum, sizeof sum);
	qsort(sorted, CLIENTS, sizeof *sorted, downwards);
	cr_expect_eq(p.count, LIMIT_TOP);
	for (unsigned i = 0; i < p.count; i++) {
		unsigned n = (unsigned)p.top[i].client.b[14] << 8 | p.top[i].client.b[15];
		cr_assert_geq(p.top[i].up, sum[n]);
		cr_assert_leq(p.top[i].up - p.top[i].error, sum[n]);
		cr_assert_leq(p.top[i].error, all / LIMIT_TOP);
		if (i)
			cr_assert_geq(p.top[i].up, p.top[(i - 1) / 2].up);
	}
	for (unsigned n = 0; n < 50; n++) {
		struct addr a = addr_v4((const uint8_t[]){10, 0, 0, (uint8_t)n});
		uint32_t rank = population_rank(&p, &a);
		cr_assert(rank);
		cr_assert_geq(sorted[0], sum[n]);
		cr_assert_leq(sum[n], sorted[0]);
		/* at worst: never better than it is */
		unsigned larger = 0;
		for (unsigned k = 0; k < CLIENTS; k++)
			larger += sum[k] > sum[n];
		cr_assert_geq(rank, larger + 1);
	}
	p.clients = CLIENTS;
	cr_expect_eq(population_share(&p, 0.001), 5);
	cr_expect_eq(population_share(&p, 0), 1);
	cr_expect_eq(population_share(&p, 0.5), LIMIT_TOP);
	population_clear(&p);
	cr_expect_eq(population_rank(&p, &p.top[0].client), 0);
	population_fini(&p);
}

/* sketch */

Test(sketch, never_less_and_seldom_more)
{
	enum { KEYS = 20000 };
	static uint64_t sum[KEYS];
	struct hash_key key;
	struct sketch s;
	unsigned off = 0;

	sketch_init(&s);
	hash_key_fixed(&key, 3);
	for (unsigned i = 0; i < 200000; i++) {
		uint32_t n = below(KEYS), up = 64 * below(1000);
		sum[n] += up;
		uint64_t is = sketch_add(&s, hash_fold(n ^ key.w[0], key.w[1]), up);
		cr_assert_geq(is, sum[n]);
		off += is != sum[n];
	}
	cr_expect_lt(off, 2000, "%u", off);
	sketch_clear(&s);
	cr_expect_eq(sketch_add(&s, 12345, 1), 64);
	cr_expect_eq(sketch_add(&s, 12345, UINT64_MAX), UINT64_C(64) * UINT32_MAX);
	sketch_fini(&s);
}

/* baseline */

static double plain_median(double *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = i + 1; k < n; k++)
			if (v[k] < v[i]) {
				double t = v[i];
				v[i] = v[k];
				v[k] = t;
			}
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

Test(baseline, median_and_spread)
{
	for (unsigned round = 0; round < 2000; round++) {
		struct account a = {.first_day = 20000};
		double v[28], m;
		unsigned past = below(28), n = past < 14 ? past : 14; /* 28 is by kind of day */
		struct baseline b;

		a.day = (uint16_t)(20000 + past);
		for (unsigned i = 0; i < 28; i++)
			a.days[i] = quantum_of(below(1000) * UINT64_C(1000000));
		bool has = history_baseline(&a, 7, &b);
		cr_assert_eq(has, past >= 7);
		if (!has)
			continue;
		for (unsigned i = 1; i <= n; i++)
			v[i - 1] = history_scale(history_day(&a, i));
		m = plain_median(v, n);
		cr_assert_float_eq(b.median, m, 1e-12);
		for (unsigned i = 0; i < n; i++)
			v[i] = fabs(v[i] - m);
		cr_assert_float_eq(b.spread, 1.4826 * plain_median(v, n), 1e-12);
		cr_assert_eq(b.days, n);
	}
}

Test(baseline, frozen_days_are_left_out)
{
	struct account a = {.first_day = 20000, .day = 20020};
	struct baseline b;

	for (unsigned i = 0; i < 28; i++)
		a.days[i] = quantum_of(10000000);
	for (unsigned i = 1; i <= 9; i++) {
		a.days[(a.day - i) % 28] = quantum_of(UINT64_C(90000000));
		a.frozen |= 1u << (a.day - i) % 28;
	}
	cr_assert(history_baseline(&a, 7, &b));
	cr_expect_eq(b.days, 5);
	cr_expect_float_eq(expm1(b.median), 10, 0.01);
	a.frozen = (1u << 28) - 1;
	cr_expect_not(history_baseline(&a, 7, &b));
}
