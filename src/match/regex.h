/* Regular expressions that Hyperscan refuses (look-around, back-references, …), by PCRE2: one at a
 * time, without its JIT, with limits on steps and depth, so that no expression and no text can hold
 * up the rest for long. */
#ifndef EGRET_MATCH_REGEX_H
#define EGRET_MATCH_REGEX_H

#include "base/error.h"
#include "base/str.h"

struct regex;

#define REGEX_STEPS_MAX 100000 /* of one search: about a millisecond */
#define REGEX_DEPTH_MAX 10000  /* of what it may have to go back to */

/* `flags`: MATCH_CASELESS, MATCH_DOTALL, MATCH_MULTILINE, MATCH_UTF8 of match/match.h; others do
 * not matter. NULL and an error in PCRE2's words. */
struct regex *regex_new(const char *expression, unsigned flags, struct error *e);
void regex_free(struct regex *r);

enum regex_result {
	REGEX_NO,
	REGEX_YES,
	REGEX_LIMIT, /* given up */
};

/* Looks for it anywhere in the text, which must be valid UTF-8 for MATCH_UTF8. One thread at a
 * time. */
enum regex_result regex_search(struct regex *r, struct str text);

#endif
