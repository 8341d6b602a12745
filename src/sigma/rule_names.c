#include "sigma/rule_names.h"

#define EXPECTED 1024

void rule_names_init(struct rule_names *n, struct arena *a)
{
	*n = (struct rule_names){.arena = a};
	hindex_init(&n->index, EXPECTED);
	hash_key_init(&n->key);
}

void rule_names_fini(struct rule_names *n)
{
	hindex_fini(&n->index);
}

/* Of the lower-case text: ids and names go into the same index. */
static uint64_t hash(const struct rule_names *n, const char *text)
{
	struct str s = str_of(text);
	char *lower = arena_alloc(n->arena, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		lower[i] = ascii_lower(s.p[i]);
	return hash_bytes(&n->key, lower, s.n);
}

void rule_names_add(struct rule_names *n, enum named_kind kind, size_t number,
		    const struct rule_info *info)
{
	n->v = arena_grow(n->arena, n->v, n->count, &n->room, sizeof *n->v);
	n->v[n->count] = (struct named){kind, number, info->id, info->name, info->file};
	if (*info->id)
		hindex_add(&n->index, hash(n, info->id), (uint32_t)n->count);
	if (*info->name)
		hindex_add(&n->index, hash(n, info->name), (uint32_t)n->count);
	n->count++;
}

static bool is_id(const struct named *v, const char *text)
{
	return str_ieq(str_of(v->id), str_of(text));
}

const struct named *rule_names_find_id(const struct rule_names *n, const char *id)
{
	for (struct hprobe q = hindex_probe(&n->index, hash(n, id)); hindex_next(&n->index, &q);)
		if (is_id(&n->v[q.ref], id) && n->v[q.ref].kind != NAMED_REFUSED)
			return &n->v[q.ref];
	return NULL;
}

const struct named *rule_names_find(const struct rule_names *n, const char *text, const char *file,
				    bool *several)
{
	const struct named *same = NULL, *other = NULL, *refused = NULL;
	bool two_same = false, two_others = false;

	*several = false;
	for (struct hprobe q = hindex_probe(&n->index, hash(n, text));
	     hindex_next(&n->index, &q);) {
		const struct named *v = &n->v[q.ref];
		bool id = is_id(v, text);

		if (!id && strcmp(v->name, text) != 0)
			continue;
		if (v->kind == NAMED_REFUSED) {
			refused = v;
		} else if (id) {
			return v;
		} else if (strcmp(v->file, file) == 0) {
			two_same |= same && same != v;
			same = v;
		} else {
			two_others |= other && other != v;
			other = v;
		}
	}
	*several = same ? two_same : two_others;
	if (*several)
		return NULL;
	return same ? same : other ? other : refused;
}
