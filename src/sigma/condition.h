/* The detection section of a rule: named selections, and conditions over their names. */
#ifndef EGRET_SIGMA_CONDITION_H
#define EGRET_SIGMA_CONDITION_H

#include "sigma/expression.h"

struct detection {
	struct str name;
	struct sigma_node *tree;
	size_t nodes; /* of it */
};

struct detections {
	struct detection *v;
	size_t count;
};

/* Reads all selections of the section; `condition`, `timeframe` (of Sigma 1) and `skip` are none.
 */
bool detections_read(struct reader *r, const struct yaml_node *section, const char *skip,
		     struct detections *out);

/* The condition, a text, as a tree over the selections. */
struct sigma_node *condition_build(struct reader *r, const struct detections *d,
				   const struct expression *e, unsigned line);
/* The section's condition: a text, or a list of them, of which one is enough. */
struct sigma_node *condition_read(struct reader *r, const struct detections *d,
				  const struct yaml_node *section);

#endif
