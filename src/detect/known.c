#include "detect/known.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"

void known_init(struct known *k, const struct domain_set *services, size_t rules)
{
	*k = (struct known){.services = services};
	k->rule = mem_array(rules + 1, sizeof *k->rule);
	hindex_init(&k->index, (uint32_t)rules);
}

void known_fini(struct known *k)
{
	free(k->rule);
	hindex_fini(&k->index);
}

/* (names are those of our own rules: no key is needed) */
static uint64_t hash_of(enum finding_kind kind, struct str name)
{
	struct hash_key key;

	hash_key_fixed(&key, (uint64_t)kind + 1);
	return hash_bytes(&key, name.p, name.n);
}

void known_add(struct known *k, enum finding_kind kind, const struct rule_info *info)
{
	struct str name = known_name(info);

	if (known_rule(k, kind, name))
		return;
	k->rule[k->count] = (struct known_rule){kind, info};
	hindex_add(&k->index, hash_of(kind, name), k->count++);
}

const struct rule_info *known_rule(const struct known *k, enum finding_kind kind, struct str name)
{
	for (struct hprobe q = hindex_probe(&k->index, hash_of(kind, name));
	     hindex_next(&k->index, &q);) {
		const struct known_rule *r = &k->rule[q.ref];
		if (r->kind == kind && str_eq(known_name(r->info), name))
			return r->info;
	}
	return NULL;
}

const struct service *known_service(const struct known *k, struct str name)
{
	return domain_set_service_called(k->services, name);
}
