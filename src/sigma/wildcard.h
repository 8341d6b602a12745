/* Wildcard texts as regular expressions that Hyperscan takes. */
#ifndef EGRET_SIGMA_WILDCARD_H
#define EGRET_SIGMA_WILDCARD_H

#include "sigma/rule.h"

/* The expression that fits the same whole values, to be freed; for MATCH_DOTALL. It is anchored by
 * \A and \z but where the text begins or ends with `*`, which is left out there. *empty says
 * whether it may match nothing at all. */
char *wildcard_expression(const struct sigma_text *t, bool *empty);

#endif
