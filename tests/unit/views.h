/* Records held against tables of what the wire views must make of them. */
#ifndef EGRET_TESTS_VIEWS_H
#define EGRET_TESTS_VIEWS_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "event/wire.h"

struct view_row {
	enum wire_view view;
	const char *field;
	const char *values; /* joined by '|'; "(absent)", "(unknown)" */
};

struct view_check {
	const struct view_row *row;
	size_t count;
	struct fields *fields;
	uint32_t seen;	    /* views that there were */
	uint32_t encrypted; /* of them */
	int line;
};

static inline void view_values(const struct event *e, uint32_t field, char *out, size_t room)
{
	unsigned n = 0;
	size_t used = 0;

	if (event_unknown(e, field)) {
		snprintf(out, room, "(unknown)");
		return;
	}
	out[0] = '\0';
	for (uint32_t i = 0; i < e->count; i++) {
		const struct event_value *v = &e->values[i];
		if (v->field != field)
			continue;
		used += (size_t)snprintf(out + used, room - used, "%s%.*s", n++ ? "|" : "",
					 (int)v->text.n, v->text.p ? v->text.p : "");
		if (v->kind == VALUE_NUMBER) {
			char *end;
			cr_assert_float_eq(strtod(out + used - v->text.n, &end), v->number, 1e-3);
		}
	}
	if (!n)
		snprintf(out, room, "(absent)");
}

static inline void view_take(void *context, enum wire_view v, bool encrypted, struct event *e)
{
	struct view_check *c = context;
	char got[8192];

	c->seen |= 1u << v;
	c->encrypted |= (uint32_t)encrypted << v;
	for (size_t i = 0; i < c->count; i++) {
		if (c->row[i].view != v)
			continue;
		view_values(e, fields_find(c->fields, str_of(c->row[i].field)), got, sizeof got);
		cr_expect_str_eq(got, c->row[i].values, "line %d: view %u, %s is %s, not %s", c->line,
				 v, c->row[i].field, got, c->row[i].values);
	}
}

/* Returns the views that the record stands for. */
static inline uint32_t view_check_at(int line, const struct record *r, const struct wire_service *s,
				     const struct view_row *row, size_t count)
{
	static const struct wire_service none;
	struct view_check c = {row, count, fields_new(), 0, 0, line};

	for (size_t i = 0; i < count; i++)
		fields_add(c.fields, str_of(row[i].field));
	struct wire *w = wire_new(c.fields);
	wire_events(w, r, s ? s : &none, ~0u, false, view_take, &c);
	for (size_t i = 0; i < count; i++)
		cr_expect(c.seen >> row[i].view & 1, "line %d: the record has no view %u", line,
			  row[i].view);
	wire_free(w);
	fields_free(c.fields);
	return c.seen;
}

#define VIEW_CHECK(record, service, ...)                                                           \
	view_check_at(__LINE__, record, service, (const struct view_row[]){__VA_ARGS__},           \
		      sizeof((const struct view_row[]){__VA_ARGS__}) / sizeof(struct view_row))

#endif
