#include "event/json_in.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/mem.h"
#include "core/limits.h"
#include "event/json_tidy.h"

#define TEXT_ROOM (512 * 1024) /* paths and made-up texts of one object */

struct json_in {
	struct json_tidy tidy;
	char *line; /* a copy, so that numbers outlive the caller's */
	size_t line_room;
	json_t *root;
	json_t *list; /* of the objects to be read, or NULL: root alone */
	size_t next;
	struct json_items items;
	char *text;
	size_t used;
};

/* Where the walk stands. */
struct walk {
	struct json_in *j;
	char path[JSON_PATH_MAX];
	size_t n;
	uint32_t element;
};

struct json_in *json_in_new(void)
{
	struct json_in *j = mem_zalloc(sizeof *j);

	/* else a line that no memory can be had for would pass for none of JSON */
	json_set_alloc_funcs(mem_alloc, free);
	j->items.item = mem_array(JSON_ITEMS_MAX, sizeof *j->items.item);
	j->text = mem_alloc(TEXT_ROOM);
	return j;
}

/* Of the library's: a value, its text's block, its key and its place in the object. */
#define NODE_BYTES 256

size_t json_in_memory(void)
{
	return (size_t)LIMIT_EVENT_NODES * NODE_BYTES + 2 * (size_t)LIMIT_EVENT_LINE +
	       json_tidy_memory() + TEXT_ROOM + JSON_ITEMS_MAX * sizeof(struct json_item);
}

static void forget(struct json_in *j)
{
	json_decref(j->root);
	j->root = j->list = NULL;
	j->next = 0;
}

void json_in_free(struct json_in *j)
{
	if (!j)
		return;
	forget(j);
	json_tidy_fini(&j->tidy);
	free(j->items.item);
	free(j->line);
	free(j->text);
	free(j);
}

char *json_in_room(struct json_in *j, size_t n)
{
	if (n > TEXT_ROOM - j->used)
		return NULL;
	char *p = j->text + j->used;
	j->used += n;
	return p;
}

static struct str kept_copy(struct json_in *j, struct str line)
{
	if (line.n >= j->line_room) {
		free(j->line);
		j->line_room = line.n + 1;
		j->line = mem_alloc(j->line_room);
	}
	if (line.n)
		memcpy(j->line, line.p, line.n);
	return (struct str){j->line, line.n};
}

/* The library quotes the line; that is left out, since the line may hold anything. */
static int refuse(const json_error_t *what, struct str line, struct error *e)
{
	const char *near = strstr(what->text, " near ");
	int n = (int)(near ? near - what->text : (long)strlen(what->text));
	size_t at = what->position > 0 ? (size_t)what->position - 1 : 0;

	return error_set(e, "not JSON: %.*s (column %zu)", n, what->text,
			 json_tidy_source(line, at) + 1);
}

/* The list of objects that this is an envelope of, or NULL. */
static json_t *enveloped(json_t *root)
{
	static const char *const keys[] = {"Records", "records"};

	if (json_is_array(root))
		return root;
	if (json_object_size(root) != 1)
		return NULL;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		json_t *v = json_object_get(root, keys[i]);
		if (json_is_array(v) && json_is_object(json_array_get(v, 0)))
			return v;
	}
	return NULL;
}

static int count_objects(const json_t *list)
{
	int n = 0;

	for (size_t i = 0; i < json_array_size(list); i++)
		n += json_is_object(json_array_get(list, i));
	return n;
}

int json_in_open(struct json_in *j, struct str line, struct error *e)
{
	json_error_t what;

	forget(j);
	if (line.n > LIMIT_EVENT_LINE)
		return error_set(e, "longer than %u bytes", (unsigned)LIMIT_EVENT_LINE);
	line = kept_copy(j, line);
	json_tidy_run(&j->tidy, line);
	if (j->tidy.values > LIMIT_EVENT_NODES)
		return error_set(e, "more than %u values", LIMIT_EVENT_NODES);
	j->root = json_loadb(j->tidy.out, j->tidy.n, JSON_ALLOW_NUL | JSON_DECODE_ANY, &what);
	if (!j->root)
		return refuse(&what, line, e);
	j->list = enveloped(j->root);
	int n = j->list ? count_objects(j->list) : json_is_object(j->root);
	return n ? n : error_set(e, "not a JSON object");
}

static void add(struct walk *w, struct json_item item)
{
	struct json_items *all = &w->j->items;
	char *path = all->count < JSON_ITEMS_MAX ? json_in_room(w->j, w->n) : NULL;

	if (!path) {
		all->lost++;
		return;
	}
	memcpy(path, w->path, w->n);
	item.path = (struct str){path, w->n};
	item.element = w->element;
	all->item[all->count++] = item;
}

/* Whole numbers below 2^53 need no library. */
static double number_of(struct str s)
{
	double v = 0;
	bool minus = s.n && s.p[0] == '-';

	if (s.n - minus <= 15) {
		for (size_t i = minus; i < s.n; i++) {
			if (s.p[i] < '0' || s.p[i] > '9')
				return strtod(s.p, NULL);
			v = v * 10 + (s.p[i] - '0');
		}
		return minus ? -v : v;
	}
	return strtod(s.p, NULL); /* a bracket or comma of the line stands behind it */
}

static void number(struct walk *w, uint64_t ticket)
{
	if (ticket >= w->j->tidy.numbers)
		return; /* not of our making */
	struct str text = w->j->tidy.number[ticket];
	add(w, (struct json_item){.kind = VALUE_NUMBER, .number = number_of(text), .text = text});
}

static void scalar(struct walk *w, json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_STRING:
		add(w, (struct json_item){.kind = VALUE_TEXT,
					  .text = {json_string_value(v), json_string_length(v)}});
		break;
	case JSON_INTEGER:
		number(w, (uint64_t)json_integer_value(v));
		break;
	case JSON_TRUE:
		add(w, (struct json_item){.kind = VALUE_BOOL, .text = STR("true")});
		break;
	case JSON_FALSE:
		add(w, (struct json_item){.kind = VALUE_BOOL, .text = STR("false")});
		break;
	default:
		add(w, (struct json_item){.kind = VALUE_NULL});
		break;
	}
}

static void value(struct walk *w, json_t *v, unsigned depth);

static void object(struct walk *w, json_t *v, unsigned depth)
{
	size_t n = w->n;

	for (void *i = json_object_iter(v); i; i = json_object_iter_next(v, i)) {
		size_t length = json_object_iter_key_len(i);
		if (length + 1 > JSON_PATH_MAX - n) {
			w->j->items.lost++;
			continue;
		}
		w->n = n;
		if (n)
			w->path[w->n++] = '.';
		memcpy(w->path + w->n, json_object_iter_key(i), length);
		w->n += length;
		value(w, json_object_iter_value(i), depth);
	}
	w->n = n;
}

static void list(struct walk *w, json_t *v, unsigned depth)
{
	uint32_t element = w->element;

	for (size_t i = 0; i < json_array_size(v); i++) {
		w->element = (uint32_t)i;
		value(w, json_array_get(v, i), depth);
	}
	w->element = element;
}

static void value(struct walk *w, json_t *v, unsigned depth)
{
	if (!json_is_object(v) && !json_is_array(v))
		scalar(w, v);
	else if (depth >= JSON_DEPTH_MAX)
		w->j->items.lost++;
	else if (json_is_object(v))
		object(w, v, depth + 1);
	else
		list(w, v, depth + 1);
}

bool json_in_next(struct json_in *j, struct json_items *out)
{
	json_t *v = NULL;

	if (!j->list && j->next == 0 && json_is_object(j->root))
		v = j->root;
	while (!v && j->list && j->next < json_array_size(j->list)) {
		v = json_array_get(j->list, j->next);
		if (json_is_object(v))
			break;
		v = NULL;
		j->next++;
	}
	if (!v)
		return false;
	j->next++;
	j->items.count = j->items.lost = 0;
	j->used = 0;
	struct walk w = {.j = j};
	object(&w, v, 1);
	*out = j->items;
	return true;
}
