/* Texts without wildcards, found by their hash: as patterns they would take a millisecond each to
 * compile. ASCII only; upper and lower case are the same unless a text says otherwise. */
#ifndef EGRET_SIGMA_PLAIN_H
#define EGRET_SIGMA_PLAIN_H

#include <stdbool.h>

#include "base/hash.h"
#include "base/hindex.h"
#include "base/str.h"
#include "sigma/found.h"

#define PLAIN_MAX 255 /* longest text */

struct plain_text;

struct plain {
	struct plain_text *v;
	uint32_t count, room;
	struct hindex index;
	struct hash_key key;
	uint64_t lengths; /* a bit for each length; the last one for all from 63 on */
};

void plain_init(struct plain *p);
void plain_fini(struct plain *p);
/* The text is not copied. */
void plain_add(struct plain *p, struct str text, bool cased, uint32_t leaf);
void plain_find(const struct plain *p, struct str value, leaf_found *found, void *context);

#endif
