/* Leaves by what they say: equal ones are one. */
#ifndef EGRET_SIGMA_LEAVES_H
#define EGRET_SIGMA_LEAVES_H

#include "base/hash.h"
#include "sigma/rule.h"

uint64_t leaves_hash(const struct hash_key *k, const struct sigma_leaf *l);
bool leaves_same(const struct sigma_leaf *a, const struct sigma_leaf *b);

#endif
