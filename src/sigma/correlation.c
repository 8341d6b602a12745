#include "sigma/correlation.h"

#include <stdlib.h>

#include "core/limits.h"
#include "sigma/document.h"

static const char *const types[] = {
	[CORRELATE_EVENT_COUNT] = "event_count",
	[CORRELATE_VALUE_COUNT] = "value_count",
	[CORRELATE_VALUE_SUM] = "value_sum",
	[CORRELATE_VALUE_AVG] = "value_avg",
	[CORRELATE_VALUE_PERCENTILE] = "value_percentile",
	[CORRELATE_VALUE_MEDIAN] = "value_median",
	[CORRELATE_TEMPORAL] = "temporal",
	[CORRELATE_TEMPORAL_ORDERED] = "temporal_ordered",
};

static const char *const bounds[] = {
	[BOUND_LT] = "lt",   [BOUND_LTE] = "lte", [BOUND_GT] = "gt",
	[BOUND_GTE] = "gte", [BOUND_EQ] = "eq",	  [BOUND_NEQ] = "neq",
};

static bool is_temporal(enum correlation_type t)
{
	return t == CORRELATE_TEMPORAL || t == CORRELATE_TEMPORAL_ORDERED;
}

static bool read_type(struct reader *r, const struct yaml_node *n, enum correlation_type *type)
{
	struct str name = str_of(reader_text(r, n, "type"));

	if (!name.n)
		return reader_fail(r, n->line, "the correlation has no type");
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (str_eq(name, str_of(types[i]))) {
			*type = (enum correlation_type)i;
			return true;
		}
	return reader_fail(r, yaml_get(n, "type")->line, "there is no correlation type '%s'",
			   name.p);
}

/* A text, or a list of them; NULL and an error when it is anything else or too much. */
static bool read_texts(struct reader *r, const struct yaml_node *n, const char *what,
		       const char **out, unsigned *lines, size_t max, size_t *count)
{
	bool list = n && n->kind == YAML_LIST;
	size_t wanted = yaml_is_null(n) ? 0 : list ? n->count : 1;

	if (wanted > max)
		return reader_fail(r, n->line, "'%s' has more than %zu items", what, max);
	for (size_t i = 0; i < wanted; i++) {
		const struct yaml_node *text = list ? n->item[i] : n;
		if (text->kind != YAML_SCALAR || !text->text.n)
			return reader_fail(r, text->line, "'%s' holds something that is no text",
					   what);
		out[i] = arena_text(r->arena, text->text);
		if (lines)
			lines[i] = text->line;
	}
	*count = wanted;
	return true;
}

static bool read_rules(struct reader *r, const struct yaml_node *n, struct correlation_draft *d)
{
	const char *name[CORRELATION_REFS_MAX];

	if (!read_texts(r, yaml_get(n, "rules"), "rules", name, d->rule_line, CORRELATION_REFS_MAX,
			&d->c->ref_count))
		return false;
	for (size_t i = 0; i < d->c->ref_count; i++)
		d->rule[i] = str_of(name[i]);
	return true;
}

static bool read_timespan(struct reader *r, const struct yaml_node *n, uint64_t *timespan)
{
	static const struct {
		char unit;
		uint64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	const char *text = reader_text(r, n, "timespan");
	unsigned line = n->line;
	uint64_t value = 0;
	const char *p = text;

	if (!*text)
		return reader_fail(r, line, "the correlation has no timespan");
	for (; *p >= '0' && *p <= '9' && value <= LIMIT_TIMESPAN; p++)
		value = value * 10 + (uint64_t)(*p - '0');
	for (size_t i = 0; p != text && i < sizeof units / sizeof *units; i++) {
		if (p[0] != units[i].unit || p[1])
			continue;
		value *= units[i].seconds;
		if (value == 0 || value > LIMIT_TIMESPAN)
			break;
		*timespan = value * NS_PER_S;
		return true;
	}
	return reader_fail(r, yaml_get(n, "timespan")->line,
			   "the timespan '%s' is not a number and s, m, h or d, from 1s to %ud",
			   text, LIMIT_TIMESPAN / 86400);
}

static bool add_aliases(struct reader *r, struct correlation_draft *d, const char *group,
			const struct yaml_node *map)
{
	if (map->kind != YAML_MAP)
		return reader_fail(r, map->line, "the alias '%s' is no map of rules to fields",
				   group);
	for (size_t i = 0; i < map->count; i++) {
		const struct yaml_node *field = map->item[i];
		if (field->kind != YAML_SCALAR || !field->text.n)
			return reader_fail(r, field->line, "the alias '%s' names no field", group);
		d->alias = arena_grow(r->arena, d->alias, d->alias_count, &d->alias_room,
				      sizeof *d->alias);
		d->alias[d->alias_count++] = (struct correlation_alias){
			group,
			arena_text(r->arena, map->key[i]->text),
			arena_text(r->arena, field->text),
			field->line,
		};
	}
	return true;
}

static bool read_aliases(struct reader *r, const struct yaml_node *n, struct correlation_draft *d)
{
	const struct yaml_node *map = yaml_get(n, "aliases");

	if (yaml_is_null(map))
		return true;
	if (map->kind != YAML_MAP)
		return reader_fail(r, map->line, "'aliases' is no map");
	for (size_t i = 0; i < map->count; i++)
		if (!add_aliases(r, d, arena_text(r->arena, map->key[i]->text), map->item[i]))
			return false;
	return true;
}

/* A number, in quotes or not. */
static bool read_number(const struct yaml_node *n, double *value)
{
	struct yaml_node plain = *n;

	plain.plain = true;
	return yaml_number(&plain, value);
}

static bool read_bound(struct reader *r, struct str name, const struct yaml_node *value,
		       struct sigma_correlation *c)
{
	for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
		if (!str_eq(name, str_of(bounds[i])))
			continue;
		if (c->bound_count == CORRELATION_BOUNDS_MAX)
			return reader_fail(r, value->line, "the condition has too many bounds");
		if (!read_number(value, &c->bound[c->bound_count].value))
			return reader_fail(r, value->line, "condition: '%s' takes a number",
					   bounds[i]);
		c->bound[c->bound_count++].kind = (enum bound_kind)i;
		return true;
	}
	return reader_fail(r, value->line,
			   "condition: '%.*s' is none of gt, gte, lt, lte, eq, neq, field and "
			   "percentile",
			   (int)name.n, name.p);
}

static bool read_bounds(struct reader *r, const struct yaml_node *map, struct sigma_correlation *c)
{
	c->percentile = 50; /* the specification's hint: the median */
	for (size_t i = 0; i < map->count; i++) {
		struct str name = map->key[i]->text;
		const struct yaml_node *value = map->item[i];
		bool good;

		if (str_eq(name, STR("field")))
			good = read_texts(r, value, "field", c->field, NULL, CORRELATION_FIELDS_MAX,
					  &c->field_count);
		else if (!str_eq(name, STR("percentile")))
			good = read_bound(r, name, value, c);
		else if (!(good = read_number(value, &c->percentile) && c->percentile >= 0 &&
				  c->percentile <= 100))
			reader_fail(r, value->line, "the percentile is not from 0 to 100");
		if (!good)
			return false;
	}
	if (c->bound_count == 0)
		return reader_fail(r, map->line,
				   "the condition has none of gt, gte, lt, lte, eq, "
				   "neq");
	return true;
}

static bool read_condition(struct reader *r, const struct yaml_node *n, struct correlation_draft *d)
{
	const struct yaml_node *condition = yaml_get(n, "condition");
	struct sigma_correlation *c = d->c;
	bool temporal = is_temporal(c->type);

	if (yaml_is_null(condition))
		return temporal || reader_fail(r, n->line, "the correlation has no condition");
	if (condition->kind == YAML_SCALAR && temporal) {
		char *text = arena_text(r->arena, condition->text);
		d->logic_line = condition->line;
		d->logic = expression_read(r, (struct str){text, condition->text.n},
					   condition->line, false);
		return d->logic;
	}
	if (condition->kind != YAML_MAP)
		return reader_fail(r, condition->line, "a condition of %s is a map",
				   types[c->type]);
	return read_bounds(r, condition, c);
}

static bool check_fields(struct reader *r, const struct yaml_node *n,
			 const struct sigma_correlation *c)
{
	bool value = c->type != CORRELATE_EVENT_COUNT && !is_temporal(c->type);

	if (value && c->field_count == 0)
		return reader_fail(r, n->line, "a condition of %s needs a field", types[c->type]);
	if (value && c->type != CORRELATE_VALUE_COUNT && c->field_count > 1)
		return reader_fail(r, n->line, "a condition of %s takes one field", types[c->type]);
	return true;
}

/* Words of the condition, where no rules are listed. */
static bool rules_of_logic(struct reader *r, struct correlation_draft *d,
			   const struct expression *e)
{
	struct sigma_correlation *c = d->c;

	for (const struct expression *x = e->first; x; x = x->next)
		if (!rules_of_logic(r, d, x))
			return false;
	if (e->kind != NODE_LEAF)
		return true;
	for (size_t i = 0; i < c->ref_count; i++)
		if (str_eq(d->rule[i], e->word))
			return true;
	if (c->ref_count == CORRELATION_REFS_MAX)
		return reader_fail(r, d->logic_line, "the condition names more than %u rules",
				   CORRELATION_REFS_MAX);
	d->rule_line[c->ref_count] = d->logic_line;
	d->rule[c->ref_count++] = (struct str){arena_text(r->arena, e->word), e->word.n};
	return true;
}

/* The specification has it beside `correlation`, others inside. */
static bool read_generate(struct reader *r, const struct yaml_node *doc, const struct yaml_node *n,
			  bool *generate)
{
	const struct yaml_node *given = yaml_get(n, "generate");

	if (!given)
		given = yaml_get(doc, "generate");
	*generate = false;
	if (yaml_is_null(given) || yaml_bool(given, generate))
		return true;
	return reader_fail(r, given->line, "'generate' is true or false");
}

struct correlation_draft *correlation_read(struct reader *r, const struct yaml_node *doc)
{
	struct correlation_draft *d = arena_alloc(r->arena, sizeof *d);
	struct sigma_correlation *c = d->c = arena_alloc(r->arena, sizeof *c);
	const struct yaml_node *n = yaml_get(doc, "correlation");

	if (!document_info(r, doc, &c->info))
		return NULL;
	if (!n || n->kind != YAML_MAP)
		return reader_fail(r, doc->line, "'correlation' is no map");
	if (!read_type(r, n, &c->type) || !read_rules(r, n, d) ||
	    !read_texts(r, yaml_get(n, "group-by"), "group-by", c->group, NULL,
			CORRELATION_GROUP_MAX, &c->group_count) ||
	    !read_timespan(r, n, &c->timespan) || !read_aliases(r, n, d) ||
	    !read_condition(r, n, d) || !check_fields(r, n, c) ||
	    !read_generate(r, doc, n, &d->generate))
		return NULL;
	if (c->ref_count == 0 && d->logic && !rules_of_logic(r, d, d->logic))
		return NULL;
	if (c->ref_count == 0)
		return reader_fail(r, n->line, "the correlation names no rules");
	return r->failed ? NULL : d;
}
