/* Words of a command: numbers, lengths of time, options. */
#ifndef EGRET_DAEMON_WORDS_H
#define EGRET_DAEMON_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"

#define WORDS_SPAN_MAX ((uint64_t)3660 * 86400 * 1000000000) /* ns: ten years */

/* "90s", "30m", "12h", "7d", "2w": ns, at least 1 s and at most WORDS_SPAN_MAX. False: it is none.
 */
bool words_span(struct str word, uint64_t *ns);

/* Decimal, at most `most`. */
bool words_number(struct str word, uint64_t most, uint64_t *out);

/* "--name VALUE" or "--name=VALUE". */
struct words_option {
	const char *name; /* "--for" */
	struct str *value;
	bool needed; /* and not empty */
};

/* Splits words into options and others, up to `room` of these. -1 and an error: an option is not
 * known, lacks its value, stands twice or is missing, or there are more words. */
int words_split(const struct str *word, size_t count, const struct words_option *option,
		size_t options, struct str *others, size_t room, size_t *found, struct error *e);

#endif
