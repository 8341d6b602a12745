#include "sigma/correlate.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/limits.h"
#include "sigma/correlate_part.h"

_Static_assert(CORRELATION_VALUES_MAX == TRAIL_VALUES_MAX, "one limit under two names");

static void add_feed(struct feeds *f, uint32_t state, uint32_t place)
{
	f->feed = mem_resize(f->feed, (f->count + 1) * sizeof *f->feed);
	f->feed[f->count++] = (struct feed){state, place};
}

/* Connects the correlation with what it names at a place. Only correlations before it can be named,
 * so there are no circles. */
static void connect(struct correlator *c, uint32_t number, size_t place, struct fields *fields)
{
	struct state *s = &c->state[number];
	const struct sigma_ref *r = &s->rule->ref[place];

	if (!r->correlation) {
		fact_source_rule(&s->source[place], s->rule, place, fields);
		if (r->number < c->rules && s->measure.canon[place] == place)
			add_feed(&c->feeds[r->number], number, (uint32_t)place);
	} else if (r->number < number) {
		struct state *named = &c->state[r->number];
		fact_source_chain(&s->source[place], s->rule, place, named->rule);
		if (named->depth + 1 > s->depth)
			s->depth = named->depth + 1;
		if (s->depth <= LIMIT_CORRELATION_CHAIN && s->measure.canon[place] == place)
			add_feed(&named->feeds, number, (uint32_t)place);
	}
}

static void init_state(struct correlator *c, uint32_t number, const struct sigma_correlation *rule,
		       struct fields *fields)
{
	struct state *s = &c->state[number];

	s->rule = rule;
	s->source = mem_array(rule->ref_count + 1, sizeof *s->source);
	measure_init(&s->measure, rule);
	for (size_t r = 0; r < rule->ref_count; r++)
		connect(c, number, r, fields);
}

static void init_cells(struct correlator *c, const struct cells_bounds *b)
{
	c->bounds = *b;
	for (size_t i = 0; i < c->count; i++) {
		struct state *s = &c->state[i];
		uint64_t span = s->rule->timespan < TRAIL_TIME_MOST ? s->rule->timespan : TRAIL_TIME_MOST;
		cells_init(&s->cells, &s->measure, span, b, &c->key, &c->arrivals);
	}
}

static uint32_t share(uint32_t all, size_t count, uint32_t least, uint32_t most)
{
	size_t part = all / (count ? count : 1);

	if (part < least)
		return least;
	return part < most ? (uint32_t)part : most;
}

static struct cells_bounds bounds_of(size_t count)
{
	return (struct cells_bounds){
		.items = share(LIMIT_CORRELATION_SHARE, count, LIMIT_CORRELATION_LEAST,
			       LIMIT_CORRELATION_ITEMS),
		.groups = share(LIMIT_CORRELATION_GROUPS_SHARE, count, LIMIT_CORRELATION_LEAST,
				LIMIT_CORRELATION_GROUPS),
		.text = share(LIMIT_CORRELATION_TEXT_SHARE, count,
			      LIMIT_CORRELATION_LEAST * LIMIT_CORRELATION_TEXT_LEAST,
			      LIMIT_CORRELATION_TEXT)};
}

struct correlator *correlator_new(const struct sigma_rules *rules, struct fields *fields,
				  correlation_found *found, void *context)
{
	struct correlator *c = mem_zalloc(sizeof *c);
	struct cells_bounds b = bounds_of(rules->correlation_count);

	c->found = found;
	c->context = context;
	c->all = rules;
	c->count = rules->correlation_count;
	c->rules = rules->rule_count;
	c->state = mem_array(c->count + 1, sizeof *c->state);
	c->feeds = mem_array(c->rules + 1, sizeof *c->feeds);
	hash_key_init(&c->key);
	arrivals_init(&c->arrivals);
	for (size_t i = 0; i < c->count; i++)
		init_state(c, (uint32_t)i, rules->correlation[i], fields);
	init_cells(c, &b);
	return c;
}

void correlator_memory(const struct correlator *c, struct budget *b)
{
	for (size_t i = 0; i < c->count; i++)
		budget_add(b, "correlations", "fixed; at least so much each",
			   cells_memory(&c->state[i].measure, &c->bounds));
}

static void init_again(struct correlator *c, const struct cells_bounds *b)
{
	for (size_t i = 0; i < c->count; i++)
		cells_fini(&c->state[i].cells);
	init_cells(c, b);
}

void correlator_bound(struct correlator *c, uint32_t items, uint32_t groups, size_t text)
{
	init_again(c, &(struct cells_bounds){items, groups, text});
}

void correlator_forget(struct correlator *c)
{
	struct cells_bounds b = c->bounds;

	init_again(c, &b);
	arrivals_init(&c->arrivals);
	c->latest = c->serial = c->no_number = 0;
}

void correlator_free(struct correlator *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->count; i++) {
		cells_fini(&c->state[i].cells);
		measure_fini(&c->state[i].measure);
		free(c->state[i].source);
		free(c->state[i].feeds.feed);
	}
	for (size_t i = 0; i < c->rules; i++)
		free(c->feeds[i].feed);
	free(c->feeds);
	free(c->state);
	free(c);
}

/* A search for windows that now fulfil the condition, in one trail of one cell. */
struct search {
	struct correlator *c;
	struct state *s;
	struct cell *cell;
	struct trail *trail;
	unsigned which;
};

struct lines {
	struct correlation_hit *hit;
	unsigned looked;
};

/* From the latest match back; the list is turned around afterwards. */
static bool take_line(void *context, struct item *x)
{
	struct lines *l = context;
	struct correlation_hit *h = l->hit;

	if (x->line && !(x->line & LINE_PAST) &&
	    !(h->line_count && h->line[h->line_count - 1] == x->line))
		h->line[h->line_count++] = x->line;
	return ++l->looked < CORRELATION_LINES_MAX;
}

static void turn(uint64_t *x, unsigned n)
{
	for (unsigned i = 0; i < n / 2; i++) {
		uint64_t first = x[i];
		x[i] = x[n - 1 - i];
		x[n - 1 - i] = first;
	}
}

static void fill_hit(const struct search *q, struct correlation_hit *h, uint64_t time)
{
	const struct timelines *t = &q->s->cells.trails.timelines;
	uint64_t after = trails_after(&q->s->cells.trails, time);

	h->correlation = (size_t)(q->s - q->c->state);
	h->last = time;
	h->first = timeline_next(t, q->trail->timeline, after);
	h->matches = timeline_count(t, q->trail->timeline, after, time);
	for (unsigned g = 0; g < q->s->rule->group_count; g++)
		h->group[g] = cell_group(q->cell, g);
	h->line_count = 0;
	if (!t->lines)
		return;
	timeline_back(t, q->trail->timeline, after, time, take_line, &(struct lines){.hit = h});
	turn(h->line, h->line_count);
}

static void enter(struct correlator *c, struct state *s, struct fact *f);

/* The hit as a match for the correlations that name this one. */
static void pass_on(const struct search *q, const struct mark *m, const struct item *x, bool any)
{
	struct fact f = {.time = m->time, .line = x->line, .token = x->token};

	for (size_t i = 0; i < q->s->feeds.count; i++) {
		struct state *s = &q->c->state[q->s->feeds.feed[i].state];
		unsigned place = q->s->feeds.feed[i].place;
		enum fact_read got =
			fact_read_cell(&s->source[place], &s->measure, &q->c->key, q->cell, &f);
		q->c->no_number += got == FACT_NO_NUMBER;
		if (got != FACT_READ)
			continue;
		f.place = place;
		f.certain = q->which == 0;
		f.any = any;
		enter(q->c, s, &f);
	}
}

/* Tells the items of the mark that were not. Those behind a settled one are. */
static void tell(const struct search *q, const struct mark *m, double value)
{
	const struct timelines *t = &q->s->cells.trails.timelines;
	struct correlation_hit hit = {.possible = q->which == 1, .value = value};
	bool filled = false;

	for (uint32_t i = m->items; i != POOL_NONE;) {
		struct item *x = timeline_item(t, i);
		struct item *twin = x->twin == POOL_NONE ? NULL : timeline_item(t, x->twin);
		if (x->settled)
			break;
		x->settled = true;
		i = x->next;
		if (x->told && q->which == 1)
			continue; /* as certain, or before it was copied */
		bool any = !(twin && twin->told && q->which == 0);
		x->told = true;
		if (twin)
			twin->told = true;
		if (!filled)
			fill_hit(q, &hit, m->time);
		filled = true;
		hit.token = x->token;
		q->c->found(q->c->context, &hit);
		pass_on(q, m, x, any);
	}
}

static bool may(void *context, double level)
{
	return measure_may(&((const struct search *)context)->s->measure, level);
}

static bool look(void *context, struct mark *m)
{
	const struct search *q = context;
	double value;

	if (!trail_judge(&q->s->cells.trails, q->trail, m, &value))
		return false;
	tell(q, m, value);
	return true;
}

static void search(struct correlator *c, struct state *s, uint32_t cell, unsigned which,
		   uint64_t time)
{
	struct cell *x = cell_at(&s->cells, cell);
	struct search q = {c, s, x, &x->trail[which], which};

	timeline_search(&s->cells.trails.timelines, q.trail->timeline, time,
			time + s->cells.trails.span, may, look, &q);
}

static uint32_t insert(struct state *s, uint32_t cell, unsigned which, const struct fact *f)
{
	uint64_t rule = f->place;
	bool rules = s->measure.kind == MEASURE_RULES || s->measure.kind == MEASURE_ORDER;
	struct trail_match m = {.time = f->time,
				.line = f->line,
				.token = f->token,
				.number = f->number,
				.value = rules ? &rule : f->value,
				.value_count = rules ? 1 : f->value_count};
	uint32_t n = trail_put(&s->cells.trails, &cell_at(&s->cells, cell)->trail[which], &m);

	cells_changed(&s->cells, cell, which);
	return n;
}

/* The possible match that a certain one is, of those without a twin at its time. */
static uint32_t find_twin(const struct state *s, uint32_t cell, const struct fact *f)
{
	const struct timelines *t = &s->cells.trails.timelines;
	uint32_t n = timeline_find(t, cell_at(&s->cells, cell)->trail[1].timeline, f->time);

	if (n == POOL_NONE)
		return n;
	n = timeline_mark_at(t, n)->items;
	for (unsigned looked = 0; n != POOL_NONE && looked < 64; looked++) {
		const struct item *x = timeline_item(t, n);
		if (x->twin == POOL_NONE && x->line == f->line)
			return n;
		n = x->next;
	}
	return POOL_NONE;
}

static void pair(const struct state *s, uint32_t a, uint32_t b)
{
	struct item *x = timeline_item(&s->cells.trails.timelines, a);
	struct item *y = timeline_item(&s->cells.trails.timelines, b);

	x->twin = b;
	y->twin = a;
}

/* Into both trails, as far as it belongs there; certain hits are told first. */
static void enter_forked(struct correlator *c, struct state *s, uint32_t cell, const struct fact *f)
{
	uint32_t certain = POOL_NONE, any = POOL_NONE;

	if (f->any)
		any = insert(s, cell, 1, f);
	else
		any = find_twin(s, cell, f);
	if (f->certain)
		certain = insert(s, cell, 0, f);
	if (certain != POOL_NONE && any != POOL_NONE)
		pair(s, certain, any);
	if (f->certain)
		search(c, s, cell, 0, f->time);
	if (f->any)
		search(c, s, cell, 1, f->time);
}

/* A fact that several rules match is one event with its values, but a hit of each rule. */
static bool counted_before(const struct state *s, struct cell *x, struct fact *f)
{
	if (!f->serial || s->measure.kind == MEASURE_RULES || s->measure.kind == MEASURE_ORDER)
		return false;
	if (x->fact == f->serial) {
		if (x->fact_certain || !f->certain)
			return true;
		f->any = false; /* it was, as possible */
	}
	x->fact = f->serial;
	x->fact_certain = f->certain;
	return false;
}

static void enter(struct correlator *c, struct state *s, struct fact *f)
{
	unsigned values = f->value_count ? f->value_count : 1;
	uint32_t cell = cells_get(&s->cells, f->group, values);
	struct cell *x = cell_at(&s->cells, cell);

	if (counted_before(s, x, f))
		return;
	if (!f->certain && !x->forked)
		cells_fork(&s->cells, cell, values);
	if (x->forked) {
		enter_forked(c, s, cell, f);
	} else {
		insert(s, cell, 0, f);
		search(c, s, cell, 0, f->time);
	}
}

void correlator_begin(struct correlator *c)
{
	c->serial++;
}

static uint64_t time_of(struct correlator *c, const struct event *e)
{
	if (e->time)
		c->latest = e->time < TRAIL_TIME_MOST ? e->time : TRAIL_TIME_MOST;
	else if (!c->latest)
		c->latest = 1;
	return c->latest;
}

void correlator_take(struct correlator *c, const struct event *e, const struct sigma_match *m,
		     uint64_t token)
{
	if (m->rule >= c->rules || !c->feeds[m->rule].count)
		return;
	struct fact f = {.time = time_of(c, e),
			 .line = e->line,
			 .token = token,
			 .serial = c->serial,
			 .certain = !m->possible};

	arrivals_note(&c->arrivals, f.time);
	for (size_t i = 0; i < c->feeds[m->rule].count; i++) {
		const struct feed *feed = &c->feeds[m->rule].feed[i];
		struct state *s = &c->state[feed->state];
		enum fact_read got =
			fact_read_event(&s->source[feed->place], &s->measure, &c->key, e, &f);
		c->no_number += got == FACT_NO_NUMBER;
		if (got != FACT_READ)
			continue;
		f.place = feed->place;
		f.any = true;
		enter(c, s, &f);
	}
}

struct correlator_stats correlator_stats(const struct correlator *c)
{
	struct correlator_stats sum = {.no_number = c->no_number};

	for (size_t i = 0; i < c->count; i++) {
		const struct cells *x = &c->state[i].cells;
		sum.groups += pool_live(&x->pool);
		sum.items += pool_live(&x->trails.timelines.items);
		sum.evicted += x->evicted;
	}
	return sum;
}
