/* The engine held against the slow evaluator, by random rules and random events. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "sigma/engine.h"
#include "sigma/text.h"
#include "sigma_slow.h"

#define RULES  300
#define EVENTS 150
#define VALUES 12
#define KNOWN  4 /* fields a, b, c, d; and as many others: u, v, w, x */
#define ONCE   2 /* of those, so many are used, in one leaf each, where that matters */

static const char *const names[] = {"a", "b", "c", "d", "u", "v", "w", "x"};
static const struct logsource source = {.category = "test"};

struct random {
	uint64_t state;
};

static unsigned below(struct random *r, unsigned n)
{
	r->state = r->state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(r->state >> 33) % n;
}

/* The pieces that texts and patterns are made of, so that they often fit. */
static const char *const pieces[] = {
	"a",	    "b",	"A",	    "B",	"ab",
	".",	    "-",	"k",	    "K",	"\xe2\x84\xaa",
	"\xc3\xa9", "\xc3\x89", "\xd0\xb6", "\xd0\x96", "\xc5\xbf",
	"s",	    " ",	"\n",	    "x.com",	"\\",
	"+",	    "1",	"0",	    "%",
};
static const char *const ascii_pieces[] = {"a", "b", "A", "B", "ab", ".",   "-",
					   "k", "K", "s", "1", "0",  "foo", "x.com"};
#define PICK(r, list) list[below(r, sizeof list / sizeof *list)]

static const char *const networks[] = {"10.0.0.0/104",	  "10.1.0.0/112",    "10.1.2.0/120",
				       "192.168.0.0/112", "0.0.0.0/96",	     "::/0",
				       "2001:db8::/32",	  "2001:db8:1::/48", "10.1.2.3/128"};
static const char *const addresses[] = {
	"10.1.2.3",    "10.1.3.3",	"10.2.0.1", "192.168.7.7", "8.8.8.8", "::ffff:10.1.2.3",
	"2001:db8::1", "2001:db8:1::1", "::1",	    "10.1.2",	   "fe80::1"};
static const char *const expressions[] = {"^a",		 "b$",	    "a+b", "(a|b)k",
					  "[a-z]{2,3}$", "^$",	    "a.b", "x\\.com",
					  "[^a]b",	 "^(ab)*$", "k?s", "a{2}"};
static const char *const number_texts[] = {"0", "1", "2", "3", "1.0", "01", "1e0", "-1", "+2", ""};

static struct sigma_text make_text(struct arena *a, struct random *r, bool ascii)
{
	char text[128] = "";
	unsigned n = below(r, 4) + 1;

	for (unsigned i = 0; i < n; i++) {
		const char *piece = ascii ? PICK(r, ascii_pieces) : PICK(r, pieces);
		unsigned wild = below(r, 5);
		strcat(text, wild == 0 ? "*" : wild == 1 ? "?" : piece[0] == '\\' ? "\\\\" : piece);
	}
	struct str copy = {arena_text(a, str_of(text)), strlen(text)};
	return sigma_text_squeeze(a, sigma_text_parse(a, copy));
}

static void make_cidr(struct random *r, struct sigma_leaf *l)
{
	const char *text = PICK(r, networks), *slash = strchr(text, '/');
	char z[64];

	snprintf(z, sizeof z, "%.*s", (int)(slash - text), text);
	addr_parse(z, &l->cidr.network);
	l->cidr.bits = (unsigned)atoi(slash + 1);
}

/* A leaf that some of `choices`, below, make true and some false. */
static struct sigma_leaf *make_open_leaf(struct arena *a, struct random *r, const char *field)
{
	static const char *const texts[] = {"ab",    "a*", "*b*",    "x.com",
					    "*.com", "?b", "10.1.*", "*1*"};
	static const enum leaf_kind kinds[] = {LEAF_NULL, LEAF_EMPTY, LEAF_PRESENT, LEAF_EXISTS,
					       LEAF_NUMBER};
	struct sigma_leaf *l = arena_alloc(a, sizeof *l);

	l->field = field;
	l->kind = below(r, 2) ? LEAF_TEXT : PICK(r, kinds);
	if (l->kind == LEAF_TEXT)
		l->text = sigma_text_parse(a, str_of(PICK(r, texts)));
	if (l->kind == LEAF_NUMBER)
		l->number.value = below(r, 2) ? 1 : 3;
	return l;
}

static struct sigma_leaf *make_leaf(struct arena *a, struct random *r, const char *field,
				    bool ascii)
{
	static const enum leaf_kind kinds[] = {LEAF_TEXT,    LEAF_TEXT,	 LEAF_TEXT,    LEAF_TEXT,
					       LEAF_REGEX,   LEAF_CIDR,	 LEAF_NUMBER,  LEAF_COMPARE,
					       LEAF_NULL,    LEAF_EMPTY, LEAF_PRESENT, LEAF_EXISTS,
					       LEAF_FIELDREF};
	struct sigma_leaf *l = arena_alloc(a, sizeof *l);

	l->field = field;
	/* keywords can be these */
	l->kind = field ? PICK(r, kinds) : below(r, 5) ? LEAF_TEXT : LEAF_CIDR;
	if (l->kind == LEAF_REGEX && !ascii)
		l->kind = LEAF_TEXT;
	switch (l->kind) {
	case LEAF_TEXT:
		l->text = make_text(a, r, ascii);
		if (!field)
			l->text = sigma_text_squeeze(a, sigma_text_open(a, l->text, true, true));
		l->cased = below(r, 4) == 0;
		break;
	case LEAF_REGEX:
		l->regex.expression = PICK(r, expressions);
		l->regex.flags = below(r, 2) ? REGEX_CASELESS : 0;
		break;
	case LEAF_CIDR:
		make_cidr(r, l);
		break;
	case LEAF_NUMBER:
	case LEAF_COMPARE:
		l->number.value = below(r, 4);
		l->number.compare = (enum compare)below(r, 4);
		break;
	case LEAF_FIELDREF:
		l->ref.other = names[below(r, KNOWN)];
		l->ref.fit = (enum fit)below(r, 4);
		l->cased = below(r, 2);
		break;
	default:
		break;
	}
	return l;
}

/* How rules are made: any field in any leaf, or each unknown field in one leaf at most. */
struct maker {
	struct arena *arena;
	struct random *random;
	bool ascii, keywords;
	unsigned unknown; /* fields left to use once; UINT_MAX: any, any number of times */
};

static const char *choose_field(struct maker *m)
{
	if (m->keywords && below(m->random, 6) == 0)
		return NULL;
	if (m->unknown == UINT32_MAX)
		return names[below(m->random, 2 * KNOWN)];
	if (m->unknown && below(m->random, 2))
		return names[KNOWN + --m->unknown];
	return names[below(m->random, KNOWN)];
}

static struct sigma_node *make_tree(struct maker *m, unsigned depth)
{
	struct sigma_node *n = arena_alloc(m->arena, sizeof *n);
	unsigned kind = depth ? below(m->random, 8) : 7;

	n->kind = kind < 3 ? NODE_AND : kind < 5 ? NODE_OR : kind < 6 ? NODE_NOT : NODE_LEAF;
	if (n->kind == NODE_LEAF) {
		const char *field = choose_field(m);
		bool once = m->unknown != UINT32_MAX && field && field[0] >= 'u';
		n->leaf = once ? make_open_leaf(m->arena, m->random, field)
			       : make_leaf(m->arena, m->random, field, m->ascii);
		return n;
	}
	n->count = n->kind == NODE_NOT ? 1 : below(m->random, 4) + (below(m->random, 8) != 0);
	n->child = arena_array(m->arena, n->count, sizeof *n->child);
	for (size_t i = 0; i < n->count; i++)
		n->child[i] = make_tree(m, depth - 1);
	return n;
}

static struct sigma_rules *make_rules(struct maker *m)
{
	struct sigma_rules *rules = arena_alloc(m->arena, sizeof *rules);
	unsigned unknown = m->unknown;

	rules->rule_count = RULES;
	rules->rule = arena_array(m->arena, RULES, sizeof *rules->rule);
	for (size_t i = 0; i < RULES; i++) {
		struct sigma_rule *r = rules->rule[i] = arena_alloc(m->arena, sizeof *r);
		m->unknown = unknown;
		r->info.title = r->info.id = r->info.file = "";
		r->logsource = source;
		r->tree = make_tree(m, 3);
	}
	return rules;
}

static struct str make_value_text(struct arena *a, struct random *r, bool ascii, bool *wire)
{
	char text[128] = "";
	unsigned n = below(r, 4);

	for (unsigned i = 0; i < n; i++)
		strcat(text, ascii ? PICK(r, ascii_pieces) : PICK(r, pieces));
	if (!ascii) {
		*wire = below(r, 4) == 0;
		if (below(r, 10) == 0)
			strcat(text, "\xff");
	}
	return (struct str){arena_text(a, str_of(text)), strlen(text)};
}

static void make_value(struct arena *a, struct random *r, bool ascii, struct event_value *v)
{
	switch (below(r, 8)) {
	case 0:
		v->kind = VALUE_NULL;
		v->text = STR("");
		return;
	case 1:
		v->kind = VALUE_NUMBER;
		v->text = str_of(PICK(r, number_texts));
		if (v->text.n == 0)
			v->text = STR("7");
		v->number = strtod(v->text.p, NULL);
		return;
	case 2:
		v->kind = VALUE_BOOL;
		v->text = below(r, 2) ? STR("true") : STR("false");
		return;
	case 3:
		v->text = str_of(PICK(r, number_texts));
		return;
	case 4:
		v->text = str_of(PICK(r, addresses));
		return;
	default:
		v->text = make_value_text(a, r, ascii, &v->wire);
	}
}

/* Values of fields [from, to), and of one that no rule names. */
static uint32_t make_values(struct maker *m, const struct fields *f, unsigned from, unsigned to,
			    struct event_value *v)
{
	uint32_t count = 0;

	for (unsigned i = from; i < to; i++) {
		unsigned several = below(m->random, 4) ? 1 : below(m->random, 3);
		for (unsigned k = 0; k < several && count < VALUES - 1; k++) {
			v[count] = (struct event_value){.field = fields_find(f, str_of(names[i]))};
			make_value(m->arena, m->random, m->ascii, &v[count]);
			count += v[count].field != FIELD_NONE;
		}
	}
	v[count] = (struct event_value){.field = FIELD_NONE};
	make_value(m->arena, m->random, m->ascii, &v[count]);
	return count + 1;
}

/* What the engine found of an event, by rule. */
struct outcome {
	uint8_t found[RULES]; /* enum slow */
	struct sigma_match match[RULES];
	size_t last, calls;
};

static void on_found(void *context, const struct event *e, const struct sigma_match *m)
{
	struct outcome *o = context;

	(void)e;
	cr_assert(o->calls == 0 || m->rule > o->last, "out of order");
	o->last = m->rule;
	o->calls++;
	o->found[m->rule] = m->possible ? SLOW_POSSIBLE : SLOW_YES;
	o->match[m->rule] = *m;
}

/* What is remembered of values that come again changes nothing. */
static void run_quiet(struct sigma_engine *s, const struct event *e, const struct outcome *o)
{
	struct event_value values[VALUES + KNOWN];
	uint32_t quiet[VALUES + KNOWN] = {0};
	struct event event = *e;

	event.values = values;
	for (uint32_t i = 0; i < e->count; i++) {
		values[i] = e->values[i];
		values[i].quiet = &quiet[i];
	}
	for (int again = 0; again < 3; again++) {
		struct outcome other = {0};
		sigma_engine_run(s, &event, on_found, &other);
		cr_assert_eq(other.calls, o->calls);
		cr_assert_arr_eq(other.found, o->found, sizeof o->found);
	}
}

struct leads {
	uint32_t field[64];
	unsigned count;
};

static void on_lead(void *context, uint32_t field)
{
	struct leads *l = context;

	cr_assert_lt(l->count, sizeof l->field / sizeof *l->field);
	l->field[l->count++] = field;
}

/* Where the fields that lead to rules lead to none, there is none. */
static void run_leads(struct sigma_engine *s, const struct event *e, const struct outcome *o)
{
	struct event_value values[VALUES + KNOWN];
	struct event event = *e;
	struct leads leads = {0};

	if (sigma_view_keywords(s, e->view))
		return;
	sigma_view_leads(s, e->view, on_lead, &leads);
	event.values = values;
	event.count = 0;
	for (uint32_t i = 0; i < e->count; i++)
		for (unsigned k = 0; k < leads.count; k++)
			if (e->values[i].field == leads.field[k])
				values[event.count++] = e->values[i];
	cr_assert(sigma_engine_touches(s, &event) || o->calls == 0);
}

static void run(struct sigma_engine *s, const struct slow_event *e, struct outcome *o)
{
	struct event event = {
		.values = e->values, .count = (uint32_t)e->count, .unknown = e->unknown};

	*o = (struct outcome){0};
	event.view = sigma_engine_view(s, &source, e->unknown);
	sigma_engine_run(s, &event, on_found, o);
	run_quiet(s, &event, o);
	run_leads(s, &event, o);
}

static const char *explained(struct sigma_engine *s, const struct slow_event *e, size_t rule)
{
	static char text[16384];
	FILE *out = fmemopen(text, sizeof text - 1, "w");
	struct event event = {
		.values = e->values, .count = (uint32_t)e->count, .unknown = e->unknown};

	sigma_engine_explain(s, &event, rule, out);
	fclose(out);
	return text;
}

struct bench {
	struct arena arena;
	struct random random;
	struct maker maker;
	struct fields *fields;
	struct sigma_rules *rules;
	struct sigma_engine *engine;
};

static void bench_init(struct bench *b, uint64_t seed, bool ascii, unsigned unknown)
{
	struct error e;

	*b = (struct bench){.random = {seed}};
	arena_init(&b->arena);
	b->maker = (struct maker){&b->arena, &b->random, ascii, unknown == UINT32_MAX, unknown};
	b->fields = fields_new();
	b->rules = make_rules(&b->maker);
	b->engine = sigma_engine_new(b->rules, b->fields, &(struct sigma_engine_options){0}, &e);
	cr_assert(b->engine);
	for (int i = 0; i < 2 * KNOWN; i++)
		fields_add(b->fields, str_of(names[i])); /* for FIELDREF to nothing */
	cr_assert_eq(sigma_engine_stats(b->engine).rules, RULES);
}

static void bench_fini(struct bench *b)
{
	sigma_engine_free(b->engine);
	fields_free(b->fields);
	arena_fini(&b->arena);
}

static uint64_t bits_of(const struct bench *b, unsigned from, unsigned to)
{
	uint64_t bits = 0;

	for (unsigned i = from; i < to; i++)
		bits |= UINT64_C(1) << fields_find(b->fields, str_of(names[i]));
	return bits;
}

/* All values of KNOWN fields, the others unknown or not. Returns how many were found. */
static size_t compare(struct bench *b, const uint64_t *unknown)
{
	struct event_value v[VALUES + KNOWN];
	struct outcome *o = mem_alloc(sizeof *o);
	struct slow_event e = {.values = v, .fields = b->fields, .unknown = unknown};
	size_t found = 0;

	for (int i = 0; i < EVENTS; i++) {
		e.count = make_values(&b->maker, b->fields, 0, unknown ? KNOWN : 2 * KNOWN, v);
		run(b->engine, &e, o);
		for (size_t r = 0; r < RULES; r++) {
			enum slow is = slow_tree(b->rules->rule[r]->tree, &e);
			if (is == SLOW_POSSIBLE && !slow_telling(b->rules->rule[r]->tree, &e))
				is = SLOW_NO;
			cr_assert_eq(o->found[r], is, "rule %zu is %d, not %d\n%s", r, o->found[r],
				     is, explained(b->engine, &e, r));
			found += is != SLOW_NO;
		}
	}
	free(o);
	return found;
}

static void compare_two_valued(uint64_t seed, bool ascii)
{
	struct bench b;

	bench_init(&b, seed, ascii, UINT32_MAX);
	size_t found = compare(&b, NULL);
	cr_expect_gt(found, RULES * EVENTS / 50, "%zu", found);
	cr_expect_lt(found, RULES * EVENTS / 2, "%zu", found);
	bench_fini(&b);
}

Test(sigma_differ, two_values_ascii)
{
	compare_two_valued(1, true);
	compare_two_valued(2, true);
}

Test(sigma_differ, two_values_any_text)
{
	compare_two_valued(3, false);
	compare_two_valued(4, false);
}

Test(sigma_differ, three_values)
{
	for (uint64_t seed = 5; seed < 9; seed++) {
		struct bench b;
		bench_init(&b, seed, seed % 2, UINT32_MAX);
		uint64_t unknown = bits_of(&b, KNOWN, 2 * KNOWN);
		cr_expect_gt(compare(&b, &unknown), RULES * EVENTS / 50);
		bench_fini(&b);
	}
}

/* What an unknown field may hold. */
#define CHOICES 7
static const struct event_value choices[CHOICES] = {
	{.kind = VALUE_NULL},
	{.text = STR("")},
	{.text = STR("ab")},
	{.text = STR("x.com")},
	{.kind = VALUE_NUMBER, .number = 1, .text = STR("1")},
	{.kind = VALUE_NUMBER, .number = 3, .text = STR("3")},
	{.text = STR("10.1.2.3")},
};

/* All that becomes of a rule when its unknown fields hold each of the choices, or nothing. */
struct world {
	const struct bench *b;
	const struct sigma_node *tree;
	struct event_value v[VALUES + KNOWN];
	size_t known;
	bool can[3]; /* by enum slow */
};

static void try_all(struct world *w, unsigned field, size_t count)
{
	if (field == KNOWN + ONCE) {
		struct slow_event e = {w->v, count, w->b->fields, NULL};
		w->can[slow_tree(w->tree, &e)] = true;
		return;
	}
	try_all(w, field + 1, count);
	w->v[count].field = fields_find(w->b->fields, str_of(names[field]));
	for (int i = 0; i < CHOICES; i++) {
		uint32_t f = w->v[count].field;
		w->v[count] = choices[i];
		w->v[count].field = f;
		try_all(w, field + 1, count + 1);
	}
}

/* Possible means: true for some of what the unknown may hold, and false for some. Where each
 * unknown field is in one leaf only, Kleene's logic says exactly that. */
Test(sigma_differ, possible_is_what_some_values_make_true_and_some_false)
{
	size_t seen[3] = {0};

	for (uint64_t seed = 20; seed < 24; seed++) {
		struct bench b;
		struct outcome *o = mem_alloc(sizeof *o);
		bench_init(&b, seed, true, ONCE);
		uint64_t unknown = bits_of(&b, KNOWN, 2 * KNOWN);
		for (int i = 0; i < 25; i++) {
			struct world w = {.b = &b};
			w.known = make_values(&b.maker, b.fields, 0, KNOWN, w.v) - 1;
			struct slow_event e = {w.v, w.known, b.fields, &unknown};
			run(b.engine, &e, o);
			for (size_t r = 0; r < RULES; r++) {
				memset(w.can, 0, sizeof w.can);
				w.tree = b.rules->rule[r]->tree;
				try_all(&w, KNOWN, w.known);
				enum slow is = !w.can[SLOW_NO]	  ? SLOW_YES
					       : !w.can[SLOW_YES] ? SLOW_NO
								  : SLOW_POSSIBLE;
				cr_assert_eq(slow_tree(w.tree, &e), is);
				seen[is]++;
				if (is == SLOW_POSSIBLE && !slow_telling(w.tree, &e))
					is = SLOW_NO;
				cr_assert_eq(o->found[r], is, "rule %zu is %d, not %d\n%s", r,
					     o->found[r], is, explained(b.engine, &e, r));
			}
		}
		free(o);
		bench_fini(&b);
	}
	for (int i = 0; i < 3; i++)
		cr_expect_gt(seen[i], 100, "%d: %zu", i, seen[i]);
}

/* The outcome hangs on exactly those unknown fields of which another value can change it. */
static bool hangs_on(const struct bench *b, const struct sigma_node *tree,
		     const struct event_value *known, size_t count, unsigned field)
{
	struct world w = {.b = b, .tree = tree};
	unsigned other = field == KNOWN ? KNOWN + 1 : KNOWN;

	for (int i = -1; i < CHOICES; i++) {
		bool can[2] = {false, false};
		for (int k = -1; k < CHOICES; k++) {
			size_t n = count;
			memcpy(w.v, known, count * sizeof *known);
			if (i >= 0) {
				w.v[n] = choices[i];
				w.v[n++].field = fields_find(b->fields, str_of(names[other]));
			}
			if (k >= 0) {
				w.v[n] = choices[k];
				w.v[n++].field = fields_find(b->fields, str_of(names[field]));
			}
			struct slow_event e = {w.v, n, b->fields, NULL};
			can[slow_tree(tree, &e) == SLOW_YES] = true;
		}
		if (can[0] && can[1])
			return true;
	}
	return false;
}

static bool is_said(const struct sigma_match *m, const char *field)
{
	for (unsigned i = 0; i < m->hangs_on_count; i++)
		if (strcmp(m->hangs_on[i], field) == 0)
			return true;
	return false;
}

Test(sigma_differ, hangs_on_what_can_change_it)
{
	size_t checked = 0;

	for (uint64_t seed = 30; seed < 34; seed++) {
		struct bench b;
		struct outcome *o = mem_alloc(sizeof *o);
		bench_init(&b, seed, true, ONCE);
		uint64_t unknown = bits_of(&b, KNOWN, 2 * KNOWN);
		for (int i = 0; i < 40; i++) {
			struct event_value v[VALUES + KNOWN];
			size_t count = make_values(&b.maker, b.fields, 0, KNOWN, v) - 1;
			struct slow_event e = {v, count, b.fields, &unknown};
			run(b.engine, &e, o);
			for (size_t r = 0; r < RULES; r++) {
				const struct sigma_node *tree = b.rules->rule[r]->tree;
				if (!o->found[r])
					continue;
				for (unsigned f = KNOWN; f < KNOWN + ONCE; f++, checked++)
					cr_assert_eq(hangs_on(&b, tree, v, count, f),
						     is_said(&o->match[r], names[f]), "%s\n%s",
						     names[f], explained(b.engine, &e, r));
			}
		}
		free(o);
		bench_fini(&b);
	}
	cr_expect_gt(checked, 1000, "%zu", checked);
}
