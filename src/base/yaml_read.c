#include "base/yaml_read.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#include "base/hash.h"
#include "base/hindex.h"
#include "base/mem.h"

/* Aliases look their anchor up one by one. */
#define ANCHORS_MAX 256

struct anchor {
	struct str name;
	struct yaml_node *node; /* NULL while it is being read: an alias to it would be a cycle */
};

/* Reads one document. Once `failed` nothing more is read. */
struct build {
	yaml_parser_t parser;
	yaml_event_t event; /* the latest; kept until next_event or the end */
	bool has_event;
	struct arena *arena;
	struct error *e;
	unsigned first_line, line; /* of the document's text; of the error */
	bool failed;
	size_t nodes;
	struct anchor *anchor;
	size_t anchors, anchor_room;
};

static void *fail(struct build *b, unsigned line, const char *text)
{
	if (!b->failed) {
		error_set(b->e, "%s", text);
		b->line = line;
		b->failed = true;
	}
	return NULL;
}

static unsigned line_of(const struct build *b)
{
	return b->first_line + (unsigned)b->event.start_mark.line;
}

static struct str text_of(const yaml_char_t *z)
{
	return str_of((const char *)z);
}

/* "found … while scanning a quoted scalar (from line 17 on)" */
static void fail_parser(struct build *b)
{
	const yaml_parser_t *p = &b->parser;
	unsigned from = b->first_line + (unsigned)p->context_mark.line;
	unsigned line = b->first_line + (unsigned)p->problem_mark.line;
	char text[ERROR_TEXT_MAX];

	if (p->error == YAML_MEMORY_ERROR)
		mem_exhausted("libyaml");
	if (p->problem && p->context)
		snprintf(text, sizeof text, "%s %s (from line %u on)", p->problem, p->context,
			 from);
	else
		snprintf(text, sizeof text, "%s", p->problem ? p->problem : "not YAML");
	fail(b, line, text);
}

/* The next event into b->event. False when there is none, or once something failed. */
static bool next_event(struct build *b)
{
	if (b->has_event)
		yaml_event_delete(&b->event);
	b->has_event = false;
	if (b->failed)
		return false;
	if (!yaml_parser_parse(&b->parser, &b->event)) {
		fail_parser(b);
		return false;
	}
	b->has_event = b->event.type != YAML_NO_EVENT;
	return b->has_event;
}

static struct str keep(struct arena *a, struct str s)
{
	return (struct str){arena_text(a, s), s.n};
}

static struct yaml_node *node_new(struct build *b, enum yaml_kind kind, unsigned line)
{
	struct yaml_node *n = arena_alloc(b->arena, sizeof *n);

	n->kind = kind;
	n->line = line;
	n->weight = 1;
	if (++b->nodes > YAML_NODES_MAX)
		return fail(b, line, "too many values");
	return n;
}

/* An alias or a merge takes part of the tree once more. */
static bool weigh(struct build *b, size_t weight, unsigned line)
{
	b->nodes += weight;
	if (b->nodes > YAML_NODES_MAX)
		fail(b, line, "aliases stand for too many values");
	return !b->failed;
}

/* Reads what begins with the current event. */
static struct yaml_node *read_node(struct build *b, unsigned depth);

/* Remembers the anchor of a node to come; SIZE_MAX when it has none. */
static size_t anchor_add(struct build *b, const yaml_char_t *name)
{
	if (!name)
		return SIZE_MAX;
	if (b->anchors == ANCHORS_MAX) {
		fail(b, line_of(b), "too many anchors");
		return SIZE_MAX;
	}
	b->anchor = arena_grow(b->arena, b->anchor, b->anchors, &b->anchor_room, sizeof *b->anchor);
	b->anchor[b->anchors] = (struct anchor){keep(b->arena, text_of(name)), NULL};
	return b->anchors++;
}

static struct yaml_node *anchor_set(struct build *b, size_t anchor, struct yaml_node *n)
{
	if (anchor != SIZE_MAX)
		b->anchor[anchor].node = n;
	return n;
}

static struct yaml_node *read_alias(struct build *b)
{
	struct str name = text_of(b->event.data.alias.anchor);
	unsigned line = line_of(b);

	/* an anchor may be given again; the latest counts */
	for (size_t i = b->anchors; i-- > 0;)
		if (str_eq(b->anchor[i].name, name)) {
			struct yaml_node *n = b->anchor[i].node;
			if (!n)
				return fail(b, line, "an alias inside of what it stands for");
			return weigh(b, n->weight, line) ? n : NULL;
		}
	return fail(b, line, "an alias without its anchor");
}

/* What the tag makes of a scalar: a string, whatever the quotes made of it, or nothing. */
static bool check_tag(struct build *b, const yaml_char_t *text, bool *plain)
{
	struct str tag = text_of(text), core = STR("tag:yaml.org,2002:"), name = tag;

	if (!tag.n)
		return true;
	if (str_has_prefix(tag, core))
		name = (struct str){tag.p + core.n, tag.n - core.n};
	if (str_eq(name, STR("str")) || str_eq(tag, STR("!")))
		*plain = false;
	else if (str_eq(name, STR("int")) || str_eq(name, STR("float")) ||
		 str_eq(name, STR("bool")) || str_eq(name, STR("null")))
		*plain = true;
	else if (!str_eq(name, STR("map")) && !str_eq(name, STR("seq")))
		fail(b, line_of(b), "a tag that is not known");
	return !b->failed;
}

static struct yaml_node *read_scalar(struct build *b)
{
	size_t anchor = anchor_add(b, b->event.data.scalar.anchor);
	struct yaml_node *n = node_new(b, YAML_SCALAR, line_of(b));

	if (!n)
		return NULL;
	n->plain = b->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	n->text = keep(b->arena, (struct str){(const char *)b->event.data.scalar.value,
					      b->event.data.scalar.length});
	if (!check_tag(b, b->event.data.scalar.tag, &n->plain))
		return NULL;
	return anchor_set(b, anchor, n);
}

static struct yaml_node *read_list(struct build *b, unsigned depth)
{
	size_t anchor = anchor_add(b, b->event.data.sequence_start.anchor), room = 0;
	struct yaml_node *n = node_new(b, YAML_LIST, line_of(b));
	bool plain = false;

	if (!n || !check_tag(b, b->event.data.sequence_start.tag, &plain))
		return NULL;
	while (next_event(b)) {
		if (b->event.type == YAML_SEQUENCE_END_EVENT)
			return anchor_set(b, anchor, n);
		struct yaml_node *item = read_node(b, depth + 1);
		if (!item)
			return NULL;
		n->item = arena_grow(b->arena, n->item, n->count, &room, sizeof *n->item);
		n->item[n->count++] = item;
		n->weight += item->weight;
	}
	return NULL;
}

struct pairs {
	struct yaml_node *map;
	size_t key_room, item_room;
};

static void pair_add(struct build *b, struct pairs *p, struct yaml_node *key,
		     struct yaml_node *value)
{
	struct yaml_node *m = p->map;

	m->key = arena_grow(b->arena, m->key, m->count, &p->key_room, sizeof *m->key);
	m->item = arena_grow(b->arena, m->item, m->count, &p->item_room, sizeof *m->item);
	m->key[m->count] = key;
	m->item[m->count++] = value;
	m->weight += key->weight + value->weight;
}

static int by_key(const void *a, const void *b)
{
	const struct yaml_node *const *x = a, *const *y = b;
	struct str s = (*x)->text, t = (*y)->text;
	int order = memcmp(s.p, t.p, s.n < t.n ? s.n : t.n);

	if (order == 0)
		order = (s.n > t.n) - (s.n < t.n);
	return order ? order : ((*x)->line > (*y)->line) - ((*x)->line < (*y)->line);
}

static bool keys_differ(struct build *b, const struct yaml_node *map)
{
	struct yaml_node **key = arena_array(b->arena, map->count, sizeof *key);

	if (map->count)
		memcpy(key, map->key, map->count * sizeof *key);
	qsort(key, map->count, sizeof *key, by_key);
	for (size_t i = 1; i < map->count; i++)
		if (str_eq(key[i - 1]->text, key[i]->text)) {
			char text[ERROR_TEXT_MAX];
			snprintf(text, sizeof text, "the key '%.100s' is there twice",
				 key[i]->text.p);
			fail(b, key[i]->line, text);
			return false;
		}
	return true;
}

/* Keys of a map that others are merged into. */
struct key_set {
	struct hindex index; /* into the map's keys */
	struct hash_key key;
};

/* True when it was not there. */
static bool key_is_new(struct key_set *k, const struct yaml_node *map, struct str text,
		       size_t number)
{
	uint64_t hash = hash_bytes(&k->key, text.p, text.n);

	for (struct hprobe q = hindex_probe(&k->index, hash); hindex_next(&k->index, &q);)
		if (str_eq(map->key[q.ref]->text, text))
			return false;
	hindex_add(&k->index, hash, (uint32_t)number);
	return true;
}

/* Adds what `from` has and the map does not. Of several merged maps the first one counts. */
static void merge_map(struct build *b, struct pairs *p, struct key_set *k, struct yaml_node *from)
{
	if (from->kind != YAML_MAP) {
		fail(b, from->line, "'<<' takes a map or a list of maps");
		return;
	}
	if (!weigh(b, from->weight, from->line))
		return;
	for (size_t i = 0; i < from->count; i++)
		if (key_is_new(k, p->map, from->key[i]->text, p->map->count))
			pair_add(b, p, from->key[i], from->item[i]);
}

static void merge(struct build *b, struct pairs *p, struct yaml_node *from)
{
	struct key_set k;

	hash_key_init(&k.key);
	hindex_init(&k.index, 64);
	for (size_t i = 0; i < p->map->count; i++)
		key_is_new(&k, p->map, p->map->key[i]->text, i);
	if (from->kind != YAML_LIST)
		merge_map(b, p, &k, from);
	else
		for (size_t i = 0; i < from->count && !b->failed; i++)
			merge_map(b, p, &k, from->item[i]);
	hindex_fini(&k.index);
}

static bool is_merge(const struct yaml_node *key)
{
	return key->plain && str_eq(key->text, STR("<<"));
}

static struct yaml_node *read_key(struct build *b, unsigned depth)
{
	struct yaml_node *key = read_node(b, depth);

	if (key && key->kind != YAML_SCALAR)
		return fail(b, key->line, "a key that is no plain text");
	if (key && memchr(key->text.p, '\0', key->text.n))
		return fail(b, key->line, "a key with a NUL character");
	return key;
}

/* Key and value, where the key's event is the current one. */
static bool read_pair(struct build *b, struct pairs *p, struct yaml_node **merged, unsigned depth)
{
	struct yaml_node *key = read_key(b, depth);
	struct yaml_node *value = key && next_event(b) ? read_node(b, depth) : NULL;

	if (!value)
		return false;
	if (!is_merge(key))
		pair_add(b, p, key, value);
	else if (*merged)
		fail(b, key->line, "the key '<<' is there twice");
	else
		*merged = value;
	return !b->failed;
}

static struct yaml_node *read_map(struct build *b, unsigned depth)
{
	size_t anchor = anchor_add(b, b->event.data.mapping_start.anchor);
	struct pairs p = {.map = node_new(b, YAML_MAP, line_of(b))};
	struct yaml_node *merged = NULL;
	bool plain = false;

	if (!p.map || !check_tag(b, b->event.data.mapping_start.tag, &plain))
		return NULL;
	while (next_event(b)) {
		if (b->event.type != YAML_MAPPING_END_EVENT) {
			if (!read_pair(b, &p, &merged, depth + 1))
				return NULL;
			continue;
		}
		if (!keys_differ(b, p.map))
			return NULL;
		if (merged)
			merge(b, &p, merged);
		return b->failed ? NULL : anchor_set(b, anchor, p.map);
	}
	return NULL;
}

static struct yaml_node *read_node(struct build *b, unsigned depth)
{
	if (depth > YAML_DEPTH_MAX)
		return fail(b, line_of(b), "nested too deep");
	switch (b->event.type) {
	case YAML_SCALAR_EVENT:
		return read_scalar(b);
	case YAML_ALIAS_EVENT:
		return read_alias(b);
	case YAML_SEQUENCE_START_EVENT:
		return read_list(b, depth);
	case YAML_MAPPING_START_EVENT:
		return read_map(b, depth);
	default:
		return fail(b, line_of(b), "not YAML");
	}
}

/* All events of one document's text. */
static void read_events(struct build *b, struct yaml_document *d)
{
	unsigned documents = 0;

	while (next_event(b)) {
		switch (b->event.type) {
		case YAML_STREAM_START_EVENT:
		case YAML_STREAM_END_EVENT:
		case YAML_DOCUMENT_END_EVENT:
			break;
		case YAML_DOCUMENT_START_EVENT:
			if (documents++)
				fail(b, line_of(b), "a second document where none can begin");
			break;
		default:
			d->root = read_node(b, 1);
		}
	}
}

bool yaml_read_document(struct arena *a, struct yaml_document *d, struct error *e)
{
	struct build *b = mem_zalloc(sizeof *b);

	b->arena = a;
	b->e = e;
	b->first_line = d->line;
	if (!yaml_parser_initialize(&b->parser))
		mem_exhausted("libyaml");
	yaml_parser_set_encoding(&b->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b->parser, (const unsigned char *)d->source.p, d->source.n);
	read_events(b, d);
	if (b->failed) {
		d->root = NULL;
		d->line = b->line;
	} else if (d->root) {
		d->line = d->root->line;
		if (yaml_is_null(d->root))
			d->root = NULL;
	}
	bool good = !b->failed;
	if (b->has_event)
		yaml_event_delete(&b->event);
	yaml_parser_delete(&b->parser);
	free(b);
	return good;
}
