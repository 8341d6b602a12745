#include <criterion/criterion.h>

#include "proto/ja4.h"

static void fill(uint16_t *list, uint16_t *count, const uint16_t *values, size_t n)
{
	memcpy(list, values, n * sizeof *values);
	*count = (uint16_t)n;
}

#define FILL(in, list, count, ...)                                                    \
	do {                                                                          \
		const uint16_t values_[] = {__VA_ARGS__};                             \
		fill((in)->list, &(in)->count, values_, sizeof values_ / sizeof *values_); \
	} while (0)

/* The example of the published description. */
static struct ja4_input example(void)
{
	struct ja4_input in = {.version = 0x0304, .sni = true, .alpn = STR("h2")};
	FILL(&in, ciphers, cipher_count, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
	     0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035);
	FILL(&in, extensions, extension_count, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017,
	     0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015);
	FILL(&in, algorithms, algorithm_count, 0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501,
	     0x0806, 0x0601);
	return in;
}

static void expect(struct ja4_input in, const char *wanted)
{
	char out[40];
	ja4_write(&in, out);
	cr_expect_str_eq(out, wanted);
}

Test(ja4, gives_the_published_values)
{
	struct ja4_input in = example();
	expect(in, "t13d1516h2_8daaf6152771_e5627efa2ab1");
	in.quic = true;
	in.sni = false;
	expect(in, "q13i1516h2_8daaf6152771_e5627efa2ab1");
	in.algorithm_count = 0; /* no underscore then */
	expect(in, "q13i1516h2_8daaf6152771_6d807ffa2a79");
}

Test(ja4, tells_nothing_as_zeros)
{
	struct ja4_input in = {.version = 0x0301};
	expect(in, "t10i000000_000000000000_000000000000");
	in.sni = true;
	FILL(&in, extensions, extension_count, 0x0000, 0x0010);
	expect(in, "t10d000200_000000000000_000000000000");
}

Test(ja4, maps_versions)
{
	static const struct {
		uint16_t version;
		const char *code;
	} cases[] = {{0x0304, "13"}, {0x0303, "12"}, {0x0302, "11"}, {0x0301, "10"},
		     {0x0300, "s3"}, {0x0002, "s2"}, {0x7f1c, "00"}, {0xfb1a, "00"}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ja4_input in = {.version = cases[i].version};
		char out[40];
		ja4_write(&in, out);
		cr_expect_eq(strncmp(out + 1, cases[i].code, 2), 0, "%s", out);
	}
}

/* The table of the published description, and a few more. */
Test(ja4, maps_alpn)
{
	static const struct {
		struct str alpn;
		const char *code;
	} cases[] = {
		{STR("h2"), "h2"},   {STR("http/1.1"), "h1"}, {STR("x"), "xx"},
		{STR(""), "00"},     {STR("\xab"), "ab"},     {STR(" "), "20"},
		{STR("\xab\xcd"), "ad"}, {STR("\x20\x61"), "21"}, {STR("\x30\xab"), "3b"},
		{STR("\x61\x20"), "60"}, {STR("\x30\x31\xab\xcd"), "3d"},
		{STR("\x30\xab\xcd\x31"), "01"}, {STR("/Z"), "2a"}, {STR("Z9"), "Z9"},
		{STR("@a"), "41"}, {STR("[a"), "51"}, {STR("`a"), "61"}, {STR("{a"), "71"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ja4_input in = {.version = 0x0303, .alpn = cases[i].alpn};
		char out[40];
		ja4_write(&in, out);
		cr_expect_eq(strncmp(out + 8, cases[i].code, 2), 0, "%zu: %s", i, out);
	}
}

Test(ja4, sorts_and_counts_full_lists)
{
	struct ja4_input up = {.version = 0x0304}, down = up;
	for (unsigned i = 0; i < JA4_LIST_MAX; i++) {
		up.ciphers[i] = up.extensions[i] = up.algorithms[i] = (uint16_t)(0x1000 + i * 7);
		down.ciphers[JA4_LIST_MAX - 1 - i] = down.extensions[JA4_LIST_MAX - 1 - i] =
			up.ciphers[i];
		down.algorithms[i] = up.algorithms[i];
	}
	up.cipher_count = up.extension_count = up.algorithm_count = JA4_LIST_MAX;
	down.cipher_count = down.extension_count = down.algorithm_count = JA4_LIST_MAX;
	char a[40], b[40];
	ja4_write(&up, a);
	ja4_write(&down, b);
	cr_expect_str_eq(a, b);
	cr_expect_eq(strncmp(a, "t13i999900_", 11), 0, "%s", a);
	for (unsigned i = 1; i < JA4_LIST_MAX; i++)
		cr_assert(down.ciphers[i - 1] < down.ciphers[i]);
}
