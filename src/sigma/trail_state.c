/* What is held of one group, to and from bytes. */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "sigma/trail.h"

#define NUMBER_MOST 1e300 /* as facts have them */
#define MARKS_EACH  3	  /* marks that one match or occurrence may make: TIMELINE_SPARE is more */

enum {
	ITEM_TOLD = 1,
	ITEM_SETTLED = 2,
	ITEM_TOKEN = 4, /* one that is not 0 follows */
	ITEM_LINE = 8,
	ITEM_FLAGS = 15,
};

void trail_order_init(struct trail_order *o, uint32_t items, uint32_t occurs)
{
	*o = (struct trail_order){.room = items};
	o->place = mem_array(items + 1u, sizeof *o->place);
	o->item = mem_array(items + 1u, sizeof *o->item);
	o->list = mem_array((items > occurs ? items : occurs) + 1u, sizeof *o->list);
}

void trail_order_fini(struct trail_order *o)
{
	free(o->place);
	free(o->item);
	free(o->list);
}

struct saver {
	const struct trails *s;
	struct trail_order *o;
	struct bytes *out;
	bool second;
	uint64_t time; /* of the mark before */
};

static bool is_value(const struct measure *m)
{
	return m->kind == MEASURE_VALUES; /* a hash, not the place of a rule */
}

static void save_item(const struct saver *v, uint32_t number)
{
	const struct item *x = timeline_item(&v->s->timelines, number);

	bytes_u8(v->out, (uint8_t)((x->told ? ITEM_TOLD : 0) | (x->settled ? ITEM_SETTLED : 0) |
				   (x->token ? ITEM_TOKEN : 0) | (x->line ? ITEM_LINE : 0)));
	if (x->token)
		bytes_var(v->out, x->token);
	if (x->line)
		bytes_var(v->out, x->line & ~LINE_PAST);
	if (measure_numbers(v->s->measure))
		bytes_f64le(v->out, x->number);
	if (v->second)
		bytes_var(v->out, x->twin == POOL_NONE ? 0 : v->o->place[x->twin] + UINT64_C(1));
	else
		v->o->place[number] = v->o->count++;
	v->o->items++;
}

/* The one that came first goes first, so that loading can put one before the other. */
static void save_items(const struct saver *v, const struct mark *m)
{
	uint32_t n = 0;

	for (uint32_t i = m->items; i != POOL_NONE; i = timeline_item(&v->s->timelines, i)->next)
		v->o->list[n++] = i;
	while (n > 0)
		save_item(v, v->o->list[--n]);
}

static void save_occurrence(const struct saver *v, const struct occurrence *x)
{
	if (is_value(v->s->measure))
		bytes_u64le(v->out, x->value);
	else
		bytes_var(v->out, x->value);
	bytes_var(v->out, x->times);
	if (v->s->measure->kind == MEASURE_ORDER)
		bytes_var(v->out, x->end == UINT64_MAX ? 0 : x->end - x->time + 1);
	v->o->occurs++;
}

/* They hang on the mark at which their windows end. */
static void save_occurrences(const struct saver *v, uint32_t root, uint64_t time)
{
	const struct occurs *k = &v->s->occurs;
	uint32_t end = timeline_find(&v->s->timelines, root, time + v->s->span), n = 0;
	uint32_t x = end == POOL_NONE ? end : timeline_mark_at(&v->s->timelines, end)->ends;

	for (; x != POOL_NONE; x = occur_at(k, x)->next)
		v->o->list[n++] = x;
	bytes_var(v->out, n);
	while (n > 0)
		save_occurrence(v, occur_at(k, v->o->list[--n]));
}

static void save_marks(struct saver *v, uint32_t root, uint32_t n)
{
	if (n == POOL_NONE)
		return;
	const struct mark *m = timeline_mark_at(&v->s->timelines, n);
	save_marks(v, root, m->link.left);
	if (m->own) {
		bytes_var(v->out, m->own);
		bytes_var(v->out, m->time - v->time);
		v->time = m->time;
		save_items(v, m);
		if (measure_occurs(v->s->measure))
			save_occurrences(v, root, m->time);
	}
	save_marks(v, root, m->link.right);
}

void trail_save(const struct trails *s, const struct trail *l, struct trail_order *o, bool second,
		struct bytes *out)
{
	struct saver v = {.s = s, .o = o, .out = out, .second = second};

	if (s->measure->kind == MEASURE_RANK) {
		bytes_var(out, l->rank.after);
		bytes_var(out, l->rank.upto);
		bytes_var(out, l->rank.credit);
	}
	save_marks(&v, l->timeline, l->timeline);
	bytes_var(out, 0);
}

struct loader {
	struct trails *s;
	struct trail *l;
	struct trail_order *o;
	struct cursor *in;
	bool second;
};

static bool has_room(const struct pool *p, uint32_t n)
{
	return p->limit - pool_live(p) >= n;
}

static bool take_twin(const struct loader *v, uint32_t number)
{
	uint64_t place = cur_var(v->in);

	if (place == 0)
		return true;
	if (place > v->o->count)
		return false;
	uint32_t other = v->o->item[place - 1];
	struct item *twin = timeline_item(&v->s->timelines, other);
	if (twin->twin != POOL_NONE)
		return false;
	twin->twin = number;
	timeline_item(&v->s->timelines, number)->twin = other;
	return true;
}

/* Adds to *level what it is worth. */
static bool load_item(const struct loader *v, uint64_t time, double *level)
{
	struct timelines *t = &v->s->timelines;
	uint8_t flags = cur_u8(v->in);
	struct item x = {.twin = POOL_NONE,
			 .told = flags & ITEM_TOLD,
			 .settled = flags & ITEM_SETTLED};

	if (flags & ITEM_TOKEN)
		x.token = cur_var(v->in);
	if (flags & ITEM_LINE)
		x.line = cur_var(v->in) | LINE_PAST;
	if (measure_numbers(v->s->measure))
		x.number = cur_f64le(v->in);
	if (v->in->bad || flags > ITEM_FLAGS || !(fabs(x.number) <= NUMBER_MOST) ||
	    (!v->second && v->o->count == v->o->room) || !has_room(&t->items, 1) ||
	    !has_room(&t->marks.pool, MARKS_EACH))
		return false;
	uint32_t n = timeline_put(t, &v->l->timeline, time, &x);
	v->o->items++;
	*level += measure_adds(v->s->measure, x.number);
	if (v->s->measure->kind == MEASURE_RANK)
		rank_came(&v->s->ranks, &v->l->rank, time, timeline_item(t, n));
	if (v->second)
		return take_twin(v, n);
	v->o->item[v->o->count++] = n;
	return true;
}

static bool load_occurrence(const struct loader *v, uint64_t time)
{
	struct trails *s = v->s;
	bool value = is_value(s->measure);
	struct occurrence x = {.time = time, .end = UINT64_MAX};

	x.value = value ? cur_u64le(v->in) : cur_var(v->in);
	uint64_t times = cur_var(v->in);
	if (s->measure->kind == MEASURE_ORDER) {
		uint64_t after = cur_var(v->in);
		if (after > s->span)
			return false;
		if (after)
			x.end = time + after - 1;
	}
	if (v->in->bad || times == 0 || times > UINT32_MAX ||
	    (!value && x.value >= s->measure->rule->ref_count) ||
	    !has_room(&s->occurs.tree.pool, 1) || !has_room(&s->timelines.marks.pool, MARKS_EACH))
		return false;
	v->o->occurs++;
	x.times = (uint32_t)times;
	const struct occurrence *last = occur_last(&s->occurs, v->l->occurs, x.value, time);
	if (last && last->time == time)
		return false; /* twice */
	trail_occurred(s, v->l, &x);
	return true;
}

static bool load_mark(const struct loader *v, uint64_t own, uint64_t time)
{
	double level = 0;

	for (uint64_t i = 0; i < own; i++)
		if (!load_item(v, time, &level))
			return false;
	if (!measure_occurs(v->s->measure)) {
		timeline_add(&v->s->timelines, &v->l->timeline, time, time + v->s->span, level);
		return true;
	}
	for (uint64_t count = cur_var(v->in); count > 0; count--)
		if (!load_occurrence(v, time))
			return false;
	return true;
}

bool trail_load(struct trails *s, struct trail *l, struct trail_order *o, bool second,
		struct cursor *in)
{
	struct loader v = {s, l, o, in, second};
	uint64_t time = 0, own;
	bool first = true;

	if (s->measure->kind == MEASURE_RANK) {
		l->rank.after = cur_var(in);
		l->rank.upto = cur_var(in);
		l->rank.credit = cur_var(in);
	}
	while ((own = cur_var(in))) {
		uint64_t step = cur_var(in);
		if (in->bad || (step == 0 && !first) || step > TRAIL_TIME_MOST - time)
			return false;
		time += step;
		first = false;
		if (!load_mark(&v, own, time))
			return false;
	}
	return !in->bad;
}
