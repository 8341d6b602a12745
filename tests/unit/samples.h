/* Records for tests of what is written: full, minimal, random and oversized ones of every kind. */
#ifndef EGRET_TESTS_SAMPLES_H
#define EGRET_TESTS_SAMPLES_H

#include "core/limits.h"
#include "core/record.h"

#define SAMPLE_BYTES (512 * 1024)
#define HOSTNAME_BYTES 255 /* of a name before it is escaped */

struct sample {
	struct record r;
	struct dns_answer answers[LIMIT_DNS_ANSWERS];
	char *bytes; /* where random strings lie, SAMPLE_BYTES of room */
	size_t used;
	uint64_t seed;
};

/* Heap; free with sample_free. */
struct sample *sample_new(void);
void sample_free(struct sample *s);

/* Every field has a value, fields of one kind differ. */
void sample_full(struct sample *s, enum record_kind kind);
/* Everything zero or empty that can be. */
void sample_minimal(struct sample *s, enum record_kind kind);
/* Anything the types allow, strings of any bytes, mostly short. */
void sample_random(struct sample *s, enum record_kind kind, uint64_t seed);
/* Every string and list as long as they can get, and longer: bytes all of which need an escape. */
void sample_huge(struct sample *s, enum record_kind kind, uint8_t byte);

#endif
