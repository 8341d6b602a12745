#include "match/match.h"

#include <hs.h> /* nowhere else */
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "match/match_cache.h"

/* Immutable once made; shared by clones. */
struct compiled {
	hs_database_t *database; /* NULL: a set of no patterns */
	atomic_uint holders;
};

struct match_set {
	struct compiled *compiled;
	hs_scratch_t *scratch;
};

static unsigned flags_of(unsigned ours)
{
	return HS_FLAG_SINGLEMATCH | (ours & MATCH_CASELESS ? HS_FLAG_CASELESS : 0) |
	       (ours & MATCH_DOTALL ? HS_FLAG_DOTALL : 0) |
	       (ours & MATCH_MULTILINE ? HS_FLAG_MULTILINE : 0) |
	       (ours & MATCH_UTF8 ? HS_FLAG_UTF8 : 0) |
	       (ours & MATCH_EMPTY ? HS_FLAG_ALLOWEMPTY : 0) |
	       (ours & MATCH_PREFILTER ? HS_FLAG_PREFILTER : 0);
}

/* There is no memory when the library says so, or had none to say anything in. */
static const char *say(const hs_compile_error_t *why)
{
	if (!why || strstr(why->message, "allocate memory"))
		mem_exhausted("Hyperscan");
	return why->message;
}

int match_check(const struct match_pattern *p, struct error *e)
{
	hs_expr_info_t *info = NULL;
	hs_compile_error_t *why = NULL;

	if (hs_expression_info(p->expression, flags_of(p->flags), &info, &why) == HS_SUCCESS) {
		bool empty = info->min_width == 0 && !(p->flags & MATCH_EMPTY);

		free(info);
		return empty ? error_set(e, "can match nothing at all") : 0;
	}
	error_set(e, "%s", say(why));
	hs_free_compile_error(why);
	return -1;
}

/* Everything that the compiled form hangs on. */
static void digest_of(const struct match_pattern *p, size_t n, uint8_t out[DIGEST_SIZE])
{
	static const char purpose[] = "egret compiled patterns 1";
	const char *version = hs_version();
	hs_platform_info_t platform = {0};
	struct digest *d = digest_new();

	(void)hs_populate_platform(&platform);
	digest_add_field(d, purpose, sizeof purpose);
	digest_add_field(d, version, strlen(version));
	digest_add_u64(d, platform.tune);
	digest_add_u64(d, platform.cpu_features);
	digest_add_u64(d, HS_MODE_BLOCK);
	digest_add_u64(d, sizeof(void *));
	digest_add_u64(d, n);
	for (size_t i = 0; i < n; i++) {
		digest_add_u64(d, flags_of(p[i].flags));
		digest_add_field(d, p[i].expression, strlen(p[i].expression));
	}
	digest_end(d, out);
}

static hs_database_t *from_cache(const char *folder, const uint8_t digest[DIGEST_SIZE])
{
	hs_database_t *database = NULL;
	size_t n;
	char *bytes = match_cache_read(folder, digest, &n);

	if (bytes && hs_deserialize_database(bytes, n, &database) != HS_SUCCESS)
		database = NULL;
	free(bytes);
	return database;
}

static void to_cache(const char *folder, const uint8_t digest[DIGEST_SIZE],
		     const hs_database_t *database)
{
	char *bytes = NULL;
	size_t n = 0;

	if (hs_serialize_database(database, &bytes, &n) == HS_SUCCESS)
		(void)match_cache_write(folder, digest, bytes, n);
	free(bytes);
}

static hs_database_t *compile(const struct match_pattern *p, size_t n, size_t *bad, struct error *e)
{
	const char **expressions = mem_array(n, sizeof *expressions);
	unsigned *flags = mem_array(n, sizeof *flags), *numbers = mem_array(n, sizeof *numbers);
	hs_database_t *database = NULL;
	hs_compile_error_t *why = NULL;

	for (size_t i = 0; i < n; i++) {
		expressions[i] = p[i].expression;
		flags[i] = flags_of(p[i].flags);
		numbers[i] = (unsigned)i;
	}
	if (hs_compile_multi(expressions, flags, numbers, (unsigned)n, HS_MODE_BLOCK, NULL,
			     &database, &why) != HS_SUCCESS) {
		error_set(e, "%s", say(why));
		if (why->expression >= 0)
			*bad = (size_t)why->expression;
		hs_free_compile_error(why);
		database = NULL;
	}
	free(expressions);
	free(flags);
	free(numbers);
	return database;
}

static void release(struct compiled *c)
{
	if (atomic_fetch_sub_explicit(&c->holders, 1, memory_order_acq_rel) > 1)
		return;
	hs_free_database(c->database);
	free(c);
}

/* Takes the database over. NULL: it cannot be used here. */
static struct match_set *set_of(hs_database_t *database)
{
	struct match_set *m = mem_zalloc(sizeof *m);
	hs_error_t status = HS_SUCCESS;

	m->compiled = mem_zalloc(sizeof *m->compiled);
	m->compiled->database = database;
	atomic_init(&m->compiled->holders, 1);
	if (database)
		status = hs_alloc_scratch(database, &m->scratch);
	if (status == HS_NOMEM)
		mem_exhausted("Hyperscan");
	if (status == HS_SUCCESS)
		return m;
	match_free(m);
	return NULL;
}

struct match_set *match_cached(const struct match_pattern *p, size_t n, const char *cache_folder)
{
	uint8_t digest[DIGEST_SIZE];

	if (n == 0 || !cache_folder)
		return NULL;
	digest_of(p, n, digest);
	hs_database_t *database = from_cache(cache_folder, digest);
	return database ? set_of(database) : NULL;
}

struct match_set *match_new(const struct match_pattern *p, size_t n, const char *cache_folder,
			    size_t *bad, struct error *e)
{
	hs_database_t *database = NULL;
	uint8_t digest[DIGEST_SIZE];

	*bad = MATCH_NO_PATTERN;
	if (n > UINT_MAX) {
		error_set(e, "too many patterns");
		return NULL;
	}
	if (n && !(database = compile(p, n, bad, e)))
		return NULL;
	if (n && cache_folder) {
		digest_of(p, n, digest);
		to_cache(cache_folder, digest, database);
	}
	struct match_set *m = set_of(database);
	if (!m)
		error_set(e, "no scratch space for the compiled patterns");
	return m;
}

struct match_set *match_clone(const struct match_set *m)
{
	struct match_set *copy = mem_zalloc(sizeof *copy);

	copy->compiled = m->compiled;
	atomic_fetch_add_explicit(&m->compiled->holders, 1, memory_order_relaxed);
	if (m->scratch && hs_clone_scratch(m->scratch, &copy->scratch) != HS_SUCCESS) {
		match_free(copy);
		return NULL;
	}
	return copy;
}

void match_free(struct match_set *m)
{
	if (!m)
		return;
	hs_free_scratch(m->scratch);
	release(m->compiled);
	free(m);
}

struct report {
	match_found *found;
	void *context;
};

static int on_match(unsigned number, unsigned long long from, unsigned long long to, unsigned flags,
		    void *context)
{
	const struct report *r = context;

	(void)from, (void)to, (void)flags;
	r->found(r->context, number);
	return 0;
}

void match_scan(struct match_set *m, struct str text, match_found *found, void *context)
{
	struct report r = {found, context};

	if (m->scratch && text.n <= UINT_MAX)
		(void)hs_scan(m->compiled->database, text.p, (unsigned)text.n, 0, m->scratch,
			      on_match, &r);
}
