/* DNS messages: RFC 1035, 3596, 2782, 6891 (EDNS), 9460 (SVCB, HTTPS), 9848 (ech), 6762 (mDNS),
 * 4795 (LLMNR). Common types are read here; presentation text of all others comes from ldns. */
#ifndef EGRET_PROTO_DNS_H
#define EGRET_PROTO_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "core/limits.h"
#include "core/record.h"
#include "proto/parse.h"

#define DNS_HEADER 12
#define DNS_QUESTIONS_MAX 64  /* of one message (mDNS asks many) */
#define DNS_TEXT_ROOM (64 * 1024) /* names and texts of one message */

struct dns_question {
	struct str name; /* host name form */
	uint16_t type, class; /* class without the mDNS unicast-response bit */
};

/* A parsed message. Large: keep one per worker and parse into it again and again; strings point
 * into `text`. */
struct dns_message {
	uint16_t id;
	uint16_t flags; /* second 16 bits of the header */
	bool response;
	uint8_t opcode, rcode;
	uint16_t question_count, answer_count, authority_count, additional_count; /* as declared */
	struct dns_question question[DNS_QUESTIONS_MAX];
	uint8_t questions; /* parsed */
	struct dns_answer answer[LIMIT_DNS_ANSWERS];
	uint16_t answers; /* parsed and kept: answer section first, then the others without OPT */
	bool cut; /* the message ended before its declared records (truncated capture or TC) */
	size_t text_used;
	char text[DNS_TEXT_ROOM];
};

/* Cheap test for a message on any port: header counts and opcode plausible, first question name
 * well-formed, type and class known, and the message not much longer than its contents. For ports
 * other than 53, 5353 and 5355. */
bool dns_is_message(struct cursor c);

/* Parses one message. `complete` says whether `c` holds the whole of it (false when the snaplen
 * cut it: then what is there is kept and `cut` set). DONE; BAD when the header or the question is
 * malformed; a malformed record later only sets `cut`. Never MORE.
 *
 * The question section and, of the records, owner, type, class, ttl, address, CNAME/NS/PTR/DNAME
 * target, MX, SRV target, HTTPS/SVCB target, hints and ech are always filled; `rare` says whether
 * the text of other types (TXT, SOA, CAA, DNSKEY, …) is wanted too (through ldns). */
enum parse dns_parse(struct cursor c, bool complete, bool rare, struct dns_message *out);

/* Length-prefixed messages of DNS over TCP (RFC 7766): the next whole message, c moved past it.
 * MORE when it is not there yet; BAD for a length below DNS_HEADER. */
enum parse dns_tcp_next(struct cursor *c, struct cursor *message);

/* "A", "HTTPS", "TYPE65400"; writes into out when the type has no mnemonic. */
const char *dns_type_name(uint16_t type, char out[16]);
const char *dns_class_name(uint16_t class, char out[16]);
const char *dns_rcode_name(uint8_t rcode);

#endif
