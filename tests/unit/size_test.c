/* Amounts and thresholds as people write them. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "daemon/size.h"

Test(size, amounts)
{
	static const struct {
		const char *text;
		uint64_t value;
	} good[] = {{"0", 0},	      {"512", 512},	  {"10M", 10000000},
		    {"1.5G", 1500000000}, {"64KiB", 65536}, {"3kB", 3000},
		    {"2T", 2000000000000}, {"1mib", 1048576}, {"never", UINT64_MAX}};
	static const char *const bad[] = {"", "M", "-1", "1X", "1 M", "1MBs", "inf", "nan", "1e30", "0x"};
	uint64_t v;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		cr_expect(size_parse(good[i].text, &v), "%s", good[i].text);
		cr_expect_eq(v, good[i].value, "%s", good[i].text);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_not(size_parse(bad[i], &v), "%s", bad[i]);
}

Test(size, thresholds)
{
	uint64_t t[4] = SIZE_THRESHOLDS_DEFAULT;

	cr_expect(size_thresholds("5M", t));
	cr_expect(t[0] == 5000000 && t[1] == 5000000 && t[2] == 5000000 && t[3] == UINT64_MAX);
	cr_expect(size_thresholds("a=1k,D=7", t));
	cr_expect(t[0] == 1000 && t[1] == 5000000 && t[3] == 7);
	cr_expect_not(size_thresholds("E=1", t));
	cr_expect_not(size_thresholds("A=", t));
	cr_expect_not(size_thresholds("A=2,B=x", t));
	cr_expect_eq(t[0], 1000); /* a wrong one changes nothing */
}

Test(size, decimals_are_exact)
{
	for (unsigned i = 0; i < 100000; i++) {
		char text[32];
		uint64_t v;
		snprintf(text, sizeof text, "%u.%03uk", i / 1000, i % 1000);
		cr_assert(size_parse(text, &v));
		cr_assert_eq(v, i, "%s gave %lu", text, (unsigned long)v);
	}
}

Test(size, lists_of_thresholds_are_whole)
{
	static const char *const bad[] = {"",	      ",",	 "A=1,", ",A=1",
					  "A=1,,B=1", "A=1 B=1", "A",	 "=1"};
	uint64_t t[4] = SIZE_THRESHOLDS_DEFAULT;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_expect_not(size_thresholds(bad[i], t), "'%s'", bad[i]);
}
