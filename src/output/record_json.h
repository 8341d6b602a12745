/* A record as one line of JSON: ECS 9 names nested, our own under "egret". Described by
 * record.schema.json. */
#ifndef EGRET_OUTPUT_RECORD_JSON_H
#define EGRET_OUTPUT_RECORD_JSON_H

#include <stddef.h>

#include "core/record.h"

/* No record is longer than this in JSON; longer lists and strings are cut and say so. */
#define RECORD_JSON_MAX (128 * 1024)

/* Writes the line with its newline into out. Returns its length; never 0. */
size_t record_json(const struct record *r, char *out, size_t room);

#endif
