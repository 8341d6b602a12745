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
	if (getrandom(k->w, sizeof k->w, 0) != (ssize_t)sizeof k->w) {
		perror("egret: getrandom");
		exit(71); /* EX_OSERR */
	}
	for (int i = 0; i < HASH_KEY_WORDS; i++)
		k->w[i] |= 1;
}

uint64_t hash_bytes(const struct hash_key *k, const void *data, size_t n)
{
	const uint8_t *p = data;
	uint64_t state = n * k->w[7];
	unsigned i = 0;

	for (; n >= 16; n -= 16, p += 16, i += 2)
		state = hash_step(k, i, state, hash_load64(p), hash_load64(p + 8));
	if (n) {
		uint8_t tail[16] = {0};
		memcpy(tail, p, n);
		state = hash_step(k, i, state, hash_load64(tail), hash_load64(tail + 8));
	}
	return hash_fold(state ^ k->w[3], k->w[6]);
}
