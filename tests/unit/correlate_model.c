#include "correlate_model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

const char *const play_name[PLAY_FIELDS] = {"g0", "g1", "v"};

#define MADE_LOGIC_MAX 512

void play_hits_add(struct play_hits *h, struct play_hit x)
{
	if (h->count == h->room) {
		h->room = h->room ? 2 * h->room : 16;
		h->hit = mem_resize(h->hit, h->room * sizeof *h->hit);
	}
	h->hit[h->count++] = x;
}

static int order(const void *a, const void *b)
{
	const struct play_hit *x = a, *y = b;

	if (x->correlation != y->correlation)
		return x->correlation < y->correlation ? -1 : 1;
	if (x->last != y->last)
		return x->last < y->last ? -1 : 1;
	if (x->token != y->token)
		return x->token < y->token ? -1 : 1;
	return (int)x->possible - (int)y->possible;
}

static bool same_hit(const struct play_hit *x, const struct play_hit *y)
{
	return order(x, y) == 0 && fabs(x->value - y->value) <= 1e-9 && x->first == y->first &&
	       x->matches == y->matches;
}

bool play_hits_equal(struct play_hits *a, struct play_hits *b)
{
	if (a->count != b->count)
		return false;
	if (a->count == 0)
		return true;
	qsort(a->hit, a->count, sizeof *a->hit, order);
	qsort(b->hit, b->count, sizeof *b->hit, order);
	for (size_t i = 0; i < a->count; i++)
		if (!same_hit(&a->hit[i], &b->hit[i]))
			return false;
	return true;
}

void play_hits_clear(struct play_hits *h)
{
	h->count = 0;
}

void play_hits_free(struct play_hits *h)
{
	free(h->hit);
	*h = (struct play_hits){0};
}

void play_found(void *context, const struct correlation_hit *h)
{
	play_hits_add(context, (struct play_hit){.correlation = h->correlation,
						 .possible = h->possible,
						 .value = h->value,
						 .first = h->first,
						 .last = h->last,
						 .matches = h->matches,
						 .token = h->token});
}

void play_take(struct correlator *c, struct fields *f, const struct play *p)
{
	char text[PLAY_FIELDS][16];
	struct event_value value[PLAY_FIELDS];
	uint32_t count = 0;

	for (int i = 0; i < PLAY_FIELDS; i++) {
		if (p->field[i] < 0)
			continue;
		int n = snprintf(text[i], sizeof text[i], "%d", p->field[i]);
		value[count++] = (struct event_value){
			.field = fields_find(f, str_of(play_name[i])),
			.kind = VALUE_TEXT,
			.text = {text[i], (size_t)n},
		};
	}
	struct event e = {.values = value, .count = count, .time = p->time, .line = p->line};
	struct sigma_match m = {.rule = p->rule, .possible = p->possible};
	if (!p->same)
		correlator_begin(c);
	correlator_take(c, &e, &m, p->token);
}

/* The model. */

struct match {
	uint64_t time, line, token, fact;
	size_t place;
	int field[PLAY_FIELDS];
	int key[CORRELATION_GROUP_MAX];
	int value; /* to be counted or summed; of several fields all of them in one number */
	bool certain, any;
	bool told_certain, told_any;
	int twin;   /* of one that is certain only: the same as possible, or -1 */
	bool taken; /* is somebody's twin */
};

struct model_state {
	const struct sigma_correlation *c;
	struct match *match;
	size_t count, room;
};

struct model {
	const struct sigma_rules *rules;
	struct model_state *state;
	uint64_t fact;
	struct play_hits *out;
};

struct model *model_new(const struct sigma_rules *rules)
{
	struct model *m = mem_zalloc(sizeof *m);

	m->rules = rules;
	m->state = mem_array(rules->correlation_count + 1, sizeof *m->state);
	for (size_t i = 0; i < rules->correlation_count; i++)
		m->state[i].c = rules->correlation[i];
	return m;
}

void model_free(struct model *m)
{
	for (size_t i = 0; i < m->rules->correlation_count; i++)
		free(m->state[i].match);
	free(m->state);
	free(m);
}

static bool numeric(enum correlation_type t)
{
	return t >= CORRELATE_VALUE_SUM && t <= CORRELATE_VALUE_MEDIAN;
}

static bool temporal(enum correlation_type t)
{
	return t == CORRELATE_TEMPORAL || t == CORRELATE_TEMPORAL_ORDERED;
}

static int field_number(const char *name)
{
	for (int i = 0; i < PLAY_FIELDS; i++)
		if (strcmp(name, play_name[i]) == 0)
			return i;
	abort();
}

static const char *alias_of(const struct sigma_correlation *c, size_t place, size_t g)
{
	return c->group_field ? c->group_field[place][g] : c->group[g];
}

static bool fill_keys(const struct sigma_correlation *c, struct match *x)
{
	for (size_t g = 0; g < c->group_count; g++) {
		x->key[g] = x->field[field_number(alias_of(c, x->place, g))];
		if (x->key[g] < 0)
			return false;
	}
	x->value = 0;
	for (size_t f = 0; f < c->field_count; f++) {
		const char *name = c->counted_field ? c->counted_field[x->place][f] : c->field[f];
		int v = x->field[field_number(name)];
		if (v < 0)
			return false;
		x->value = x->value * 100000 + v;
	}
	return true;
}

static bool same_group(const struct sigma_correlation *c, const struct match *a,
		       const struct match *b)
{
	for (size_t g = 0; g < c->group_count; g++)
		if (a->key[g] != b->key[g])
			return false;
	return true;
}

static size_t canon(const struct sigma_correlation *c, size_t place)
{
	for (size_t r = 0; r < place; r++)
		if (c->ref[r].correlation == c->ref[place].correlation &&
		    c->ref[r].number == c->ref[place].number)
			return r;
	return place;
}

static bool holds(const struct sigma_correlation *c, double value)
{
	for (size_t i = 0; i < c->bound_count; i++) {
		double x = c->bound[i].value;
		bool good[] = {[BOUND_LT] =
				       value<x, [BOUND_LTE] = value <= x, [BOUND_GT] = value> x,
			       [BOUND_GTE] = value >= x,
			       [BOUND_EQ] = value == x,
			       [BOUND_NEQ] = value != x};
		if (!good[c->bound[i].kind])
			return false;
	}
	return true;
}

/* The places that hit; `set` where they stand without "not", `hit` where with. */
static bool logic_of(const struct sigma_correlation *c, const struct sigma_logic *l, uint64_t set,
		     uint64_t hit, bool not )
{
	if (l->kind == NODE_LEAF)
		return (not ? hit >> canon(c, l->ref) : set >> l->ref) & 1;
	if (l->kind == NODE_NOT)
		return !logic_of(c, l->child[0], set, hit, !not );
	bool all = true, any = false;
	for (size_t i = 0; i < l->count; i++) {
		bool x = logic_of(c, l->child[i], set, hit, not );
		all &= x;
		any |= x;
	}
	return l->kind == NODE_AND ? all : any;
}

/* Whether the places of the set, from `place` on, can have distinct matches of the window one after
 * the other. */
static bool chain(const struct sigma_correlation *c, const struct match **window, size_t n,
		  uint64_t set, size_t place, uint64_t from, uint64_t used)
{
	while (place < c->ref_count && !(set >> place & 1))
		place++;
	if (place == c->ref_count)
		return true;
	for (size_t i = 0; i < n && i < 64; i++)
		if (!(used >> i & 1) && window[i]->time >= from &&
		    window[i]->place == canon(c, place) &&
		    chain(c, window, n, set, place + 1, window[i]->time, used | UINT64_C(1) << i))
			return true;
	return false;
}

static int ascending(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

static bool judge_values(const struct sigma_correlation *c, const struct match **window, size_t n,
			 double *value)
{
	int *v = mem_alloc((n + 1) * sizeof *v);
	double sum = 0;
	size_t different = 0;

	for (size_t i = 0; i < n; i++) {
		v[i] = window[i]->value;
		sum += v[i];
	}
	qsort(v, n, sizeof *v, ascending);
	for (size_t i = 0; i < n; i++)
		different += i == 0 || v[i] != v[i - 1];
	switch (c->type) {
	case CORRELATE_EVENT_COUNT:
		*value = (double)n;
		break;
	case CORRELATE_VALUE_COUNT:
		*value = (double)different;
		break;
	case CORRELATE_VALUE_SUM:
		*value = sum;
		break;
	case CORRELATE_VALUE_AVG:
		*value = sum / (double)n;
		break;
	case CORRELATE_VALUE_PERCENTILE: {
		size_t place = (size_t)ceil(c->percentile * (double)n / 100);
		*value = v[place ? place - 1 : 0];
		break;
	}
	default:
		*value = (v[(n - 1) / 2] + v[n / 2]) / 2.0;
	}
	free(v);
	return holds(c, *value);
}

static bool judge_rules(const struct sigma_correlation *c, const struct match **window, size_t n,
			double *value)
{
	uint64_t hit = 0, all = 0, set = 0;

	for (size_t i = 0; i < n; i++)
		hit |= UINT64_C(1) << window[i]->place;
	for (size_t r = 0; r < c->ref_count; r++) {
		all |= UINT64_C(1) << canon(c, r);
		set |= (hit >> canon(c, r) & 1) << r;
	}
	double rules = __builtin_popcountll(hit);
	if (c->type == CORRELATE_TEMPORAL) {
		*value = rules;
		if (!c->logic && !c->bound_count)
			return hit == all;
		return holds(c, rules) && (!c->logic || logic_of(c, c->logic, set, hit, false));
	}
	double fewest = 1;
	bool found = false;

	for (size_t i = 0; i < c->bound_count; i++) {
		double x = c->bound[i].value + (c->bound[i].kind == BOUND_GT);
		bool from_below = c->bound[i].kind == BOUND_GT || c->bound[i].kind == BOUND_GTE ||
				  c->bound[i].kind == BOUND_EQ;
		if (from_below && x > fewest)
			fewest = x;
	}
	for (uint64_t s = 0; s < UINT64_C(1) << c->ref_count; s++) {
		double size = __builtin_popcountll(s);
		bool enough = c->logic	       ? logic_of(c, c->logic, s, hit, false)
			      : c->bound_count ? size == ceil(fewest)
					       : size == (double)c->ref_count;
		found = found || (enough && chain(c, window, n, s, 0, 0, 0));
	}
	*value = rules;
	return found && holds(c, rules);
}

/* What the window of match i holds, in one world. */
static bool judge(const struct model_state *s, size_t i, bool certain, struct play_hit *h)
{
	const struct match **window = mem_alloc((s->count + 1) * sizeof *window);
	const struct match *x = &s->match[i];
	size_t n = 0;

	h->first = UINT64_MAX;
	h->last = x->time;
	for (size_t k = 0; k < s->count; k++) {
		const struct match *y = &s->match[k];
		if ((certain ? !y->certain : !y->any) || !same_group(s->c, x, y) ||
		    y->time > x->time || x->time - y->time >= s->c->timespan)
			continue;
		window[n++] = y;
		if (y->time < h->first)
			h->first = y->time;
	}
	h->matches = n;
	bool good = temporal(s->c->type) ? judge_rules(s->c, window, n, &h->value)
					 : judge_values(s->c, window, n, &h->value);
	free(window);
	return good;
}

static void enter(struct model *m, size_t number, struct match x);

static void tell(struct model *m, size_t number, size_t i, struct play_hit h, bool certain)
{
	struct match x = m->state[number].match[i];
	struct match *told = &m->state[number].match[i];
	bool any = true;

	if (certain) {
		struct match *twin = x.any	   ? told
				     : x.twin >= 0 ? &m->state[number].match[x.twin]
						   : NULL;
		any = !(twin && twin->told_any);
		told->told_certain = true;
		if (twin)
			twin->told_any = true;
	} else {
		told->told_any = true;
	}
	h.correlation = number;
	h.possible = !certain;
	h.token = x.token;
	play_hits_add(m->out, h);
	for (size_t k = 0; k < m->rules->correlation_count; k++) {
		const struct sigma_correlation *c = m->rules->correlation[k];
		for (size_t r = 0; r < c->ref_count; r++) {
			if (!c->ref[r].correlation || c->ref[r].number != number ||
			    canon(c, r) != r)
				continue;
			struct match y = {.time = x.time,
					  .line = x.line,
					  .token = x.token,
					  .place = r,
					  .certain = certain,
					  .any = any};
			for (int f = 0; f < PLAY_FIELDS; f++)
				y.field[f] = -1;
			for (size_t g = 0; g < m->rules->correlation[number]->group_count; g++)
				y.field[field_number(m->rules->correlation[number]->group[g])] =
					x.key[g];
			enter(m, k, y);
		}
	}
}

/* The next one after match `last` in order of time, of the same time the one that came last; -1 at
 * the end. To start with, `last` is -1. */
static int next_match(const struct model_state *s, int last)
{
	int best = -1;

	for (int i = 0; i < (int)s->count; i++) {
		const struct match *x = s->match;
		bool after = last < 0 || x[i].time > x[last].time ||
			     (x[i].time == x[last].time && i < last);
		if (after && (best < 0 || x[i].time <= x[best].time))
			best = i;
	}
	return best;
}

/* The windows that the match at this time fell into. */
static void look(struct model *m, size_t number, const struct match *came, bool certain)
{
	struct model_state *s = &m->state[number];

	for (int i = -1; (i = next_match(s, i)) >= 0;) {
		const struct match *x = &s->match[i];
		struct play_hit h;
		if ((certain ? !x->certain || x->told_certain
			     : !x->any || x->told_any || x->told_certain) ||
		    !same_group(s->c, x, came) || x->time < came->time ||
		    x->time - came->time >= s->c->timespan)
			continue;
		if (judge(s, (size_t)i, certain, &h))
			tell(m, number, (size_t)i, h, certain);
	}
}

static bool counted(const struct model_state *s, struct match *x)
{
	for (size_t i = s->count; x->fact && !temporal(s->c->type) && i-- > 0;) {
		const struct match *y = &s->match[i];
		if (y->fact != x->fact || !same_group(s->c, x, y))
			continue;
		if (y->certain || !x->certain)
			return true;
		x->any = false;
		return false;
	}
	return false;
}

static void find_twin(struct model_state *s, struct match *x)
{
	x->twin = -1;
	if (x->any)
		return;
	for (size_t i = s->count; i-- > 0;) {
		struct match *y = &s->match[i];
		if (y->any && !y->certain && !y->taken && y->time == x->time &&
		    y->line == x->line && same_group(s->c, x, y)) {
			y->taken = true;
			x->twin = (int)i;
			return;
		}
	}
}

static void enter(struct model *m, size_t number, struct match x)
{
	struct model_state *s = &m->state[number];

	if (!fill_keys(s->c, &x) || counted(s, &x))
		return;
	find_twin(s, &x);
	if (s->count == s->room) {
		s->room = s->room ? 2 * s->room : 16;
		s->match = mem_resize(s->match, s->room * sizeof *s->match);
	}
	s->match[s->count++] = x;
	if (x.certain)
		look(m, number, &x, true);
	if (x.any)
		look(m, number, &x, false);
}

void model_take(struct model *m, const struct play *p, struct play_hits *out)
{
	m->out = out;
	if (!p->same || !m->fact)
		m->fact++;
	for (size_t k = 0; k < m->rules->correlation_count; k++) {
		const struct sigma_correlation *c = m->rules->correlation[k];
		for (size_t r = 0; r < c->ref_count; r++) {
			if (c->ref[r].correlation || c->ref[r].number != p->rule ||
			    canon(c, r) != r)
				continue;
			struct match x = {.time = p->time,
					  .line = p->line,
					  .token = p->token,
					  .fact = m->fact,
					  .place = r,
					  .certain = !p->possible,
					  .any = true};
			memcpy(x.field, p->field, sizeof x.field);
			enter(m, k, x);
		}
	}
}

/* Making correlations. */

struct maker {
	struct made *m;
	bool monotone;
	made_below *below;
	void *context;
	struct sigma_logic **child; /* room for all lists of children */
	size_t child_count;
};

static uint32_t below(const struct maker *k, uint32_t n)
{
	return k->below(k->context, n);
}

static struct sigma_logic *make_logic(struct maker *k, const struct sigma_correlation *c,
				      unsigned depth)
{
	struct sigma_logic *l = &k->m->logic[k->m->logic_count++];

	l->kind = NODE_LEAF;
	l->ref = below(k, (uint32_t)c->ref_count);
	if (depth == 0 || k->m->logic_count > MADE_LOGIC_MAX - 16)
		return l;
	switch (below(k, k->monotone ? 3 : 4)) {
	case 0:
		return l;
	case 1:
	case 2:
		l->kind = below(k, 2) ? NODE_AND : NODE_OR;
		l->count = 2;
		break;
	default:
		l->kind = NODE_NOT;
		l->count = 1;
	}
	l->child = &k->child[k->child_count];
	k->child_count += l->count;
	for (size_t i = 0; i < l->count; i++)
		l->child[i] = make_logic(k, c, depth - 1);
	return l;
}

static void make_bounds(struct maker *k, struct sigma_correlation *c)
{
	static const uint32_t most[] = {
		[CORRELATE_EVENT_COUNT] = 6,	  [CORRELATE_VALUE_COUNT] = 4,
		[CORRELATE_VALUE_SUM] = 30,	  [CORRELATE_VALUE_AVG] = 8,
		[CORRELATE_VALUE_PERCENTILE] = 8, [CORRELATE_VALUE_MEDIAN] = 8,
		[CORRELATE_TEMPORAL] = 3,	  [CORRELATE_TEMPORAL_ORDERED] = 3};

	c->bound_count = 1 + (!k->monotone && below(k, 4) == 0);
	for (size_t i = 0; i < c->bound_count; i++) {
		c->bound[i].value = 1 + below(k, most[c->type]);
		c->bound[i].kind = k->monotone ? (below(k, 2) ? BOUND_GT : BOUND_GTE)
					       : (enum bound_kind)below(k, 6);
	}
}

static void make_refs(struct maker *k, struct sigma_correlation *c, size_t rules, size_t before)
{
	c->ref_count = 1 + below(k, 3) + (temporal(c->type) ? 1 : 0);
	for (size_t r = 0; r < c->ref_count; r++) {
		c->ref[r].correlation = before && below(k, 4) == 0;
		c->ref[r].number = below(k, (uint32_t)(c->ref[r].correlation ? before : rules));
	}
}

/* All places of one rule call a field the same. */
static void make_aliases(struct maker *k, struct sigma_correlation *c)
{
	c->group_field = mem_array(c->ref_count, sizeof *c->group_field);
	c->counted_field = mem_array(c->ref_count, sizeof *c->counted_field);
	for (size_t r = 0; r < c->ref_count; r++) {
		bool first = canon(c, r) == r;
		for (size_t g = 0; g < c->group_count; g++)
			c->group_field[r][g] = !first	   ? c->group_field[canon(c, r)][g]
					       : below(k, 3) ? c->group[g]
							     : play_name[below(k, 2)];
		for (size_t f = 0; f < c->field_count; f++)
			c->counted_field[r][f] = !first	     ? c->counted_field[canon(c, r)][f]
						 : below(k, 3) ? c->field[f]
							       : play_name[below(k, PLAY_V + 1)];
	}
}

static void make_fields(struct maker *k, struct sigma_correlation *c)
{
	c->group_count = below(k, 3);
	for (size_t g = 0; g < c->group_count; g++)
		c->group[g] = play_name[g];
	if (c->type == CORRELATE_VALUE_COUNT || numeric(c->type)) {
		c->field[0] = play_name[below(k, 4) ? PLAY_V : PLAY_G1];
		c->field[1] = play_name[PLAY_G1];
		c->field_count = 1 + (c->type == CORRELATE_VALUE_COUNT && below(k, 4) == 0);
	}
	if (c->group_count + c->field_count && below(k, 3) == 0)
		make_aliases(k, c);
}

static struct sigma_correlation *make(struct maker *k, size_t rules, size_t before)
{
	static const enum correlation_type growing[] = {
		CORRELATE_EVENT_COUNT, CORRELATE_VALUE_COUNT, CORRELATE_VALUE_SUM,
		CORRELATE_TEMPORAL, CORRELATE_TEMPORAL_ORDERED};
	struct sigma_correlation *c = mem_zalloc(sizeof *c);

	c->type = k->monotone ? growing[below(k, 5)] : (enum correlation_type)below(k, 8);
	c->timespan = 1 + below(k, 12);
	c->percentile = (double[]){0, 25, 50, 75, 95, 100}[below(k, 6)];
	make_refs(k, c, rules, before);
	make_fields(k, c);
	if (!temporal(c->type)) {
		make_bounds(k, c);
	} else {
		unsigned how = below(k, 4);
		if (how == 0)
			c->logic = make_logic(k, c, 3);
		else if (how == 1)
			make_bounds(k, c);
	}
	return c;
}

void made_init(struct made *m, size_t rules, size_t correlations, bool monotone, made_below *choose,
	       void *context)
{
	struct maker k = {.m = m, .monotone = monotone, .below = choose, .context = context};

	*m = (struct made){.logic = mem_array(MADE_LOGIC_MAX, sizeof *m->logic)};
	k.child = mem_array(MADE_LOGIC_MAX, sizeof(struct sigma_logic *));
	for (size_t i = 0; i < correlations; i++)
		m->correlation[i] = make(&k, rules, i);
	static const char *const id[] = {"r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7"};
	for (size_t i = 0; i < 8; i++) {
		m->rule[i].info.id = id[i];
		m->rule_at[i] = &m->rule[i];
	}
	m->rules.rule = m->rule_at;
	m->rules.rule_count = rules;
	m->rules.correlation = m->correlation;
	m->rules.correlation_count = correlations;
	m->logic[MADE_LOGIC_MAX - 1].child = k.child; /* to be freed */
}

void made_fini(struct made *m)
{
	free(m->logic[MADE_LOGIC_MAX - 1].child);
	free(m->logic);
	for (size_t i = 0; i < m->rules.correlation_count; i++) {
		free(m->correlation[i]->group_field);
		free(m->correlation[i]->counted_field);
		free(m->correlation[i]);
	}
}
