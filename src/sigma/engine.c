#include "sigma/engine.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/writer.h"
#include "event/wire.h"
#include "sigma/judge.h"

struct sigma_engine {
	const struct sigma_rules *rules;
	const struct fields *fields;
	struct plan plan;
	struct judge judge;
	struct plan_view **view;
	uint32_t view_count;
	uint32_t *asked; /* by rule: the event that it was a candidate of */
	uint32_t serial;
	uint32_t *candidates;
	struct sigma_engine_stats stats;
};

struct wanting {
	const struct sigma_engine_options *o;
};

static bool is_wanted(void *context, const struct sigma_rule *r)
{
	const struct wanting *w = context;
	size_t count;

	for (int v = 0; w->o->wire_only && v < WIRE_VIEWS; v++) {
		const struct logsource *s = wire_logsources((enum wire_view)v, &count);
		for (size_t i = 0; i < count; i++)
			if (plan_applies(&r->logsource, &s[i]))
				return true;
	}
	return !w->o->wire_only;
}

static void on_problem(void *context, const char *file, unsigned line, const char *rule,
		       const char *text)
{
	const struct wanting *w = context;

	if (w->o->problem)
		w->o->problem(w->o->problem_context, file, line, rule, text);
}

struct sigma_engine *sigma_engine_new(const struct sigma_rules *rules, struct fields *fields,
				      const struct sigma_engine_options *o, struct error *e)
{
	struct sigma_engine *s = mem_zalloc(sizeof *s);
	struct wanting w = {o};
	struct plan_options options = {.wanted = is_wanted,
				       .problem = on_problem,
				       .context = &w,
				       .cache_folder = o->cache_folder};

	(void)e;
	s->rules = rules;
	s->fields = fields;
	plan_init(&s->plan, rules, fields, &options);
	judge_init(&s->judge, &s->plan);
	s->asked = mem_array(rules->rule_count + 1, sizeof *s->asked);
	s->candidates = mem_array(rules->rule_count + 1, sizeof *s->candidates);
	s->view = mem_array(SIGMA_VIEWS_MAX, sizeof *s->view);
	(void)sigma_engine_view(s, &(struct logsource){0}, NULL); /* 0: that of no rule */
	return s;
}

void sigma_engine_free(struct sigma_engine *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < s->view_count; i++)
		plan_view_free(s->view[i]);
	judge_fini(&s->judge);
	plan_fini(&s->plan);
	free(s->view);
	free(s->asked);
	free(s->candidates);
	free(s);
}

static bool same_part(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_view(const struct plan_view *v, const struct logsource *source,
		      const uint64_t *unknown, size_t words)
{
	return same_part(v->source.category, source->category) &&
	       same_part(v->source.product, source->product) &&
	       same_part(v->source.service, source->service) && !v->unknown == !unknown &&
	       (!unknown || memcmp(v->unknown, unknown, words * sizeof *unknown) == 0);
}

uint32_t sigma_engine_view(struct sigma_engine *s, const struct logsource *source,
			   const uint64_t *unknown)
{
	size_t words = (s->plan.field_count + 63) / 64;

	for (uint32_t i = 0; i < s->view_count; i++)
		if (same_view(s->view[i], source, unknown, words))
			return i;
	if (s->view_count == SIGMA_VIEWS_MAX)
		return 0;
	s->view[s->view_count] = plan_view_new(&s->plan, s->rules, s->fields, source, unknown);
	return s->view_count++;
}

size_t sigma_view_rules(const struct sigma_engine *s, uint32_t view)
{
	return s->view[view]->rule_count;
}

bool sigma_view_keywords(const struct sigma_engine *s, uint32_t view)
{
	return s->view[view]->keywords;
}

bool sigma_engine_applies(const struct sigma_engine *s, uint32_t view, size_t rule)
{
	return s->plan.rule[rule].count &&
	       plan_applies(&s->rules->rule[rule]->logsource, &s->view[view]->source);
}

static uint32_t find_trigger(const struct plan_view *v, uint32_t leaf)
{
	uint32_t low = 0, high = v->trigger_count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;
		if (v->trigger[middle] < leaf)
			low = middle + 1;
		else
			high = middle;
	}
	return low < v->trigger_count && v->trigger[low] == leaf ? low : UINT32_MAX;
}

static uint32_t add_candidate(struct sigma_engine *s, uint32_t count, uint32_t place)
{
	if (s->asked[place] == s->serial)
		return count;
	s->asked[place] = s->serial;
	s->candidates[count] = place;
	return count + 1;
}

static uint32_t collect(struct sigma_engine *s, const struct plan_view *v)
{
	struct judge *j = &s->judge;
	uint32_t count = 0;

	if (++s->serial == 0) {
		memset(s->asked, 0, s->rules->rule_count * sizeof *s->asked);
		s->serial = 1;
	}
	for (uint32_t i = 0; i < v->scan_count; i++)
		judge_scan(j, v->scan[i]);
	if (v->scan_keywords)
		judge_scan(j, FIELD_NONE);
	for (uint32_t i = 0; i < j->hit_count; i++) {
		uint32_t t = find_trigger(v, j->hits[i]);
		for (uint32_t k = t == UINT32_MAX ? 1 : v->start[t];
		     t != UINT32_MAX && k < v->start[t + 1]; k++)
			count = add_candidate(s, count, v->led[k]);
	}
	for (uint32_t i = 0; i < v->always_count; i++)
		count = add_candidate(s, count, v->always[i]);
	return count;
}

static int ascending(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return (a > b) - (a < b);
}

/* Whether something was found that makes it worth telling that the rule may hold. */
static bool is_telling(struct judge *j, const struct telling *t)
{
	for (uint32_t i = 0; i < t->count; i++)
		if (judge_leaf(j, t->leaf[i]) == TRUTH_YES)
			return true;
	return false;
}

static void note(const char *list[MATCH_FIELDS_MAX], unsigned *count, const char *text)
{
	for (unsigned i = 0; i < *count; i++)
		if (strcmp(list[i], text) == 0)
			return;
	if (*count < MATCH_FIELDS_MAX && text)
		list[(*count)++] = text;
}

/* Leaves that made it true, and unknown fields that leave it open. Below what is decided
 * otherwise there is nothing to say. */
static void give_reasons(struct sigma_engine *s, const struct plan_rule *r, uint32_t at, bool not,
			 struct sigma_match *m)
{
	const struct plan_node *n = &r->node[at];
	enum truth t = judge_node(&s->judge, r, at);

	if (t == (not ? TRUTH_YES : TRUTH_NO))
		return;
	if (n->kind == NODE_LEAF) {
		const struct plan_leaf *l = &s->plan.leaf[n->leaf];
		if (t == TRUTH_POSSIBLE && event_unknown(s->judge.event, l->field))
			note(m->hangs_on, &m->hangs_on_count, fields_name(s->fields, l->field).p);
		else if (t == TRUTH_POSSIBLE)
			note(m->hangs_on, &m->hangs_on_count, fields_name(s->fields, l->other).p);
		else if (!not &&n->from->label)
			note(m->because, &m->because_count, n->from->label);
		return;
	}
	for (uint32_t i = at + 1; i < n->end; i = r->node[i].end)
		give_reasons(s, r, i, n->kind == NODE_NOT ? !not : not, m);
}

void sigma_engine_run(struct sigma_engine *s, const struct event *e, sigma_found *found,
		      void *context)
{
	const struct plan_view *v = s->view[e->view];

	if (!v->rule_count)
		return;
	s->stats.events++;
	judge_begin(&s->judge, e);
	uint32_t count = collect(s, v);
	if (count > 1)
		qsort(s->candidates, count, sizeof *s->candidates, ascending);
	s->stats.evaluated += count;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t place = s->candidates[i], rule = v->rules[place];
		const struct plan_rule *r = &s->plan.rule[rule];
		enum truth t = judge_node(&s->judge, r, 0);
		if (t == TRUTH_NO ||
		    (t == TRUTH_POSSIBLE && !is_telling(&s->judge, &v->telling[place])))
			continue;
		struct sigma_match m = {.rule = rule, .possible = t == TRUTH_POSSIBLE};
		give_reasons(s, r, 0, false, &m);
		s->stats.matched += !m.possible;
		s->stats.possible += m.possible;
		found(context, e, &m);
	}
}

enum sigma_reach sigma_engine_reach(const struct sigma_engine *s, uint32_t view, size_t rule,
				    const char *unknown[MATCH_FIELDS_MAX], unsigned *count)
{
	const struct plan_view *v = s->view[view];
	uint32_t place = plan_view_place(v, rule);
	const struct plan_rule *r = &s->plan.rule[rule];

	*count = 0;
	if (place == UINT32_MAX)
		return REACH_NOT;
	for (uint32_t i = 0; i < r->count; i++) {
		const struct plan_leaf *l = &s->plan.leaf[r->node[i].leaf];
		if (r->node[i].kind != NODE_LEAF)
			continue;
		if (plan_unknown(v->unknown, l->field))
			note(unknown, count, fields_name(s->fields, l->field).p);
		if (plan_unknown(v->unknown, l->other))
			note(unknown, count, fields_name(s->fields, l->other).p);
	}
	return *count ? REACH_PART : REACH_FULL;
}

static void print_value(const struct event_value *v, FILE *out)
{
	char text[400];
	struct writer w = wr_of(text, sizeof text);
	struct str s = {v->text.p, v->text.n < 80 ? v->text.n : 80};

	wr_escaped(&w, s);
	fprintf(out, "%s'%.*s%s'", v->kind == VALUE_NULL ? "null " : "", (int)wr_length(&w), text,
		s.n < v->text.n ? "…" : "");
}

static void print_node(struct sigma_engine *s, const struct plan_rule *r, uint32_t at, int depth,
		       FILE *out)
{
	static const char *const truth[] = {"no      ", "possible", "yes     "};
	static const char *const kind[] = {"and", "or", "not", "?"};
	const struct plan_node *n = &r->node[at];
	const struct plan_leaf *l = &s->plan.leaf[n->leaf];

	fprintf(out, "  %s %*s%s", truth[judge_node(&s->judge, r, at)], depth * 2, "",
		n->from->label ? n->from->label : kind[n->kind]);
	if (n->kind != NODE_LEAF && n->from->label)
		fprintf(out, " (%s)", kind[n->kind]);
	if (n->kind == NODE_LEAF && l->field != FIELD_NONE) {
		const struct event *e = s->judge.event;
		if (event_unknown(e, l->field))
			fputs("  unknown here", out);
		else if (s->judge.there[l->field] != s->judge.now)
			fputs("  absent", out);
		for (uint32_t i = 0; i < e->count; i++)
			if (e->values[i].field == l->field) {
				fputs("  ", out);
				print_value(&e->values[i], out);
			}
	}
	fputc('\n', out);
	for (uint32_t i = at + 1; i < n->end; i = r->node[i].end)
		print_node(s, r, i, depth + 1, out);
}

void sigma_engine_explain(struct sigma_engine *s, const struct event *e, size_t rule, FILE *out)
{
	const struct plan_rule *r = &s->plan.rule[rule];

	if (!r->count) {
		fputs("  not compiled\n", out);
		return;
	}
	judge_begin(&s->judge, e);
	print_node(s, r, 0, 0, out);
}

struct sigma_engine_stats sigma_engine_stats(const struct sigma_engine *s)
{
	struct sigma_engine_stats stats = s->stats;

	stats.rules = s->plan.compiled;
	for (uint32_t i = 0; i <= s->plan.field_count; i++) {
		const struct scanner *x = s->plan.field[i].scanner;
		if (!x)
			continue;
		stats.patterns += scanner_patterns(x);
		stats.pattern_sets += scanner_sets(x);
		stats.regex_limit += scanner_limits(x);
	}
	return stats;
}
