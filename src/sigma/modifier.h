/* The names of the value modifiers, and chains of them. */
#ifndef EGRET_SIGMA_MODIFIER_H
#define EGRET_SIGMA_MODIFIER_H

#include "sigma/reader.h"

enum modifier {
	MOD_ALL,
	MOD_NEQ,
	MOD_EXPAND,
	MOD_CONTAINS,
	MOD_STARTSWITH,
	MOD_ENDSWITH,
	MOD_CASED,
	MOD_RE,
	MOD_RE_I,
	MOD_RE_M,
	MOD_RE_S,
	MOD_CIDR,
	MOD_EXISTS,
	MOD_LT,
	MOD_LTE,
	MOD_GT,
	MOD_GTE,
	MOD_BASE64,
	MOD_BASE64OFFSET,
	MOD_UTF16LE,
	MOD_UTF16BE,
	MOD_UTF16,
	MOD_WINDASH,
	MOD_FIELDREF,
	MOD_MINUTE,
	MOD_HOUR,
	MOD_DAY,
	MOD_WEEK,
	MOD_MONTH,
	MOD_YEAR,
};

#define MODIFIERS_MAX 16 /* of one chain */

struct chain {
	const char *field; /* NULL: keywords */
	const char *label; /* as written; "keyword" when nothing is */
	unsigned line;
	enum modifier mod[MODIFIERS_MAX];
	const char *name[MODIFIERS_MAX];
	size_t count;
	uint64_t has; /* one bit each */
};

static inline bool chain_has(const struct chain *c, enum modifier m)
{
	return c->has >> m & 1;
}

/* Reads "field|contains|all"; `key` NULL: keywords without modifiers. Checks what can be checked
 * without a value: that all are known, that re and cidr come first, that exists is alone, and what
 * keywords cannot have. False and an error in `r` else. */
bool chain_read(struct reader *r, struct chain *c, const struct yaml_node *key, unsigned line);

#endif
