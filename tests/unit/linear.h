/* That four times as much takes about four times as long. (Something quadratic would take sixteen
 * times.) */
#ifndef EGRET_TESTS_LINEAR_H
#define EGRET_TESTS_LINEAR_H

#include <criterion/criterion.h>
#include <time.h>

#define LINEAR_MOST 9.0 /* times as long; caches and clocks need some room */

static inline double linear_cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static inline double linear_least(void (*run)(unsigned n), unsigned n)
{
	double best = 1e9;

	for (int i = 0; i < 3; i++) {
		double start = linear_cpu();
		run(n);
		double took = linear_cpu() - start;
		best = took < best ? took : best;
	}
	return best;
}

static inline void linear_check(void (*run)(unsigned n), unsigned n)
{
	double one, four;
	int tries = 4; /* other work on the machine takes the caches away now and then */

	do {
		one = linear_least(run, n);
		four = linear_least(run, 4 * n);
	} while (four >= LINEAR_MOST * one + 0.01 && --tries);
	cr_expect_lt(four, LINEAR_MOST * one + 0.01, "%.4f s for n, %.4f s for 4 n", one, four);
}

#endif
