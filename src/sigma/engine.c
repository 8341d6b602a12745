#include "sigma/engine.h"

#include <stdlib.h>

#include "base/mem.h"
#include "event/wire.h"
#include "sigma/engine_part.h"
#include "sigma/trigger.h"

static bool is_of_wire(const struct logsource *rule)
{
	size_t count;

	for (int v = 0; v < WIRE_VIEWS; v++) {
		const struct logsource *s = wire_logsources((enum wire_view)v, &count);
		for (size_t i = 0; i < count; i++)
			if (view_applies(rule, &s[i]))
				return true;
	}
	return false;
}

static bool is_wanted(void *context, const struct sigma_rule *r)
{
	const struct sigma_engine_options *o = context;

	return !o->wire_only || is_of_wire(&r->logsource);
}

struct sigma_engine *sigma_engine_new(const struct sigma_rules *rules, struct fields *fields,
				      const struct sigma_engine_options *o, struct error *e)
{
	struct sigma_engine *s = mem_zalloc(sizeof *s);
	struct plan_options options = {.wanted = is_wanted,
				       .wanted_context = (void *)o,
				       .problem = o->problem,
				       .problem_context = o->problem_context,
				       .cache_folder = o->cache_folder};

	if (rules->rule_count > UINT32_MAX / 4) {
		error_set(e, "too many rules");
		free(s);
		return NULL;
	}
	s->rules = rules;
	s->fields = fields;
	s->cache_folder =
		o->cache_folder ? mem_strndup(o->cache_folder, strlen(o->cache_folder)) : NULL;
	options.cache_folder = s->cache_folder;
	plan_init(&s->plan, rules, fields, &options);
	judge_init(&s->judge, &s->plan);
	views_init(&s->views, &s->plan, rules);
	marks_init(&s->marks, rules->rule_count);
	return s;
}

void sigma_engine_free(struct sigma_engine *s)
{
	if (!s)
		return;
	marks_fini(&s->marks);
	views_fini(&s->views);
	judge_fini(&s->judge);
	plan_fini(&s->plan);
	free(s->cache_folder);
	free(s);
}

uint32_t sigma_engine_view(struct sigma_engine *s, const struct logsource *source,
			   const uint64_t *unknown)
{
	return views_get(&s->views, source, unknown);
}

size_t sigma_view_rules(const struct sigma_engine *s, uint32_t view)
{
	return s->views.v[view]->rule_count;
}

bool sigma_view_keywords(const struct sigma_engine *s, uint32_t view)
{
	return s->views.v[view]->keywords;
}

void sigma_view_leads(const struct sigma_engine *s, uint32_t view, sigma_lead *lead, void *context)
{
	const struct view *v = s->views.v[view];

	for (uint32_t i = 0; i < v->scan_count && !v->always_count; i++)
		if (v->scan[i] != FIELD_NONE)
			lead(context, v->scan[i]);
}

bool sigma_engine_applies(const struct sigma_engine *s, uint32_t view, size_t rule)
{
	return s->plan.rule[rule].count &&
	       view_applies(&s->rules->rule[rule]->logsource, &s->views.v[view]->source);
}

/* Marks the rules that are worth a look. */
static void collect(struct sigma_engine *s, const struct view *v)
{
	struct judge *j = &s->judge;

	for (uint32_t i = 0; i < v->scan_count; i++)
		judge_scan(j, v->scan[i]);
	for (uint32_t i = 0; i < j->hit_count; i++) {
		uint32_t t = view_trigger(v, j->hits[i]);
		if (t == VIEW_NONE)
			continue;
		for (uint32_t k = v->start[t]; k < v->start[t + 1]; k++)
			marks_set(&s->marks, v->led[k]);
	}
	for (uint32_t i = 0; i < v->always_count; i++)
		marks_set(&s->marks, v->always[i]);
}

static void note(const char *list[MATCH_FIELDS_MAX], unsigned *count, const char *text)
{
	for (unsigned i = 0; i < *count; i++)
		if (strcmp(list[i], text) == 0)
			return;
	if (*count < MATCH_FIELDS_MAX)
		list[(*count)++] = text;
}

static void note_unknown(const struct sigma_engine *s, const struct plan_leaf *l,
			 const uint64_t *unknown, const char *list[MATCH_FIELDS_MAX],
			 unsigned *count)
{
	const uint32_t field[] = {l->field, l->other};

	for (int i = 0; i < 2; i++)
		if (field[i] != FIELD_NONE && (unknown[field[i] / 64] >> field[i] % 64 & 1))
			note(list, count, fields_name(s->fields, field[i]).p);
}

/* Below a node that is decided nothing hangs on the unknown. */
static void note_hangs(struct sigma_engine *s, const struct plan_rule *r, uint32_t at,
		       struct sigma_match *m)
{
	const struct plan_node *n = &r->node[at];

	if (judge_node(&s->judge, r, at) != TRUTH_POSSIBLE)
		return;
	if (n->kind == NODE_LEAF)
		note_unknown(s, &s->plan.leaf[n->leaf], s->judge.event->unknown, m->hangs_on,
			     &m->hangs_on_count);
	for (uint32_t i = at + 1; i < n->end; i = r->node[i].end)
		note_hangs(s, r, i, m);
}

/* What was found, outside of negations and of what is false. */
static void note_because(struct sigma_engine *s, const struct plan_rule *r, uint32_t at,
			 struct sigma_match *m)
{
	const struct plan_node *n = &r->node[at];

	if (n->kind == NODE_NOT || m->because_count == MATCH_FIELDS_MAX)
		return;
	enum truth t = judge_node(&s->judge, r, at);
	if (n->kind == NODE_LEAF && t == TRUTH_YES && n->from->label)
		note(m->because, &m->because_count, n->from->label);
	for (uint32_t i = at + 1; t != TRUTH_NO && i < n->end; i = r->node[i].end)
		note_because(s, r, i, m);
}

static void try_rule(struct sigma_engine *s, const struct event *e, uint32_t rule,
		     sigma_found *found, void *context)
{
	const struct plan_rule *r = &s->plan.rule[rule];
	enum truth t = judge_node(&s->judge, r, 0);

	s->stats.evaluated++;
	if (t == TRUTH_NO || (t == TRUTH_POSSIBLE && !judge_telling(&s->judge, r, 0)))
		return;
	struct sigma_match m = {.rule = rule, .possible = t == TRUTH_POSSIBLE};
	note_hangs(s, r, 0, &m);
	note_because(s, r, 0, &m);
	s->stats.matched += !m.possible;
	s->stats.possible += m.possible;
	found(context, e, &m);
}

bool sigma_engine_touches(struct sigma_engine *s, const struct event *e)
{
	const struct view *v = s->views.v[e->view];
	struct judge *j = &s->judge;

	if (v->always_count)
		return true;
	judge_begin(j, e);
	for (uint32_t i = 0; i < v->scan_count; i++)
		judge_scan(j, v->scan[i]);
	for (uint32_t i = 0; i < j->hit_count; i++)
		if (view_trigger(v, j->hits[i]) != VIEW_NONE)
			return true;
	s->stats.events++;
	return false;
}

void sigma_engine_run(struct sigma_engine *s, const struct event *e, sigma_found *found,
		      void *context)
{
	const struct view *v = s->views.v[e->view];
	uint32_t place;

	if (v->rule_count == 0)
		return;
	s->stats.events++;
	judge_begin(&s->judge, e);
	collect(s, v);
	while (marks_take(&s->marks, &place))
		try_rule(s, e, v->rules[place], found, context);
}

enum sigma_reach sigma_engine_reach(const struct sigma_engine *s, uint32_t view, size_t rule,
				    const char *unknown[MATCH_FIELDS_MAX], unsigned *count)
{
	const struct view *v = s->views.v[view];
	const struct plan_rule *r = &s->plan.rule[rule];

	*count = 0;
	for (uint32_t i = 0; i < r->count && v->unknown; i++)
		if (r->node[i].kind == NODE_LEAF)
			note_unknown(s, &s->plan.leaf[r->node[i].leaf], v->unknown, unknown, count);
	if (view_place(v, rule) == VIEW_NONE)
		return REACH_NOT;
	return *count ? REACH_PART : REACH_FULL;
}

struct sigma_engine_stats sigma_engine_stats(const struct sigma_engine *s)
{
	struct sigma_engine_stats stats = s->stats;

	stats.rules = s->plan.compiled;
	for (uint32_t i = 0; i <= s->plan.field_count; i++) {
		const struct scanner *x = s->plan.scanner[i];
		if (!x)
			continue;
		stats.patterns += scanner_patterns(x);
		stats.pattern_sets += scanner_sets(x);
		stats.regex_limit += scanner_limits(x);
	}
	return stats;
}
