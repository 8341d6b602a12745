/* All that rules look for in one field, found in one pass over a value: texts and expressions
 * (sigma/patterns.h), numbers and networks. */
#ifndef EGRET_SIGMA_SCANNER_H
#define EGRET_SIGMA_SCANNER_H

#include "base/error.h"
#include "event/event.h"
#include "sigma/found.h"
#include "sigma/patterns.h"
#include "sigma/rule.h"

struct scanner;

struct scanner *scanner_new(void);
void scanner_free(struct scanner *s);

/* Whether leaves of this kind are found by scanning. */
bool scanner_takes(const struct sigma_leaf *leaf);
/* Takes such a leaf in, to be reported as `number`. The leaf outlives the scanner. -1 and an error
 * when its expression is bad. */
int scanner_add(struct scanner *s, const struct sigma_leaf *leaf, uint32_t number, struct error *e);

/* Compiles, once, after the last leaf; each scanner may be built in a thread of its own. */
void scanner_build(struct scanner *s, const char *cache_folder);
/* Leaves that turned out to be too much to compile. */
void scanner_refused(const struct scanner *s, patterns_lost *lost, void *context);

/* Calls found() for every leaf that the value fits. Nothing fits null. One thread at a time. */
void scanner_run(struct scanner *s, const struct event_value *v, leaf_found *found, void *context);

size_t scanner_patterns(const struct scanner *s);
size_t scanner_sets(const struct scanner *s);
uint64_t scanner_limits(const struct scanner *s); /* searches given up at their limit */

#endif
