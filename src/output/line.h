/* Pieces of a record's line: values as ECS wants them, left out when there is nothing to tell, and
 * a list of what had to be cut. */
#ifndef EGRET_OUTPUT_LINE_H
#define EGRET_OUTPUT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/record.h"
#include "output/json.h"

/* Bounds of one string, in bytes of JSON. */
#define LINE_NAME (1280)       /* 255 bytes of a name or of a list's entry, each escaped in five */
#define LINE_TEXT (40 * 1024)  /* a HTTP field */
#define LINE_CUTS_MAX 16

struct json_line {
	struct json j;
	const char *cut[LINE_CUTS_MAX]; /* paths of what lost something */
	unsigned cuts;
};

void line_cut(struct json_line *l, const char *path);

/* Nothing when empty. `path` is the full name, for the list of cuts. */
void line_str(struct json_line *l, const char *key, const char *path, struct str s, size_t room);
void line_name(struct json_line *l, const char *key, const char *path, struct str s, size_t room);
void line_list(struct json_line *l, const char *key, const char *path, const struct str_list *list);
void line_names(struct json_line *l, const char *key, const char *path, const struct str_list *list);

/* A number that ECS has as a keyword. */
static inline void line_keyword(struct json *j, const char *key, uint64_t v)
{
	json_key(j, key);
	wr_char(&j->w, '"');
	wr_u64(&j->w, v);
	wr_char(&j->w, '"');
}

static inline void line_hex(struct json *j, const char *key, uint64_t v, int digits)
{
	json_key(j, key);
	wr_lit(&j->w, "\"0x");
	wr_hex(&j->w, v, digits);
	wr_char(&j->w, '"');
}

static inline void line_addr(struct json *j, const char *key, const struct addr *a)
{
	json_key(j, key);
	wr_char(&j->w, '"');
	addr_write(&j->w, a);
	wr_char(&j->w, '"');
}

/* Nothing when 0, false. */
static inline void line_if(struct json *j, const char *key, uint64_t v)
{
	if (v)
		json_u64(j, key, v);
}

static inline void line_flag(struct json *j, const char *key, bool v)
{
	if (v)
		json_bool(j, key, true);
}

/* The words of the bits that are set, lowest first; nothing when none is. */
void line_bits(struct json *j, const char *key, uint32_t bits, const char *const *words,
	       unsigned n);

#endif
