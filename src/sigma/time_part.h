/* The time modifiers (minute, hour, day, week, month, year): a number out of a date.
 *
 * The specification wants no conversion of time zones or formats: what the text says is what
 * counts. Read are the shapes that logs have: "2026-08-05T14:37:16.123Z" with its variants (blank
 * for T, no seconds, fraction, zone), "2026-08-05", and seconds or milliseconds since 1970 (UTC).
 */
#ifndef EGRET_SIGMA_TIME_PART_H
#define EGRET_SIGMA_TIME_PART_H

#include <stdbool.h>

#include "base/str.h"
#include "sigma/rule.h"

/* False when the text is no such date, or is one without that part. Not for PART_NONE. */
bool time_part_read(struct str text, enum time_part part, double *value);

#endif
