/* JSON text (RFC 8259) into a bounded writer, one item after the other; commas come by themselves.
 *
 * No control character, C1 and invisible formatting characters of Unicode included, ever gets
 * into the text, and the text is always valid UTF-8. Strings are of two kinds, each with one
 * unambiguous way back:
 *
 * Wire strings (json_str) may hold any bytes. A byte that is a control character, DEL, no valid
 * UTF-8, or part of a C1 control, a line separator, a byte-order mark or a direction or zero-width
 * character stands as \xNN (lower-case hex), a backslash as two. So in the value, once the JSON
 * string is decoded, a backslash is always followed by a second one or by x and two hex digits,
 * and undoing that yields the bytes.
 *
 * Names (json_name) are in presentation form already: host names as core/hostname.h makes them,
 * record data of DNS as in a master file (RFC 1035 section 5.1). They are printable ASCII with
 * \DDD for the rest, so they are written as they stand, backslashes not doubled. A byte that has
 * no place in such a name becomes \DDD, which means the same.
 */
#ifndef EGRET_OUTPUT_JSON_H
#define EGRET_OUTPUT_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/writer.h"
#include "core/date.h"

struct json {
	struct writer w;
	size_t string_max; /* longest string in bytes of JSON between its quotes; 0: no bound */
	struct date_cache *dates; /* may be NULL: every date is then worked out anew */
	bool comma; /* the next item of this level needs one */
	bool cut;   /* a string was longer than string_max and lost its end; the caller clears it */
};

static inline struct json json_of(char *buffer, size_t n)
{
	return (struct json){.w = wr_of(buffer, n)};
}

/* The comma if one is due, and the key. NULL: in an array or at the top. Inline, like the short
 * ones below: with the key a literal this is a few stores, and a record has fifty keys. */
static inline void json_key(struct json *j, const char *key)
{
	size_t n = key ? strlen(key) : 0;
	char *p = j->w.p;

	if (j->w.full || n + 4 > (size_t)(j->w.end - p)) {
		j->w.full = true;
		return;
	}
	*p = ',';
	p += j->comma;
	j->comma = true;
	if (key) {
		*p++ = '"';
		memcpy(p, key, n);
		p += n;
		*p++ = '"';
		*p++ = ':';
	}
	j->w.p = p;
}

static inline void json_open(struct json *j, const char *key, char bracket)
{
	json_key(j, key);
	wr_char(&j->w, bracket);
	j->comma = false;
}

static inline void json_close(struct json *j, char bracket)
{
	wr_char(&j->w, bracket);
	j->comma = true;
}

/* A string that is JSON already: words of our own without quotes, backslashes or controls. */
static inline void json_word(struct json *j, const char *key, const char *word)
{
	json_key(j, key);
	wr_char(&j->w, '"');
	wr_bytes(&j->w, word, strlen(word));
	wr_char(&j->w, '"');
}

static inline void json_u64(struct json *j, const char *key, uint64_t v)
{
	json_key(j, key);
	wr_u64(&j->w, v);
}

static inline void json_bool(struct json *j, const char *key, bool v)
{
	json_key(j, key);
	wr_text(&j->w, v ? "true" : "false");
}

/* Cut only between whole characters and escapes. */
void json_str(struct json *j, const char *key, struct str s);
void json_name(struct json *j, const char *key, struct str s);
/* Text that people or other tools wrote, as it stands: only what JSON wants escaped is, and what is no
 * UTF-8 becomes U+FFFD. There is no way back to the bytes. */
void json_plain(struct json *j, const char *key, struct str s);
static inline void json_text(struct json *j, const char *key, const char *terminated)
{
	json_plain(j, key, str_of(terminated));
}
/* ns since 1970 as RFC 3339 UTC with nine digits of fraction. */
void json_time(struct json *j, const char *key, uint64_t ns);

#endif
