/* Who is called what: rules, correlations and filters by id and by name. */
#ifndef EGRET_SIGMA_RULE_NAMES_H
#define EGRET_SIGMA_RULE_NAMES_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/hindex.h"
#include "sigma/rule.h"

enum named_kind {
	NAMED_RULE,
	NAMED_CORRELATION,
	NAMED_FILTER,
	NAMED_REFUSED, /* it was there, but could not be read */
};

struct named {
	enum named_kind kind;
	size_t number; /* among those of its kind */
	const char *id, *name, *file;
};

struct rule_names {
	struct arena *arena;
	struct named *v;
	size_t count, room;
	struct hindex index;
	struct hash_key key;
};

void rule_names_init(struct rule_names *n, struct arena *a);
void rule_names_fini(struct rule_names *n);

/* The texts have to outlive it. */
void rule_names_add(struct rule_names *n, enum named_kind kind, size_t number,
		    const struct rule_info *info);
/* What is called so: by id (upper and lower case do not differ), else by name in that file, else by
 * name anywhere. What was refused comes last. NULL when nothing is, or, with `*several`, when more
 * than one has the name. */
const struct named *rule_names_find(const struct rule_names *n, const char *text, const char *file,
				    bool *several);
/* What has this id and was not refused. */
const struct named *rule_names_find_id(const struct rule_names *n, const char *id);

#endif
