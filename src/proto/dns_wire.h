/* What the files of the DNS parser share: a message being read, and its names. Not for others; they
 * use proto/dns.h. */
#ifndef EGRET_PROTO_DNS_WIRE_H
#define EGRET_PROTO_DNS_WIRE_H

#include "base/writer.h"
#include "proto/dns.h"

#define DNS_RARE_TEXT (4 * KIB) /* longest text of a record with presentation text */

/* A message being read. */
struct dns_reading {
	struct cursor message; /* from its header on */
	struct dns_message *out;
	bool rare;
	unsigned ldns_budget; /* formatted bits of text that ldns may still make, see dns_text.h */
	/* The names that pointers lead to as a rule, by where they stand: the first question, and
	 * the last one that was spelled out (a CNAME's target). Offset 0: none. */
	struct {
		size_t offset;
		struct str name;
	} known[2];
};

/* Moves c past a name as it stands, without following pointers. MORE when c ends before the name
 * does, BAD for a reserved label type. */
enum parse dns_skip_name(struct cursor *c);

/* Reads a name into the message's text. False when malformed or not all there. With no room left
 * for a text the name is empty and the message `cut`. */
bool dns_read_name(struct dns_reading *r, struct cursor *c, struct str *name);

/* A writer over the room that is left for texts, at most `max` bytes of it; and the text that was
 * written, which marks the message `cut` when it did not fit. */
struct writer dns_begin_text(const struct dns_reading *r, size_t max);
struct str dns_end_text(struct dns_reading *r, const struct writer *w);

#endif
