/* The names of fields that rules use, as numbers.
 *
 * Filled while rules are compiled, fixed while events run: so a table may be shared by threads
 * then. Names are as Sigma rules spell them ("QueryName", "cs-host", "destination.ip") and are
 * compared byte by byte.
 */
#ifndef EGRET_EVENT_FIELDS_H
#define EGRET_EVENT_FIELDS_H

#include <stdint.h>

#include "base/str.h"

#define FIELD_NONE UINT32_MAX

struct fields;

struct fields *fields_new(void);
void fields_free(struct fields *f);

/* The number of this name, made when new: 0, 1, 2, … */
uint32_t fields_add(struct fields *f, struct str name);
/* Its number, FIELD_NONE when no rule uses it. */
uint32_t fields_find(const struct fields *f, struct str name);
/* Terminated, valid as long as the table. */
struct str fields_name(const struct fields *f, uint32_t field);
uint32_t fields_count(const struct fields *f);

#endif
