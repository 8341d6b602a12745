#include "output/line.h"

#include <string.h>

void line_cut(struct json_line *l, const char *path)
{
	for (unsigned i = 0; i < l->cuts; i++)
		if (strcmp(l->cut[i], path) == 0)
			return;
	if (l->cuts < LINE_CUTS_MAX)
		l->cut[l->cuts++] = path;
}

static void after_string(struct json_line *l, const char *path)
{
	if (l->j.cut)
		line_cut(l, path);
	l->j.cut = false;
}

typedef void put_fn(struct json *j, const char *key, struct str s);

static void put_one(struct json_line *l, const char *key, const char *path, struct str s, size_t room,
		    put_fn *put)
{
	if (s.n == 0)
		return;
	l->j.string_max = room;
	put(&l->j, key, s);
	after_string(l, path);
}

void line_str(struct json_line *l, const char *key, const char *path, struct str s, size_t room)
{
	put_one(l, key, path, s, room, json_str);
}

void line_name(struct json_line *l, const char *key, const char *path, struct str s, size_t room)
{
	put_one(l, key, path, s, room, json_name);
}

static void put_list(struct json_line *l, const char *key, const char *path,
		     const struct str_list *list, put_fn *put)
{
	if (list->more)
		line_cut(l, path);
	if (list->count == 0)
		return;
	json_open(&l->j, key, '[');
	l->j.string_max = LINE_NAME;
	for (unsigned i = 0; i < list->count && i < RECORD_LIST_MAX; i++)
		put(&l->j, NULL, list->item[i]);
	json_close(&l->j, ']');
	after_string(l, path);
}

void line_list(struct json_line *l, const char *key, const char *path, const struct str_list *list)
{
	put_list(l, key, path, list, json_str);
}

void line_names(struct json_line *l, const char *key, const char *path, const struct str_list *list)
{
	put_list(l, key, path, list, json_name);
}

void line_bits(struct json *j, const char *key, uint32_t bits, const char *const *words,
	       unsigned n)
{
	if (bits == 0)
		return;
	json_open(j, key, '[');
	for (unsigned i = 0; i < n; i++)
		if (bits & UINT32_C(1) << i)
			json_word(j, NULL, words[i]);
	json_close(j, ']');
}
