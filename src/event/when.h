/* Points in time as other tools write them. */
#ifndef EGRET_EVENT_WHEN_H
#define EGRET_EVENT_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* RFC 3339 and its common variants: a blank for the T, a comma for the point, any number of digits
 * of fraction (what is beyond ns is cut), an offset with or without a colon or with hours only, none
 * at all (then UTC) or "UTC" behind a blank; a date alone; seconds, milliseconds, microseconds or
 * nanoseconds since 1970 by their size, with or without a fraction; "/Date(ms)/".
 *
 * ns since 1970. False when it is none of these, or outside of 1970 to 2553. */
bool when_read(struct str s, uint64_t *ns);

#endif
