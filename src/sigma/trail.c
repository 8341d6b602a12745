#include "sigma/trail.h"

void trails_init(struct trails *s, const struct measure *m, uint32_t items, uint32_t spare,
		 uint64_t span, const uint64_t seeds[3])
{
	s->measure = m;
	s->span = span;
	timelines_init(&s->timelines, items, seeds[0]);
	occurs_init(&s->occurs, items + spare, seeds[1]);
	ranks_init(&s->ranks, items, seeds[2]);
}

void trails_fini(struct trails *s)
{
	timelines_fini(&s->timelines);
	occurs_fini(&s->occurs);
	ranks_fini(&s->ranks);
}

size_t trails_memory(const struct measure *m, uint32_t items, uint32_t spare)
{
	return timelines_memory(items) +
	       (measure_occurs(m) ? occurs_memory(items + spare) : 0) +
	       (m->kind == MEASURE_RANK ? ranks_memory(items) : 0);
}

void trail_init(struct trail *l)
{
	*l = (struct trail){.timeline = POOL_NONE, .occurs = POOL_NONE, .rank.root = POOL_NONE};
}

/* An occurrence hangs on the list of the mark at which its windows end. */
static void add_occurrence(struct trails *s, struct trail *l, uint64_t value, uint64_t time)
{
	uint32_t n = occur_add(&s->occurs, &l->occurs, value, time);
	struct mark *end = timeline_mark_at(
		&s->timelines, timeline_mark(&s->timelines, &l->timeline, time + s->span));

	occur_at(&s->occurs, n)->next = end->ends;
	end->ends = n;
}

/* A value adds to the windows that had none of it: from when those of the one before end to when
 * those of the next one begin. */
static void put_value(struct trails *s, struct trail *l, uint64_t value, uint64_t time)
{
	uint64_t from = time, to = time + s->span;
	struct occurrence *last = occur_last(&s->occurs, l->occurs, value, time);

	if (last && last->time == time) {
		last->times++;
		return;
	}
	if (last && last->time + s->span > from)
		from = last->time + s->span;
	const struct occurrence *next = occur_next(&s->occurs, l->occurs, value, time);
	if (next && next->time < to)
		to = next->time;
	add_occurrence(s, l, value, time);
	if (from < to)
		timeline_add(&s->timelines, &l->timeline, from, to, measure_adds(s->measure, 0));
}

void trail_occurred(struct trails *s, struct trail *l, const struct occurrence *o)
{
	if (s->measure->kind == MEASURE_ORDER) {
		add_occurrence(s, l, o->value, o->time);
		if (o->end != UINT64_MAX)
			timeline_add(&s->timelines, &l->timeline, o->end, o->time + s->span, 1);
	} else {
		put_value(s, l, o->value, o->time);
	}
	struct occurrence *x = occur_last(&s->occurs, l->occurs, o->value, o->time);
	x->times = o->times;
	x->end = o->end;
}

struct chains {
	struct trails *trails;
	struct trail *trail;
};

/* A chain adds to the windows that have it whole; of those with one start, the closest. */
static void put_chain(void *context, uint8_t first, uint64_t start, uint64_t end)
{
	struct chains *c = context;
	struct trails *s = c->trails;
	struct occurrence *x = occur_last(&s->occurs, c->trail->occurs, first, start);
	uint64_t to = start + s->span;

	if (x->end <= end)
		return;
	if (x->end < to)
		to = x->end; /* from there on it was added before */
	x->end = end;
	timeline_add(&s->timelines, &c->trail->timeline, end, to, 1);
}

static void put_rule(struct trails *s, struct trail *l, uint8_t rule, uint64_t time)
{
	struct occurrence *x = occur_last(&s->occurs, l->occurs, rule, time);

	if (x && x->time == time)
		x->times++;
	else
		add_occurrence(s, l, rule, time);
	order_look(&s->measure->order, &s->occurs, l->occurs, rule, time, s->span, put_chain,
		   &(struct chains){s, l});
}

uint32_t trail_put(struct trails *s, struct trail *l, const struct trail_match *m)
{
	struct item x = {
		.line = m->line, .token = m->token, .number = m->number, .twin = POOL_NONE};
	uint32_t n = timeline_put(&s->timelines, &l->timeline, m->time, &x);

	if (!measure_occurs(s->measure))
		timeline_add(&s->timelines, &l->timeline, m->time, m->time + s->span,
			     measure_adds(s->measure, m->number));
	else if (s->measure->kind == MEASURE_ORDER)
		put_rule(s, l, (uint8_t)m->value[0], m->time);
	else
		for (unsigned i = 0; i < m->value_count; i++)
			put_value(s, l, m->value[i], m->time);
	if (s->measure->kind == MEASURE_RANK)
		rank_came(&s->ranks, &l->rank, m->time, timeline_item(&s->timelines, n));
	return n;
}

/* Takes away what occurrences of this time added. All before them were forgotten, so what is left
 * of theirs begins with them. */
static void forget_occurrences(struct trails *s, struct trail *l, uint64_t time, uint32_t n)
{
	while (n != POOL_NONE) {
		const struct occurrence *x = occur_at(&s->occurs, n);
		uint32_t next = x->next;
		uint64_t from = time, to = time + s->span;
		if (s->measure->kind == MEASURE_ORDER) {
			from = x->end;
		} else {
			const struct occurrence *after =
				occur_next(&s->occurs, l->occurs, x->value, time + 1);
			if (after && after->time < to)
				to = after->time;
		}
		if (from < to)
			timeline_add(&s->timelines, &l->timeline, from, to,
				     -measure_adds(s->measure, 0));
		occur_drop(&s->occurs, &l->occurs, n);
		n = next;
	}
}

/* Takes the items' twins and ranks away, and returns what they added. */
static double forget_items(struct trails *s, struct trail *l, const struct mark *m, uint64_t *last)
{
	double sum = 0;

	for (uint32_t i = m->items; i != POOL_NONE;) {
		struct item *x = timeline_item(&s->timelines, i);
		i = x->next;
		sum += measure_adds(s->measure, x->number);
		rank_goes(&s->ranks, &l->rank, x);
		if (x->twin != POOL_NONE)
			timeline_item(&s->timelines, x->twin)->twin = POOL_NONE;
		else
			++*last;
	}
	return sum;
}

uint64_t trail_forget(struct trails *s, struct trail *l)
{
	uint32_t first = timeline_first(&s->timelines, l->timeline);
	const struct mark *m = timeline_mark_at(&s->timelines, first);
	uint64_t time = m->time, last = 0;
	double sum = forget_items(s, l, m, &last);
	uint32_t end = timeline_find(&s->timelines, l->timeline, time + s->span);

	if (end != POOL_NONE) {
		struct mark *e = timeline_mark_at(&s->timelines, end);
		if (!measure_occurs(s->measure))
			timeline_add(&s->timelines, &l->timeline, time, time + s->span, -sum);
		forget_occurrences(s, l, time, e->ends);
		e->ends = POOL_NONE;
		if (!e->own)
			timeline_drop(&s->timelines, &l->timeline, end);
	}
	timeline_drop(&s->timelines, &l->timeline, first);
	return last;
}

static uint32_t copy_items(struct trails *s, uint32_t from)
{
	uint32_t head = POOL_NONE, last = POOL_NONE;

	for (; from != POOL_NONE; from = timeline_item(&s->timelines, from)->next) {
		uint32_t n = pool_get(&s->timelines.items);
		struct item *x = timeline_item(&s->timelines, n);
		*x = *timeline_item(&s->timelines, from);
		x->next = POOL_NONE;
		x->twin = from;
		x->ranked = false;
		timeline_item(&s->timelines, from)->twin = n;
		if (last == POOL_NONE)
			head = n;
		else
			timeline_item(&s->timelines, last)->next = n;
		last = n;
	}
	return head;
}

static uint32_t copy_ends(struct trails *s, struct trail *to, uint32_t from)
{
	uint32_t head = POOL_NONE;

	for (; from != POOL_NONE; from = occur_at(&s->occurs, from)->next) {
		const struct occurrence *x = occur_at(&s->occurs, from);
		uint32_t n = occur_add(&s->occurs, &to->occurs, x->value, x->time);
		struct occurrence *copy = occur_at(&s->occurs, n);
		copy->times = x->times;
		copy->end = x->end;
		copy->next = head;
		head = n;
	}
	return head;
}

static uint32_t copy_marks(struct trails *s, struct trail *to, uint32_t from)
{
	struct treap *t = &s->timelines.marks;

	if (from == POOL_NONE)
		return from;
	uint32_t n = treap_get(t);
	struct mark *m = treap_at(t, n);
	*m = *(const struct mark *)treap_at(t, from);
	m->items = copy_items(s, m->items);
	m->ends = copy_ends(s, to, m->ends);
	m->link.left = copy_marks(s, to, m->link.left);
	m->link.right = copy_marks(s, to, m->link.right);
	return n;
}

void trail_copy(struct trails *s, struct trail *to, const struct trail *from)
{
	to->timeline = copy_marks(s, to, from->timeline);
}

/* The median or percentile of the window; false when it would be too costly to find. */
static bool find_rank(struct trails *s, struct trail *l, uint64_t upto, bool must, double *value)
{
	if (!rank_move(&s->ranks, &l->rank, &s->timelines, l->timeline, trails_after(s, upto), upto,
		       must))
		return false;
	uint64_t n = rank_count(&s->ranks, &l->rank);
	uint64_t place = measure_place(s->measure, n);
	*value = rank_value(&s->ranks, &l->rank, place);
	if (s->measure->median && n % 2 == 0)
		*value = *value / 2 + rank_value(&s->ranks, &l->rank, place + 1) / 2;
	return true;
}

static bool judge_rank(struct trails *s, struct trail *l, const struct mark *m, double *value)
{
	const struct measure *k = s->measure;
	bool settled = k->sure && !(k->median && m->level == 0);

	*value = k->at;
	if (!find_rank(s, l, m->time, !settled, value))
		return true;
	return settled || measure_bounds(k, *value);
}

static bool judge_rules(const struct trails *s, const struct trail *l, const struct mark *m,
			double *value)
{
	uint64_t after = trails_after(s, m->time), hit = 0;

	for (uint64_t left = s->measure->all; left; left &= left - 1) {
		const struct occurrence *x =
			occur_last(&s->occurs, l->occurs, (uint64_t)__builtin_ctzll(left), m->time);
		if (x && x->time > after)
			hit |= left & -left;
	}
	*value = __builtin_popcountll(hit);
	if (s->measure->kind == MEASURE_ORDER &&
	    !order_holds(&s->measure->order, &s->occurs, l->occurs, after, m->time))
		return false;
	return s->measure->sure || measure_rules(s->measure, hit);
}

bool trail_judge(struct trails *s, struct trail *l, const struct mark *m, double *value)
{
	const struct measure *k = s->measure;

	switch (k->kind) {
	case MEASURE_RULES:
	case MEASURE_ORDER:
		return judge_rules(s, l, m, value);
	case MEASURE_RANK:
		return judge_rank(s, l, m, value);
	case MEASURE_AVERAGE:
		*value = k->at + k->sign * m->level /
					 (double)timeline_count(&s->timelines, l->timeline,
								trails_after(s, m->time), m->time);
		break;
	default:
		*value = k->sign * m->level;
	}
	return k->sure || measure_bounds(k, *value);
}
