#include "sigma/judge.h"

#include <stdlib.h>

#include "base/mem.h"
#include "sigma/number.h"
#include "sigma/time_part.h"

void judge_init(struct judge *j, const struct plan *p)
{
	size_t slots = (size_t)p->field_count + 1;

	*j = (struct judge){.plan = p};
	j->found = mem_array(p->leaf_count, sizeof *j->found);
	j->hits = mem_array(p->leaf_count, sizeof *j->hits);
	j->scanned = mem_array(slots, sizeof *j->scanned);
	j->there = mem_array(slots, sizeof *j->there);
	j->first = mem_array(slots, sizeof *j->first);
	j->bit = mem_array(slots, sizeof *j->bit);
}

void judge_fini(struct judge *j)
{
	free(j->found);
	free(j->hits);
	free(j->scanned);
	free(j->there);
	free(j->first);
	free(j->bit);
}

static void restart_stamps(struct judge *j)
{
	size_t slots = (size_t)j->plan->field_count + 1;

	memset(j->found, 0, j->plan->leaf_count * sizeof *j->found);
	memset(j->scanned, 0, slots * sizeof *j->scanned);
	memset(j->there, 0, slots * sizeof *j->there);
	j->now = 1;
}

void judge_begin(struct judge *j, const struct event *e)
{
	if (++j->now == 0)
		restart_stamps(j);
	j->event = e;
	j->hit_count = 0;
	for (uint32_t i = 0; i < e->count; i++) {
		uint32_t f = e->values[i].field;
		if (f >= j->plan->field_count || j->there[f] == j->now)
			continue;
		j->there[f] = j->now;
		j->first[f] = i;
	}
}

static void on_found(void *context, uint32_t leaf)
{
	struct judge *j = context;

	j->any = true;
	if (j->found[leaf] == j->now)
		return;
	j->found[leaf] = j->now;
	j->hits[j->hit_count++] = leaf;
}

/* The values of a field; none when it is not there. */
struct span {
	const struct event_value *v, *end;
};

static struct span values_of(const struct judge *j, uint32_t field)
{
	const struct event *e = j->event;
	struct span s = {e->values, e->values};

	if (j->there[field] != j->now)
		return s;
	s.v = s.end = e->values + j->first[field];
	while (s.end < e->values + e->count && s.end->field == field)
		s.end++;
	return s;
}

static uint32_t bit_of(struct judge *j, uint32_t slot)
{
	if (!j->bit[slot] && j->bits_given < 32)
		j->bit[slot] = UINT32_C(1) << j->bits_given++;
	return j->bit[slot];
}

/* A text that comes again is not scanned again when nothing was found in it. */
static void scan_again(struct judge *j, uint32_t slot, const struct event_value *v)
{
	struct scanner *scanner = j->plan->scanner[slot];
	uint32_t bit = bit_of(j, slot);

	if (*v->quiet & bit)
		return;
	uint64_t limits = scanner_limits(scanner);
	j->any = false;
	scanner_run(scanner, v, on_found, j);
	if (!j->any && scanner_limits(scanner) == limits)
		*v->quiet |= bit;
}

void judge_scan(struct judge *j, uint32_t field)
{
	uint32_t slot = plan_slot(j->plan, field);
	struct scanner *scanner = j->plan->scanner[slot];

	if (j->scanned[slot] == j->now)
		return;
	j->scanned[slot] = j->now;
	if (!scanner)
		return;
	struct span s = field == FIELD_NONE ? (struct span){j->event->values,
							    j->event->values + j->event->count}
					    : values_of(j, field);
	for (; s.v < s.end; s.v++)
		if (s.v->quiet)
			scan_again(j, slot, s.v);
		else
			scanner_run(scanner, s.v, on_found, j);
}

static bool compares(double v, const struct sigma_leaf *l)
{
	if (l->kind == LEAF_NUMBER)
		return v == l->number.value;
	switch (l->number.compare) {
	case COMPARE_LT:
		return v < l->number.value;
	case COMPARE_LTE:
		return v <= l->number.value;
	case COMPARE_GT:
		return v > l->number.value;
	default:
		return v >= l->number.value;
	}
}

static bool number_fits(const struct event_value *v, const struct sigma_leaf *l)
{
	double number;
	bool is = l->number.part == PART_NONE ? number_of(v, &number)
					      : time_part_read(v->text, l->number.part, &number);

	return is && compares(number, l);
}

static bool same(struct str a, struct str b, bool cased)
{
	return cased ? str_eq(a, b) : str_ieq(a, b);
}

static bool contains(struct str a, struct str b, bool cased)
{
	for (size_t i = 0; b.n <= a.n - i; i++)
		if (same((struct str){a.p + i, b.n}, b, cased))
			return true;
	return false;
}

static bool fits(struct str a, struct str b, enum fit fit, bool cased)
{
	if (b.n > a.n)
		return false;
	if (b.n == 0)
		return fit != FIT_EQUAL || a.n == 0;
	switch (fit) {
	case FIT_STARTS:
		return same((struct str){a.p, b.n}, b, cased);
	case FIT_ENDS:
		return same((struct str){a.p + a.n - b.n, b.n}, b, cased);
	case FIT_CONTAINS:
		return contains(a, b, cased);
	default:
		return same(a, b, cased);
	}
}

/* Any value of the one field with any of the other. */
static bool ref_fits(const struct judge *j, const struct plan_leaf *l)
{
	for (struct span a = values_of(j, l->field); a.v < a.end; a.v++)
		for (struct span b = values_of(j, l->other); b.v < b.end; b.v++)
			if (a.v->kind != VALUE_NULL && b.v->kind != VALUE_NULL &&
			    fits(a.v->text, b.v->text, l->leaf->ref.fit, l->leaf->cased))
				return true;
	return false;
}

static bool value_fits(const struct event_value *v, const struct sigma_leaf *l)
{
	switch (l->kind) {
	case LEAF_NUMBER:
	case LEAF_COMPARE:
		return number_fits(v, l);
	case LEAF_EMPTY:
		return v->text.n == 0;
	default: /* present, and not null */
		return true;
	}
}

static bool any_fits(const struct judge *j, const struct plan_leaf *l)
{
	bool negative = l->leaf->kind == LEAF_NULL;

	for (struct span s = values_of(j, l->field); s.v < s.end; s.v++)
		if (s.v->kind != VALUE_NULL && value_fits(s.v, l->leaf))
			return !negative;
	return negative;
}

enum truth judge_leaf(struct judge *j, uint32_t leaf)
{
	const struct plan_leaf *l = &j->plan->leaf[leaf];
	bool is;

	if (plan_unknown(l, j->event->unknown))
		return TRUTH_POSSIBLE;
	if (l->scanned) {
		judge_scan(j, l->field);
		is = j->found[leaf] == j->now;
	} else if (l->leaf->kind == LEAF_EXISTS) {
		is = j->there[l->field] == j->now;
	} else if (l->leaf->kind == LEAF_FIELDREF) {
		is = ref_fits(j, l);
	} else {
		is = any_fits(j, l);
	}
	return is ? TRUTH_YES : TRUTH_NO;
}

enum truth judge_node(struct judge *j, const struct plan_rule *r, uint32_t at)
{
	const struct plan_node *n = &r->node[at];
	enum truth t = n->kind == NODE_AND ? TRUTH_YES : TRUTH_NO;

	if (n->kind == NODE_LEAF)
		return judge_leaf(j, n->leaf);
	if (n->kind == NODE_NOT)
		return (enum truth)(TRUTH_YES - judge_node(j, r, at + 1));
	for (uint32_t i = at + 1; i < n->end; i = r->node[i].end) {
		enum truth x = judge_node(j, r, i);
		if (n->kind == NODE_AND ? x < t : x > t)
			t = x;
		if (t == (n->kind == NODE_AND ? TRUTH_NO : TRUTH_YES))
			break;
	}
	return t;
}

bool judge_telling(struct judge *j, const struct plan_rule *r, uint32_t at)
{
	const struct plan_node *n = &r->node[at];

	if (n->kind == NODE_NOT)
		return false;
	if (n->kind == NODE_LEAF)
		return j->plan->leaf[n->leaf].telling && judge_leaf(j, n->leaf) == TRUTH_YES;
	if (judge_node(j, r, at) == TRUTH_NO)
		return false;
	for (uint32_t i = at + 1; i < n->end; i = r->node[i].end)
		if (judge_telling(j, r, i))
			return true;
	return false;
}
