#include "sigma/judge.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "sigma/time_part.h"

void judge_init(struct judge *j, const struct plan *p)
{
	*j = (struct judge){.plan = p};
	j->found = mem_array(p->leaf_count + 1, sizeof *j->found);
	j->hits = mem_array(p->leaf_count + 1, sizeof *j->hits);
	j->scanned = mem_array(p->field_count + 1, sizeof *j->scanned);
	j->there = mem_array(p->field_count + 1, sizeof *j->there);
	j->first = mem_array(p->field_count + 1, sizeof *j->first);
}

void judge_fini(struct judge *j)
{
	free(j->found);
	free(j->hits);
	free(j->scanned);
	free(j->there);
	free(j->first);
}

static void restart_stamps(struct judge *j)
{
	const struct plan *p = j->plan;

	memset(j->found, 0, p->leaf_count * sizeof *j->found);
	memset(j->scanned, 0, (p->field_count + 1) * sizeof *j->scanned);
	memset(j->there, 0, (p->field_count + 1) * sizeof *j->there);
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

	if (j->found[leaf] == j->now)
		return;
	j->found[leaf] = j->now;
	j->hits[j->hit_count++] = leaf;
}

void judge_scan(struct judge *j, uint32_t field)
{
	bool keywords = field == FIELD_NONE;
	uint32_t slot = keywords ? j->plan->field_count : field;
	struct scanner *s = plan_scanner(j->plan, field);

	if (j->scanned[slot] == j->now)
		return;
	j->scanned[slot] = j->now;
	if (!s || (!keywords && j->there[field] != j->now))
		return;
	for (uint32_t i = keywords ? 0 : j->first[field]; i < j->event->count; i++)
		if (keywords || j->event->values[i].field == field)
			scanner_run(s, &j->event->values[i], on_found, j);
		else
			break; /* a field's values stand together */
}

/* Calls of a field's values that are not null. */
#define EACH_VALUE(v, j, f)                                                                        \
	for (const struct event_value *                                                            \
		     v = (j)->event->values +                                                      \
			 ((j)->there[f] == (j)->now ? (j)->first[f] : (j)->event->count),          \
		    *end_##v = (j)->event->values + (j)->event->count;                                \
	     v < end_##v && v->field == (f); v++)                                                     \
		if (v->kind != VALUE_NULL)

static bool compare_number(double v, const struct sigma_leaf *l)
{
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

/* A value as a number: itself, a text that reads as one, or a part of a date. */
static bool number_of(const struct event_value *v, enum time_part part, double *out)
{
	char z[64], *end;

	if (part)
		return time_part_read(v->text, part, out);
	if (v->kind == VALUE_NUMBER) {
		*out = v->number;
		return true;
	}
	if (v->kind != VALUE_TEXT || !v->text.n || v->text.n >= sizeof z ||
	    !strchr("+-.0123456789", v->text.p[0]) || memchr(v->text.p, 'x', v->text.n) ||
	    memchr(v->text.p, 'X', v->text.n))
		return false;
	memcpy(z, v->text.p, v->text.n);
	z[v->text.n] = '\0';
	*out = strtod(z, &end);
	return end == z + v->text.n && isfinite(*out);
}

static bool same_bytes(const char *a, const char *b, size_t n, bool cased)
{
	if (cased)
		return memcmp(a, b, n) == 0;
	for (size_t i = 0; i < n; i++)
		if (ascii_lower(a[i]) != ascii_lower(b[i]))
			return false;
	return true;
}

static bool fits(struct str a, struct str b, enum fit fit, bool cased)
{
	if (b.n > a.n || (fit == FIT_EQUAL && a.n != b.n))
		return false;
	if (!b.n)
		return true;
	if (fit == FIT_ENDS)
		return same_bytes(a.p + a.n - b.n, b.p, b.n, cased);
	if (fit != FIT_CONTAINS)
		return same_bytes(a.p, b.p, b.n, cased);
	for (size_t i = 0; i + b.n <= a.n; i++)
		if (same_bytes(a.p + i, b.p, b.n, cased))
			return true;
	return false;
}

static enum truth truth_of(bool b)
{
	return b ? TRUTH_YES : TRUTH_NO;
}

static enum truth judge_ref(struct judge *j, const struct plan_leaf *l)
{
	if (event_unknown(j->event, l->other))
		return TRUTH_POSSIBLE;
	EACH_VALUE(a, j, l->field)
	EACH_VALUE(b, j, l->other)
	if (fits(a->text, b->text, l->leaf->ref.fit, l->leaf->cased))
		return TRUTH_YES;
	return TRUTH_NO;
}

static bool judge_value(struct judge *j, const struct plan_leaf *l)
{
	bool any = false;
	double number;

	EACH_VALUE(v, j, l->field)
	{
		any = true;
		if (l->leaf->kind == LEAF_EMPTY && !v->text.n)
			return true;
		if (l->leaf->kind == LEAF_COMPARE && number_of(v, l->leaf->number.part, &number) &&
		    compare_number(number, l->leaf))
			return true;
		if (l->leaf->kind == LEAF_NUMBER && number_of(v, l->leaf->number.part, &number) &&
		    number == l->leaf->number.value)
			return true;
	}
	return l->leaf->kind == LEAF_PRESENT ? any : l->leaf->kind == LEAF_NULL && !any;
}

enum truth judge_leaf(struct judge *j, uint32_t leaf)
{
	const struct plan_leaf *l = &j->plan->leaf[leaf];

	if (l->field != FIELD_NONE && event_unknown(j->event, l->field))
		return TRUTH_POSSIBLE;
	if (l->scanned) {
		judge_scan(j, l->field);
		return truth_of(judge_found(j, leaf));
	}
	switch (l->leaf->kind) {
	case LEAF_EXISTS:
		return truth_of(j->there[l->field] == j->now);
	case LEAF_FIELDREF:
		return judge_ref(j, l);
	default:
		return truth_of(judge_value(j, l));
	}
}

enum truth judge_node(struct judge *j, const struct plan_rule *r, uint32_t at)
{
	const struct plan_node *n = &r->node[at];
	enum truth t;

	switch (n->kind) {
	case NODE_LEAF:
		return judge_leaf(j, n->leaf);
	case NODE_NOT:
		return (enum truth)(TRUTH_YES - judge_node(j, r, at + 1));
	case NODE_AND:
		t = TRUTH_YES;
		for (uint32_t i = at + 1; i < n->end && t != TRUTH_NO; i = r->node[i].end) {
			enum truth x = judge_node(j, r, i);
			t = x < t ? x : t;
		}
		return t;
	default:
		t = TRUTH_NO;
		for (uint32_t i = at + 1; i < n->end && t != TRUTH_YES; i = r->node[i].end) {
			enum truth x = judge_node(j, r, i);
			t = x > t ? x : t;
		}
		return t;
	}
}
