#include "decode/checksum.h"

#include <string.h>

#define BLOCK 64 /* bytes a round */

/* Four 64-bit lanes; a compiler without registers that wide uses pairs of narrower ones. */
typedef uint64_t lanes __attribute__((vector_size(32)));

static inline uint64_t load32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, 4);
	return v;
}

/* Read from byte n on: a mask that keeps the last n bytes of a block. */
static const uint8_t keep_last[2 * BLOCK] = {
	[BLOCK] = 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
};

/* n >= BLOCK bytes.
 *
 * Each 64-bit word is high * 2^32 + low, and what is wanted is the sum of all highs and lows.
 * Adding whole words modulo 2^64 beside the sum of the highs is one operation less than taking both
 * apart: whole - (high << 32) leaves the lows, exactly, as long as their sum is below 2^64.
 *
 * The rest is the end of one more block that reaches back into what is summed already, masked out,
 * so that no branch hangs on its length. That block starts at an odd byte when n is odd: then the
 * halves of its words are the wrong way round, which a factor of 256 puts right (RFC 1071 section 2
 * (B)). */
static inline __attribute__((always_inline)) uint64_t sum_blocks(const uint8_t *p, size_t n)
{
	const lanes low = {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff};
	const uint8_t *end = p + n, *mask = keep_last + n % BLOCK;
	lanes whole = {0}, high = {0}, whole2 = {0}, high2 = {0}, v, w, mv, mw;

	for (size_t blocks = n / BLOCK; blocks; blocks--, p += BLOCK) {
		memcpy(&v, p, sizeof v);
		memcpy(&w, p + sizeof v, sizeof w);
		whole += v;
		high += v >> 32;
		whole2 += w;
		high2 += w >> 32;
	}
	high += high2;
	lanes sum = whole + whole2 - (high << 32) + high;
	memcpy(&v, end - BLOCK, sizeof v);
	memcpy(&w, end - sizeof w, sizeof w);
	memcpy(&mv, mask, sizeof mv);
	memcpy(&mw, mask + sizeof mv, sizeof mw);
	v &= mv;
	w &= mw;
	lanes rest = (v & low) + (v >> 32) + (w & low) + (w >> 32);
	return sum[0] + sum[1] + sum[2] + sum[3] +
	       ((rest[0] + rest[1] + rest[2] + rest[3]) << (n & 1 ? 8 : 0));
}

#ifdef __x86_64__
/* Twice as fast as SSE2, which is all that a program for every x86-64 may assume. */
__attribute__((target("avx2"))) static uint64_t sum_blocks_avx2(const uint8_t *p, size_t n)
{
	return sum_blocks(p, n);
}

static uint64_t sum_many(const uint8_t *p, size_t n)
{
	return __builtin_cpu_supports("avx2") ? sum_blocks_avx2(p, n) : sum_blocks(p, n);
}
#else
static uint64_t sum_many(const uint8_t *p, size_t n)
{
	return sum_blocks(p, n);
}
#endif

uint64_t checksum_sum(const uint8_t *p, size_t n)
{
	uint64_t sum = 0;

	if (n >= BLOCK)
		return sum_many(p, n);
	for (; n >= 8; n -= 8, p += 8)
		sum = checksum_carry(sum, checksum_load64(p));
	if (n) {
		uint8_t rest[8] = {0}; /* an odd end counts as if a zero followed */
		memcpy(rest, p, n);
		sum = checksum_carry(sum, checksum_load64(rest));
	}
	return (sum & 0xffffffff) + (sum >> 32);
}

bool checksum_ip4_good(const uint8_t *p, size_t n)
{
	uint64_t sum = checksum_carry(checksum_load64(p), checksum_load64(p + 8));

	for (size_t i = 16; i < n; i += 4)
		sum = checksum_carry(sum, load32(p + i));
	return checksum_fold(sum) == 0xffff;
}
