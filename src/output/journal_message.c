#include "output/journal_message.h"

#include <endian.h>

#include "base/mem.h"
#include "base/writer.h"
#include "output/syslog_message.h"

#define KEY_MAX	 64
#define OVERHEAD (KEY_MAX + 16) /* of a field: name, two newlines, eight bytes of length */

/* [A-Z0-9_], not beginning with a digit, nor with the underscore that marks the journal's own. */
static bool is_key(struct str key)
{
	if (key.n == 0 || key.n > KEY_MAX || key.p[0] == '_' ||
	    (key.p[0] >= '0' && key.p[0] <= '9'))
		return false;
	for (size_t i = 0; i < key.n; i++) {
		char c = key.p[i];
		if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
			return false;
	}
	return true;
}

/* A value with a newline in it is told by its length. */
static void field(struct writer *w, struct str key, struct str value)
{
	if (value.n && memchr(value.p, '\n', value.n)) {
		uint64_t n = htole64(value.n);
		wr_str(w, key);
		wr_char(w, '\n');
		wr_bytes(w, (const char *)&n, sizeof n);
	} else {
		wr_str(w, key);
		wr_char(w, '=');
	}
	wr_str(w, value);
	wr_char(w, '\n');
}

static void number(struct writer *w, struct str key, uint64_t v)
{
	char text[24];
	struct writer n = wr_of(text, sizeof text);

	wr_u64(&n, v);
	field(w, key, (struct str){text, wr_length(&n)});
}

struct str journal_message(const struct outlet_entry *e, struct outlet_scratch *s)
{
	size_t room = (e->field_count + 5) * OVERHEAD + e->line.n + e->message.n;

	for (unsigned i = 0; i < e->field_count; i++)
		room += e->field[i].value.n;
	if (s->room < room) {
		s->room = room + room / 2;
		s->bytes = mem_resize(s->bytes, s->room);
	}
	struct writer w = wr_of(s->bytes, s->room);
	field(&w, STR("MESSAGE"), e->message.n ? e->message : e->line);
	number(&w, STR("PRIORITY"), (uint64_t)(e->severity & 7));
	field(&w, STR("SYSLOG_IDENTIFIER"), STR("egret"));
	number(&w, STR("SYSLOG_FACILITY"), SYSLOG_FACILITY);
	for (unsigned i = 0; i < e->field_count; i++)
		if (is_key(e->field[i].key))
			field(&w, e->field[i].key, e->field[i].value);
	if (e->message.n)
		field(&w, STR("EGRET_JSON"), e->line);
	return (struct str){s->bytes, wr_length(&w)};
}
