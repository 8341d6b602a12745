#include "output/outlet_entry.h"

#include <stdlib.h>

#include "base/mem.h"

#define ENTRY_MAX UINT32_MAX

struct head {
	uint64_t time;
	uint32_t body; /* bytes that follow: line, message, key, value, key, value, … */
	uint32_t line, message;
	uint32_t key[OUTLET_FIELDS_MAX], value[OUTLET_FIELDS_MAX];
	uint8_t severity, fields;
};

bool outlet_entry_put(struct line_ring *r, uint64_t time, struct str line,
		      const struct outlet_note *note)
{
	struct head h = {.time = time, .severity = OUTLET_SEVERITY};
	struct str parts[3 + 2 * OUTLET_FIELDS_MAX];
	size_t n = 0;

	if (line.n && line.p[line.n - 1] == '\n')
		line.n--;
	parts[n++] = (struct str){(const char *)&h, sizeof h};
	parts[n++] = line;
	if (note) {
		h.severity = (uint8_t)note->severity;
		h.fields = (uint8_t)(note->field_count < OUTLET_FIELDS_MAX ? note->field_count
									   : OUTLET_FIELDS_MAX);
		parts[n++] = note->message;
	}
	for (unsigned i = 0; i < h.fields; i++) {
		parts[n++] = str_of(note->field[i].key);
		parts[n++] = note->field[i].value;
	}
	for (size_t i = 1; i < n; i++) {
		if (parts[i].n > ENTRY_MAX - h.body)
			return false;
		h.body += (uint32_t)parts[i].n;
	}
	h.line = (uint32_t)line.n;
	h.message = note ? (uint32_t)note->message.n : 0;
	for (unsigned i = 0; i < h.fields; i++) {
		h.key[i] = (uint32_t)parts[3 + 2 * i].n;
		h.value[i] = (uint32_t)parts[4 + 2 * i].n;
	}
	return line_ring_put(r, parts, n);
}

void outlet_scratch_free(struct outlet_scratch *s)
{
	free(s->bytes);
	*s = (struct outlet_scratch){0};
}

uint64_t outlet_entry_get(const struct line_ring *r, uint64_t at, struct outlet_scratch *s,
			  struct outlet_entry *out)
{
	struct head h;

	line_ring_copy(r, at, &h, sizeof h);
	at += sizeof h;
	if (s->room < h.body) {
		s->room = (size_t)h.body + h.body / 2;
		s->bytes = mem_resize(s->bytes, s->room);
	}
	if (h.body)
		line_ring_copy(r, at, s->bytes, h.body);
	const char *p = s->bytes;
	out->time = h.time;
	out->severity = h.severity;
	out->line = (struct str){p, h.line};
	out->message = (struct str){h.message ? p + h.line : NULL, h.message};
	out->field_count = h.fields;
	for (size_t i = 0, from = h.line + h.message; i < h.fields; i++) {
		out->field[i].key = (struct str){p + from, h.key[i]};
		out->field[i].value = (struct str){p + from + h.key[i], h.value[i]};
		from += h.key[i] + h.value[i];
	}
	return at + h.body;
}
