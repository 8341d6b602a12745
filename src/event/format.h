/* Which tool wrote a line, and what log source of Sigma it is of.
 *
 * Told from a few values by their paths (hints.def). "Sure" is what names itself: a channel, a
 * dataset, a path of Zeek, an event type with a flow; the rest is a guess from the names in use, and
 * gives way to what the user says (--as).
 */
#ifndef EGRET_EVENT_FORMAT_H
#define EGRET_EVENT_FORMAT_H

#include "event/json_in.h"
#include "event/line_in.h"

enum hint {
	HINT_NONE,
#define HINT(name, path) HINT_##name,
#define HINT_ALSO(name, path)
#include "event/hints.def"
#undef HINT
#undef HINT_ALSO
	HINTS
};

/* The hints of a path, at most HINTS_OF_PATH; how many. */
#define HINTS_OF_PATH 3
unsigned format_hints(struct str path, uint8_t out[HINTS_OF_PATH]);

/* Groups of names.def, as bits. */
enum {
#define GROUP(name, bit) NAMES_##name = 1 << (bit),
#define NAME(group, path, name)
#define MORE(group, path, name)
#include "event/names.def"
#undef GROUP
#undef NAME
#undef MORE
};

#define FORMAT_CONTAINERS 6

struct format {
	const char *name; /* for people */
	unsigned names;	  /* NAMES_ bits that apply */
	bool hub;	  /* names are translated through ECS's on to Sigma's */
	bool any_leaf;	  /* the last key is a name wherever it stands */
	/* Behind these a key is a name by itself. A '*' stands for one key. */
	const char *container[FORMAT_CONTAINERS];
	const char *prefix; /* a path is also known with this before it */
};

struct format_found {
	const struct format *format; /* never NULL */
	bool sure, record, own;
	struct logsource source[LINE_SOURCES_MAX];
	unsigned sources;
};

/* A line's first item of each hint, NULL when there is none. */
struct format_seen {
	const struct json_item *of[HINTS];
	const struct json_item *end; /* of all items */
};

void format_recognise(const struct format_seen *seen, struct format_found *out);
/* Puts what the user says in the place of what was not sure. */
void format_as(const struct logsource *as, struct format_found *out);

#endif
