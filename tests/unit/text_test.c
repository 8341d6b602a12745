#include <criterion/criterion.h>

#include "output/text.h"

static char out[512];

#define EXPECT(want, call)                                                                         \
	do {                                                                                       \
		struct writer w = wr_of(out, sizeof out);                                          \
		call;                                                                              \
		wr_char(&w, '\0');                                                                 \
		cr_expect_str_eq(out, want);                                                       \
	} while (0)

Test(text, bytes)
{
	EXPECT("0 B", text_bytes(&w, 0));
	EXPECT("999 B", text_bytes(&w, 999));
	EXPECT("1.00 kB", text_bytes(&w, 1000));
	EXPECT("12.3 kB", text_bytes(&w, 12345));
	EXPECT("999 kB", text_bytes(&w, 999999));
	EXPECT("1.04 MB", text_bytes(&w, 1048576));
	EXPECT("480 GB", text_bytes(&w, 480999999999));
	EXPECT("18.4 EB", text_bytes(&w, UINT64_MAX));
}

Test(text, count)
{
	EXPECT("0", text_count(&w, 0));
	EXPECT("999", text_count(&w, 999));
	EXPECT("1,000", text_count(&w, 1000));
	EXPECT("1,000,007", text_count(&w, 1000007));
	EXPECT("18,446,744,073,709,551,615", text_count(&w, UINT64_MAX));
}

Test(text, duration)
{
	EXPECT("0 ns", text_duration(&w, 0));
	EXPECT("999 ns", text_duration(&w, 999));
	EXPECT("1.50 us", text_duration(&w, 1500));
	EXPECT("12.3 ms", text_duration(&w, 12345678));
	EXPECT("4.20 s", text_duration(&w, 4200000000));
	EXPECT("12 min 5 s", text_duration(&w, 725000000000));
	EXPECT("1 h", text_duration(&w, 3600000000000));
	EXPECT("3 h 7 min", text_duration(&w, 11259000000000));
	EXPECT("2 d 4 h", text_duration(&w, UINT64_C(187200) * 1000000000));
	EXPECT("213503 d 23 h", text_duration(&w, UINT64_MAX));
}

Test(text, time)
{
	EXPECT("2026-11-24 03:32:34Z", text_time(&w, UINT64_C(1795491154123456789)));
}

Test(text, name_keeps_its_end)
{
	struct str n = STR("gfs270n138.userstorage.mega.co.nz");

	EXPECT("gfs270n138.userstorage.mega.co.nz", text_name(&w, n, 0));
	EXPECT("gfs270n138.userstorage.mega.co.nz", text_name(&w, n, 33));
	EXPECT("...torage.mega.co.nz", text_name(&w, n, 20));
	EXPECT("..", text_name(&w, n, 2));
	EXPECT("...", text_name(&w, n, 3));
	EXPECT("a\\010b", text_name(&w, STR("a\nb"), 6));
	EXPECT("...b", text_name(&w, STR("a\nb"), 5));
	EXPECT("...b", text_name(&w, STR("aaaa\\010b"), 6)); /* no torn escape */
	EXPECT("...\\010b", text_name(&w, STR("aaaa\\010b"), 8));
	EXPECT("", text_name(&w, (struct str){0}, 8));
}

Test(text, escaped_keeps_its_start)
{
	EXPECT("abc", text_escaped(&w, STR("abc"), 3));
	EXPECT("...", text_escaped(&w, STR("abcd"), 3));
	EXPECT("a...", text_escaped(&w, STR("abcde"), 4));
	EXPECT("\\x1b[0m", text_escaped(&w, STR("\x1b[0m"), 7));
	EXPECT("...", text_escaped(&w, STR("\x1b[0m"), 6));
	EXPECT("\\x1b...", text_escaped(&w, STR("\x1b[0mm"), 7));
	EXPECT("a\\\\b", text_escaped(&w, STR("a\\b"), 0));
	EXPECT("a...", text_escaped(&w, STR("a\\\\b"), 5));
}

Test(text, columns)
{
	struct text_column c[] = {{.head = "client"}, {.head = "up", .right = true}, {.head = "name"}};
	struct str one[] = {STR("10.0.0.1"), STR("12.3 MB"), STR("mega.nz")};
	struct str two[] = {STR("10.0.0.20"), STR("7 B"), STR("")};

	text_widen(c, 3, one);
	text_widen(c, 3, two);
	EXPECT("client          up  name\n", text_row(&w, c, 3, NULL));
	EXPECT("10.0.0.1   12.3 MB  mega.nz\n", text_row(&w, c, 3, one));
	EXPECT("10.0.0.20      7 B\n", text_row(&w, c, 3, two));
}
