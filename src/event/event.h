/* An event: a fact under one log source, as fields with values. What rules are held against.
 *
 * A record of the wire stands for several events (a DNS exchange is a Sysmon event 22, a DNS-Client
 * event 3008, a line of Zeek's dns.log, …); a line of JSON is one.
 *
 * Ownership: an event and its texts are valid only during the call that hands it over.
 */
#ifndef EGRET_EVENT_EVENT_H
#define EGRET_EVENT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "core/tuple.h"
#include "event/fields.h"

/* Sigma's three parts, lower case. NULL: not stated. */
struct logsource {
	const char *category, *product, *service;
};

enum value_kind {
	VALUE_TEXT,
	VALUE_NUMBER,
	VALUE_BOOL, /* text "true" or "false" */
	VALUE_NULL, /* the field is there, and null; text is empty */
};

struct event_value {
	uint32_t field; /* FIELD_NONE: no rule names it (there for keywords) */
	enum value_kind kind;
	double number;	 /* VALUE_NUMBER */
	struct str text; /* of every kind: what strings are compared with */
	bool wire;	 /* bytes as they stood on the wire, of any encoding */
	/* For texts that come again and again, else NULL: a bit for each pattern scanner (sigma/judge.h)
	 * that has found nothing in it, kept for the next time. */
	uint32_t *quiet;
};

#define EVENT_VALUES_MAX 1024 /* of one event; more are left out and counted by the reader */

struct event {
	uint32_t view; /* which rules are held against it: sigma/engine.h */
	/* A field with several values (a list) stands there several times, one after the other. */
	const struct event_value *values;
	uint32_t count;
	/* One bit a field: the wire cannot know its value. NULL: nothing is unknown, what is
	 * missing is absent. */
	const uint64_t *unknown;
	uint64_t time; /* ns since 1970; 0: the event does not say */
	uint64_t line; /* of the input, from 1; 0: from a packet */
};

static inline bool event_unknown(const struct event *e, uint32_t field)
{
	return e->unknown && (e->unknown[field / 64] >> field % 64 & 1);
}

#endif
