#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void hash_key_fixed(struct hash_key *k, uint64_t seed)
{
	for (int i = 0; i < HASH_KEY_WORDS; i++) {
		/* splitmix64 */
		uint64_t z = seed += 0x9e3779b97f4a7c15u;
		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
		z = (z ^ z >> 27) * 0x94d049bb133111ebu;
		k->w[i] = (z ^ z >> 31) | 1;
	}
}

void hash_key_init(struct hash_key *k)
{
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
	hash_key_fixed(k, 1); /* an input does the same each time */
	return;
#endif
	if (getrandom(k->w, sizeof k->w, 0) != (ssize_t)sizeof k->w) {
		perror("egret: getrandom");
		exit(71); /* EX_OSERR */
	}
	for (int i = 0; i < HASH_KEY_WORDS; i++)
		k->w[i] |= 1;
}

static uint32_t load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

/* What is left at the end, 1 to 15 bytes, in two words that overlap: without a copy, and none is
 * left out. (How many they are is in the state already.) */
static uint64_t first_half(const uint8_t *p, size_t n)
{
	return n >= 8 ? hash_load64(p) : n >= 4 ? load32(p) : (uint64_t)p[0] << 8 | p[n / 2];
}

static uint64_t second_half(const uint8_t *p, size_t n)
{
	return n >= 8 ? hash_load64(p + n - 8) : n >= 4 ? load32(p + n - 4) : p[n - 1];
}

uint64_t hash_bytes(const struct hash_key *k, const void *data, size_t n)
{
	const uint8_t *p = data;
	uint64_t state = n * k->w[7];
	unsigned i = 0;

	for (; n >= 16; n -= 16, p += 16, i += 2)
		state = hash_step(k, i, state, hash_load64(p), hash_load64(p + 8));
	if (n)
		state = hash_step(k, i, state, first_half(p, n), second_half(p, n));
	return hash_fold(state ^ k->w[3], k->w[6]);
}
