/* Lines of JSON (RFC 8259) as flat lists: each scalar with the path of keys to it. The only place
 * that knows the JSON library.
 *
 * Lenient where a line would otherwise be lost: see json_tidy.h. Of a key that stands twice in an
 * object the last counts. Numbers keep their source text.
 *
 * Bounds: what is nested deeper than JSON_DEPTH_MAX, scalars beyond JSON_ITEMS_MAX, and paths
 * longer than JSON_PATH_MAX are left out and counted; a line of more than LIMIT_EVENT_LINE bytes or
 * LIMIT_EVENT_NODES values is refused.
 */
#ifndef EGRET_EVENT_JSON_IN_H
#define EGRET_EVENT_JSON_IN_H

#include "base/error.h"
#include "base/str.h"
#include "event/event.h"

#define JSON_DEPTH_MAX 32
#define JSON_PATH_MAX 512
#define JSON_ITEMS_MAX EVENT_VALUES_MAX

/* Number and text are valid until the next json_in_open. */
struct json_item {
	struct str path; /* keys joined by dots; being in a list adds nothing */
	enum value_kind kind;
	uint32_t element; /* which one of the innermost list around it, from 0 */
	double number;	  /* VALUE_NUMBER */
	struct str text;  /* UTF-8; of a number as it stands in the line */
};

struct json_items {
	struct json_item *item;
	unsigned count;
	unsigned lost;
};

struct json_in;

struct json_in *json_in_new(void);
void json_in_free(struct json_in *j);
/* The most memory that one takes. */
size_t json_in_memory(void);

/* Parses a line. How many objects it holds that are to be read one by one: 1, or as many as there
 * are in the list that it is, or that is all it carries ({"Records": […]}, as CloudTrail's files
 * have it). Elements of such a list that are no objects are passed over. -1 and an error when the
 * line is no JSON object or list of them. */
int json_in_open(struct json_in *j, struct str line, struct error *e);

/* The items of the next of these objects, in the order of the line; false when there is no more.
 * Valid until the next call. */
bool json_in_next(struct json_in *j, struct json_items *out);

/* Room for text that goes with the items of this object, or NULL when there is no more. */
char *json_in_room(struct json_in *j, size_t n);

#endif
