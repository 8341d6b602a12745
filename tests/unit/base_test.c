#include <criterion/criterion.h>

#include "base/cursor.h"

Test(cursor, goes_bad_and_stays_bad)
{
	uint8_t b[3] = {1, 2, 3};
	struct cursor c = cur_of(b, sizeof b);

	cr_expect_eq(cur_u16(&c), 0x0102);
	cr_expect_eq(cur_u16(&c), 0);
	cr_expect(c.bad);
	cr_expect_eq(cur_u8(&c), 0);
}
