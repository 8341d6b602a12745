/* Filters: what an environment takes out of rules, without changing them.
 *
 * The specification's example writes as condition what is to be suppressed ("selection"); others
 * write what may pass ("not selection"). A condition whose every selection stands below a `not` is
 * taken as the second and joined to the rule by "and"; any other is taken as the first and joined
 * by "and not". */
#ifndef EGRET_SIGMA_RULE_FILTER_H
#define EGRET_SIGMA_RULE_FILTER_H

#include "sigma/reader.h"
#include "sigma/rule_names.h"

#define RULE_FILTER_RULES_MAX 10000

struct rule_filter_draft {
	struct rule_info info;
	struct logsource logsource;
	bool all; /* `any`: rules of the log source */
	const char **rule;
	unsigned *rule_line;
	size_t rule_count;
	struct sigma_node *tree;
	size_t nodes;
};

struct rule_filter_draft *rule_filter_read(struct reader *r, const struct yaml_node *doc);

/* A rule as filters see it. */
struct rule_filter_target {
	struct sigma_node *joined; /* the rule's tree and its filters, once there are some */
	size_t nodes;
};

/* Joins the filter to its rules and returns to how many. problem() is called for each that it names
 * in vain. */
typedef void rule_filter_problem(void *context, const struct rule_info *info, unsigned line,
				 const char *text);
size_t rule_filter_apply(const struct rule_filter_draft *f, const struct rule_names *names,
			 struct arena *a, struct sigma_rules *rules,
			 struct rule_filter_target *target, rule_filter_problem *problem,
			 void *context);

#endif
