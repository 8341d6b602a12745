/* Regular expressions that Hyperscan refuses (look-around, back-references, …), by PCRE2: one at a
 * time, without its JIT, with limits on steps and depth, so that no expression and no text can hold
 * up the rest for long. */
#ifndef EGRET_MATCH_REGEX_H
#define EGRET_MATCH_REGEX_H

#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"

struct regex;

#define REGEX_STEPS_MAX 100000 /* of one search */
#define REGEX_DEPTH_MAX 1000

/* `flags`: MATCH_CASELESS, MATCH_DOTALL, MATCH_MULTILINE, MATCH_UTF8 of match/match.h. NULL and an
 * error with PCRE2's reason. */
struct regex *regex_new(const char *expression, unsigned flags, struct error *e);
void regex_free(struct regex *r);

enum regex_result {
	REGEX_NO,
	REGEX_YES,
	REGEX_LIMIT, /* given up */
};

/* Looks for it anywhere in the text; for MATCH_UTF8 the text must be valid. */
enum regex_result regex_search(struct regex *r, struct str text);

#endif
