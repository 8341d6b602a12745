#include <criterion/criterion.h>
#include <stdio.h>

#include "base/digest.h"

static void expect_hex(const uint8_t d[DIGEST_SIZE], const char *hex)
{
	char text[2 * DIGEST_SIZE + 1];

	for (unsigned i = 0; i < DIGEST_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", d[i]);
	cr_expect_str_eq(text, hex);
}

/* FIPS 180-4's own example */
Test(digest, sha256_of_abc)
{
	uint8_t out[DIGEST_SIZE];
	struct digest *d = digest_new();

	digest_add(d, "a", 1);
	digest_add(d, NULL, 0);
	digest_add(d, "bc", 2);
	digest_end(d, out);
	expect_hex(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* RFC 4231 test case 2. A key shorter than a block is filled up with zeros, so that 32 bytes hold
 * it. */
Test(digest, keyed)
{
	uint8_t key[DIGEST_SIZE] = "Jefe", out[DIGEST_SIZE];
	static const char head[] = "what do ya want ", body[] = "for nothing?";

	digest_keyed(key, head, sizeof head - 1, body, sizeof body - 1, out);
	expect_hex(out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	digest_keyed(key, NULL, 0, "what do ya want for nothing?", 28, out);
	expect_hex(out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

Test(digest, fields_do_not_run_into_each_other)
{
	uint8_t one[DIGEST_SIZE], two[DIGEST_SIZE];
	struct digest *d = digest_new();

	digest_add_field(d, "ab", 2);
	digest_add_field(d, "c", 1);
	digest_end(d, one);
	d = digest_new();
	digest_add_field(d, "a", 1);
	digest_add_field(d, "bc", 2);
	digest_end(d, two);
	cr_expect_not(digest_same(one, two));
	cr_expect(digest_same(one, one));
	memcpy(two, one, sizeof two);
	two[DIGEST_SIZE - 1] ^= 1;
	cr_expect_not(digest_same(one, two));
}
