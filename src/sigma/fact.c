#include "sigma/fact.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_TEXT_MAX 64
#define NUMBER_MOST	1e300 /* so that sums stay finite */

/* What the rule at this place calls group g. */
static const char *group_name(const struct sigma_correlation *c, size_t place, size_t g)
{
	const char *name = c->group_field ? c->group_field[place][g] : NULL;

	return name ? name : c->group[g];
}

static const char *field_name(const struct sigma_correlation *c, size_t place, size_t f)
{
	return c->counted_field ? c->counted_field[place][f] : c->field[f];
}

void fact_source_rule(struct fact_source *s, const struct sigma_correlation *c, size_t place,
		      struct fields *fields)
{
	*s = (struct fact_source){.complete = true};
	for (size_t g = 0; g < c->group_count; g++)
		s->group[g] = fields_add(fields, str_of(group_name(c, place, g)));
	for (size_t f = 0; f < c->field_count; f++)
		s->field[f] = fields_add(fields, str_of(field_name(c, place, f)));
}

static uint32_t find_group(struct fact_source *s, const struct sigma_correlation *named,
			   const char *name)
{
	for (size_t g = 0; g < named->group_count; g++)
		if (strcmp(named->group[g], name) == 0)
			return (uint32_t)g;
	s->complete = false;
	return 0;
}

void fact_source_chain(struct fact_source *s, const struct sigma_correlation *c, size_t place,
		       const struct sigma_correlation *named)
{
	*s = (struct fact_source){.complete = true};
	for (size_t g = 0; g < c->group_count; g++)
		s->group[g] = find_group(s, named, group_name(c, place, g));
	for (size_t f = 0; f < c->field_count; f++)
		s->field[f] = find_group(s, named, field_name(c, place, f));
}

/* The first value from `i` on of a field that is not null; NULL when there is none. */
static const struct event_value *next_value(const struct event *e, uint32_t field, uint32_t *i)
{
	while (*i < e->count) {
		const struct event_value *v = &e->values[(*i)++];
		if (v->field == field && v->kind != VALUE_NULL)
			return v;
	}
	return NULL;
}

static const struct event_value *first_value(const struct event *e, uint32_t field)
{
	uint32_t i = 0;

	return event_unknown(e, field) ? NULL : next_value(e, field, &i);
}

/* Decimal, with sign, point and exponent; blanks around it. */
static bool read_number(struct str text, double *out)
{
	char copy[NUMBER_TEXT_MAX];
	char *end;

	text = str_trim(text);
	if (text.n == 0 || text.n >= sizeof copy)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (!memchr("0123456789+-.eE", text.p[i], 15))
			return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	*out = strtod(copy, &end);
	return *end == '\0' && fabs(*out) <= NUMBER_MOST;
}

static bool number_of(const struct event *e, uint32_t field, double *out)
{
	const struct event_value *v;

	if (event_unknown(e, field))
		return false;
	for (uint32_t i = 0; (v = next_value(e, field, &i));) {
		if (v->kind == VALUE_NUMBER && fabs(v->number) <= NUMBER_MOST) {
			*out = v->number;
			return true;
		}
		if (v->kind == VALUE_TEXT && read_number(v->text, out))
			return true;
	}
	return false;
}

static void put_value(struct fact *out, uint64_t hash)
{
	for (unsigned i = 0; i < out->value_count; i++)
		if (out->value[i] == hash)
			return;
	if (out->value_count < TRAIL_VALUES_MAX)
		out->value[out->value_count++] = hash;
}

static bool read_values(const struct fact_source *s, const struct measure *m,
			const struct hash_key *key, const struct event *e, struct fact *out)
{
	size_t fields = m->rule->field_count;
	const struct event_value *v;
	uint64_t hash = 0;

	out->value_count = 0;
	if (fields == 1) {
		if (event_unknown(e, s->field[0]))
			return false;
		for (uint32_t i = 0; (v = next_value(e, s->field[0], &i));)
			put_value(out, cells_hash(key, v->text, 0));
		return out->value_count > 0;
	}
	for (size_t f = 0; f < fields; f++) {
		v = first_value(e, s->field[f]);
		if (!v)
			return false;
		hash = cells_hash(key, v->text, hash);
	}
	put_value(out, hash);
	return fields > 0;
}

enum fact_read fact_read_event(const struct fact_source *s, const struct measure *m,
			       const struct hash_key *key, const struct event *e, struct fact *out)
{
	for (size_t g = 0; g < m->rule->group_count; g++) {
		const struct event_value *v = first_value(e, s->group[g]);
		if (!v)
			return FACT_NONE;
		out->group[g] = v->text;
	}
	if (m->kind == MEASURE_VALUES && !read_values(s, m, key, e, out))
		return FACT_NONE;
	if (measure_numbers(m) &&
	    (m->rule->field_count == 0 || !number_of(e, s->field[0], &out->number)))
		return FACT_NO_NUMBER;
	return FACT_READ;
}

enum fact_read fact_read_cell(const struct fact_source *s, const struct measure *m,
			      const struct hash_key *key, const struct cell *x, struct fact *out)
{
	uint64_t hash = 0;

	if (!s->complete)
		return FACT_NONE;
	for (size_t g = 0; g < m->rule->group_count; g++)
		out->group[g] = cell_group(x, s->group[g]);
	out->value_count = 0;
	for (size_t f = 0; m->kind == MEASURE_VALUES && f < m->rule->field_count; f++)
		hash = cells_hash(key, cell_group(x, s->field[f]), hash);
	if (m->kind == MEASURE_VALUES)
		put_value(out, hash);
	if (measure_numbers(m) &&
	    (m->rule->field_count == 0 || !read_number(cell_group(x, s->field[0]), &out->number)))
		return FACT_NO_NUMBER;
	return FACT_READ;
}
