/* The last two labels of all that lists name: a name that ends in others belongs to no service, which
 * is found out in a tenth of a scan's time. */
#ifndef EGRET_SERVICES_DOMAIN_STEM_H
#define EGRET_SERVICES_DOMAIN_STEM_H

#include "base/hash.h"
#include "services/domain_list.h"

struct domain_stems {
	struct hash_key key;
	uint64_t *bits; /* one a hash, 16 or more for each entry */
	uint32_t mask;
	bool any; /* an expression does not show what its names end in */
};

void domain_stems_init(struct domain_stems *s, const struct domain_list *l);
void domain_stems_fini(struct domain_stems *s);

/* Whether some entry of the list may match. False is certain. */
bool domain_stems_may(const struct domain_stems *s, struct str name);

#endif
