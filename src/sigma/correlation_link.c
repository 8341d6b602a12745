#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "sigma/correlation.h"

struct linker {
	struct correlation_draft **draft;
	size_t count;
	const struct rule_names *names;
	struct arena *a;
	struct sigma_rules *rules;
	size_t room;
	correlation_refused *refused;
	void *context;
};

static bool refuse(struct linker *l, struct correlation_draft *d, unsigned line, const char *format,
		   ...) __attribute__((format(printf, 4, 5)));

static bool refuse(struct linker *l, struct correlation_draft *d, unsigned line, const char *format,
		   ...)
{
	char text[ERROR_TEXT_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	d->state = DRAFT_REFUSED;
	l->refused(l->context, &d->c->info, line, text);
	return false;
}

static const struct named *find(struct linker *l, struct correlation_draft *d, const char *name,
				unsigned line)
{
	bool several;
	const struct named *v = rule_names_find(l->names, name, d->c->info.file, &several);

	if (several)
		refuse(l, d, line, "more than one rule has the name '%s'", name);
	else if (!v)
		refuse(l, d, line, "there is no rule '%s'", name);
	else if (v->kind == NAMED_REFUSED)
		refuse(l, d, line, "the rule '%s' was refused itself", name);
	else if (v->kind == NAMED_FILTER)
		refuse(l, d, line, "'%s' is a filter", name);
	else
		return v;
	return NULL;
}

/* A rule that is named twice, by id and by name, counts once; only an order can have it twice. */
static void drop_twice(struct correlation_draft *d)
{
	size_t kept = 0;

	if (d->c->type == CORRELATE_TEMPORAL_ORDERED)
		return;
	for (size_t i = 0; i < d->c->ref_count; i++) {
		size_t k = 0;
		while (k < kept && d->target[k] != d->target[i])
			k++;
		if (k < kept)
			continue;
		d->rule[kept] = d->rule[i];
		d->rule_line[kept] = d->rule_line[i];
		d->target[kept++] = d->target[i];
	}
	d->c->ref_count = kept;
}

/* What it names is found even if something else is wrong with it: a rule that is a mere part of a
 * correlation makes no findings of its own because that has an error. */
static void find_rules(struct linker *l, struct correlation_draft *d)
{
	for (size_t i = 0; i < d->c->ref_count; i++) {
		const char *name = d->rule[i].p;
		bool several;

		d->target[i] = d->state == DRAFT_REFUSED
				       ? rule_names_find(l->names, name, d->c->info.file, &several)
				       : find(l, d, name, d->rule_line[i]);
		const struct named *v = d->target[i];
		if (!v || d->generate)
			continue;
		if (v->kind == NAMED_RULE)
			l->rules->rule[v->number]->silent = true;
		else if (v->kind == NAMED_CORRELATION)
			l->draft[v->number]->c->silent = true;
	}
	if (d->state == DRAFT_READ)
		drop_twice(d);
}

static size_t place_of(const struct correlation_draft *d, const struct named *target)
{
	size_t i = 0;

	while (i < d->c->ref_count && d->target[i] != target)
		i++;
	return i;
}

/* What rule r calls fields of which the correlation has a name. */
static void name_fields(struct sigma_correlation *c, size_t r, const struct correlation_alias *x)
{
	for (size_t g = 0; g < c->group_count; g++)
		if (!strcmp(c->group[g], x->group))
			c->group_field[r][g] = x->field;
	for (size_t f = 0; f < c->field_count; f++)
		if (!strcmp(c->field[f], x->group))
			c->counted_field[r][f] = x->field;
}

static bool link_fields(struct linker *l, struct correlation_draft *d)
{
	struct sigma_correlation *c = d->c;

	c->group_field = arena_array(l->a, c->ref_count, sizeof *c->group_field);
	c->counted_field = arena_array(l->a, c->ref_count, sizeof *c->counted_field);
	for (size_t r = 0; r < c->ref_count; r++) {
		memcpy(c->group_field[r], c->group, sizeof c->group);
		memcpy(c->counted_field[r], c->field, sizeof c->field);
	}
	for (size_t i = 0; i < d->alias_count; i++) {
		const struct correlation_alias *x = &d->alias[i];
		const struct named *target = find(l, d, x->rule, x->line);

		if (!target)
			return false;
		if (place_of(d, target) == c->ref_count)
			return refuse(l, d, x->line,
				      "the alias '%s' is for '%s', which is none of the rules",
				      x->group, x->rule);
		for (size_t r = 0; r < c->ref_count; r++)
			if (d->target[r] == target)
				name_fields(c, r, x);
	}
	return true;
}

static struct sigma_logic *link_logic(struct linker *l, struct correlation_draft *d,
				      const struct expression *e, bool *named)
{
	struct sigma_logic *logic = arena_alloc(l->a, sizeof *logic);

	logic->kind = e->kind;
	if (e->kind == NODE_LEAF) {
		const char *word = arena_text(l->a, e->word);
		const struct named *target = find(l, d, word, d->logic_line);

		if (!target)
			return NULL;
		logic->ref = place_of(d, target);
		if (logic->ref == d->c->ref_count) {
			refuse(l, d, d->logic_line,
			       "the condition names '%s', which is none of the rules", word);
			return NULL;
		}
		for (size_t i = 0; i < d->c->ref_count; i++)
			named[i] |= d->target[i] == target;
		return logic;
	}
	for (const struct expression *x = e->first; x; x = x->next)
		logic->count++;
	logic->child = arena_array(l->a, logic->count, sizeof *logic->child);
	size_t i = 0;
	for (const struct expression *x = e->first; x; x = x->next)
		if (!(logic->child[i++] = link_logic(l, d, x, named)))
			return NULL;
	return logic;
}

static bool link_condition(struct linker *l, struct correlation_draft *d)
{
	bool named[CORRELATION_REFS_MAX] = {false};

	if (!d->logic)
		return true;
	d->c->logic = link_logic(l, d, d->logic, named);
	if (!d->c->logic)
		return false;
	for (size_t i = 0; i < d->c->ref_count; i++)
		if (!named[i])
			return refuse(l, d, d->logic_line, "the condition does not name '%s'",
				      d->rule[i].p);
	return true;
}

/* Whether all that it names is linked already, at a level below. */
static bool is_ready(struct linker *l, struct correlation_draft *d, unsigned level)
{
	for (size_t i = 0; i < d->c->ref_count; i++) {
		const struct named *v = d->target[i];
		if (v->kind != NAMED_CORRELATION)
			continue;
		const struct correlation_draft *other = l->draft[v->number];
		if (other->state == DRAFT_REFUSED)
			return refuse(l, d, d->rule_line[i],
				      "the correlation '%s' was refused itself", d->rule[i].p);
		if (other->state != DRAFT_LINKED || other->level >= level)
			return false;
	}
	return true;
}

static void finish(struct linker *l, struct correlation_draft *d, unsigned level)
{
	struct sigma_rules *r = l->rules;
	struct sigma_correlation *c = d->c;

	for (size_t i = 0; i < c->ref_count; i++) {
		const struct named *v = d->target[i];
		bool correlation = v->kind == NAMED_CORRELATION;
		c->ref[i] = (struct sigma_ref){
			correlation, correlation ? l->draft[v->number]->number : v->number};
	}
	r->correlation = arena_grow(l->a, r->correlation, r->correlation_count, &l->room, sizeof c);
	d->number = r->correlation_count;
	r->correlation[r->correlation_count++] = c;
	d->state = DRAFT_LINKED;
	d->level = level;
}

void correlation_link(struct correlation_draft **draft, size_t count,
		      const struct rule_names *names, struct arena *a, struct sigma_rules *rules,
		      correlation_refused *refused, void *context)
{
	struct linker l = {draft, count, names, a, rules, 0, refused, context};

	for (size_t i = 0; i < count; i++)
		find_rules(&l, draft[i]);
	for (size_t i = 0; i < count; i++)
		if (draft[i]->state == DRAFT_READ && link_fields(&l, draft[i]))
			link_condition(&l, draft[i]);
	for (unsigned level = 1; level <= LIMIT_CORRELATION_CHAIN + 1; level++)
		for (size_t i = 0; i < count; i++)
			if (draft[i]->state == DRAFT_READ && is_ready(&l, draft[i], level))
				finish(&l, draft[i], level);
	for (size_t i = 0; i < count; i++)
		if (draft[i]->state == DRAFT_READ)
			refuse(&l, draft[i], draft[i]->c->info.line,
			       "correlations name each other in a circle, or in a chain of more "
			       "than %u",
			       LIMIT_CORRELATION_CHAIN);
}
