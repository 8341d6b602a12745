/* Random numbers that a seed fixes: xoshiro256**, the same on every machine. */
#ifndef EGRET_BENCH_GEN_RANDOM_H
#define EGRET_BENCH_GEN_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_seed(uint64_t seed);

uint64_t random_bits(void);
uint32_t random_below(uint32_t n);
double random_unit(void); /* from 0 to below 1 */
double random_exp(double mean);
double random_lognormal(double median, double sigma);

/* True in so many of a hundred cases. */
static inline int random_percent(uint32_t n)
{
	return random_below(100) < n;
}

/* True in one of n cases. */
static inline int random_one_of(uint32_t n)
{
	return random_below(n) == 0;
}

/* Fills n bytes out of a pool; returns the place behind them. */
uint8_t *random_bytes(uint8_t *p, size_t n);

/* Of a name, whatever its case. */
uint64_t name_hash(const char *name);

#endif
