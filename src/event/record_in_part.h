/* Inner parts of record_in.c. */
#ifndef EGRET_EVENT_RECORD_IN_PART_H
#define EGRET_EVENT_RECORD_IN_PART_H

#include "core/limits.h"
#include "event/record_in.h"

enum part {
	PART_NONE,
#define PART(name, path) PART_##name,
#include "event/parts.def"
#undef PART
	PARTS
};

struct record_in {
	struct record record;
	struct dns_answer answer[LIMIT_DNS_ANSWERS];
	unsigned answers; /* begun so far */
	uint8_t list;	  /* the part that begins the section of answers being read */
	uint32_t element; /* which one of it */
	unsigned svcb;	  /* one more than the answer that SVCB parameters are for */
	char *text;	  /* room for strings whose escapes were undone */
	size_t used, room;
};

/* Numbers out of range are 0. */
uint64_t record_in_number(const struct json_item *i, uint64_t max);
bool record_in_true(const struct json_item *i);
/* A string of the wire, its escapes undone. */
struct str record_in_wire(struct record_in *r, const struct json_item *i);
/* A host name; what has no place in one is folded or escaped, what is too long is cut. */
struct str record_in_name(struct record_in *r, const struct json_item *i);
bool record_in_addr(const struct json_item *i, struct addr *out);

/* A number in hex after "0x", of that many digits; 0 when it is none. */
uint64_t record_in_hex(struct str s, size_t digits);
/* The bit of the word that this is, 0 when it is none. */
unsigned record_in_bit(const char *const *words, unsigned n, struct str text);

/* What each kind has of its own; other parts are passed over. */
void record_in_dns(struct record_in *r, enum part part, const struct json_item *i);
void record_in_tls(struct record_in *r, enum part part, const struct json_item *i);
void record_in_http(struct record_in *r, enum part part, const struct json_item *i);
void record_in_flow(struct record_in *r, enum part part, const struct json_item *i);

#endif
