/* Names whose values a line does not hold as such, but in pieces: the URL of a request, a command
 * line from its arguments, which side began. Only for what rules ask for, and what the line does
 * not say itself. */
#ifndef EGRET_EVENT_DERIVE_H
#define EGRET_EVENT_DERIVE_H

#include "event/paths.h"

#define DERIVED_MAX 32

/* The field numbers of derived.def, FIELD_NONE where no rule asks. */
struct derive_fields {
	uint32_t field[DERIVED_MAX];
};

void derive_init(struct derive_fields *d, const struct fields *fields);

/* A line's item for each role, NULL when it has none. */
struct derive_line {
	const struct json_items *items;
	const struct json_item *role[ROLES];
	struct json_in *json; /* for room */
	const struct derive_fields *fields;
};

/* Calls take() with each value made up. `more`: it stands beside what the line has by this name. */
typedef void derive_take(void *context, uint32_t field, struct str text, bool more);
void derive_values(const struct derive_line *l, derive_take *take, void *context);

#endif
