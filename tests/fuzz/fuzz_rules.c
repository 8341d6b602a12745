/* Rules from text to match: whatever can be read is compiled, and finds in events what a second,
 * slow evaluator finds. The input is a rule file, a line "%%", and events: a field a line, an empty
 * line between two events. "a=x" is a text, "a#5" a number, "a!true" a truth value, "a~x" bytes of
 * the wire, "a-" null. */
#include "../unit/sigma_slow.h"
#include "base/arena.h"
#include "base/utf8.h"
#include "kit.h"
#include "sigma/engine.h"
#include "sigma/load.h"

#define INPUT_MAX  2048
#define RULES_MAX  16
#define VALUES_MAX 24
#define STARS_MAX  4 /* the slow one tries all ways */
#define EXPLAINED_MAX (1u << 20)

struct trial {
	struct arena arena;
	struct sigma_rules *rules;
	struct fields *fields;
	struct sigma_engine *engine;
	bool found[RULES_MAX];
};

static bool expand(void *context, struct str name, void (*value)(void *context, struct str text),
		   void *value_context)
{
	(void)context;
	if (name.p[0] == 'x')
		return false;
	value(value_context, name);
	value(value_context, STR("b*"));
	return true;
}

static void note(void *context, const struct event *e, const struct sigma_match *m)
{
	struct trial *t = context;

	(void)e;
	require(m->rule < t->rules->rule_count && !m->possible && !m->hangs_on_count,
		"with all known, a match is certain");
	t->found[m->rule] = true;
}

/* Whether the slow evaluator knows all that the tree asks for, in reasonable time. */
static bool is_simple(const struct sigma_node *n, size_t *budget)
{
	unsigned stars = 0;

	if (!--*budget)
		return false;
	if (n->kind == NODE_LEAF) {
		const struct sigma_leaf *l = n->leaf;
		if (l->kind == LEAF_TEXT)
			for (size_t i = 0; i < l->text.n; i++)
				stars += l->text.wild[i] && l->text.text[i] == TEXT_MANY;
		bool part = (l->kind == LEAF_NUMBER || l->kind == LEAF_COMPARE) &&
			    l->number.part != PART_NONE;
		return l->kind != LEAF_REGEX && !part && stars <= STARS_MAX;
	}
	for (size_t i = 0; i < n->count; i++)
		if (!is_simple(n->child[i], budget))
			return false;
	return true;
}

/* True at an event's end. */
static bool read_value(struct trial *t, struct str line, struct event_value *v, bool *taken)
{
	size_t at = 0;

	*taken = false;
	if (!line.n)
		return true;
	while (at < line.n && !strchr("=#!~-", line.p[at]))
		at++;
	if (at == line.n || !line.p[at])
		return false;
	char *text = arena_text(&t->arena, (struct str){line.p + at + 1, line.n - at - 1});
	*v = (struct event_value){.field = fields_find(t->fields, (struct str){line.p, at}),
				  .text = str_of(text)};
	switch (line.p[at]) {
	case '#':
		v->kind = VALUE_NUMBER;
		v->number = strtod(text, NULL);
		break;
	case '!':
		v->kind = VALUE_BOOL;
		v->text = v->text.n % 2 ? STR("true") : STR("false");
		break;
	case '~':
		v->wire = true;
		break;
	case '-':
		v->kind = VALUE_NULL;
		v->text = STR("");
	}
	*taken = true;
	return false;
}

/* Values of one field stand together. */
static bool together(const struct event_value *v, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = i + 2; k < count; k++)
			if (v[i].field == v[k].field && v[i].field != v[k - 1].field)
				return false;
	return true;
}

static void explain(struct trial *t, const struct event *e, size_t rule)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	sigma_engine_explain(t->engine, e, rule, out);
	fclose(out);
	require(n < EXPLAINED_MAX, "an explanation has an end");
	free(text);
}

static void hold(struct trial *t, const struct event_value *v, size_t count)
{
	struct slow_event slow = {.values = v, .count = count, .fields = t->fields};
	struct event e = {.values = v, .count = (uint32_t)count};

	if (!together(v, count))
		return;
	for (size_t r = 0; r < t->rules->rule_count; r++) {
		const struct sigma_rule *rule = t->rules->rule[r];
		size_t budget = 200;
		e.view = sigma_engine_view(t->engine, &rule->logsource, NULL);
		memset(t->found, 0, sizeof t->found);
		sigma_engine_run(t->engine, &e, note, t);
		if (is_simple(rule->tree, &budget) && sigma_engine_applies(t->engine, e.view, r))
			require(t->found[r] == (slow_tree(rule->tree, &slow) == SLOW_YES),
				"both evaluators agree");
		explain(t, &e, r);
	}
}

static void events(struct trial *t, struct str rest)
{
	struct event_value v[VALUES_MAX];
	struct str line;
	size_t count = 0;
	bool taken;

	while (kit_line(&rest, &line)) {
		if (read_value(t, line, &v[count], &taken)) {
			hold(t, v, count);
			count = 0;
		}
		count += taken && count + 1 < VALUES_MAX;
	}
	hold(t, v, count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct sigma_load_options o = {.expand = expand};
	struct str all = kit_rest(data, n < INPUT_MAX ? n : INPUT_MAX), rest = all;
	const char *end = n ? memmem(all.p, all.n, "\n%%\n", 4) : NULL;
	struct trial t = {0};
	struct error e;

	if (!end)
		return 0;
	all.n = (size_t)(end - all.p) + 1;
	rest.p = end + 4;
	rest.n -= all.n + 3;
	arena_init(&t.arena);
	t.rules = sigma_load_text(&o, "x.yml", all);
	t.fields = fields_new();
	if (t.rules->rule_count && t.rules->rule_count <= RULES_MAX) {
		t.engine = sigma_engine_new(t.rules, t.fields, &(struct sigma_engine_options){0}, &e);
		require(t.engine, "what can be read can be compiled");
		events(&t, rest);
		sigma_engine_free(t.engine);
	}
	fields_free(t.fields);
	sigma_rules_free(t.rules);
	arena_fini(&t.arena);
	return 0;
}
