#include "event/fields.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/hindex.h"
#include "base/mem.h"

struct fields {
	struct hash_key key;
	struct hindex index;
	char **names;
	uint32_t count, room;
};

struct fields *fields_new(void)
{
	struct fields *f = mem_zalloc(sizeof *f);

	hash_key_init(&f->key);
	hindex_init(&f->index, 64);
	return f;
}

void fields_free(struct fields *f)
{
	if (!f)
		return;
	for (uint32_t i = 0; i < f->count; i++)
		free(f->names[i]);
	free(f->names);
	hindex_fini(&f->index);
	free(f);
}

uint32_t fields_find(const struct fields *f, struct str name)
{
	uint64_t hash = hash_bytes(&f->key, name.p, name.n);

	for (struct hprobe q = hindex_probe(&f->index, hash); hindex_next(&f->index, &q);)
		if (str_eq(str_of(f->names[q.ref]), name))
			return q.ref;
	return FIELD_NONE;
}

uint32_t fields_add(struct fields *f, struct str name)
{
	uint32_t n = fields_find(f, name);

	if (n != FIELD_NONE)
		return n;
	if (f->count == f->room) {
		f->room = f->room ? f->room * 2 : 64;
		f->names = mem_resize(f->names, f->room * sizeof *f->names);
	}
	f->names[f->count] = mem_strndup(name.p, name.n);
	hindex_add(&f->index, hash_bytes(&f->key, name.p, name.n), f->count);
	return f->count++;
}

struct str fields_name(const struct fields *f, uint32_t field)
{
	return str_of(f->names[field]);
}

uint32_t fields_count(const struct fields *f)
{
	return f->count;
}
