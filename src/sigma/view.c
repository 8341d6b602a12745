#include "sigma/view.h"

#include <stdlib.h>

#include "base/mem.h"
#include "sigma/engine.h"
#include "sigma/trigger.h"

/* What stands for every part that no rule states: it fits none of them. */
static const char other[] = "\x01";

static bool part_agrees(const char *rule, const char *event, bool *conflict, bool *agree)
{
	if (!rule)
		return true;
	if (!event)
		return false;
	if (strcmp(rule, event) == 0)
		*agree = true;
	else
		*conflict = true;
	return true;
}

bool view_applies(const struct logsource *rule, const struct logsource *event)
{
	bool conflict = false, agree = false, stated;

	stated = part_agrees(rule->category, event->category, &conflict, &agree);
	stated &= part_agrees(rule->service, event->service, &conflict, &agree);
	(void)part_agrees(rule->product, event->product, &conflict, &agree);
	/* category and service say what kind of event it is: one that states either is of that kind
	 * and no other */
	if (!stated && (event->category || event->service))
		return false;
	return agree && !conflict;
}

/* While a view is made. */
struct pair {
	uint32_t leaf, place;
};

struct maker {
	struct pair *pair;
	size_t count, room;
	struct trigger_finder finder;
};

static void add_pair(struct maker *m, uint32_t leaf, uint32_t place)
{
	if (m->count == m->room) {
		m->room = m->room ? m->room * 2 : 256;
		m->pair = mem_resize(m->pair, m->room * sizeof *m->pair);
	}
	m->pair[m->count++] = (struct pair){leaf, place};
}

static int by_leaf(const void *x, const void *y)
{
	const struct pair *a = x, *b = y;

	return a->leaf != b->leaf ? (a->leaf > b->leaf) - (a->leaf < b->leaf)
				  : (a->place > b->place) - (a->place < b->place);
}

static uint32_t *shrunk(uint32_t *array, size_t count)
{
	return mem_resize(array, count * sizeof *array);
}

static void settle_triggers(struct view *v, struct maker *m, const struct plan *plan)
{
	bool *scanned = mem_array((size_t)plan->field_count + 1, sizeof *scanned);
	uint32_t led = 0;

	if (m->count)
		qsort(m->pair, m->count, sizeof *m->pair, by_leaf);
	v->trigger = mem_array(m->count, sizeof *v->trigger);
	v->start = mem_array(m->count + 1, sizeof *v->start);
	v->led = mem_array(m->count, sizeof *v->led);
	v->scan = mem_array((size_t)plan->field_count + 1, sizeof *v->scan);
	for (size_t i = 0; i < m->count; i++) {
		const struct pair *p = &m->pair[i];
		uint32_t field = plan->leaf[p->leaf].field;

		if (i && p->leaf == p[-1].leaf && p->place == p[-1].place)
			continue;
		if (i == 0 || p->leaf != p[-1].leaf) {
			v->trigger[v->trigger_count] = p->leaf;
			v->start[v->trigger_count++] = led;
		}
		v->led[led++] = p->place;
		if (!scanned[plan_slot(plan, field)])
			v->scan[v->scan_count++] = field;
		scanned[plan_slot(plan, field)] = true;
	}
	v->start[v->trigger_count] = led;
	v->trigger = shrunk(v->trigger, v->trigger_count);
	v->start = shrunk(v->start, (size_t)v->trigger_count + 1);
	v->led = shrunk(v->led, led);
	v->scan = shrunk(v->scan, v->scan_count);
	free(scanned);
}

static void add_rule(struct view *v, struct maker *m, const struct plan_rule *r, uint32_t number)
{
	struct trigger t = trigger_find(&m->finder, r);

	if (t.never)
		return;
	for (size_t i = 0; i < t.count && !t.always; i++)
		add_pair(m, t.leaf[i], v->rule_count);
	if (t.always)
		v->always[v->always_count++] = v->rule_count;
	v->rules[v->rule_count++] = number;
	v->keywords |= r->keywords;
}

static const uint64_t *copy_of(const uint64_t *unknown, size_t words)
{
	if (!unknown)
		return NULL;
	uint64_t *copy = mem_array(words, sizeof *copy);
	memcpy(copy, unknown, words * sizeof *copy);
	return copy;
}

static size_t words_of(const struct plan *p)
{
	return ((size_t)p->field_count + 63) / 64;
}

static struct view *view_new(const struct views *s, const struct logsource *source,
			     const uint64_t *unknown)
{
	const struct plan *p = s->plan;
	struct view *v = mem_zalloc(sizeof *v);
	struct maker m = {0};

	v->source = *source;
	v->unknown = copy_of(unknown, words_of(p));
	v->rules = mem_array(p->rule_count, sizeof *v->rules);
	v->always = mem_array(p->rule_count, sizeof *v->always);
	trigger_init(&m.finder, p, v->unknown);
	for (size_t i = 0; i < p->rule_count; i++)
		if (p->rule[i].count && view_applies(&s->rules->rule[i]->logsource, source))
			add_rule(v, &m, &p->rule[i], (uint32_t)i);
	v->rules = shrunk(v->rules, v->rule_count);
	v->always = shrunk(v->always, v->always_count);
	settle_triggers(v, &m, p);
	trigger_fini(&m.finder);
	free(m.pair);
	return v;
}

static void view_free(struct view *v)
{
	free((uint64_t *)v->unknown);
	free(v->rules);
	free(v->always);
	free(v->trigger);
	free(v->start);
	free(v->led);
	free(v->scan);
	free(v);
}

/* The rules' own text for this part, by which parts can be compared as pointers. */
static const char *name_of(const struct views *s, const char *part)
{
	if (!part)
		return NULL;
	uint64_t hash = hash_bytes(&s->key, part, strlen(part));
	for (struct hprobe q = hindex_probe(&s->names, hash); hindex_next(&s->names, &q);)
		if (strcmp(s->name[q.ref], part) == 0)
			return s->name[q.ref];
	return other;
}

static void add_name(struct views *s, const char *part)
{
	if (!part || name_of(s, part) != other)
		return;
	hindex_add(&s->names, hash_bytes(&s->key, part, strlen(part)), s->name_count);
	s->name[s->name_count++] = part;
}

void views_init(struct views *s, const struct plan *p, const struct sigma_rules *rules)
{
	*s = (struct views){.plan = p, .rules = rules};
	hash_key_init(&s->key);
	hindex_init(&s->index, 64);
	hindex_init(&s->names, 64);
	s->v = mem_array(SIGMA_VIEWS_MAX, sizeof *s->v);
	s->name = mem_array(3 * rules->rule_count, sizeof *s->name);
	for (size_t i = 0; i < rules->rule_count; i++) {
		const struct logsource *l = &rules->rule[i]->logsource;
		add_name(s, l->category);
		add_name(s, l->product);
		add_name(s, l->service);
	}
	(void)views_get(s, &(struct logsource){0}, NULL);
}

void views_fini(struct views *s)
{
	for (uint32_t i = 0; i < s->count; i++)
		view_free(s->v[i]);
	free(s->v);
	free(s->name);
	hindex_fini(&s->index);
	hindex_fini(&s->names);
}

static uint64_t hash_of(const struct views *s, const struct logsource *l, const uint64_t *unknown)
{
	uint64_t h = hash_bytes(&s->key, l, sizeof *l);

	return unknown ? hash_step(
				 &s->key, 0, h,
				 hash_bytes(&s->key, unknown, words_of(s->plan) * sizeof *unknown),
				 1)
		       : h;
}

static bool is_view(const struct views *s, const struct view *v, const struct logsource *l,
		    const uint64_t *unknown)
{
	return v->source.category == l->category && v->source.product == l->product &&
	       v->source.service == l->service && !v->unknown == !unknown &&
	       (!unknown || memcmp(v->unknown, unknown, words_of(s->plan) * sizeof *unknown) == 0);
}

uint32_t views_get(struct views *s, const struct logsource *source, const uint64_t *unknown)
{
	struct logsource l = {name_of(s, source->category), name_of(s, source->product),
			      name_of(s, source->service)};
	uint64_t hash = hash_of(s, &l, unknown);

	for (struct hprobe q = hindex_probe(&s->index, hash); hindex_next(&s->index, &q);)
		if (is_view(s, s->v[q.ref], &l, unknown))
			return q.ref;
	if (s->count == SIGMA_VIEWS_MAX)
		return 0;
	hindex_add(&s->index, hash, s->count);
	s->v[s->count] = view_new(s, &l, unknown);
	return s->count++;
}

static uint32_t find(const uint32_t *v, uint32_t count, uint32_t what)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (v[middle] < what)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && v[low] == what ? low : VIEW_NONE;
}

uint32_t view_place(const struct view *v, size_t rule)
{
	return rule < VIEW_NONE ? find(v->rules, v->rule_count, (uint32_t)rule) : VIEW_NONE;
}

uint32_t view_trigger(const struct view *v, uint32_t leaf)
{
	return find(v->trigger, v->trigger_count, leaf);
}
