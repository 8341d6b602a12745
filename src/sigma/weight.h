/* How much it says when a leaf is true. */
#ifndef EGRET_SIGMA_WEIGHT_H
#define EGRET_SIGMA_WEIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "sigma/rule.h"

/* Whether it is worth to be told when the rest is unknown: a text, an address that is not in
 * everybody's own network, or a port other than 53, 80 and 443. Not: fields that nearly every event
 * of a kind has alike (Initiated, Protocol, EventID, methods, status, types), texts with hardly a
 * letter in them, networks as large as a sixteenth of all there is, presence, and comparisons. */
bool weight_telling(const struct sigma_leaf *l);

/* A guess at how many events it is true for, 1 to WEIGHT_MAX: of several leaves that must all be
 * true, a rule is tried when the one of least weight is. */
#define WEIGHT_MAX 256
uint16_t weight_of(const struct sigma_leaf *l);

#endif
