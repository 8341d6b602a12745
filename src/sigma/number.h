/* Values as numbers: "all values are treated as strings", so a text that reads as a number is one.
 */
#ifndef EGRET_SIGMA_NUMBER_H
#define EGRET_SIGMA_NUMBER_H

#include <stdbool.h>

#include "event/event.h"

/* Decimal, with an optional sign, fraction and exponent, and nothing else around it. */
bool number_read(struct str text, double *out);
/* False for null, for truth values and for texts that are no number. */
bool number_of(const struct event_value *v, double *out);

#endif
