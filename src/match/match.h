/* Many regular expressions at once, by Hyperscan (or Vectorscan, whose interface is the same).
 *
 * Expressions are PCRE without look-around and back-references. Each is reported at most once a
 * scan, without where it matched (HS_FLAG_SINGLEMATCH). For an end anchor write \z: $ also matches
 * before a trailing newline.
 */
#ifndef EGRET_MATCH_MATCH_H
#define EGRET_MATCH_MATCH_H

#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

#define MATCH_CASELESS 1u
#define MATCH_DOTALL 2u /* . takes newlines too */
#define MATCH_UTF8 4u	/* characters, not bytes; \w and \d stay ASCII; scan valid UTF-8 only */
#define MATCH_EMPTY 8u	/* the expression may match nothing at all */
#define MATCH_MULTILINE 16u /* ^ and $ at every line */
#define MATCH_PREFILTER 32u /* what is not supported is read as something wider: found too often, \
			       never too rarely */

struct match_pattern {
	const char *expression;
	unsigned flags; /* MATCH_… */
};

#define MATCH_NO_PATTERN SIZE_MAX

/* One compiled set and the scratch space of one thread. */
struct match_set;

/* Whether this one expression can be read and is supported: 0, or -1 and the reason in
 * Hyperscan's words. A set may still be refused as a whole for its size. */
int match_check(const struct match_pattern *p, struct error *e);

/* A set compiled before from these very patterns, by this version of Hyperscan on this kind of
 * machine; NULL when the folder holds none to be trusted (match/match_cache.h). */
struct match_set *match_cached(const struct match_pattern *p, size_t n, const char *cache_folder);

/* Compiles patterns, which are numbered by their places, and keeps the result in the cache folder
 * (NULL: nowhere; that it cannot be kept is no error). NULL and an error when Hyperscan refuses;
 * *bad is then the number of the pattern, or MATCH_NO_PATTERN when it is not one alone. Takes about
 * 0.6 ms a pattern. No patterns make a set that never matches. */
struct match_set *match_new(const struct match_pattern *p, size_t n, const char *cache_folder,
			    size_t *bad, struct error *e);
void match_free(struct match_set *m);

/* The same compiled set with scratch space of its own, for another thread. Sets may be freed in
 * any order, in any thread. NULL when out of memory. */
struct match_set *match_clone(const struct match_set *m);

/* Calls found() for each pattern that matches, in no useful order. Not re-entrant for one set. */
typedef void match_found(void *context, unsigned number);
void match_scan(struct match_set *m, struct str text, match_found *found, void *context);

#endif
