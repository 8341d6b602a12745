/* Sigma held against events slowly and simply: no tables, no pattern sets, only what the
 * specification says, read off. For tests to compare with. */
#ifndef EGRET_TESTS_SIGMA_SLOW_H
#define EGRET_TESTS_SIGMA_SLOW_H

#include "event/event.h"
#include "sigma/rule.h"

enum slow {
	SLOW_NO,
	SLOW_POSSIBLE,
	SLOW_YES,
};

struct slow_event {
	const struct event_value *values;
	size_t count;
	const struct fields *fields;
	const uint64_t *unknown; /* as of struct event */
};

/* Whether the whole text fits the wildcards. As characters: one wildcard is one of UTF-8, and upper
 * and lower case are those of all letters; else bytes, and ASCII letters. */
bool slow_wildcards(const struct sigma_text *pattern, bool cased, struct str text, bool characters);
/* The same for a value as the engine reads it: bytes of the wire and invalid texts as bytes. */
bool slow_text(const struct sigma_text *pattern, bool cased, const struct event_value *v);

enum slow slow_leaf(const struct sigma_leaf *l, const struct slow_event *e);
enum slow slow_tree(const struct sigma_node *n, const struct slow_event *e);
/* Whether something telling was found. */
bool slow_telling(const struct sigma_node *n, const struct slow_event *e);

#endif
