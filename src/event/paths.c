#include "event/paths.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/hindex.h"
#include "base/mem.h"
#include "core/limits.h"
#include "event/record_in.h"

struct paths {
	const struct fields *fields;
	struct hindex index;
	struct hash_key key;
	struct path **path;
	uint32_t count;
	size_t bytes; /* of paths and meanings */
};

static const struct {
	uint8_t role;
	struct str name;
} roles[] = {
#define ROLE(role, name) {ROLE_##role, {name, sizeof(name) - 1}},
#include "event/roles.def"
#undef ROLE
};

_Static_assert(sizeof roles / sizeof *roles <= UINT8_MAX, "precedence is a byte");

struct paths *paths_new(const struct fields *fields)
{
	struct paths *p = mem_zalloc(sizeof *p);

	p->fields = fields;
	p->path = mem_array(LIMIT_EVENT_PATHS + JSON_ITEMS_MAX, sizeof *p->path);
	hash_key_init(&p->key);
	hindex_init(&p->index, 256);
	return p;
}

static void empty(struct paths *p)
{
	for (uint32_t i = 0; i < p->count; i++) {
		struct path_meaning *m = p->path[i]->meaning;
		while (m) {
			struct path_meaning *next = m->next;
			free(m);
			m = next;
		}
		free(p->path[i]);
	}
	p->count = 0;
	p->bytes = 0;
	hindex_clear(&p->index);
}

void paths_free(struct paths *p)
{
	if (!p)
		return;
	empty(p);
	hindex_fini(&p->index);
	free(p->path);
	free(p);
}

size_t paths_memory(void)
{
	/* one line goes beyond */
	size_t line = JSON_ITEMS_MAX * (mem_memory(sizeof(struct path) + JSON_PATH_MAX) +
					mem_memory(sizeof(struct path_meaning) +
						   PATH_NAMES * sizeof(struct path_name)));

	return LIMIT_EVENT_PATH_BYTES + line + hindex_memory(LIMIT_EVENT_PATHS + JSON_ITEMS_MAX) +
	       mem_memory((LIMIT_EVENT_PATHS + JSON_ITEMS_MAX) * sizeof(struct path *));
}

void paths_begin(struct paths *p)
{
	if (p->count >= LIMIT_EVENT_PATHS || p->bytes >= LIMIT_EVENT_PATH_BYTES)
		empty(p);
}

struct path *paths_get(struct paths *p, struct str text)
{
	uint64_t hash = hash_bytes(&p->key, text.p, text.n);

	for (struct hprobe q = hindex_probe(&p->index, hash); hindex_next(&p->index, &q);)
		if (str_eq(p->path[q.ref]->text, text))
			return p->path[q.ref];
	struct path *new = mem_zalloc(sizeof *new + text.n);
	p->bytes += mem_memory(sizeof *new + text.n);
	char *copy = (char *)(new + 1);
	if (text.n)
		memcpy(copy, text.p, text.n);
	new->text = (struct str){copy, text.n};
	new->number = p->count;
	new->hints = (uint8_t)format_hints(text, new->hint);
	new->record = record_in_part(text);
	hindex_add(&p->index, hash, p->count);
	p->path[p->count++] = new;
	return new;
}

struct found {
	const struct paths *p;
	struct path_meaning head;
	struct path_name name[PATH_NAMES];
};

static void add_role(struct path_meaning *m, struct str name)
{
	for (size_t i = 0; i < sizeof roles / sizeof *roles && m->roles < PATH_ROLES; i++) {
		if (!str_eq(roles[i].name, name) || memchr(m->role, roles[i].role, m->roles))
			continue;
		m->role[m->roles] = roles[i].role;
		m->precedence[m->roles++] = (uint8_t)i;
	}
}

static void add_name(void *context, struct str name, enum alias_rank rank, bool more)
{
	struct found *g = context;
	uint32_t field = fields_find(g->p->fields, name);

	if (rank != ALIAS_LAST)
		add_role(&g->head, name);
	if (field == FIELD_NONE)
		return;
	for (unsigned i = 0; i < g->head.names; i++) {
		if (g->name[i].field != field)
			continue;
		if (rank < g->name[i].rank)
			g->name[i] = (struct path_name){field, (uint8_t)rank, more};
		return;
	}
	if (g->head.names < PATH_NAMES)
		g->name[g->head.names++] = (struct path_name){field, (uint8_t)rank, more};
}

const struct path_meaning *paths_meaning(struct paths *p, struct path *path,
					 const struct format *format)
{
	for (const struct path_meaning *m = path->meaning; m; m = m->next)
		if (m->format == format)
			return m;
	struct found g = {.p = p, .head = {.format = format, .next = path->meaning}};
	alias_names(format, path->text, add_name, &g);
	size_t names = g.head.names * sizeof *g.name;
	struct path_meaning *m = mem_alloc(sizeof *m + names);
	p->bytes += mem_memory(sizeof *m + names);
	*m = g.head;
	m->name = (struct path_name *)(m + 1);
	memcpy(m->name, g.name, names);
	path->meaning = m;
	return m;
}
