/* Correlations: read one by one, and linked to what they name when all is read. */
#ifndef EGRET_SIGMA_CORRELATION_H
#define EGRET_SIGMA_CORRELATION_H

#include "sigma/expression.h"
#include "sigma/rule_names.h"

struct correlation_alias {
	const char *group, *rule, *field;
	unsigned line;
};

/* One that is read but not linked. */
struct correlation_draft {
	struct sigma_correlation *c;
	struct str rule[CORRELATION_REFS_MAX]; /* as they are named; terminated */
	unsigned rule_line[CORRELATION_REFS_MAX];
	const struct named *target[CORRELATION_REFS_MAX];
	struct correlation_alias *alias;
	size_t alias_count, alias_room;
	struct expression *logic;
	unsigned logic_line;
	bool generate;
	enum {
		DRAFT_READ,
		DRAFT_LINKED,
		DRAFT_REFUSED,
	} state;
	unsigned level; /* how many correlations stand below it */
	size_t number;	/* of the linked one, in sigma_rules.correlation */
};

/* NULL and an error in `r` when it cannot be read. */
struct correlation_draft *correlation_read(struct reader *r, const struct yaml_node *doc);

/* Links the drafts, puts those that stand into `rules`, with their own behind what they name, and
 * makes silent what is named without `generate`. Calls refused() for the others. */
typedef void correlation_refused(void *context, const struct rule_info *info, unsigned line,
				 const char *text);
void correlation_link(struct correlation_draft **draft, size_t count,
		      const struct rule_names *names, struct arena *a, struct sigma_rules *rules,
		      correlation_refused *refused, void *context);

#endif
