#include "sigma/rule_filter.h"

#include <stdio.h>

#include "core/limits.h"
#include "sigma/condition.h"
#include "sigma/document.h"

static bool read_rules(struct reader *r, const struct yaml_node *section,
		       struct rule_filter_draft *f)
{
	const struct yaml_node *n = yaml_get(section, "rules");

	if (!n || (n->kind == YAML_SCALAR && yaml_is_null(n)))
		return reader_fail(r, section->line, "the filter names no rules");
	bool list = n->kind == YAML_LIST;
	size_t count = list ? n->count : 1;
	if (n->kind == YAML_MAP || count > RULE_FILTER_RULES_MAX)
		return reader_fail(r, n->line, "'rules' is no list of at most %u rules",
				   RULE_FILTER_RULES_MAX);
	f->all = list ? count == 0 : str_eq(n->text, STR("any"));
	if (f->all)
		return true;
	f->rule = arena_array(r->arena, count, sizeof *f->rule);
	f->rule_line = arena_array(r->arena, count, sizeof *f->rule_line);
	for (size_t i = 0; i < count; i++) {
		const struct yaml_node *name = list ? n->item[i] : n;
		if (name->kind != YAML_SCALAR || !name->text.n)
			return reader_fail(r, name->line, "a rule's name is no text");
		f->rule[i] = arena_text(r->arena, name->text);
		f->rule_line[i] = name->line;
	}
	f->rule_count = count;
	return true;
}

/* Whether every selection stands below a `not`. */
static bool says_what_passes(const struct expression *e)
{
	if (e->kind == NODE_NOT)
		return true;
	if (e->kind == NODE_LEAF)
		return false;
	for (const struct expression *x = e->first; x; x = x->next)
		if (!says_what_passes(x))
			return false;
	return true;
}

static bool read_condition(struct reader *r, const struct yaml_node *section,
			   const struct detections *d, struct rule_filter_draft *f)
{
	const struct yaml_node *c = yaml_get(section, "condition");

	if (yaml_is_null(c))
		return reader_fail(r, section->line, "there is no condition");
	if (c->kind != YAML_SCALAR)
		return reader_fail(r, c->line, "the condition is no text");
	struct expression *e = expression_read(r, c->text, c->line, true);
	struct sigma_node *tree = e ? condition_build(r, d, e, c->line) : NULL;
	if (!tree)
		return false;
	const char *label = reader_label(r, "filter", str_of(f->info.title));
	f->tree = reader_node(r, says_what_passes(e) ? NODE_AND : NODE_NOT, c->line, label);
	reader_child(r, f->tree, tree);
	f->nodes = r->nodes;
	return !r->failed;
}

struct rule_filter_draft *rule_filter_read(struct reader *r, const struct yaml_node *doc)
{
	struct rule_filter_draft *f = arena_alloc(r->arena, sizeof *f);
	const struct yaml_node *section = yaml_get(doc, "filter");
	struct detections d;

	if (!document_info(r, doc, &f->info) || !document_logsource(r, doc, &f->logsource))
		return NULL;
	if (!section || section->kind != YAML_MAP)
		return reader_fail(r, doc->line, "'filter' is no map");
	if (!read_rules(r, section, f) || !detections_read(r, section, "rules", &d) ||
	    !read_condition(r, section, &d, f))
		return NULL;
	return f;
}

static bool same_or_unstated(const char *filter, const char *rule)
{
	return !filter || (rule && strcmp(filter, rule) == 0);
}

static bool covers(const struct logsource *filter, const struct logsource *rule)
{
	return same_or_unstated(filter->category, rule->category) &&
	       same_or_unstated(filter->product, rule->product) &&
	       same_or_unstated(filter->service, rule->service);
}

static bool join(const struct rule_filter_draft *f, struct arena *a, struct sigma_rule *rule,
		 struct rule_filter_target *t)
{
	struct reader r = {.arena = a, .nodes = t->nodes};

	reader_weigh(&r, f->nodes + 1, f->info.line);
	if (r.failed)
		return false;
	if (!t->joined) {
		t->joined = reader_node(&r, NODE_AND, rule->info.line, NULL);
		reader_child(&r, t->joined, rule->tree);
		rule->tree = t->joined;
	}
	reader_child(&r, t->joined, f->tree);
	t->nodes = r.nodes;
	return true;
}

/* Why the rule does not take the filter; NULL when it did. */
static const char *apply_named(const struct rule_filter_draft *f, const struct rule_names *names,
			       const char *name, struct arena *a, struct sigma_rules *rules,
			       struct rule_filter_target *target)
{
	bool several;
	const struct named *v = rule_names_find(names, name, f->info.file, &several);

	if (several)
		return "more than one rule has the name";
	if (!v)
		return "there is no such rule";
	if (v->kind == NAMED_REFUSED)
		return "it was refused itself";
	if (v->kind != NAMED_RULE)
		return "only rules take filters";
	struct sigma_rule *rule = rules->rule[v->number];
	if (!covers(&f->logsource, &rule->logsource))
		return "the rule is for another log source";
	return join(f, a, rule, &target[v->number]) ? NULL : "the rule becomes too large";
}

size_t rule_filter_apply(const struct rule_filter_draft *f, const struct rule_names *names,
			 struct arena *a, struct sigma_rules *rules,
			 struct rule_filter_target *target, rule_filter_problem *problem,
			 void *context)
{
	size_t count = 0;

	for (size_t i = 0; f->all && i < rules->rule_count; i++) {
		if (!covers(&f->logsource, &rules->rule[i]->logsource))
			continue;
		if (join(f, a, rules->rule[i], &target[i]))
			count++;
		else
			problem(context, &f->info, f->info.line, "a rule becomes too large");
	}
	for (size_t i = 0; i < f->rule_count; i++) {
		const char *why = apply_named(f, names, f->rule[i], a, rules, target);
		char text[ERROR_TEXT_MAX];

		if (why) {
			snprintf(text, sizeof text, "filters '%.300s': %s", f->rule[i], why);
			problem(context, &f->info, f->rule_line[i], text);
		} else {
			count++;
		}
	}
	return count;
}
