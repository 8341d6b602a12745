/* Findings as all the texts that egret makes of them, each held to its form. */
#ifndef EGRET_TESTS_FUZZ_TELLING_H
#define EGRET_TESTS_FUZZ_TELLING_H

#include "base/bytes.h"
#include "kit.h"
#include "output/finding_json.h"
#include "output/finding_note.h"
#include "output/findings_table.h"
#include "output/journal_message.h"
#include "output/syslog_message.h"

#define TOLD_MAX (16u << 20)

static inline void tell_syslog(const struct outlet_entry *e, size_t room)
{
	static char out[65536];
	static struct syslog_sender sender;

	if (!sender.kind[0])
		syslog_sender_init(&sender, "findings.syslog", "egret@32473");
	size_t n = syslog_message(&sender, e, out, room);
	require(n > 0 && n <= room && out[0] == '<' && !memchr(out, '\n', n), "a message of RFC 5424");
}

static inline void tell_note(const struct finding *f, struct str line)
{
	struct outlet_scratch scratch = {0};
	struct finding_note note;

	finding_note(f, &note);
	kit_printable(note.note.message.p, note.note.message.n);
	require(!memchr(note.note.message.p, '\n', note.note.message.n), "a sentence of one line");
	struct outlet_entry e = {.time = f->last,
				 .severity = note.note.severity,
				 .line = line,
				 .message = note.note.message,
				 .field_count = note.note.field_count};
	for (unsigned i = 0; i < e.field_count; i++) {
		e.field[i].key = str_of(note.note.field[i].key);
		e.field[i].value = note.note.field[i].value;
	}
	tell_syslog(&e, SYSLOG_LEAST);
	tell_syslog(&e, 2048);
	tell_syslog(&e, 65536);
	require(journal_message(&e, &scratch).n > e.line.n, "a datagram for the journal");
	outlet_scratch_free(&scratch);
}

/* A finding_each; context is a struct bytes that the lines are added to. */
static inline void tell_finding(void *context, const struct finding *f)
{
	static char line[FINDING_JSON_MAX];
	size_t n = finding_json(f, line, sizeof line);

	kit_json_line(line, n);
	require(strlen(f->id) == FINDING_ID_MAX - 1 && f->up <= UINT64_MAX / 2, "a finding is sound");
	require(f->name_count <= FINDING_NAMES_MAX && f->line_count <= FINDING_LINES_MAX &&
			f->score >= 0 && f->score <= 1,
		"its parts are within their bounds");
	tell_note(f, (struct str){line, n - 1});
	bytes_add(context, line, n);
}

#endif
