#include "services/verdict.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/prefetch.h"
#include "core/limits.h"

#define WAYS 4
#define SETS (LIMIT_VERDICTS / WAYS)
#define SIZE (SETS * WAYS * sizeof(struct verdict))

void verdict_cache_init(struct verdict_cache *c, struct domain_set *set)
{
	c->set = set;
	hash_key_init(&c->key);
	c->slots = mem_lines(SIZE);
}

size_t verdict_cache_memory(void)
{
	return mem_lines_memory(SIZE);
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
	return &c->slots[WAYS * (hash >> 32 & (SETS - 1))];
}

void verdict_prepare(const struct verdict_cache *c, struct str name)
{
	prefetch(set_of(c, hash_of(c, name)));
}

static struct verdict *find(struct verdict *set, uint64_t hash)
{
	for (unsigned i = 0; i < WAYS; i++)
		if (set[i].hash == hash)
			return &set[i];
	return NULL;
}

const struct domain_entry *verdict_of(struct verdict_cache *c, struct str name)
{
	if (name.n == 0)
		return NULL;
	uint64_t hash = hash_of(c, name);
	struct verdict *set = set_of(c, hash), *v = find(set, hash);

	if (v)
		return v->entry ? domain_set_entry(c->set, v->entry - 1) : NULL;
	const struct domain_entry *e = domain_set_match(c->set, name);
	memmove(set + 1, set, (WAYS - 1) * sizeof *set);
	*set = (struct verdict){
		.hash = hash, .entry = e ? (uint32_t)(e - domain_set_entry(c->set, 0)) + 1 : 0};
	return e;
}

uint32_t *verdict_quiet(const struct verdict_cache *c, struct str name)
{
	uint64_t hash = hash_of(c, name);
	struct verdict *v = name.n ? find(set_of(c, hash), hash) : NULL;

	return v ? &v->quiet : NULL;
}
