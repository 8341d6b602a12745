/* A record as one line of JSON: ECS 9 names, nested, and our own under "egret". record.schema.json
 * beside this file describes it, egret-records(7) explains it.
 *
 * What is unknown, empty, or zero where zero is the common case is left out. All fields of the
 * record can be had back from the line (see json.h for strings): a reader of our own lines gets the
 * record that was written, unless egret.cut names what was too long.
 */
#ifndef EGRET_OUTPUT_RECORD_JSON_H
#define EGRET_OUTPUT_RECORD_JSON_H

#include <stddef.h>

#include "core/record.h"
#include "core/date.h"

/* No record is longer than this in JSON, newline included. Enough for all that the parsers can
 * put into one record; longer lists and strings are cut and named in egret.cut. */
#define RECORD_JSON_MAX (256 * 1024)

/* What a writer of many lines keeps. Zeroed is ready. */
struct record_json {
	struct date_cache dates;
};

/* Writes the line with its newline into out, whose room must be RECORD_JSON_MAX or more. Returns
 * the length. */
size_t record_json(struct record_json *s, const struct record *r, char *out, size_t room);

#endif
