#include "sigma/patterns.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "match/match.h"
#include "match/regex.h"
#include "sigma/plain.h"
#include "sigma/wildcard.h"

enum mode { BYTES, CHARACTERS, MODES };

/* How a pattern is found. */
enum way {
	WAY_SET,       /* by its set alone */
	WAY_CONFIRM,   /* the set finds candidates, PCRE2 decides */
	WAY_ALONE,     /* PCRE2 searches every value */
	WAY_ELSEWHERE, /* not as a pattern: plain text */
	WAY_NONE,      /* cannot be found */
};

struct form {
	enum way way;
	struct regex *regex;
};

struct pattern {
	char *expression;
	unsigned flags;
	uint32_t number; /* of the leaf */
	bool checked[MODES];
	bool lost; /* too much for both */
	struct form form[MODES];
};

/* A compiled set, and which pattern each of its numbers is. */
struct part {
	struct match_set *set;
	uint32_t *pattern;
};

struct sets {
	bool built;
	struct part *part;
	size_t count;
	uint32_t *alone; /* patterns that no set helps to find */
	size_t alone_count;
};

struct patterns {
	struct pattern *v;
	size_t count, room;
	struct plain plain;
	struct sets sets[MODES];
	bool beyond_ascii; /* some pattern is */
	const char *cache;
	uint64_t limits;
};

struct patterns *patterns_new(void)
{
	struct patterns *p = mem_zalloc(sizeof *p);

	plain_init(&p->plain);
	return p;
}

void patterns_free(struct patterns *p)
{
	if (!p)
		return;
	for (int m = 0; m < MODES; m++) {
		struct sets *s = &p->sets[m];
		for (size_t i = 0; i < s->count; i++) {
			match_free(s->part[i].set);
			free(s->part[i].pattern);
		}
		free(s->part);
		free(s->alone);
		for (size_t i = 0; i < p->count; i++)
			regex_free(p->v[i].form[m].regex);
	}
	for (size_t i = 0; i < p->count; i++)
		free(p->v[i].expression);
	free(p->v);
	plain_fini(&p->plain);
	free(p);
}

static bool is_ascii(struct str t)
{
	size_t i = 0;

	for (; t.n - i >= 8; i += 8) {
		uint64_t word;
		memcpy(&word, t.p + i, sizeof word);
		if (word & UINT64_C(0x8080808080808080))
			return false;
	}
	for (; i < t.n; i++)
		if (t.p[i] & 0x80)
			return false;
	return true;
}

static unsigned flags_in(const struct pattern *x, enum mode m)
{
	return x->flags | (m == CHARACTERS ? MATCH_UTF8 : 0);
}

/* Leaves an expression to PCRE2. -1 when it refuses, too. */
static int use_regex(struct pattern *x, enum mode m, bool prefiltered, struct error *e)
{
	struct form *f = &x->form[m];

	if (!f->regex)
		f->regex = regex_new(x->expression, flags_in(x, m), e);
	f->way = !f->regex ? WAY_NONE : prefiltered ? WAY_CONFIRM : WAY_ALONE;
	return f->regex ? 0 : -1;
}

/* Finds the way for an expression in this mode, once. */
static int check(struct pattern *x, enum mode m, struct error *e)
{
	struct match_pattern p = {x->expression, flags_in(x, m)};
	/* "(*UTF8)" would have texts read in another way than we scan them */
	bool verb = strncmp(x->expression, "(*", 2) == 0;
	struct error why;

	if (x->checked[m])
		return x->form[m].way == WAY_NONE ? -1 : 0;
	x->checked[m] = true;
	if (!verb && match_check(&p, &why) == 0) {
		x->form[m].way = WAY_SET;
		return 0;
	}
	p.flags |= MATCH_PREFILTER;
	return use_regex(x, m, !verb && match_check(&p, &why) == 0, e);
}

static struct pattern *add(struct patterns *p, char *expression, unsigned flags, uint32_t number)
{
	if (p->count == p->room) {
		p->room = p->room ? p->room * 2 : 8;
		p->v = mem_resize(p->v, p->room * sizeof *p->v);
	}
	p->v[p->count] =
		(struct pattern){.expression = expression, .flags = flags, .number = number};
	return &p->v[p->count++];
}

static void add_text(struct patterns *p, const struct sigma_leaf *leaf, uint32_t number)
{
	struct str text = {leaf->text.text, leaf->text.n};
	bool ascii = is_ascii(text);
	bool plain = ascii && text.n <= PLAIN_MAX;
	bool empty;

	for (size_t i = 0; i < text.n && plain; i++)
		plain = !leaf->text.wild[i];
	char *expression = wildcard_expression(&leaf->text, &empty);
	struct pattern *x =
		add(p, expression,
		    MATCH_DOTALL | (leaf->cased ? 0 : MATCH_CASELESS) | (empty ? MATCH_EMPTY : 0),
		    number);
	x->checked[BYTES] = x->checked[CHARACTERS] = true;
	x->form[BYTES].way = plain ? WAY_ELSEWHERE : WAY_SET;
	x->form[CHARACTERS].way = WAY_SET;
	if (plain)
		plain_add(&p->plain, text, leaf->cased, number);
	p->beyond_ascii |= !ascii;
}

static int add_regex(struct patterns *p, const struct sigma_leaf *leaf, uint32_t number,
		     struct error *e)
{
	struct str text = str_of(leaf->regex.expression);
	unsigned flags = MATCH_EMPTY | (leaf->regex.flags & REGEX_CASELESS ? MATCH_CASELESS : 0) |
			 (leaf->regex.flags & REGEX_DOTALL ? MATCH_DOTALL : 0) |
			 (leaf->regex.flags & REGEX_MULTILINE ? MATCH_MULTILINE : 0);
	struct pattern *x = add(p, mem_strndup(text.p, text.n), flags, number);

	if (check(x, BYTES, e)) {
		if (check(x, CHARACTERS, e)) {
			free(x->expression);
			p->count--;
			return -1;
		}
		p->beyond_ascii = true; /* "\x{20ac}" */
	}
	p->beyond_ascii |= !is_ascii(text);
	return 0;
}

int patterns_add(struct patterns *p, const struct sigma_leaf *leaf, uint32_t number,
		 struct error *e)
{
	if (leaf->kind == LEAF_REGEX)
		return add_regex(p, leaf, number, e);
	add_text(p, leaf, number);
	return 0;
}

static void add_alone(struct sets *s, uint32_t pattern)
{
	s->alone = mem_resize(s->alone, (s->alone_count + 1) * sizeof *s->alone);
	s->alone[s->alone_count++] = pattern;
}

/* One that its set cannot take: PCRE2 alone then, for it cannot be a candidate either. */
static void demote(struct patterns *p, enum mode m, uint32_t pattern)
{
	struct error e;

	if (use_regex(&p->v[pattern], m, false, &e) == 0)
		add_alone(&p->sets[m], pattern);
	else
		p->v[pattern].lost = true;
}

static struct match_set *compile(const struct patterns *p, enum mode m, const uint32_t *list,
				 size_t n, size_t *bad)
{
	struct match_pattern *v = mem_array(n, sizeof *v);
	struct error e;

	for (size_t i = 0; i < n; i++) {
		const struct pattern *x = &p->v[list[i]];
		v[i] = (struct match_pattern){
			x->expression,
			flags_in(x, m) | (x->form[m].way == WAY_CONFIRM ? MATCH_PREFILTER : 0)};
	}
	*bad = MATCH_NO_PATTERN;
	struct match_set *set = match_cached(v, n, p->cache);
	if (!set)
		set = match_new(v, n, p->cache, bad, &e);
	free(v);
	return set;
}

/* One set for all; without those that Hyperscan finds too much; or, where all together are too
 * much, one for each half. Takes `list` over. */
static void build_part(struct patterns *p, enum mode m, uint32_t *list, size_t n)
{
	struct sets *s = &p->sets[m];
	struct match_set *set = NULL;
	size_t bad = 0;

	while (n && !(set = compile(p, m, list, n, &bad)) && (bad < n || n == 1)) {
		size_t at = bad < n ? bad : 0;
		demote(p, m, list[at]);
		memmove(list + at, list + at + 1, (n - at - 1) * sizeof *list);
		n--;
	}
	if (set) {
		s->part = mem_resize(s->part, (s->count + 1) * sizeof *s->part);
		s->part[s->count++] = (struct part){set, list};
		return;
	}
	if (n) {
		size_t half = n / 2;
		uint32_t *other = mem_array(n - half, sizeof *other);
		memcpy(other, list + half, (n - half) * sizeof *other);
		build_part(p, m, list, half);
		build_part(p, m, other, n - half);
		return;
	}
	free(list);
}

static void build(struct patterns *p, enum mode m)
{
	uint32_t *list = mem_array(p->count, sizeof *list);
	struct error e;
	size_t n = 0;

	p->sets[m].built = true;
	for (size_t i = 0; i < p->count; i++) {
		struct pattern *x = &p->v[i];
		(void)check(x, m, &e);
		if (x->form[m].way == WAY_SET || x->form[m].way == WAY_CONFIRM)
			list[n++] = (uint32_t)i;
		else if (x->form[m].way == WAY_ALONE)
			add_alone(&p->sets[m], (uint32_t)i);
	}
	build_part(p, m, list, n);
}

void patterns_build(struct patterns *p, const char *cache_folder)
{
	p->cache = cache_folder;
	build(p, BYTES);
	if (p->beyond_ascii)
		build(p, CHARACTERS);
}

void patterns_refused(const struct patterns *p, patterns_lost *lost, void *context)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->v[i].lost)
			lost(context, p->v[i].number, "is too large to be compiled");
}

struct scan {
	struct patterns *p;
	enum mode mode;
	struct str text;
	const uint32_t *pattern; /* of the set at hand */
	leaf_found *found;
	void *context;
};

static void search(const struct scan *s, uint32_t pattern)
{
	const struct pattern *x = &s->p->v[pattern];
	enum regex_result r = regex_search(x->form[s->mode].regex, s->text);

	if (r == REGEX_YES)
		s->found(s->context, x->number);
	else if (r == REGEX_LIMIT)
		s->p->limits++;
}

static void on_pattern(void *context, unsigned number)
{
	const struct scan *s = context;
	const struct pattern *x = &s->p->v[s->pattern[number]];

	if (x->form[s->mode].way == WAY_CONFIRM)
		search(s, s->pattern[number]);
	else
		s->found(s->context, x->number);
}

static enum mode mode_of(const struct patterns *p, struct str text, bool wire)
{
	if (is_ascii(text))
		return p->beyond_ascii ? CHARACTERS : BYTES;
	return !wire && utf8_valid(text) ? CHARACTERS : BYTES;
}

void patterns_scan(struct patterns *p, struct str text, bool wire, leaf_found *found, void *context)
{
	struct scan s = {
		.p = p, .text = {text.p ? text.p : "", text.n}, .found = found, .context = context};

	if (p->count == 0)
		return;
	s.mode = mode_of(p, s.text, wire);
	struct sets *sets = &p->sets[s.mode];
	if (!sets->built)
		build(p, s.mode);
	if (s.mode == BYTES && p->plain.count)
		plain_find(&p->plain, s.text, found, context);
	for (size_t i = 0; i < sets->count; i++) {
		s.pattern = sets->part[i].pattern;
		match_scan(sets->part[i].set, s.text, on_pattern, &s);
	}
	for (size_t i = 0; i < sets->alone_count; i++)
		search(&s, sets->alone[i]);
}

size_t patterns_count(const struct patterns *p)
{
	return p->count;
}

size_t patterns_sets(const struct patterns *p)
{
	return p->sets[BYTES].count + p->sets[CHARACTERS].count;
}

uint64_t patterns_limits(const struct patterns *p)
{
	return p->limits;
}
