/* What the modifiers make of one value: one thing to look for, or several of which one is enough.
 */
#ifndef EGRET_SIGMA_ALTERNATIVE_H
#define EGRET_SIGMA_ALTERNATIVE_H

#include "sigma/modifier.h"

enum alternative_kind {
	ALTERNATIVE_NULL,
	ALTERNATIVE_BOOL,
	ALTERNATIVE_NUMBER,
	ALTERNATIVE_TEXT,
	ALTERNATIVE_REGEX,
	ALTERNATIVE_CIDR,
	ALTERNATIVE_EXISTS,
	ALTERNATIVE_COMPARE,
	ALTERNATIVE_FIELDREF,
};

struct alternative {
	enum alternative_kind kind;
	struct str raw;		/* as it is written, placeholders replaced */
	struct sigma_text text; /* TEXT */
	const char *regex;
	unsigned flags;
	struct addr network;
	unsigned bits;
	double number; /* NUMBER, COMPARE */
	enum compare compare;
	enum time_part part;
	bool truth;	   /* BOOL, EXISTS */
	bool starts, ends; /* TEXT, REGEX, FIELDREF: a modifier ties it to start or end */
	bool cased;
	const char *other; /* FIELDREF */
};

struct alternatives {
	struct alternative *v;
	size_t count, room;
};

/* False and an error in `r` when a modifier does not take such a value. */
bool alternatives_read(struct reader *r, const struct chain *c, const struct yaml_node *value,
		       struct alternatives *out);

/* The texts that "…%placeholder%…" stands for, each combination: what the expand modifier does. Of
 * these, `raw` is set; for a regular expression the replacements are quoted in it. */
bool placeholders_expand(struct reader *r, const struct yaml_node *value, bool regex,
			 struct alternatives *out);

#endif
