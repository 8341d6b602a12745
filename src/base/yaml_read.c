#include "base/yaml_read.h"

#include <libfyaml.h>
#include <stdlib.h>

#include "base/mem.h"

/* Aliases look their anchor up one by one. */
#define ANCHORS_MAX 256

struct anchor {
	struct str name;
	struct yaml_node *node; /* NULL while it is being read: an alias to it would be a cycle */
};

/* Reads one document. Once `failed` nothing more is read. */
struct build {
	struct fy_parser *parser;
	struct arena *arena;
	struct error *e;
	unsigned first_line, line; /* of the document's text; of the error */
	bool failed;
	size_t nodes;
	struct anchor anchor[ANCHORS_MAX];
	size_t anchors;
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

static unsigned line_of(const struct build *b, struct fy_event *e)
{
	const struct fy_mark *m = fy_event_start_mark(e);

	return b->first_line + (m && m->line > 0 ? (unsigned)m->line : 0);
}

static struct str token_text(struct fy_token *t)
{
	struct str s = {NULL, 0};

	if (t)
		s.p = fy_token_get_text(t, &s.n);
	if (!s.p)
		s.n = 0;
	return s;
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

static struct fy_event *next_event(struct build *b)
{
	return b->failed ? NULL : fy_parser_parse(b->parser);
}

static struct yaml_node *read_node(struct build *b, struct fy_event *e, unsigned depth);

/* Remembers the anchor of a node to come; SIZE_MAX when it has none. */
static size_t anchor_add(struct build *b, struct fy_event *e)
{
	struct str name = token_text(fy_event_get_anchor_token(e));

	if (!name.n)
		return SIZE_MAX;
	if (b->anchors == ANCHORS_MAX) {
		fail(b, line_of(b, e), "too many anchors");
		return SIZE_MAX;
	}
	b->anchor[b->anchors] = (struct anchor){keep(b->arena, name), NULL};
	return b->anchors++;
}

static struct yaml_node *anchor_set(struct build *b, size_t anchor, struct yaml_node *n)
{
	if (anchor != SIZE_MAX)
		b->anchor[anchor].node = n;
	return n;
}

static struct yaml_node *read_alias(struct build *b, struct fy_event *e)
{
	struct str name = token_text(fy_event_get_token(e));
	unsigned line = line_of(b, e);

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
static bool check_tag(struct build *b, struct fy_event *e, bool *plain)
{
	struct str tag = token_text(fy_event_get_tag_token(e)), core = STR("tag:yaml.org,2002:");

	if (!tag.n)
		return true;
	struct str name = tag;
	if (str_has_prefix(tag, core))
		name = (struct str){tag.p + core.n, tag.n - core.n};
	if (str_eq(name, STR("str")) || str_eq(tag, STR("!")))
		*plain = false;
	else if (str_eq(name, STR("int")) || str_eq(name, STR("float")) ||
		 str_eq(name, STR("bool")) || str_eq(name, STR("null")))
		*plain = true;
	else if (!str_eq(name, STR("map")) && !str_eq(name, STR("seq")))
		fail(b, line_of(b, e), "a tag that is not known");
	return !b->failed;
}

static struct yaml_node *read_scalar(struct build *b, struct fy_event *e)
{
	size_t anchor = anchor_add(b, e);
	struct fy_token *t = fy_event_get_token(e);
	struct yaml_node *n = node_new(b, YAML_SCALAR, line_of(b, e));

	if (!n)
		return NULL;
	n->plain = !t || fy_scalar_token_get_style(t) == FYSS_PLAIN;
	n->text = keep(b->arena, token_text(t));
	return check_tag(b, e, &n->plain) ? anchor_set(b, anchor, n) : NULL;
}

static struct yaml_node *read_list(struct build *b, struct fy_event *start, unsigned depth)
{
	size_t anchor = anchor_add(b, start), room = 0;
	struct yaml_node *n = node_new(b, YAML_LIST, line_of(b, start));
	bool plain = false;

	if (!n || !check_tag(b, start, &plain))
		return NULL;
	for (struct fy_event *e; (e = next_event(b)) != NULL;) {
		bool end = e->type == FYET_SEQUENCE_END;
		struct yaml_node *item = end ? NULL : read_node(b, e, depth + 1);

		fy_parser_event_free(b->parser, e);
		if (end)
			return anchor_set(b, anchor, n);
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

/* The keys in order; fails for one that is there twice. */
static struct yaml_node **sorted_keys(struct build *b, const struct yaml_node *map)
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
			return fail(b, key[i]->line, text);
		}
	return key;
}

static bool has_key(struct yaml_node **key, size_t count, struct yaml_node *wanted)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct yaml_node probe = *key[middle], *p = &probe;

		probe.line = wanted->line; /* only texts are compared */
		int order = by_key(&p, &wanted);
		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* Adds what `from` has and the map does not. Of several merged maps the first one counts. */
static void merge_map(struct build *b, struct pairs *p, struct yaml_node *from)
{
	struct yaml_node **key = sorted_keys(b, p->map);
	size_t count = p->map->count;

	if (!key || !weigh(b, from->weight, from->line))
		return;
	for (size_t i = 0; i < from->count; i++)
		if (!has_key(key, count, from->key[i]))
			pair_add(b, p, from->key[i], from->item[i]);
}

static void merge(struct build *b, struct pairs *p, struct yaml_node *from)
{
	if (from->kind == YAML_MAP) {
		merge_map(b, p, from);
		return;
	}
	if (from->kind != YAML_LIST)
		fail(b, from->line, "'<<' takes a map or a list of maps");
	for (size_t i = 0; i < from->count && !b->failed; i++)
		if (from->item[i]->kind == YAML_MAP)
			merge_map(b, p, from->item[i]);
		else
			fail(b, from->item[i]->line, "'<<' takes a map or a list of maps");
}

static bool is_merge(const struct yaml_node *key)
{
	return key->plain && str_eq(key->text, STR("<<"));
}

static struct yaml_node *read_key(struct build *b, struct fy_event *e, unsigned depth)
{
	struct yaml_node *key = read_node(b, e, depth);

	if (key && key->kind != YAML_SCALAR)
		return fail(b, key->line, "a key that is no plain text");
	if (key && memchr(key->text.p, '\0', key->text.n))
		return fail(b, key->line, "a key with a NUL character");
	return key;
}

static struct yaml_node *read_map(struct build *b, struct fy_event *start, unsigned depth)
{
	size_t anchor = anchor_add(b, start);
	struct pairs p = {.map = node_new(b, YAML_MAP, line_of(b, start))};
	struct yaml_node *merged = NULL, *key = NULL;
	bool plain = false, end = false;

	if (!p.map || !check_tag(b, start, &plain))
		return NULL;
	for (struct fy_event *e; !end && (e = next_event(b)) != NULL;) {
		end = e->type == FYET_MAPPING_END;
		if (end) {
			/* done below */
		} else if (!key) {
			key = read_key(b, e, depth + 1);
		} else {
			struct yaml_node *value = read_node(b, e, depth + 1);
			if (value && is_merge(key) && merged)
				fail(b, key->line, "the key '<<' is there twice");
			else if (value && is_merge(key))
				merged = value;
			else if (value)
				pair_add(b, &p, key, value);
			key = NULL;
		}
		fy_parser_event_free(b->parser, e);
	}
	if (!end || b->failed || !sorted_keys(b, p.map))
		return NULL;
	if (merged)
		merge(b, &p, merged);
	return b->failed ? NULL : anchor_set(b, anchor, p.map);
}

static struct yaml_node *read_node(struct build *b, struct fy_event *e, unsigned depth)
{
	if (depth > YAML_DEPTH_MAX)
		return fail(b, line_of(b, e), "nested too deep");
	switch (e->type) {
	case FYET_SCALAR:
		return read_scalar(b, e);
	case FYET_ALIAS:
		return read_alias(b, e);
	case FYET_SEQUENCE_START:
		return read_list(b, e, depth);
	case FYET_MAPPING_START:
		return read_map(b, e, depth);
	default:
		return fail(b, line_of(b, e), "not YAML");
	}
}

/* All events of one document's text. */
static void read_events(struct build *b, struct yaml_document *d)
{
	unsigned documents = 0;

	for (struct fy_event *e; (e = next_event(b)) != NULL;) {
		switch (e->type) {
		case FYET_STREAM_START:
		case FYET_STREAM_END:
		case FYET_DOCUMENT_END:
			break;
		case FYET_DOCUMENT_START:
			if (documents++)
				fail(b, line_of(b, e), "a second document where none can begin");
			break;
		default:
			d->root = read_node(b, e, 1);
		}
		fy_parser_event_free(b->parser, e);
	}
	if (fy_parser_get_stream_error(b->parser))
		fail(b, b->first_line, "not YAML");
}

/* What libfyaml says is wrong; it comes before what we would say of the rest. */
static void take_diagnosis(struct build *b, struct fy_diag *diag)
{
	void *at = NULL;
	struct fy_diag_error *said = fy_diag_errors_iterate(diag, &at);

	if (!said || !fy_parser_get_stream_error(b->parser))
		return;
	error_set(b->e, "%.300s", said->msg ? said->msg : "not YAML");
	b->line = b->first_line + (said->line > 0 ? (unsigned)said->line - 1 : 0);
	b->failed = true;
}

bool yaml_read_document(struct arena *a, struct yaml_document *d, struct error *e)
{
	struct fy_diag_cfg quiet;

	fy_diag_cfg_default(&quiet);
	quiet.fp = NULL;
	struct fy_diag *diag = fy_diag_create(&quiet);
	if (!diag)
		abort(); /* out of memory, as everywhere else */
	fy_diag_set_collect_errors(diag, true);
	struct fy_parse_cfg cfg = {
		.flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE,
		.diag = diag,
	};
	struct build *b = mem_zalloc(sizeof *b);
	b->arena = a;
	b->e = e;
	b->first_line = d->line;
	b->parser = fy_parser_create(&cfg);
	if (!b->parser || fy_parser_set_string(b->parser, d->source.p, d->source.n))
		abort();
	read_events(b, d);
	take_diagnosis(b, diag);
	if (b->failed) {
		d->root = NULL;
		d->line = b->line;
	} else if (d->root) {
		d->line = d->root->line;
		if (d->root->kind == YAML_SCALAR && yaml_is_null(d->root))
			d->root = NULL;
	}
	bool good = !b->failed;
	fy_parser_destroy(b->parser);
	fy_diag_destroy(diag);
	free(b);
	return good;
}
