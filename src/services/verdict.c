#include "services/verdict.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/prefetch.h"
#include "core/limits.h"

#define WAYS	   4
#define SETS	   (LIMIT_VERDICTS / WAYS)
#define SETS_LEAST (SETS < 2048 ? SETS : 2048)
#define SIZE	   (SETS * WAYS * sizeof(struct verdict))

void verdict_cache_init(struct verdict_cache *c, struct domain_set *set)
{
	c->set = set;
	hash_key_init(&c->key);
	c->slots = mem_lines(SIZE);
	c->sets = SETS_LEAST;
	c->taken = 0;
}

size_t verdict_cache_memory(void)
{
	return mem_lines_memory(SIZE);
}

void verdict_cache_fini(struct verdict_cache *c)
{
	mem_lines_free(c->slots, SIZE);
}

uint64_t verdict_key(const struct verdict_cache *c, struct str name)
{
	return name.n ? hash_bytes(&c->key, name.p, name.n) | 1 : 0;
}

static struct verdict *set_of(const struct verdict_cache *c, uint64_t key)
{
	return &c->slots[WAYS * (key >> 32 & (c->sets - 1))];
}

/* Few names take little memory, which is faster. Of each set of the smaller table a part goes to its
 * twin, which nobody has touched yet. */
static void grow(struct verdict_cache *c)
{
	for (uint32_t i = 0; i < c->sets; i++) {
		struct verdict *set = &c->slots[WAYS * i], *twin = set + WAYS * c->sets;
		for (unsigned way = 0, to = 0; way < WAYS; way++)
			if (set[way].hash >> 32 & c->sets) {
				twin[to++] = set[way];
				set[way] = (struct verdict){0};
			}
	}
	c->sets *= 2;
}

void verdict_prepare(const struct verdict_cache *c, uint64_t key)
{
	prefetch(set_of(c, key));
}

static struct verdict *find(struct verdict *set, uint64_t key)
{
	for (unsigned i = 0; i < WAYS; i++)
		if (set[i].hash == key)
			return &set[i];
	return NULL;
}

const struct domain_entry *verdict_by_key(struct verdict_cache *c, struct str name, uint64_t key)
{
	if (!key)
		return NULL;
	struct verdict *set = set_of(c, key), *v = find(set, key);

	if (v)
		return v->entry ? domain_set_entry(c->set, v->entry - 1) : NULL;
	const struct domain_entry *e = domain_set_match(c->set, name);
	if (++c->taken > c->sets * WAYS / 2 && c->sets < SETS) {
		grow(c);
		set = set_of(c, key);
	}
	memmove(set + 1, set, (WAYS - 1) * sizeof *set);
	*set = (struct verdict){
		.hash = key, .entry = e ? (uint32_t)(e - domain_set_entry(c->set, 0)) + 1 : 0};
	return e;
}

const struct domain_entry *verdict_of(struct verdict_cache *c, struct str name)
{
	return verdict_by_key(c, name, verdict_key(c, name));
}

uint32_t *verdict_quiet(const struct verdict_cache *c, uint64_t key)
{
	struct verdict *v = key ? find(set_of(c, key), key) : NULL;

	return v ? &v->quiet : NULL;
}
