/* A finding as one line of JSON: an ECS 9 alert, our own fields under "egret". */
#ifndef EGRET_OUTPUT_FINDING_JSON_H
#define EGRET_OUTPUT_FINDING_JSON_H

#include <stddef.h>

#include "detect/finding.h"

#define FINDING_STRING_MAX 1280
#define FINDING_JSON_MAX (64 * 1024)

/* Writes the line with its newline into out (FINDING_JSON_MAX bytes or more). Returns its length. */
size_t finding_json(const struct finding *f, char *out, size_t room);

#endif
