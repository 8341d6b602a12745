#include "sigma/order.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sigma/logic.h"

static void make_term(struct order *o, struct logic_term x, size_t refs, const uint8_t canon[])
{
	struct order_term *t = &o->term[o->count++];

	for (size_t r = 0; r < refs; r++) {
		if (x.with >> r & 1)
			t->rule[t->count++] = canon[r];
		if (x.without >> r & 1)
			t->without |= UINT64_C(1) << canon[r];
	}
}

/* All sets of `n` of the places from `r` on; false when they do not fit. */
static bool choose(struct logic_terms *out, size_t r, size_t refs, size_t n, uint64_t with)
{
	if (n == 0) {
		if (out->count == LOGIC_TERMS_MAX)
			return false;
		out->term[out->count++] = (struct logic_term){.with = with};
		return true;
	}
	for (; r + n <= refs; r++)
		if (!choose(out, r + 1, refs, n - 1, with | UINT64_C(1) << r))
			return false;
	return true;
}

/* How many rules have to hit, by the bounds; more than there are: never. */
static double fewest(const struct sigma_correlation *c)
{
	double least = 1;

	for (size_t i = 0; i < c->bound_count; i++) {
		double x = c->bound[i].value;
		if (c->bound[i].kind == BOUND_GT)
			x += 1;
		else if (c->bound[i].kind != BOUND_GTE && c->bound[i].kind != BOUND_EQ)
			continue;
		if (x > least)
			least = x;
	}
	return least;
}

static void ways(const struct sigma_correlation *c, struct logic_terms *out)
{
	uint64_t all = c->ref_count < 64 ? (UINT64_C(1) << c->ref_count) - 1 : UINT64_MAX;
	bool fit = true;

	*out = (struct logic_terms){.count = 0};
	if (c->logic) {
		logic_split(c->logic, out);
		fit = !out->more;
	} else if (c->bound_count) {
		double least = fewest(c);
		if (least <= (double)c->ref_count) {
			size_t n = (size_t)least;
			fit = choose(out, 0, c->ref_count, n + ((double)n < least), 0);
		}
	} else {
		fit = false;
	}
	if (!fit)
		*out = (struct logic_terms){.term[0].with = all, .count = 1};
}

void order_init(struct order *o, const struct sigma_correlation *c, const uint8_t canon[])
{
	struct logic_terms *t = mem_alloc(sizeof *t);

	ways(c, t);
	*o = (struct order){.term = mem_array(t->count + 1, sizeof *o->term)};
	for (size_t i = 0; i < t->count; i++)
		make_term(o, t->term[i], c->ref_count, canon);
	free(t);
}

void order_fini(struct order *o)
{
	free(o->term);
}

/* How many matches of each rule a chain has taken at the last time it took one. */
struct used {
	uint64_t time[CORRELATION_REFS_MAX];
	uint32_t times[CORRELATION_REFS_MAX];
};

static void use(struct used *u, uint8_t rule, uint64_t time)
{
	u->times[rule] = u->times[rule] && u->time[rule] == time ? u->times[rule] + 1 : 1;
	u->time[rule] = time;
}

static bool used_up(const struct used *u, uint8_t rule, const struct occurrence *x)
{
	return u->times[rule] && u->time[rule] == x->time && u->times[rule] >= x->times;
}

struct sight {
	const struct occurs *occurs;
	uint32_t root;
	const struct order_term *term;
};

/* The latest start of a chain of the first `places` places that ends by `upto`; false: none. */
static bool back(const struct sight *s, unsigned places, uint64_t upto, uint64_t *start)
{
	struct used used;

	memset(used.times, 0, sizeof used.times);
	for (unsigned j = places; j-- > 0;) {
		uint8_t rule = s->term->rule[j];
		const struct occurrence *x = occur_last(s->occurs, s->root, rule, upto);
		if (x && used_up(&used, rule, x))
			x = x->time ? occur_last(s->occurs, s->root, rule, x->time - 1) : NULL;
		if (!x)
			return false;
		use(&used, rule, x->time);
		upto = x->time;
	}
	*start = upto;
	return true;
}

/* The earliest end of a chain of the places from `place` on that starts at `from` or later. */
static bool forth(const struct sight *s, unsigned place, uint64_t from, uint64_t *end)
{
	struct used used;

	memset(used.times, 0, sizeof used.times);
	for (unsigned j = place; j < s->term->count; j++) {
		uint8_t rule = s->term->rule[j];
		const struct occurrence *x = occur_next(s->occurs, s->root, rule, from);
		if (x && used_up(&used, rule, x))
			x = occur_next(s->occurs, s->root, rule, x->time + 1);
		if (!x)
			return false;
		use(&used, rule, x->time);
		from = x->time;
	}
	*end = from;
	return true;
}

/* How many matches of the rule there are at this very time. */
static unsigned times_at(const struct sight *s, uint8_t rule, uint64_t time)
{
	const struct occurrence *x = occur_last(s->occurs, s->root, rule, time);

	return x && x->time == time ? x->times : 0;
}

/* Whether the places [i, m] can all have matches of this time. */
static bool at_once(const struct sight *s, unsigned i, unsigned m, uint64_t time)
{
	unsigned wanted[CORRELATION_REFS_MAX] = {0};

	for (unsigned j = i; j <= m; j++)
		if (++wanted[s->term->rule[j]] > times_at(s, s->term->rule[j], time))
			return false;
	return true;
}

/* The chains that have matches of `time` at the places from i to the last that can. */
static void from_place(const struct sight *s, unsigned i, unsigned place, uint64_t time,
		       uint64_t span, order_found *found, void *context)
{
	uint64_t start = time, end = time;
	unsigned m = place;

	while (m + 1 < s->term->count && at_once(s, i, m + 1, time))
		m++;
	if (i > 0 && (time == 0 || !back(s, i, time - 1, &start)))
		return;
	if (m + 1 < s->term->count && !forth(s, m + 1, time + 1, &end))
		return;
	if (end - start < span)
		found(context, s->term->rule[0], start, end);
}

void order_look(const struct order *o, const struct occurs *occurs, uint32_t root, uint8_t rule,
		uint64_t time, uint64_t span, order_found *found, void *context)
{
	for (size_t k = 0; k < o->count; k++) {
		struct sight s = {occurs, root, &o->term[k]};
		if (s.term->count == 0)
			found(context, rule, time, time);
		for (unsigned place = 0; place < s.term->count; place++) {
			if (s.term->rule[place] != rule)
				continue;
			/* Taking fewer places of this time ahead of this one may leave more matches
			 * of a repeated rule for those behind it. */
			for (unsigned i = place + 1; i-- > 0 && at_once(&s, i, place, time);)
				from_place(&s, i, place, time, span, found, context);
		}
	}
}

static bool none_of(const struct sight *s, uint64_t after, uint64_t upto)
{
	for (uint64_t left = s->term->without; left; left &= left - 1) {
		const struct occurrence *x =
			occur_last(s->occurs, s->root, (uint64_t)__builtin_ctzll(left), upto);
		if (x && x->time > after)
			return false;
	}
	return true;
}

bool order_holds(const struct order *o, const struct occurs *occurs, uint32_t root, uint64_t after,
		 uint64_t upto)
{
	for (size_t k = 0; k < o->count; k++) {
		struct sight s = {occurs, root, &o->term[k]};
		uint64_t start;
		if (back(&s, s.term->count, upto, &start) && start > after &&
		    none_of(&s, after, upto))
			return true;
	}
	return false;
}
