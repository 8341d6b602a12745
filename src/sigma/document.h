/* One document of a rule file: what it says about itself, and rules. */
#ifndef EGRET_SIGMA_DOCUMENT_H
#define EGRET_SIGMA_DOCUMENT_H

#include "sigma/reader.h"

/* Title (which must be there), id, name, level, tags, … */
bool document_info(struct reader *r, const struct yaml_node *doc, struct rule_info *info);
/* At least one of category, product and service, in lower case. */
bool document_logsource(struct reader *r, const struct yaml_node *doc, struct logsource *source);
/* A rule: information, log source, detection. NULL and an error in `r`. */
struct sigma_rule *document_rule(struct reader *r, const struct yaml_node *doc);

#endif
