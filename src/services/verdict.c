#include "services/verdict.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/prefetch.h"

#define SETS (UINT32_C(1) << 17)
#define SIZE (2 * SETS * sizeof(struct verdict))

void verdict_cache_init(struct verdict_cache *c, struct domain_set *set)
{
	c->set = set;
	hash_key_init(&c->key);
	c->slots = mem_lines(SIZE);
}

void verdict_cache_fini(struct verdict_cache *c)
{
	mem_lines_free(c->slots, SIZE);
}

static uint64_t hash_of(const struct verdict_cache *c, struct str name)
{
	return hash_bytes(&c->key, name.p, name.n) | 1;
}

static struct verdict *set_of(const struct verdict_cache *c, uint64_t hash)
{
	return &c->slots[2 * (hash >> 32 & (SETS - 1))];
}

void verdict_prepare(const struct verdict_cache *c, struct str name)
{
	prefetch(set_of(c, hash_of(c, name)));
}

const struct domain_entry *verdict_of(struct verdict_cache *c, struct str name)
{
	if (name.n == 0)
		return NULL;
	uint64_t hash = hash_of(c, name);
	struct verdict *v = set_of(c, hash);

	if (v[0].hash == hash)
		return v[0].entry;
	if (v[1].hash == hash)
		return v[1].entry;
	v[1] = v[0];
	v[0] = (struct verdict){hash, domain_set_match(c->set, name)};
	return v[0].entry;
}
