/* Lines of JSON as events and as records, several a run, since a reader remembers paths. A first
 * byte says whether the user said what they are; lines end at newlines. */
#include <stdlib.h>

#include "event/line_in.h"
#include "output/record_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct fields *some_fields(void)
{
	static const char *const names[] = {"QueryName", "EventID", "Image", "c-uri", "cs-uri-stem", "cs-host",
					    "answers", "answer", "Hashes", "CommandLine", "Initiated",
					    "Protocol", "a", "process.name", "eventService", "Data"};
	struct fields *f = fields_new();

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		fields_add(f, str_of(names[i]));
	return f;
}

/* Everything that is told can be read, and a field's values stand together. */
static void check_event(const struct line *l, const struct fields *f)
{
	static volatile unsigned sum;
	bool done[64] = {false};
	uint32_t last = FIELD_NONE;

	if (l->event.count > EVENT_VALUES_MAX || l->sources > LINE_SOURCES_MAX)
		abort();
	for (uint32_t i = 0; i < l->event.count; i++) {
		const struct event_value *v = &l->event.values[i];
		for (size_t k = 0; k < v->text.n; k++)
			sum += (uint8_t)v->text.p[k];
		if (v->field == FIELD_NONE)
			continue;
		if (v->field >= fields_count(f) || (v->field != last && done[v->field]))
			abort();
		done[v->field] = true;
		last = v->field;
	}
	(void)sum;
	for (size_t k = 0; k < l->name.n; k++)
		if (l->name.p[k] <= 0x20 || l->name.p[k] >= 0x7f)
			abort();
}

/* What was read is a record whose line is read as the same one. */
static void check_record(struct line_in *reader, const struct record *r)
{
	static char first[RECORD_JSON_MAX], second[RECORD_JSON_MAX];
	static struct record_json state;
	struct error e;
	size_t n = record_json(&state, r, first, sizeof first);
	struct line l = line_in_read(reader, (struct str){first, n - 1}, 1, &e);

	if (l.kind != LINE_RECORD)
		abort();
	/* once more: a first reading may have cut or folded names */
	n = record_json(&state, l.record, second, sizeof second);
	l = line_in_read(reader, (struct str){second, n - 1}, 1, &e);
	if (l.kind != LINE_RECORD)
		abort();
	size_t m = record_json(&state, l.record, first, sizeof first);
	if (m != n || memcmp(first, second, n) != 0)
		abort();
}

static void one_line(struct line_in *reader, const struct fields *f, struct str text)
{
	struct error e;
	struct line l = line_in_read(reader, text, 1, &e);

	if (l.kind == LINE_RECORD) {
		check_record(reader, l.record);
		return;
	}
	while (l.kind == LINE_EVENT) {
		check_event(&l, f);
		if (!line_in_next(reader, &l))
			break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct logsource as[] = {{"proxy", NULL, NULL}, {NULL, "zeek", "dns"},
					      {"dns_query", "windows", NULL}};
	static struct fields *f;
	static struct line_in *reader[4];
	const char *p = (const char *)data + 1, *end = (const char *)data + n;

	if (n == 0)
		return 0;
	if (!f) {
		f = some_fields();
		reader[0] = line_in_new(f, NULL);
		for (int i = 0; i < 3; i++)
			reader[i + 1] = line_in_new(f, &as[i]);
	}
	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t length = newline ? (size_t)(newline - p) : (size_t)(end - p);
		one_line(reader[data[0] % 4], f, (struct str){p, length});
		p += length + 1;
		if (!newline)
			break;
	}
	return 0;
}
