/* What the files of the wire views share: a view being made, and the facts of fields.def. Not for
 * others; they use event/wire.h. */
#ifndef EGRET_EVENT_WIRE_FACTS_H
#define EGRET_EVENT_WIRE_FACTS_H

#include "base/writer.h"
#include "core/date.h"
#include "event/port_names.h"
#include "event/win_text.h"
#include "event/wire.h"

/* Room for the texts that one record's events are made with; what does not fit is left out. */
#define WIRE_TEXT_ROOM (256 * 1024)

struct wire_making {
	const struct record *r;
	const struct wire_service *service;
	const struct port_names *ports; /* NULL: no rule asks for names of ports */
	struct date_cache *dates;
	enum wire_view view;
	uint32_t field; /* that the fact which is called fills */
	struct event_value *values; /* EVENT_VALUES_MAX and one that is lost */
	uint32_t count;
	struct writer text; /* what is made lies here until the next record */
	/* made when first asked for, for all views of the record; p is NULL before */
	struct str source, destination, url, results;
};

/* Appends the values of the field m->field that the record has, in order; none when it has none. */
typedef void wire_fact(struct wire_making *m);

#define FACT(name) void wire_fact_##name(struct wire_making *m)
#define FIELD(views, name, fact, known) wire_fact wire_fact_##fact;
#include "event/fields.def"
#undef FIELD

static inline struct event_value *wire_put(struct wire_making *m, enum value_kind kind,
					   struct str s)
{
	struct event_value *v = &m->values[m->count]; /* one more than are handed over */

	m->count += m->count < EVENT_VALUES_MAX;
	*v = (struct event_value){.field = m->field, .kind = kind, .text = s};
	return v;
}

/* A host name, or a text that this program made. */
static inline void wire_text(struct wire_making *m, struct str s)
{
	struct event_value *v = wire_put(m, VALUE_TEXT, s);

	if (s.p == m->service->name.p && s.n == m->service->name.n)
		v->quiet = m->service->quiet;
}

static inline void wire_word(struct wire_making *m, const char *word)
{
	wire_text(m, str_of(word));
}

/* Bytes as they stood on the wire. */
static inline void wire_bytes(struct wire_making *m, struct str s)
{
	wire_put(m, VALUE_TEXT, s)->wire = true;
}

/* The same, unless empty. */
static inline void wire_some_text(struct wire_making *m, struct str s)
{
	if (s.n)
		wire_text(m, s);
}

static inline void wire_some_bytes(struct wire_making *m, struct str s)
{
	if (s.n)
		wire_bytes(m, s);
}

static inline void wire_flag(struct wire_making *m, bool v)
{
	wire_put(m, VALUE_BOOL, v ? STR("true") : STR("false"));
}

/* A text is made by writing to m->text from a mark on. */
static inline char *wire_mark(struct wire_making *m)
{
	return m->text.p;
}

/* False, and nothing was written, when it did not fit. */
static inline bool wire_made(struct wire_making *m, char *mark, struct str *out)
{
	if (m->text.full) {
		m->text.p = mark;
		m->text.full = false;
		return false;
	}
	*out = (struct str){mark, (size_t)(m->text.p - mark)};
	return true;
}

void wire_number(struct wire_making *m, uint64_t v);
/* Seconds with their fraction, of ns. */
void wire_seconds(struct wire_making *m, uint64_t ns);
/* "0x" and so many digits. */
void wire_hex(struct wire_making *m, uint64_t v, int digits);
void wire_address(struct wire_making *m, const struct addr *a);
void wire_list(struct wire_making *m, const struct str_list *list, bool wire);
void wire_words(struct wire_making *m, uint32_t bits, const char *const *words, unsigned n);

static inline bool wire_is_flow(const struct wire_making *m)
{
	return m->r->kind == RECORD_CONN || m->r->kind == RECORD_FLOW;
}

static inline bool wire_is_tls(const struct wire_making *m)
{
	return m->r->kind == RECORD_TLS || m->r->kind == RECORD_QUIC;
}

/* The name that the record is about: asked for, connected to. Empty: none. */
struct str wire_name(const struct wire_making *m);

#endif
