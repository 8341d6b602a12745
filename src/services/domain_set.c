#include "services/domain_set.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/hostname.h"
#include "services/domain_near.h"
#include "services/domain_stem.h"
#include "match/match.h"

/* Immutable once loaded; shared by clones. */
struct shared {
	struct domain_list list;
	struct domain_stems stems;
	uint32_t *entry;  /* number of a compiled pattern -> number of its entry */
	uint64_t *weight; /* of each entry: the largest that matches wins */
	bool cached;
	atomic_uint holders;
};

struct domain_set {
	struct shared *shared;
	struct match_set *match;
};

/* Kind first; among expressions the one read first, among suffixes the longest. Distinct for any
 * two entries that match the same name. */
static uint64_t weight_of(const struct domain_entry *d, size_t number)
{
	static const uint64_t kinds[] = {[DOMAIN_SUFFIX] = 0, [DOMAIN_REGEX] = 1, [DOMAIN_EXACT] = 2};
	enum domain_kind kind = domain_kind(d);
	uint32_t fine = kind == DOMAIN_REGEX ? UINT32_MAX - (uint32_t)number :
					       (uint32_t)strlen(d->pattern);

	return kinds[kind] << 32 | fine;
}

/* The expression over "." + name. */
static char *expression_of(const struct domain_entry *d)
{
	struct str body = domain_body(d);
	enum domain_kind kind = domain_kind(d);
	char *text = mem_alloc(2 * body.n + sizeof "\\A\\.(?:)\\z"), *o = text;

	o = stpcpy(o, kind == DOMAIN_SUFFIX ? "\\." : kind == DOMAIN_EXACT ? "\\A\\." : "\\A\\.(?:");
	for (size_t i = 0; i < body.n; i++) {
		/* of all that a checked name may hold only the dot means something */
		if (kind != DOMAIN_REGEX && body.p[i] == '.')
			*o++ = '\\';
		*o++ = body.p[i];
	}
	stpcpy(o, kind == DOMAIN_REGEX ? ")\\z" : "\\z");
	return text;
}

static int refused(const struct domain_entry *d, const struct error *why, struct error *e)
{
	return error_set(e, "%.200s:%u: %.80s: %.150s", d->file, d->line, d->pattern, why->text);
}

/* Each expression by itself first: the first wrong line is named, and one with a stray parenthesis
 * does not slip through by closing ours. */
static int check_expressions(const struct domain_list *l, struct error *e)
{
	struct error why;
	int failed = 0;

	for (size_t i = 0; i < l->entry_count && !failed; i++) {
		const struct domain_entry *d = &l->entries[i];

		if (domain_kind(d) != DOMAIN_REGEX)
			continue;
		struct str body = domain_body(d);
		char *bare = mem_strndup(body.p, body.n), *whole = expression_of(d);

		if (match_check(&(struct match_pattern){bare, MATCH_DOTALL | MATCH_EMPTY}, &why) ||
		    match_check(&(struct match_pattern){whole, MATCH_DOTALL}, &why))
			failed = refused(d, &why, e);
		free(bare);
		free(whole);
	}
	return failed;
}

static int by_pattern(const void *a, const void *b, void *context)
{
	const struct domain_entry *entries = context;

	return strcmp(entries[*(const uint32_t *)a].pattern, entries[*(const uint32_t *)b].pattern);
}

/* Patterns are compiled in order of their texts, so that the cached database still serves when
 * lines move, or services, roles and tiers change. */
static void order(struct shared *h)
{
	struct domain_list *l = &h->list;

	h->entry = mem_array(l->entry_count, sizeof *h->entry);
	h->weight = mem_array(l->entry_count, sizeof *h->weight);
	for (size_t i = 0; i < l->entry_count; i++) {
		h->entry[i] = (uint32_t)i;
		h->weight[i] = weight_of(&l->entries[i], i);
	}
	if (l->entry_count)
		qsort_r(h->entry, l->entry_count, sizeof *h->entry, by_pattern, l->entries);
}

static struct match_set *compile(const struct shared *h, const struct match_pattern *patterns,
				 const char *cache_dir, struct error *e)
{
	struct error why;
	size_t bad;

	if (check_expressions(&h->list, e))
		return NULL;
	struct match_set *m = match_new(patterns, h->list.entry_count, cache_dir, &bad, &why);
	if (!m && bad < h->list.entry_count)
		refused(&h->list.entries[h->entry[bad]], &why, e);
	else if (!m)
		error_set(e, "domain lists: %.400s", why.text);
	return m;
}

static struct match_set *cached_or_compiled(struct shared *h, const char *cache_dir,
					    struct error *e)
{
	size_t n = h->list.entry_count;
	struct match_pattern *patterns = mem_array(n, sizeof *patterns);

	for (size_t i = 0; i < n; i++)
		patterns[i] = (struct match_pattern){expression_of(&h->list.entries[h->entry[i]]),
						     MATCH_DOTALL};
	struct match_set *m = match_cached(patterns, n, cache_dir);
	h->cached = m != NULL;
	if (!m) /* what is in the cache passed its checks before it was compiled */
		m = compile(h, patterns, cache_dir, e);
	for (size_t i = 0; i < n; i++)
		free((char *)patterns[i].expression);
	free(patterns);
	return m;
}

static void release(struct shared *h)
{
	if (atomic_fetch_sub_explicit(&h->holders, 1, memory_order_acq_rel) > 1)
		return;
	domain_list_fini(&h->list);
	domain_stems_fini(&h->stems);
	free(h->entry);
	free(h->weight);
	free(h);
}

struct domain_set *domain_set_load(const struct domain_set_options *o, struct error *e)
{
	struct shared *h = mem_zalloc(sizeof *h);
	int failed = 0;

	atomic_init(&h->holders, 1);
	domain_list_init(&h->list);
	for (size_t i = 0; i < o->path_count && !failed; i++)
		failed = domain_list_add(&h->list, o->paths[i], e);
	if (failed) {
		release(h);
		return NULL;
	}
	domain_list_end(&h->list);
	domain_stems_init(&h->stems, &h->list);
	order(h);

	struct match_set *m = cached_or_compiled(h, o->cache_dir, e);
	if (!m) {
		release(h);
		return NULL;
	}
	struct domain_set *s = mem_zalloc(sizeof *s);
	*s = (struct domain_set){h, m};
	return s;
}

void domain_set_free(struct domain_set *s)
{
	if (!s)
		return;
	match_free(s->match);
	release(s->shared);
	free(s);
}

struct domain_set *domain_set_clone(const struct domain_set *s)
{
	struct match_set *m = match_clone(s->match);
	if (!m)
		return NULL;
	struct domain_set *copy = mem_zalloc(sizeof *copy);
	atomic_fetch_add_explicit(&s->shared->holders, 1, memory_order_relaxed);
	*copy = (struct domain_set){s->shared, m};
	return copy;
}

/* Scans "." + name. */
static void scan(struct domain_set *s, struct str name, match_found *found, void *context)
{
	char text[1 + HOSTNAME_MAX];

	if (name.n == 0 || name.n > HOSTNAME_MAX || !domain_stems_may(&s->shared->stems, name))
		return;
	text[0] = '.';
	memcpy(text + 1, name.p, name.n);
	match_scan(s->match, (struct str){text, name.n + 1}, found, context);
}

struct best {
	const struct shared *shared;
	const struct domain_entry *entry;
	uint64_t weight;
};

static void keep_best(void *context, unsigned number)
{
	struct best *b = context;
	uint32_t i = b->shared->entry[number];

	if (!b->entry || b->shared->weight[i] > b->weight) {
		b->entry = &b->shared->list.entries[i];
		b->weight = b->shared->weight[i];
	}
}

const struct domain_entry *domain_set_match(struct domain_set *s, struct str name)
{
	struct best b = {.shared = s->shared};

	scan(s, name, keep_best, &b);
	return b.entry;
}

/* Every match of one name, for explaining. */
struct all {
	const struct shared *shared;
	uint32_t *entries;
	size_t count;
};

static void keep_all(void *context, unsigned number)
{
	struct all *a = context;

	if (a->count < a->shared->list.entry_count)
		a->entries[a->count++] = a->shared->entry[number];
}

static int heaviest_first(const void *a, const void *b, void *context)
{
	const uint64_t *weight = context;
	uint64_t x = weight[*(const uint32_t *)a], y = weight[*(const uint32_t *)b];

	return x < y ? 1 : x > y ? -1 : 0;
}

static const char *why_first(const struct all *a)
{
	const struct domain_entry *entries = a->shared->list.entries;
	enum domain_kind kind = domain_kind(&entries[a->entries[0]]);

	if (a->count == 1)
		return "the only one";
	if (kind != domain_kind(&entries[a->entries[1]]))
		return kind == DOMAIN_EXACT ? "exact goes before all else" :
					      "an expression goes before a suffix";
	return kind == DOMAIN_REGEX ? "the first expression" : "the longest suffix";
}

static void print_match(const struct domain_entry *d, const char *why, FILE *out)
{
	fprintf(out, "    matches  %s  (%s, %s:%u)  %s, %s, %s, tier %s", d->pattern,
		domain_kind_name(domain_kind(d)), d->file, d->line, d->service->name,
		d->service->category, role_name(d->role), tier_name(d->tier));
	if (why)
		fprintf(out, "  <- wins: %s", why);
	fputc('\n', out);
}

void domain_set_explain(struct domain_set *s, struct str name, FILE *out)
{
	struct shared *h = s->shared;
	struct all a = {.shared = h, .entries = mem_array(h->list.entry_count, sizeof *a.entries)};

	scan(s, name, keep_all, &a);
	fprintf(out, "%.*s\n", (int)name.n, name.p);
	if (a.count == 0) {
		fputs("    matches no service\n", out);
		domain_near_print(&h->list, name, out);
	} else {
		qsort_r(a.entries, a.count, sizeof *a.entries, heaviest_first, h->weight);
		for (size_t i = 0; i < a.count; i++)
			print_match(&h->list.entries[a.entries[i]], i ? NULL : why_first(&a), out);
	}
	free(a.entries);
}

size_t domain_set_entries(const struct domain_set *s)
{
	return s->shared->list.entry_count;
}

const struct domain_entry *domain_set_entry(const struct domain_set *s, size_t number)
{
	return number < domain_set_entries(s) ? &s->shared->list.entries[number] : NULL;
}

size_t domain_set_services(const struct domain_set *s)
{
	return s->shared->list.service_count;
}

const struct service *domain_set_service(const struct domain_set *s, unsigned number)
{
	return number < domain_set_services(s) ? s->shared->list.services[number] : NULL;
}

const struct service *domain_set_service_called(const struct domain_set *s, struct str name)
{
	/* they are in order of name */
	size_t from = 0, to = name.n ? domain_set_services(s) : 0;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		const struct service *x = s->shared->list.services[middle];
		size_t n = strlen(x->name);
		int c = memcmp(name.p, x->name, name.n < n ? name.n : n);
		if (c == 0 && name.n == n)
			return x;
		if (c == 0)
			c = name.n < n ? -1 : 1;
		if (c > 0)
			from = middle + 1;
		else
			to = middle;
	}
	return NULL;
}

const struct domain_entry *domain_set_entry_of(const struct domain_set *s, const char *pattern)
{
	const struct domain_list *l = &s->shared->list;
	size_t from = 0, to = l->entry_count; /* `entry` is in order of pattern */

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		const struct domain_entry *x = &l->entries[s->shared->entry[middle]];
		int c = strcmp(pattern, x->pattern);
		if (c == 0)
			return x;
		if (c > 0)
			from = middle + 1;
		else
			to = middle;
	}
	return NULL;
}

bool domain_set_was_cached(const struct domain_set *s)
{
	return s->shared->cached;
}
