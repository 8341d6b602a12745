/* The Internet checksum (RFC 1071).
 *
 * Sums are of 16-bit words in the machine's byte order: a ones' complement sum is right in either
 * order as long as one order is kept, and is swapped only where a number is added to it.
 */
#ifndef EGRET_DECODE_CHECKSUM_H
#define EGRET_DECODE_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Sum of n bytes, not folded: at most 2^47 for the longest frame, so that sums may be added. */
uint64_t checksum_sum(const uint8_t *p, size_t n);

static inline uint64_t checksum_load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

/* Adds in ones' complement: four 16-bit sums at once, each one's carry in the next. */
static inline uint64_t checksum_carry(uint64_t sum, uint64_t v)
{
	sum += v;
	return sum + (sum < v);
}

/* Sum of 32 bytes: two addresses. */
static inline uint64_t checksum_sum32(const uint8_t *p)
{
	uint64_t sum = checksum_carry(checksum_load64(p), checksum_load64(p + 8));

	sum = checksum_carry(sum, checksum_load64(p + 16));
	sum = checksum_carry(sum, checksum_load64(p + 24));
	return (sum & 0xffffffff) + (sum >> 32);
}

static inline uint16_t checksum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* A number as it stands on the wire, for a sum. */
static inline uint64_t checksum_number(uint32_t n)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return __builtin_bswap32(n);
#else
	return n;
#endif
}

/* Whether an IPv4 header of n bytes (a multiple of 4, at least 20) adds up. */
bool checksum_ip4_good(const uint8_t *p, size_t n);

#endif
