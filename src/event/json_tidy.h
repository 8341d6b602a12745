/* A line of JSON made ready for the parser: what a strict parser refuses or alters, although it is
 * clear what was meant, is put right before.
 *
 * - Numbers become tickets (0, 1, 2, …) into a list of their source texts, so that none is too
 *   large for the parser and none loses a digit.
 * - Bytes that are no UTF-8, and halves of surrogate pairs (\ud83d alone, where a text was cut),
 *   become U+FFFD.
 * - Control characters inside strings are escaped. NUL in a key becomes U+FFFD.
 * - A byte-order mark before the line and a carriage return behind it go.
 *
 * Everything else stays as it is; whether it is JSON (RFC 8259) is for the parser to say.
 */
#ifndef EGRET_EVENT_JSON_TIDY_H
#define EGRET_EVENT_JSON_TIDY_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct json_tidy {
	char *out; /* not terminated */
	size_t n, room;
	struct str *number; /* source texts, slices of the line */
	uint32_t numbers, number_room;
	uint32_t values; /* at least as many as there are, keys not counted */
};

/* Zeroed is ready. */
void json_tidy_fini(struct json_tidy *t);

void json_tidy_run(struct json_tidy *t, struct str line);

/* Where in the line that was tidied the byte `at` of the outcome comes from. */
size_t json_tidy_source(struct str line, size_t at);

/* The most memory that one takes. */
size_t json_tidy_memory(void);

#endif
