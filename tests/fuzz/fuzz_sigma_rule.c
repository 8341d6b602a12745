/* The rule reader: any bytes as a rule file. What loads keeps the promises of its header. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "core/limits.h"
#include "sigma/load.h"
#include "sigma/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool truth)
{
	if (!truth)
		abort();
}

/* Some placeholders stand for one text, some for several, some for none; others are not known. */
static bool expand(void *context, struct str name, void (*value)(void *context, struct str text),
		   void *value_context)
{
	(void)context;
	require(name.n > 0);
	if (name.p[0] == 'x')
		return false;
	for (size_t i = name.p[0] == '0' ? 1 : 0; i < 2 && i < name.n; i++)
		value(value_context, (struct str){name.p + i, name.n - i});
	return true;
}

static void problem(void *context, const char *file, unsigned line, const char *rule,
		    const char *text)
{
	size_t *count = context;

	require(strcmp(file, "x.yml") == 0 && rule && text && *text && line > 0);
	++*count;
}

/* A printed pattern reads as itself. */
static void check_text(const struct sigma_text *t)
{
	struct arena a;

	arena_init(&a);
	char *printed = sigma_text_print(&a, t);
	if (!memchr(t->text, '\0', t->n)) {
		struct sigma_text again = sigma_text_parse(&a, str_of(printed));
		require(again.n == t->n && memcmp(again.text, t->text, t->n) == 0);
		require(memcmp(again.wild, t->wild, t->n) == 0);
	}
	arena_fini(&a);
	require(utf8_valid((struct str){t->text, t->n}));
	for (size_t i = 0; i < t->n; i++)
		require(!t->wild[i] || t->text[i] == TEXT_MANY || t->text[i] == TEXT_ONE);
}

static void check_leaf(const struct sigma_leaf *l)
{
	bool anywhere = l->kind == LEAF_TEXT || l->kind == LEAF_REGEX || l->kind == LEAF_CIDR;

	require(l->field ? *l->field != '\0' : anywhere);
	if (l->kind == LEAF_TEXT) {
		require(l->text.n > 0);
		check_text(&l->text);
	}
	if (l->kind == LEAF_REGEX)
		require(l->regex.expression && l->regex.flags < 8);
	if (l->kind == LEAF_CIDR)
		require(l->cidr.bits <= 128);
	if (l->kind == LEAF_NUMBER || l->kind == LEAF_COMPARE)
		require(isfinite(l->number.value) && l->number.part <= PART_YEAR);
	if (l->kind == LEAF_FIELDREF)
		require(*l->ref.other != '\0');
}

/* Returns the nodes; depth and number are bounded. */
static size_t check_node(const struct sigma_node *n, unsigned depth)
{
	size_t sum = 1;

	require(depth < LIMIT_RULE_DEPTH + 80 && n->line > 0);
	if (n->kind == NODE_LEAF) {
		require(n->count == 0);
		check_leaf(n->leaf);
		return sum;
	}
	require(n->count > 0 && (n->kind != NODE_NOT || n->count == 1));
	for (size_t i = 0; i < n->count; i++)
		sum += check_node(n->child[i], depth + 1);
	require(sum <= LIMIT_RULE_NODES + 1);
	return sum;
}

static void check_info(const struct rule_info *i)
{
	require(*i->title && i->id && i->name && i->description && i->status && i->tags);
	require(i->line > 0 && strcmp(i->file, "x.yml") == 0);
	require(*sigma_level_name(i->level) || i->level == LEVEL_NONE);
}

static void check_logic(const struct sigma_logic *l, size_t refs)
{
	if (l->kind == NODE_LEAF)
		require(l->ref < refs);
	else
		require(l->count > 0);
	for (size_t i = 0; i < l->count; i++)
		check_logic(l->child[i], refs);
}

static void check_correlation(const struct sigma_rules *r, size_t number)
{
	const struct sigma_correlation *c = r->correlation[number];

	check_info(&c->info);
	require(c->ref_count > 0 && c->timespan > 0 && c->group_count <= CORRELATION_GROUP_MAX);
	for (size_t i = 0; i < c->ref_count; i++) {
		require(c->ref[i].number < (c->ref[i].correlation ? number : r->rule_count));
		for (size_t g = 0; g < c->group_count; g++)
			require(*c->group_field[i][g]);
	}
	if (c->type < CORRELATE_TEMPORAL)
		require(c->bound_count > 0 && !c->logic);
	if (c->type >= CORRELATE_VALUE_COUNT && c->type <= CORRELATE_VALUE_MEDIAN)
		require(c->field_count > 0 && *c->field[0]);
	require(c->percentile >= 0 && c->percentile <= 100);
	if (c->logic)
		check_logic(c->logic, c->ref_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	size_t problems = 0;
	struct sigma_load_options o = {
		.problem = problem, .problem_context = &problems, .expand = expand};
	struct sigma_rules *r = sigma_load_text(&o, "x.yml", (struct str){(const char *)data, n});

	for (size_t i = 0; i < r->rule_count; i++) {
		const struct logsource *s = &r->rule[i]->logsource;
		check_info(&r->rule[i]->info);
		check_node(r->rule[i]->tree, 0);
		require(s->category || s->product || s->service);
	}
	for (size_t i = 0; i < r->correlation_count; i++)
		check_correlation(r, i);
	require(problems >= r->refused);
	sigma_rules_free(r);
	return 0;
}
