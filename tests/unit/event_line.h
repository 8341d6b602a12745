/* Reads lines for tests and looks at what came of them. */
#ifndef EGRET_TESTS_EVENT_LINE_H
#define EGRET_TESTS_EVENT_LINE_H

#include <criterion/criterion.h>
#include <stdio.h>

#include "event/line_in.h"

struct event_line {
	struct fields *fields;
	struct line_in *reader;
	struct line line;
	struct error error;
};

/* `names`: what rules ask for, with blanks between. */
static inline void event_line_init(struct event_line *t, const char *names, const char *as)
{
	char text[64];
	struct logsource source = {0};

	*t = (struct event_line){.fields = fields_new()};
	for (const char *p = names; *p;) {
		size_t n = strcspn(p, " ");
		fields_add(t->fields, (struct str){p, n});
		p += n + (p[n] == ' ');
	}
	if (as) {
		snprintf(text, sizeof text, "%s", as);
		char *rest = text;
		source.category = strsep(&rest, "/");
		source.product = strsep(&rest, "/");
		source.service = strsep(&rest, "/");
	}
	t->reader = line_in_new(t->fields, as ? &source : NULL);
}

static inline void event_line_fini(struct event_line *t)
{
	line_in_free(t->reader);
	fields_free(t->fields);
}

static inline void event_line_read(struct event_line *t, const char *text)
{
	t->line = line_in_read(t->reader, str_of(text), 1, &t->error);
	cr_assert(t->line.kind == LINE_EVENT, "%s: %s", text,
		  t->line.kind == LINE_BAD ? t->error.text : "no event");
}

/* "category/product/service", several with blanks between. */
static inline const char *event_line_sources(const struct event_line *t)
{
	static char out[512];
	size_t n = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < t->line.sources; i++) {
		const struct logsource *s = &t->line.source[i];
		n += (size_t)snprintf(out + n, sizeof out - n, "%s%s/%s/%s", i ? " " : "",
				      s->category ? s->category : "", s->product ? s->product : "",
				      s->service ? s->service : "");
	}
	return out;
}

/* The values by this name, with '|' between; NULL when there is none. */
static inline const char *event_line_value(const struct event_line *t, const char *name)
{
	static char out[2][1024];
	static int turn;
	char *p = out[turn = !turn];
	size_t n = 0;
	bool any = false;
	uint32_t field = fields_find(t->fields, str_of(name));

	cr_assert_neq(field, FIELD_NONE, "%s is not asked for", name);
	for (uint32_t i = 0; i < t->line.event.count; i++) {
		const struct event_value *v = &t->line.event.values[i];
		if (v->field != field)
			continue;
		n += (size_t)snprintf(p + n, 1024 - n, "%s%.*s", any ? "|" : "", (int)v->text.n,
				      v->text.n ? v->text.p : "");
		any = true;
	}
	return any ? p : NULL;
}

#define EXPECT_SOURCES(t, want)                                                                    \
	cr_expect_str_eq(event_line_sources(t), want, "%s", event_line_sources(t))
#define EXPECT_VALUE(t, name, want)                                                                \
	do {                                                                                       \
		const char *event_line_got = event_line_value(t, name);                            \
		cr_expect(event_line_got && strcmp(event_line_got, want) == 0, "%s: %s", name,     \
			  event_line_got ? event_line_got : "(absent)");                           \
	} while (0)
#define EXPECT_ABSENT(t, name)                                                                     \
	cr_expect_null(event_line_value(t, name), "%s: %s", name, event_line_value(t, name))
#define EXPECT_STR(got, want)                                                                      \
	cr_expect(str_eq(got, STR(want)), "%.*s", (int)(got).n, (got).n ? (got).p : "")

#endif
