/* Lines of JSON as events: our own records, and what other tools export.
 *
 * The format and log source are recognised per line. A field is found under each name it is known
 * by: its own (the last part of its path where the format nests them, such as winlog.event_data.*),
 * its full path, and the names that Sigma's taxonomy, ECS or Zeek have for the same thing in this
 * format; a name the line itself uses wins over one that was translated.
 */
#ifndef EGRET_EVENT_LINE_IN_H
#define EGRET_EVENT_LINE_IN_H

#include "base/error.h"
#include "core/record.h"
#include "event/event.h"

struct line_in;

#define LINE_SOURCES_MAX 4
/* The EventSourceName of a provider in Windows events that egret wrote (--format sysmon): what the
 * wire cannot know is unknown in them, as it is in our records. */
#define LINE_OWN_SOURCE "egret"

enum line_kind {
	LINE_EVENT,
	LINE_RECORD, /* one of our own records */
	LINE_EMPTY,  /* nothing but blanks */
	LINE_BAD,    /* no JSON object */
};

struct line {
	enum line_kind kind;
	const char *format; /* "sysmon", "winlogbeat", "zeek", … for people; static text */
	/* The log sources that the line is of; a registry value that is set is both registry_set
	 * and registry_event. Chosen so that a rule that states a category or a service is of at
	 * most one of them. None: neither the line nor `as` says. The texts are static, or as long
	 * as the reader. */
	struct logsource source[LINE_SOURCES_MAX];
	unsigned sources;
	struct event event;	     /* LINE_EVENT; .view is left to the caller */
	const struct record *record; /* LINE_RECORD */
	/* what joins an event of a host with a connection on the wire; empty: not told */
	bool has_tuple;	    /* both addresses, both ports and the protocol */
	struct tuple tuple; /* src is who opened */
	struct str community_id, image, user, host;
	struct str name; /* host name that the event is about (QueryName, DestinationHostname, …) */
	unsigned values_lost; /* beyond EVENT_VALUES_MAX, or nested too deep */
};

/* `as` (may be NULL) is the log source of lines that do not show theirs; it is copied. `fields`
 * outlives the reader and must be complete (rules compiled). */
struct line_in *line_in_new(const struct fields *fields, const struct logsource *as);
void line_in_free(struct line_in *l);
/* The most memory that one takes, the window that lines come from included. */
size_t line_in_memory(void);

/* Reads one line (without its newline; any bytes, any length up to LIMIT_EVENT_LINE). `number`
 * becomes event.line. The result is valid until the next call. LINE_BAD: `e` says why. Values of
 * all fields are in the event, named or not (keywords). */
struct line line_in_read(struct line_in *l, struct str text, uint64_t number, struct error *e);

/* One line may hold several events: a list, or an object that is nothing but {"Records": […]}, as
 * CloudTrail and Azure write their files. line_in_read gives the first; this the next one, with the
 * same number, until it says false. What it gave before is no longer valid then. */
bool line_in_next(struct line_in *l, struct line *out);

#endif
