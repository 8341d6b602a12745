/* What a correlation asks of a window, as a level that is added up match by match (timeline.h).
 *
 * Each kind of condition is a sum over the window that has to reach a threshold:
 *
 *	event_count, value_sum	each match adds 1, or its value
 *	value_count		each value that was not in the window yet adds 1
 *	value_avg		average >= x  is  sum of (value - x) >= 0
 *	value_percentile	by nearest rank: the value at place ceil(p/100 n) of n in order.
 *				It is >= x if fewer than p/100 n values are below x, so if the sum
 *				of (p/100 - (value < x ? 1 : 0)) > 0
 *	value_median		the middle value, of an even number the mean of the two in the
 *				middle: the sum of (1 - (value < x ? 2 : 0)) says whether half are
 *				below, and only when exactly half are, it has to be looked at
 *	temporal		the rules that hit, as bits
 *	temporal_ordered	how many chains lie in the window (order.h)
 *
 * Conditions from above (lt, lte) are the same with the sign turned. Of several bounds, and of eq
 * and neq, the sum only finds the windows worth a look.
 */
#ifndef EGRET_SIGMA_MEASURE_H
#define EGRET_SIGMA_MEASURE_H

#include "sigma/rule.h"
#include "sigma/timeline.h"

enum measure_kind {
	MEASURE_COUNT,
	MEASURE_DISTINCT,
	MEASURE_SUM,
	MEASURE_AVERAGE,
	MEASURE_RANK, /* percentile and median */
	MEASURE_BITS,
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
	uint64_t bit[CORRELATION_REFS_MAX]; /* of places; the same rule has the same */
	uint64_t all;
};

#define MEASURE_WHOLE INT64_C(100000000)

void measure_init(struct measure *m, const struct sigma_correlation *c, const uint8_t canon[]);

/* Whether matches need a number or values; a match without counts for nothing. */
static inline bool measure_numbers(const struct measure *m)
{
	return m->kind == MEASURE_SUM || m->kind == MEASURE_AVERAGE || m->kind == MEASURE_RANK;
}

/* What a match with this number adds. */
union level measure_adds(const struct measure *m, double number);
/* Whether a window of this level may fulfil the condition: timeline_may, the context a measure. */
bool measure_may(void *measure, union level level);
/* Whether all bounds hold of the value. */
bool measure_bounds(const struct measure *m, double value);
/* Whether these rules fulfil a temporal condition. */
bool measure_rules(const struct measure *m, uint64_t hit);
/* The place of the percentile among n values, from 1. */
uint64_t measure_place(const struct measure *m, uint64_t n);

#endif
