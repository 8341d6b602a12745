/* Which entries of the lists a name that matches none of them comes near to, for --explain. */
#ifndef EGRET_SERVICES_DOMAIN_NEAR_H
#define EGRET_SERVICES_DOMAIN_NEAR_H

#include <stdio.h>

#include "base/str.h"
#include "services/domain_list.h"

/* A line per service, for the nearest few, with the reason why its entry does not match. After
 * domain_list_end. Goes through the whole list: not for the hot path. */
void domain_near_print(const struct domain_list *l, struct str name, FILE *out);

#endif
