#include <criterion/criterion.h>
#include <time.h>

#include "core/limits.h"
#include "event/when.h"

#define NOON UINT64_C(1795521600) /* 2026-11-24 12:00:00 UTC */

static void expect(const char *text, uint64_t seconds, uint64_t ns)
{
	uint64_t got = 0;

	cr_expect(when_read(str_of(text), &got), "%s: not read", text);
	cr_expect_eq(got, seconds * NS_PER_S + ns, "%s: %llu", text, (unsigned long long)got);
}

static void expect_none(const char *text)
{
	uint64_t got;
	cr_expect(!when_read(str_of(text), &got), "%s: read", text);
}

Test(when, dates)
{
	expect("2026-11-24T12:00:00Z", NOON, 0);
	expect("2026-11-24t12:00:00z", NOON, 0);
	expect("2026-11-24 12:00:00", NOON, 0);
	expect("2026/11/24 12:00:00", NOON, 0);
	expect("2026-11-24 12:00:00 UTC", NOON, 0);
	expect(" 2026-11-24T12:00Z ", NOON, 0);
	expect("2026-11-24", NOON - 43200, 0);
	expect("2026-11-24T12:00:00.5Z", NOON, 500000000);
	expect("2026-11-24 12:00:00.123", NOON, 123000000);
	expect("2026-11-24T12:00:00,123456Z", NOON, 123456000);
	expect("2026-11-24T12:00:00.1234567Z", NOON, 123456700);
	expect("2026-11-24T12:00:00.123456789Z", NOON, 123456789);
	expect("2026-11-24T12:00:00.1234567899999Z", NOON, 123456789);
	expect("2026-11-24T14:00:00+02:00", NOON, 0);
	expect("2026-11-24T14:00:00.000000+0200", NOON, 0);
	expect("2026-11-24T06:30:00-05:30", NOON, 0);
	expect("2026-11-24T13:00:00+01", NOON, 0);
	expect("1970-01-01T00:00:00Z", 0, 0);
	expect("1970-01-01T01:00:00+01:00", 0, 0);
	expect("2000-02-29T00:00:00Z", 951782400, 0);
	expect("2024-02-29 23:59:59", 1709251199, 0);
	expect("2100-03-01T00:00:00Z", 4107542400, 0);
	expect("2016-12-31T23:59:60Z", 1483228800, 0);
	expect("2553-12-31T23:59:59Z", UINT64_C(18429292799), 0);
}

Test(when, numbers_since_1970)
{
	expect("1795521600", NOON, 0);
	expect("1795521600.25", NOON, 250000000);
	expect("1591367999.305988", 1591367999, 305988000);
	expect("1795521600123", NOON, 123000000);
	expect("1795521600123.5", NOON, 123500000);
	expect("1795521600123456", NOON, 123456000);
	expect("1795521600123456789", NOON, 123456789);
	expect("/Date(1795521600123)/", NOON, 123000000);
	expect("0", 0, 0);
}

Test(when, what_is_no_time)
{
	static const char *const none[] = {
		"", "-", "now", "2026-13-01", "2026-00-01", "2026-02-30", "2025-02-29", "2100-02-29",
		"1969-12-31T23:59:59Z", "1970-01-01T00:00:00+01:00", "2554-01-01", "2026-11-24T24:00:00Z",
		"2026-11-24T12:60:00Z", "2026-11-24T12:00:61Z", "2026-11-24T12:00:00.Z",
		"2026-11-24T12:00:00+24:00", "2026-11-24T12:00:00+1", "2026-11-24T12:00:00Zx",
		"2026-11-24Tx", "26-11-24", "99999999999999999999", "1e9", "-5", "12:00:00",
		"/Date(x)/", "/Date()/", "1795521600."};

	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		expect_none(none[i]);
}

/* Against the C library, each day of the range that has its own. */
Test(when, every_day)
{
	for (uint64_t day = 0; day < UINT64_C(213302); day++) {
		time_t t = (time_t)(day * 86400);
		struct tm tm;
		char text[64];
		gmtime_r(&t, &tm);
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
		uint64_t got = 1;
		cr_assert(when_read(str_of(text), &got) && got == day * 86400 * NS_PER_S, "%s", text);
	}
}
