#include "gen_random.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#define POOL (1u << 22)

static uint64_t state[4];
static uint8_t pool[POOL];

static uint64_t splitmix(uint64_t *x)
{
	uint64_t z = (*x += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

void random_seed(uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		state[i] = splitmix(&seed);
	for (uint32_t i = 0; i < POOL; i += 8) {
		uint64_t r = random_bits();
		memcpy(pool + i, &r, 8);
	}
}

static uint64_t rotate(uint64_t x, unsigned k)
{
	return x << k | x >> (64 - k);
}

uint64_t random_bits(void)
{
	uint64_t r = rotate(state[1] * 5, 7) * 9, t = state[1] << 17;

	state[2] ^= state[0];
	state[3] ^= state[1];
	state[1] ^= state[2];
	state[0] ^= state[3];
	state[2] ^= t;
	state[3] = rotate(state[3], 45);
	return r;
}

uint32_t random_below(uint32_t n)
{
	return (uint32_t)(((random_bits() >> 32) * (uint64_t)n) >> 32);
}

double random_unit(void)
{
	return (double)(random_bits() >> 11) * (1.0 / 9007199254740992.0);
}

double random_exp(double mean)
{
	return -mean * log(1 - random_unit());
}

static double random_normal(void)
{
	double u = 1 - random_unit(), v = random_unit();

	return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

double random_lognormal(double median, double sigma)
{
	return median * exp(sigma * random_normal());
}

uint8_t *random_bytes(uint8_t *p, size_t n)
{
	memcpy(p, pool + random_below(POOL - (uint32_t)n - 1), n);
	return p + n;
}

uint64_t name_hash(const char *name)
{
	uint64_t h = 0xcbf29ce484222325ull;

	for (; *name; name++) {
		h ^= (uint8_t)tolower((unsigned char)*name);
		h *= 0x100000001b3ull;
	}
	h ^= h >> 29;
	h *= 0xbf58476d1ce4e5b9ull;
	h ^= h >> 32;
	return h;
}
