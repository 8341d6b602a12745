#include "sigma/measure.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "sigma/logic.h"

static enum measure_kind kind_of(enum correlation_type t)
{
	switch (t) {
	case CORRELATE_EVENT_COUNT:
		return MEASURE_COUNT;
	case CORRELATE_VALUE_COUNT:
		return MEASURE_VALUES;
	case CORRELATE_VALUE_SUM:
		return MEASURE_SUM;
	case CORRELATE_VALUE_AVG:
		return MEASURE_AVERAGE;
	case CORRELATE_VALUE_PERCENTILE:
	case CORRELATE_VALUE_MEDIAN:
		return MEASURE_RANK;
	case CORRELATE_TEMPORAL:
		return MEASURE_RULES;
	case CORRELATE_TEMPORAL_ORDERED:
		break;
	}
	return MEASURE_ORDER;
}

static bool same_ref(const struct sigma_ref *a, const struct sigma_ref *b)
{
	return a->correlation == b->correlation && a->number == b->number;
}

static void number_rules(struct measure *m)
{
	const struct sigma_correlation *c = m->rule;

	for (size_t r = 0; r < c->ref_count; r++) {
		m->canon[r] = (uint8_t)r;
		for (size_t k = r; k-- > 0;)
			if (same_ref(&c->ref[k], &c->ref[r]))
				m->canon[r] = (uint8_t)k;
		m->bit[r] = UINT64_C(1) << m->canon[r];
		m->all |= m->bit[r];
	}
}

/* The bound that finds windows: one that is no more than a limit on one side if there is one. */
static size_t leading(const struct sigma_correlation *c)
{
	static const int rank[] = {[BOUND_GT] = 0,  [BOUND_GTE] = 0, [BOUND_LT] = 1,
				   [BOUND_LTE] = 1, [BOUND_EQ] = 2,  [BOUND_NEQ] = 3};
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

static void aim_bounds(struct measure *m)
{
	const struct sigma_correlation *c = m->rule;
	enum bound_kind kind = BOUND_NEQ;

	if (c->bound_count) {
		size_t lead = leading(c);
		kind = c->bound[lead].kind;
		m->at = c->bound[lead].value;
	}
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

/* The fewest rules with which the condition can hold. */
static void aim_logic(struct measure *m)
{
	struct logic_terms *t = mem_alloc(sizeof *t);
	double fewest = (double)m->rule->ref_count;

	logic_split(m->rule->logic, t);
	for (size_t i = 0; i < t->count; i++) {
		uint64_t rules = 0;
		for (uint64_t left = t->term[i].with; left; left &= left - 1)
			rules |= m->bit[__builtin_ctzll(left)];
		double n = __builtin_popcountll(rules);
		fewest = n < fewest ? n : fewest;
	}
	m->threshold = t->more ? 0 : fewest;
	free(t);
}

void measure_init(struct measure *m, const struct sigma_correlation *c)
{
	*m = (struct measure){.rule = c, .kind = kind_of(c->type), .sign = 1};
	m->median = c->type == CORRELATE_VALUE_MEDIAN;
	number_rules(m);
	if (m->kind == MEASURE_ORDER) {
		order_init(&m->order, c, m->canon);
		m->threshold = 1;
	} else if (m->kind == MEASURE_RULES && c->logic) {
		aim_logic(m);
	} else if (m->kind == MEASURE_RULES && !c->bound_count) {
		m->threshold = __builtin_popcountll(m->all);
		m->sure = true;
	} else {
		aim_bounds(m);
	}
}

void measure_fini(struct measure *m)
{
	order_fini(&m->order);
}

double measure_adds(const struct measure *m, double number)
{
	if (m->kind == MEASURE_SUM)
		return m->sign * number;
	if (m->kind == MEASURE_AVERAGE)
		return m->sign * (number - m->at);
	if (m->kind == MEASURE_RANK) {
		bool below = m->not_above ? number <= m->at : number < m->at;
		return m->sign * (double)(m->part - (below ? MEASURE_WHOLE : 0));
	}
	return m->sign;
}

bool measure_may(const struct measure *m, double level)
{
	return m->strict ? level > m->threshold : level >= m->threshold;
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

	/* that of ordered ones is in their terms */
	if (m->kind == MEASURE_RULES && c->logic && !logic_holds(c->logic, m->bit, hit))
		return false;
	return measure_bounds(m, __builtin_popcountll(hit));
}

uint64_t measure_place(const struct measure *m, uint64_t n)
{
	uint64_t part = (uint64_t)m->part, whole = (uint64_t)MEASURE_WHOLE;
	uint64_t place = (part * n + whole - 1) / whole;

	return place ? place : 1;
}
