/* Rules of a text held against events of a text.
 *
 * An event is a list of values, one a line: "a=x" text, "a=#5" number, "a=!true" truth value,
 * "a" null, "a~x" bytes of the wire. In a value \v stands for a line feed and \x01 for a zero byte.
 * Values of one field stand together. */
#ifndef EGRET_TESTS_SIGMA_TRY_H
#define EGRET_TESTS_SIGMA_TRY_H

#include "sigma/engine.h"
#include "sigma/load.h"

#define TRY_VALUES 64

struct try_event {
	struct event event;
	struct event_value value[TRY_VALUES];
	char text[4096];
};

struct trial {
	struct sigma_rules *rules;
	struct fields *fields;
	struct sigma_engine *engine;
	uint64_t unknown[16];
	char problems[8192]; /* "LINE: RULE: TEXT\n" */
	/* the last event's outcome */
	char found[8192];   /* "RULE" or "RULE? (FIELD, FIELD)" each followed by a newline */
	char because[8192]; /* labels, a line each */
};

/* Fails the test when the rules cannot be read; problems are left in the trial. */
struct trial *trial_new(const char *yaml, const struct sigma_engine_options *o);
void trial_free(struct trial *t);

/* The field's bit in t->unknown. */
void trial_unknown(struct trial *t, const char *field);
/* Names that no rule has are FIELD_NONE. */
void trial_event(struct trial *t, struct try_event *e, const char *values);
/* Runs it under the log source, with the unknown fields; returns t->found. */
const char *trial_run(struct trial *t, const struct logsource *source, const char *values);

/* Whether a rule that has this detection section (lines with two spaces before them) finds the
 * event: "yes", "no", "possible", or the problem that it has. */
const char *try_detection(const char *section, const char *unknown, const char *values);
/* The same of one selection's items, lines without spaces before them. */
const char *try_selection(const char *items, const char *values);

#endif
