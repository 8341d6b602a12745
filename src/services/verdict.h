/* Which service a name belongs to, remembered per distinct name: a scan costs ten times a look-up. */
#ifndef EGRET_SERVICES_VERDICT_H
#define EGRET_SERVICES_VERDICT_H

#include "base/hash.h"
#include "base/str.h"
#include "services/domain_set.h"

struct verdict_cache {
	struct domain_set *set; /* the owner's */
	struct hash_key key;
	struct verdict {
		uint64_t hash; /* 64 bits of keyed hash stand for the name; 0: empty */
		const struct domain_entry *entry;
	} *slots; /* two-way sets */
};

void verdict_cache_init(struct verdict_cache *c, struct domain_set *set);
void verdict_cache_fini(struct verdict_cache *c);

/* Has the memory of a coming verdict_of fetched. */
void verdict_prepare(const struct verdict_cache *c, struct str name);
/* As domain_set_match. `name` is in the form of core/hostname.h. */
const struct domain_entry *verdict_of(struct verdict_cache *c, struct str name);

#endif
