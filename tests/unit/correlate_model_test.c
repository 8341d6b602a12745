/* Random correlations over random streams, held against brute force after every match. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "correlate_model.h"

#define RULES 3

static uint32_t below(void *context, uint32_t n)
{
	uint64_t *state = context;

	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((*state >> 33) % n);
}

enum clock { CLOCK_FORWARD, CLOCK_ANY, CLOCK_BACK, CLOCK_JUMPS, CLOCKS };

static void fill(struct play *p, unsigned n, enum clock clock, bool possible, uint64_t *r)
{
	uint64_t time = 1000;

	for (unsigned i = 0; i < n; i++) {
		uint32_t step = below(r, 3);
		switch (clock) {
		case CLOCK_FORWARD:
			time += step;
			break;
		case CLOCK_BACK:
			time -= step;
			break;
		case CLOCK_JUMPS:
			time = 1000 + below(r, 3) * 100000 + below(r, 20);
			break;
		default:
			time = 1000 + below(r, 30);
		}
		p[i] = (struct play){
			.rule = below(r, RULES), .time = time, .line = i + 1, .token = i};
		p[i].possible = possible && below(r, 3) == 0;
		p[i].same = i && below(r, 8) == 0;
		for (int f = 0; f < PLAY_FIELDS; f++)
			p[i].field[f] = below(r, 8) ? (int)below(r, f == PLAY_V ? 8 : 2) : -1;
	}
}

static struct fields *make_fields(void)
{
	struct fields *f = fields_new();

	for (int i = 0; i < PLAY_FIELDS; i++)
		fields_add(f, str_of(play_name[i]));
	return f;
}

static size_t compare(uint64_t seed)
{
	uint64_t r = seed * 77777 + 5;
	struct play p[40];
	struct made made;
	struct play_hits real = {0}, model = {0};
	unsigned n = 1 + below(&r, 40);
	size_t hits = 0;

	made_init(&made, RULES, 1 + below(&r, 5), below(&r, 2), below, &r);
	fill(p, n, (enum clock)below(&r, CLOCKS), below(&r, 3) == 0, &r);
	struct fields *f = make_fields();
	struct correlator *c = correlator_new(&made.rules, f, play_found, &real);
	struct model *m = model_new(&made.rules);
	for (unsigned i = 0; i < n; i++) {
		play_hits_clear(&real);
		play_hits_clear(&model);
		play_take(c, f, &p[i]);
		model_take(m, &p[i], &model);
		hits += model.count;
		cr_assert(play_hits_equal(&real, &model),
			  "seed %lu, match %u: %zu hits, wanted %zu", (unsigned long)seed, i,
			  real.count, model.count);
	}
	model_free(m);
	correlator_free(c);
	fields_free(f);
	made_fini(&made);
	play_hits_free(&real);
	play_hits_free(&model);
	return hits;
}

Test(correlate_model, agrees_after_every_match)
{
	size_t hits = 0;

	for (uint64_t seed = 1; seed <= 4000; seed++)
		hits += compare(seed);
	cr_expect_gt(hits, 20000);
}

/* All that is true in the end: certain hits, and all hits. */
struct truth {
	uint64_t certain, any; /* tokens, one bit each */
};

static void conclude(const struct play_hits *h, struct truth t[])
{
	for (size_t i = 0; i < h->count; i++) {
		const struct play_hit *x = &h->hit[i];
		t[x->correlation].any |= UINT64_C(1) << x->token;
		if (!x->possible)
			t[x->correlation].certain |= UINT64_C(1) << x->token;
	}
}

static void run(const struct made *made, const struct play p[], unsigned n, struct truth t[])
{
	struct play_hits hits = {0};
	struct fields *f = make_fields();
	struct correlator *c = correlator_new(&made->rules, f, play_found, &hits);

	for (unsigned i = 0; i < n; i++)
		play_take(c, f, &p[i]);
	conclude(&hits, t);
	correlator_free(c);
	fields_free(f);
	play_hits_free(&hits);
}

static int by_time(const void *a, const void *b)
{
	const struct play *x = a, *y = b;

	return (x->time > y->time) - (x->time < y->time);
}

static void any_order(uint64_t seed)
{
	uint64_t r = seed * 55555 + 7;
	struct truth wanted[16] = {0};
	struct play p[40];
	struct made made;
	unsigned n = 1 + below(&r, 40);

	made_init(&made, RULES, 1 + below(&r, 5), true, below, &r);
	fill(p, n, (enum clock)below(&r, CLOCKS), below(&r, 3) == 0, &r);
	for (unsigned i = 0; i < n; i++)
		p[i].same = false;
	qsort(p, n, sizeof *p, by_time);
	run(&made, p, n, wanted);
	for (int round = 0; round < 3; round++) {
		struct truth got[16] = {0};
		for (unsigned i = n - 1; i > 0; i--) {
			unsigned k = below(&r, i + 1);
			struct play x = p[i];
			p[i] = p[k];
			p[k] = x;
		}
		run(&made, p, n, got);
		for (size_t i = 0; i < made.rules.correlation_count; i++) {
			cr_assert_eq(got[i].certain, wanted[i].certain, "seed %lu",
				     (unsigned long)seed);
			cr_assert_eq(got[i].any, wanted[i].any, "seed %lu", (unsigned long)seed);
		}
	}
	made_fini(&made);
}

Test(correlate_model, order_makes_no_difference)
{
	for (uint64_t seed = 1; seed <= 2000; seed++)
		any_order(seed);
}
