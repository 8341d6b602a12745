/* Interned strings: equal texts share one number. Counted references; the text goes with its last.
 * Texts are at most INTERN_TEXT_MAX bytes (longer ones are cut).
 *
 * Long texts are rare unless somebody makes them: of `limit` texts, half as many may be longer than
 * 52 bytes, an eighth longer than 116, and a 32nd longer than 308. Each length has room of its own,
 * so that many of one leave the others alone. */
#ifndef EGRET_BASE_INTERN_H
#define EGRET_BASE_INTERN_H

#include <stdint.h>

#include "base/hash.h"
#include "base/hindex.h"
#include "base/pool.h"
#include "base/str.h"

#define INTERN_NONE 0u
#define INTERN_CLASSES 4
#define INTERN_TEXT_MAX 1024

struct intern {
	struct pool pool[INTERN_CLASSES]; /* by size of the text */
	struct hindex index;
	struct hash_key key;
	uint64_t refused; /* texts that there was no room for */
};

void intern_init(struct intern *t, uint32_t limit);
void intern_fini(struct intern *t);
/* The most memory that one of this limit takes. */
size_t intern_memory(uint32_t limit);

/* The text's number with one more reference; INTERN_NONE for the empty text or at the limit. */
uint32_t intern_get(struct intern *t, struct str text);
/* The same; where there is no room for all of the text, as much of its beginning as there is. */
uint32_t intern_get_part(struct intern *t, struct str text);
/* Its number without a reference, INTERN_NONE when it is not there. */
uint32_t intern_find(const struct intern *t, struct str text);
void intern_ref(struct intern *t, uint32_t number);
void intern_put(struct intern *t, uint32_t number);

/* Valid until its last reference goes; terminated. Empty for INTERN_NONE. */
struct str intern_text(const struct intern *t, uint32_t number);
/* A word of the owner's beside each text, 0 at first. */
uint32_t *intern_mark(const struct intern *t, uint32_t number);

#endif
