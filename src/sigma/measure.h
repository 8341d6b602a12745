/* What a correlation asks of a window, as a level that is added up match by match (timeline.h).
 *
 * Each kind of condition is a sum over the window that has to reach a threshold:
 *
 *	event_count, value_sum	each match adds 1, or its value
 *	value_count		each value that the window does not have yet adds 1
 *	value_avg		average >= x  is  sum of (value - x) >= 0
 *	value_percentile	by nearest rank: the value at place ceil(p/100 n) of n in order.
 *				It is >= x if fewer than p/100 n values are below x, so if the sum
 *				of (p/100 - (value < x ? 1 : 0)) > 0
 *	value_median		the middle value, of an even number the mean of the two in the
 *				middle: the sum of (1 - (value < x ? 2 : 0)) says whether half are
 *				below, and only when exactly half are, it has to be looked at
 *	temporal		each rule that did not hit in the window yet adds 1
 *	temporal_ordered	each match with which a chain starts (order.h) adds 1
 *
 * Conditions from above (lt, lte) are the same with the sign turned. Of several bounds, of eq and
 * neq, and of boolean conditions, the sum only finds the windows worth a look.
 */
#ifndef EGRET_SIGMA_MEASURE_H
#define EGRET_SIGMA_MEASURE_H

#include "sigma/order.h"
#include "sigma/rule.h"

enum measure_kind {
	MEASURE_COUNT,
	MEASURE_SUM,
	MEASURE_AVERAGE,
	MEASURE_RANK, /* percentile and median */
	MEASURE_VALUES,
	MEASURE_RULES,
	MEASURE_ORDER,
};

struct measure {
	const struct sigma_correlation *rule;
	enum measure_kind kind;
	double sign;	  /* of levels: 1, or -1 for a bound from above */
	double at;	  /* the bound they are about */
	double threshold; /* that a level has to reach, or pass when it is strict */
	bool strict;
	bool sure; /* a level over the threshold settles it: nothing else has to be looked at */
	bool median;
	bool not_above; /* of ranks: values equal to the bound count as below it */
	int64_t part;	/* of ranks: the percentile in millionths, of MEASURE_WHOLE */
	/* of temporal ones: the number of the rule at each place, its first one, and its bit */
	uint8_t canon[CORRELATION_REFS_MAX];
	uint64_t bit[CORRELATION_REFS_MAX];
	uint64_t all;
	struct order order;
};

#define MEASURE_WHOLE INT64_C(100000000)

void measure_init(struct measure *m, const struct sigma_correlation *c);
void measure_fini(struct measure *m);

/* Whether a match needs a number. */
static inline bool measure_numbers(const struct measure *m)
{
	return m->kind == MEASURE_SUM || m->kind == MEASURE_AVERAGE || m->kind == MEASURE_RANK;
}

/* Whether it is about when each value (or rule) occurred. */
static inline bool measure_occurs(const struct measure *m)
{
	return m->kind >= MEASURE_VALUES;
}

/* What a match with this number adds, or a value or rule that is new. */
double measure_adds(const struct measure *m, double number);
/* Whether a window of this level may fulfil the condition. */
bool measure_may(const struct measure *m, double level);
/* Whether all bounds hold of the value. */
bool measure_bounds(const struct measure *m, double value);
/* Whether these rules fulfil the condition of a temporal correlation, but for their order. */
bool measure_rules(const struct measure *m, uint64_t hit);
/* The place of the percentile among n values, from 1. */
uint64_t measure_place(const struct measure *m, uint64_t n);

#endif
