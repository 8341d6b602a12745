/* A record as it was before output/record_json.c wrote it as a line.
 *
 * Fields that are not known are passed over, missing ones are zero or empty, and so are those of
 * the wrong type or out of range. What egret.cut names lost its end when it was written.
 */
#ifndef EGRET_EVENT_RECORD_IN_H
#define EGRET_EVENT_RECORD_IN_H

#include "core/record.h"
#include "event/json_in.h"

/* Which part of a record stands at this path, 0: none. */
uint8_t record_in_part(struct str path);

struct record_in;

struct record_in *record_in_new(void);
void record_in_free(struct record_in *r);

/* `part` says for each item what record_in_part says of its path. NULL and an error when the line
 * tells no kind of record that is known, no time or no addresses. The record is valid as long as
 * the items, and until the next call. */
const struct record *record_in_read(struct record_in *r, const struct json_items *items,
				    const uint8_t *part, struct error *e);

#endif
