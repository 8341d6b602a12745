#include <criterion/criterion.h>
#include <stdlib.h>

#include "decode/checksum.h"
#include "frame_build.h"
#include "guard.h"

Test(checksum, is_that_of_the_plain_loop)
{
	static uint8_t data[3000];

	for (unsigned fill = 0; fill < 3; fill++) {
		for (size_t i = 0; i < sizeof data; i++)
			data[i] = fill == 0 ? 0xff : fill == 1 ? (uint8_t)(i * 37 >> 2) : 0;
		for (size_t n = 0; n < 600; n++)
			for (size_t at = 0; at < 9; at++) {
				uint8_t *copy = guard_copy(data + at, n);
				uint16_t sum = checksum_fold(checksum_sum(copy, n));
				uint32_t want = plain_sum(copy, n, 0);
				/* either zero stands for the other */
				cr_assert_eq(__builtin_bswap16(sum) % 0xffff, want % 0xffff,
					     "%zu bytes", n);
				guard_free(copy);
				if (n > 130)
					break;
			}
	}
}

Test(checksum, of_the_longest_frame)
{
	size_t n = 256 * 1024;
	uint8_t *data = malloc(n);

	memset(data, 0xff, n);
	cr_expect_eq(checksum_fold(checksum_sum(data, n)), 0xffff);
	data[n - 1] = 0xfe;
	cr_expect_eq(__builtin_bswap16(checksum_fold(checksum_sum(data, n))), 0xfffe);
	free(data);
}
