/* A fast keyed hash for tables whose keys come from the wire.
 *
 * Each 8-byte word is mixed with secret key words by a folded 64x64→128-bit multiplication, so
 * that whoever does not know the key cannot choose keys that collide (hash flooding). Not a MAC:
 * never let a hash value leave the process.
 */
#ifndef EGRET_BASE_HASH_H
#define EGRET_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HASH_KEY_WORDS 8

struct hash_key {
	uint64_t w[HASH_KEY_WORDS]; /* odd, random */
};

/* Fills the key from the kernel's random source. */
void hash_key_init(struct hash_key *k);
/* Fills the key from a number: for tests and for tables that never see wire data. */
void hash_key_fixed(struct hash_key *k, uint64_t seed);

static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
	__uint128_t m = (__uint128_t)a * b;
	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t hash_load64(const void *p)
{
	uint64_t v;
	memcpy(&v, p, 8);
	return v;
}

/* One mixing step: two words in, state out. */
static inline uint64_t hash_step(const struct hash_key *k, unsigned i, uint64_t state, uint64_t a,
				 uint64_t b)
{
	return hash_fold(a ^ k->w[i % HASH_KEY_WORDS] ^ state, b ^ k->w[(i + 1) % HASH_KEY_WORDS]);
}

uint64_t hash_bytes(const struct hash_key *k, const void *p, size_t n);

#endif
