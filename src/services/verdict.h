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
		uint64_t hash;  /* 64 bits of keyed hash stand for the name; 0: empty */
		uint32_t entry; /* its number in the set, plus 1; 0: none */
		uint32_t quiet; /* the caller's */
	} *slots; /* in sets of one cache line, of which the first `sets` are in use */
	uint32_t sets, taken;
};

void verdict_cache_init(struct verdict_cache *c, struct domain_set *set);
/* The memory that one takes. */
size_t verdict_cache_memory(void);
void verdict_cache_fini(struct verdict_cache *c);

/* What stands for a name below, for who asks several times: a keyed hash; 0: of no name. */
uint64_t verdict_key(const struct verdict_cache *c, struct str name);
/* Has the memory of a coming question fetched. */
void verdict_prepare(const struct verdict_cache *c, uint64_t key);
/* As domain_set_match. `name` is in the form of core/hostname.h. */
const struct domain_entry *verdict_by_key(struct verdict_cache *c, struct str name, uint64_t key);
const struct domain_entry *verdict_of(struct verdict_cache *c, struct str name);
/* Bits for the caller's use, of a name that was asked for lately: 0 until they are set, and again
 * when the name was forgotten in between. NULL: it is forgotten. Valid until the next question. */
uint32_t *verdict_quiet(const struct verdict_cache *c, uint64_t key);

#endif
