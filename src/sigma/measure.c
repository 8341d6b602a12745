#include "sigma/measure.h"

#include <math.h>

#include "sigma/logic.h"

static enum measure_kind kind_of(enum correlation_type t)
{
	switch (t) {
	case CORRELATE_EVENT_COUNT:
		return MEASURE_COUNT;
	case CORRELATE_VALUE_COUNT:
		return MEASURE_DISTINCT;
	case CORRELATE_VALUE_SUM:
		return MEASURE_SUM;
	case CORRELATE_VALUE_AVG:
		return MEASURE_AVERAGE;
	case CORRELATE_VALUE_PERCENTILE:
	case CORRELATE_VALUE_MEDIAN:
		return MEASURE_RANK;
	case CORRELATE_TEMPORAL:
		return MEASURE_BITS;
	case CORRELATE_TEMPORAL_ORDERED:
		break;
	}
	return MEASURE_ORDER;
}

/* The bound that finds windows: one that is no more than a limit on one side if there is one. */
static size_t leading(const struct sigma_correlation *c)
{
	static const int rank[] = {[BOUND_GT] = 0, [BOUND_GTE] = 0, [BOUND_LT] = 1,
				   [BOUND_LTE] = 1, [BOUND_EQ] = 2, [BOUND_NEQ] = 3};
	size_t best = 0;

	for (size_t i = 1; i < c->bound_count; i++)
		if (rank[c->bound[i].kind] < rank[c->bound[best].kind])
			best = i;
	return best;
}

static void aim_ranks(struct measure *m, enum bound_kind kind)
{
	double p = m->median ? 50 : m->rule->percentile;

	p = p > 0 ? p < 100 ? p : 100 : 0;
	m->part = (int64_t)llround(p * (double)(MEASURE_WHOLE / 100));
	if (m->part < 1)
		m->part = 1; /* the least value is at place 1 as well */
	/* "less than x" is "not at least x", "at most x" is "not more than x" */
	m->not_above = kind == BOUND_GT || kind == BOUND_LTE;
	m->threshold = 0;
	/* a median is worth a look when half of the values are on either side */
	m->strict = m->sign > 0 && !m->median;
}

void measure_init(struct measure *m, const struct sigma_correlation *c, const uint8_t canon[])
{
	*m = (struct measure){.rule = c, .kind = kind_of(c->type), .sign = 1};
	for (size_t r = 0; r < c->ref_count; r++) {
		m->bit[r] = UINT64_C(1) << canon[r];
		m->all |= m->bit[r];
	}
	if (m->kind == MEASURE_BITS)
		return;
	if (m->kind == MEASURE_ORDER) {
		m->threshold = 1;
		return;
	}
	enum bound_kind kind = BOUND_NEQ;
	if (c->bound_count) {
		size_t lead = leading(c);
		kind = c->bound[lead].kind;
		m->at = c->bound[lead].value;
	}
	m->median = c->type == CORRELATE_VALUE_MEDIAN;
	m->sign = kind == BOUND_LT || kind == BOUND_LTE ? -1 : 1;
	m->strict = kind == BOUND_GT || kind == BOUND_LT;
	m->sure = c->bound_count == 1 && kind != BOUND_EQ && kind != BOUND_NEQ;
	m->threshold = m->kind == MEASURE_AVERAGE ? 0 : m->sign * m->at;
	if (m->kind == MEASURE_RANK)
		aim_ranks(m, kind);
	if (kind == BOUND_NEQ) {
		m->threshold = -HUGE_VAL;
		m->strict = false;
	}
}

union level measure_adds(const struct measure *m, double number)
{
	double x = 1;

	if (m->kind == MEASURE_SUM) {
		x = number;
	} else if (m->kind == MEASURE_AVERAGE) {
		x = number - m->at;
	} else if (m->kind == MEASURE_RANK) {
		bool below = m->not_above ? number <= m->at : number < m->at;
		x = (double)(m->part - (below ? MEASURE_WHOLE : 0));
	}
	return (union level){.n = m->sign * x};
}

static unsigned rules_in(uint64_t bits)
{
	return (unsigned)__builtin_popcountll(bits);
}

/* As measure_rules, of some of these. */
static bool may_rules(const struct measure *m, uint64_t hit)
{
	const struct sigma_correlation *c = m->rule;
	double n = rules_in(hit);

	if (c->logic && !logic_may(c->logic, m->bit, hit))
		return false;
	for (size_t i = 0; i < c->bound_count; i++) {
		double x = c->bound[i].value;
		enum bound_kind kind = c->bound[i].kind;
		if ((kind == BOUND_GT && n <= x) || (kind == BOUND_GTE && n < x) ||
		    (kind == BOUND_EQ && n < x))
			return false;
	}
	return c->logic || c->bound_count || hit == m->all;
}

bool measure_may(void *measure, union level level)
{
	const struct measure *m = measure;

	if (m->kind == MEASURE_BITS)
		return may_rules(m, level.bits);
	return m->strict ? level.n > m->threshold : level.n >= m->threshold;
}

static bool bound_holds(enum bound_kind kind, double value, double bound)
{
	switch (kind) {
	case BOUND_LT:
		return value < bound;
	case BOUND_LTE:
		return value <= bound;
	case BOUND_GT:
		return value > bound;
	case BOUND_GTE:
		return value >= bound;
	case BOUND_EQ:
		return value == bound;
	case BOUND_NEQ:
		return value != bound;
	}
	return false;
}

bool measure_bounds(const struct measure *m, double value)
{
	for (size_t i = 0; i < m->rule->bound_count; i++)
		if (!bound_holds(m->rule->bound[i].kind, value, m->rule->bound[i].value))
			return false;
	return true;
}

bool measure_rules(const struct measure *m, uint64_t hit)
{
	const struct sigma_correlation *c = m->rule;

	if (c->logic && !logic_holds(c->logic, m->bit, hit))
		return false;
	if (c->bound_count)
		return measure_bounds(m, rules_in(hit));
	return c->logic || hit == m->all;
}

uint64_t measure_place(const struct measure *m, uint64_t n)
{
	uint64_t part = (uint64_t)m->part, whole = (uint64_t)MEASURE_WHOLE;
	uint64_t place = (part * n + whole - 1) / whole;

	return place ? place : 1;
}
