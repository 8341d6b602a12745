/* All that rules look for in one field, found in one pass over a value: texts and expressions as
 * one pattern set (match/match.h), numbers and networks by look-up. */
#ifndef EGRET_SIGMA_SCANNER_H
#define EGRET_SIGMA_SCANNER_H

#include "event/event.h"
#include "sigma/rule.h"

struct scanner;

struct scanner *scanner_new(void);
void scanner_free(struct scanner *s);

/* Takes a leaf of kind TEXT, REGEX, NUMBER or CIDR in, to be reported as `number`. The leaf
 * outlives the scanner. -1 and an error when its expression is bad. */
int scanner_add(struct scanner *s, const struct sigma_leaf *leaf, uint32_t number, struct error *e);

/* Compiles, once, after the last leaf. refused() hears of leaves that could not be compiled. */
typedef void scanner_refused(void *context, uint32_t number, const char *text);
void scanner_build(struct scanner *s, const char *cache_folder, scanner_refused *refused,
		   void *context);

/* Calls found() for every leaf that the value fits, each at least once. */
typedef void scanner_found(void *context, uint32_t number);
void scanner_run(struct scanner *s, const struct event_value *v, scanner_found *found,
		 void *context);

size_t scanner_patterns(const struct scanner *s);
size_t scanner_sets(const struct scanner *s);
uint64_t scanner_limits(const struct scanner *s); /* searches given up at their limit */

#endif
