/* The texts and expressions that rules look for in one field, all found by one pass over a value.
 *
 * A value is read as bytes or as characters (UTF-8), each with compiled sets of its own:
 *  - ASCII, for which the two are the same, as bytes; as characters in a field of whose patterns
 *    some are not ASCII (they may fit it: K, the sign for kelvin, is a k);
 *  - other valid UTF-8 of events as characters;
 *  - bytes as they stood on the wire, and what is not UTF-8, as bytes.
 * Sets of characters are compiled when they are first needed, which may take its time; those that
 * wire bytes can need are always made before.
 *
 * What Hyperscan does not support is found by PCRE2, as far as possible only in values in which
 * Hyperscan found something wider. */
#ifndef EGRET_SIGMA_PATTERNS_H
#define EGRET_SIGMA_PATTERNS_H

#include "base/error.h"
#include "sigma/found.h"
#include "sigma/rule.h"

struct patterns;

struct patterns *patterns_new(void);
void patterns_free(struct patterns *p);

/* Takes a LEAF_TEXT or LEAF_REGEX in, to be reported as `number`. The leaf outlives the patterns.
 * -1 and an error when its expression is bad. */
int patterns_add(struct patterns *p, const struct sigma_leaf *leaf, uint32_t number,
		 struct error *e);

/* Compiles, once, after the last one. The folder's name (may be NULL) is kept. */
void patterns_build(struct patterns *p, const char *cache_folder);
/* Those that turned out to be too much to compile. */
typedef void patterns_lost(void *context, uint32_t number, const char *why);
void patterns_refused(const struct patterns *p, patterns_lost *lost, void *context);

/* Calls found() for every leaf that fits, each once. `wire`: bytes of any encoding. */
void patterns_scan(struct patterns *p, struct str text, bool wire, leaf_found *found,
		   void *context);

size_t patterns_count(const struct patterns *p);
size_t patterns_sets(const struct patterns *p);
uint64_t patterns_limits(const struct patterns *p); /* searches given up at their limit */

#endif
