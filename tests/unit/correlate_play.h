/* One correlation made by hand, and matches for it, for tests of single points. */
#ifndef EGRET_TESTS_CORRELATE_PLAY_H
#define EGRET_TESTS_CORRELATE_PLAY_H

#include <criterion/criterion.h>
#include <string.h>

#include "core/limits.h"
#include "sigma/correlate.h"

#define STAGE_RULES 4
#define STAGE_HITS  4096
#define S	    NS_PER_S

/* Sets up `c` (and more that follow), then stage_start. */
struct stage {
	struct sigma_correlation correlation[4];
	struct sigma_correlation *pointer[4];
	struct sigma_rule rule[STAGE_RULES], *rule_at[STAGE_RULES];
	struct sigma_rules rules;
	struct fields *fields;
	struct correlator *correlator;
	uint64_t unknown[2];
	/* what was found; group texts are copied */
	struct correlation_hit hit[STAGE_HITS];
	char group[STAGE_HITS][CORRELATION_GROUP_MAX][64];
	unsigned hits;
};

static inline void stage_found(void *context, const struct correlation_hit *h)
{
	struct stage *s = context;

	if (s->hits == STAGE_HITS)
		return;
	s->hit[s->hits] = *h;
	for (unsigned g = 0; g < CORRELATION_GROUP_MAX; g++) {
		struct str t = h->group[g];
		size_t n = t.n < 63 ? t.n : 63;
		if (n)
			memcpy(s->group[s->hits][g], t.p, n);
		s->group[s->hits][g][n] = '\0';
	}
	s->hits++;
}

/* A correlation of rule 0, by "host", over ten seconds. */
static inline struct sigma_correlation *stage_add(struct stage *s, enum correlation_type type)
{
	struct sigma_correlation *c = &s->correlation[s->rules.correlation_count];

	s->pointer[s->rules.correlation_count++] = c;
	*c = (struct sigma_correlation){.type = type,
					.timespan = 10 * S,
					.ref_count = 1,
					.group_count = 1,
					.group = {"host"},
					.percentile = 50};
	return c;
}

static inline struct sigma_correlation *stage_init(struct stage *s, enum correlation_type type)
{
	memset(s, 0, sizeof *s);
	static const char *const id[STAGE_RULES] = {"r0", "r1", "r2", "r3"};
	for (size_t i = 0; i < STAGE_RULES; i++) {
		s->rule[i].info.id = id[i];
		s->rule_at[i] = &s->rule[i];
	}
	s->rules.rule = s->rule_at;
	s->rules.rule_count = STAGE_RULES;
	s->rules.correlation = s->pointer;
	return stage_add(s, type);
}

static inline void stage_bound(struct sigma_correlation *c, enum bound_kind kind, double value)
{
	c->bound[c->bound_count].kind = kind;
	c->bound[c->bound_count++].value = value;
}

static inline void stage_field(struct sigma_correlation *c, const char *name)
{
	c->field[c->field_count++] = name;
}

static inline void stage_refs(struct sigma_correlation *c, size_t count, const size_t rules[])
{
	c->ref_count = count;
	for (size_t i = 0; i < count; i++)
		c->ref[i] = (struct sigma_ref){.number = rules[i]};
}

static inline void stage_start(struct stage *s)
{
	s->fields = fields_new();
	s->correlator = correlator_new(&s->rules, s->fields, stage_found, s);
}

static inline void stage_end(struct stage *s)
{
	correlator_free(s->correlator);
	fields_free(s->fields);
}

/* A match of the rule by an event with the fields of `text`: "host=a user=b"; a name twice is a
 * list, "x=null" is null, "x=?" is unknown. Returns how many hits it made. */
static inline unsigned stage_event(struct stage *s, size_t rule, uint64_t time, const char *text,
				   struct event e, bool possible)
{
	struct event_value value[16];
	uint32_t count = 0;
	unsigned before = s->hits;
	char copy[512];
	char *rest = copy;

	cr_assert_lt(strlen(text), sizeof copy);
	strcpy(copy, text);
	for (char *word; (word = strsep(&rest, " "));) {
		char *equals = strchr(word, '=');
		if (!equals)
			continue;
		struct str name = {word, (size_t)(equals - word)};
		uint32_t field = fields_find(s->fields, name);
		if (strcmp(equals, "=?") == 0) {
			s->unknown[field / 64] |= UINT64_C(1) << field % 64;
			e.unknown = s->unknown;
			continue;
		}
		value[count++] = (struct event_value){
			.field = field,
			.kind = strcmp(equals, "=null") == 0 ? VALUE_NULL : VALUE_TEXT,
			.text = strcmp(equals, "=null") == 0 ? (struct str){0}
							     : str_of(equals + 1)};
	}
	e.values = value;
	e.count = count;
	e.time = time;
	struct sigma_match m = {.rule = rule, .possible = possible};
	correlator_take(s->correlator, &e, &m, time);
	s->unknown[0] = s->unknown[1] = 0;
	return s->hits - before;
}

static inline unsigned stage_take(struct stage *s, size_t rule, uint64_t time, const char *text)
{
	return stage_event(s, rule, time, text, (struct event){0}, false);
}

#endif
