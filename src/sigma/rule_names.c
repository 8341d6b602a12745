#include "sigma/rule_names.h"

#define EXPECTED 1024

/* Each key holds few entries however many are called the same: what matters is whether there is
 * one, or more than one. */
enum key_kind {
	BY_ID,
	BY_FILE, /* the name, in that file */
	BY_NAME, /* the name, anywhere */
};

struct found {
	const struct named *one, *refused;
	bool several;
};

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

static uint64_t hash_of(const struct rule_names *n, enum key_kind kind, struct str text,
			const char *file)
{
	char *lower = arena_alloc(n->arena, text.n + 1);

	for (size_t i = 0; i < text.n; i++)
		lower[i] = kind == BY_ID ? ascii_lower(text.p[i]) : text.p[i];
	uint64_t hash = hash_bytes(&n->key, lower, text.n) + kind;
	if (kind == BY_FILE)
		hash ^= hash_bytes(&n->key, file, strlen(file));
	return hash;
}

static bool is_called(const struct named *v, enum key_kind kind, struct str text, const char *file)
{
	if (kind == BY_ID)
		return str_ieq(str_of(v->id), text);
	return str_eq(str_of(v->name), text) && (kind == BY_NAME || strcmp(v->file, file) == 0);
}

static struct found look(const struct rule_names *n, enum key_kind kind, const char *name,
			 const char *file)
{
	struct str text = str_of(name);
	struct found f = {0};
	struct hprobe q = hindex_probe(&n->index, hash_of(n, kind, text, file));

	while (hindex_next(&n->index, &q)) {
		const struct named *v = &n->v[q.ref];
		if (!is_called(v, kind, text, file))
			continue;
		if (v->kind == NAMED_REFUSED) {
			f.refused = v;
		} else {
			f.several = f.one;
			f.one = v;
		}
	}
	return f;
}

static void add_key(struct rule_names *n, enum key_kind kind, const char *text, uint32_t number)
{
	const struct named *v = &n->v[number];

	if (!*text)
		return;
	struct found f = look(n, kind, text, v->file);
	if (f.several || (v->kind == NAMED_REFUSED && (f.one || f.refused)))
		return;
	hindex_add(&n->index, hash_of(n, kind, str_of(text), v->file), number);
}

void rule_names_add(struct rule_names *n, enum named_kind kind, size_t number,
		    const struct rule_info *info)
{
	n->v = arena_grow(n->arena, n->v, n->count, &n->room, sizeof *n->v);
	n->v[n->count] = (struct named){kind, number, info->id, info->name, info->file};
	add_key(n, BY_ID, info->id, (uint32_t)n->count);
	add_key(n, BY_FILE, info->name, (uint32_t)n->count);
	add_key(n, BY_NAME, info->name, (uint32_t)n->count);
	n->count++;
}

const struct named *rule_names_find_id(const struct rule_names *n, const char *id)
{
	return look(n, BY_ID, id, "").one;
}

const struct named *rule_names_find(const struct rule_names *n, const char *text, const char *file,
				    bool *several)
{
	static const enum key_kind kinds[] = {BY_ID, BY_FILE, BY_NAME};
	const struct named *refused = NULL;

	*several = false;
	for (size_t i = 0; i < 3; i++) {
		struct found f = look(n, kinds[i], text, file);
		*several = f.several;
		if (f.several)
			return NULL;
		if (f.one)
			return f.one;
		if (!refused)
			refused = f.refused;
	}
	return refused;
}
