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

enum dns_opcode {
	DNS_QUERY = 0,
	DNS_IQUERY = 1,
	DNS_STATUS = 2,
	DNS_NOTIFY = 4, /* RFC 1996 */
	DNS_UPDATE = 5, /* RFC 2136 */
	DNS_DSO = 6,    /* RFC 8490 */
};

/* The types that this program itself knows by number. */
enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_NIMLOC = 32, /* NetBIOS uses the number for its names */
	DNS_SRV = 33,
	DNS_DNAME = 39,
	DNS_OPT = 41,
	DNS_SVCB = 64,
	DNS_HTTPS = 65,
	DNS_SPF = 99,
	DNS_ANY = 255,
};

enum dns_class {
	DNS_IN = 1,
	DNS_CH = 3,
	DNS_HS = 4,
	DNS_CLASS_NONE = 254,
	DNS_CLASS_ANY = 255,
};

struct dns_question {
	struct str name; /* host name form */
	uint16_t type, class; /* class without the mDNS unicast-response bit */
};

/* A parsed message. Large: keep one per worker and parse into it again and again; strings point
 * into `text`, and those that are equal on the wire by a pointer may share it. Only what the
 * counts say is set: nothing is cleared. */
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
	/* Something of the message is not here: it ended before its declared records (truncated
	 * capture or TC), a record is malformed, or a text did not fit. */
	bool cut;
	bool more; /* it has more questions or records than are kept; what was kept is whole */
	size_t text_used;
	char text[DNS_TEXT_ROOM];
};

/* Cheap test for a message on any port: header counts and opcode plausible, first question name
 * well-formed, type and class known, and the message not much longer than its contents. For ports
 * other than 53, 5353 and 5355. NetBIOS name service messages are not taken for DNS. A message
 * that the capture cut is not recognised. */
bool dns_is_message(struct cursor c);

/* Parses one message. `complete` says whether `c` holds the whole of it (false when the snaplen
 * cut it: then what is there is kept and `cut` set). DONE, or BAD when the header or the first
 * question is malformed or the message is a query for nothing; never MORE. What is malformed later
 * only sets `cut`: a record whose rdata does not fit its type is kept without what could not be
 * read; a question, an owner or a length that is wrong ends the message there. Bytes after the
 * last record are ignored.
 *
 * The question section and, of the records, owner, type, class (without the mDNS cache-flush bit),
 * ttl and address are always filled, and these texts:
 *   CNAME, NS, PTR, DNAME   the target, host name form
 *   HTTPS, SVCB             the target name alone, "." for the owner itself; hints and ech are in
 *                           fields of their own
 *   MX, SRV                 "10 mail.example", "0 5 5060 sip.example"
 * With `rare` also:
 *   TXT, SPF                "one" "two", with \" \\ and \DDD in them
 *   SOA                     "ns.example admin.example 1 7200 3600 1209600 300"
 *   all others              as ldns writes them, else the general form of RFC 3597 section 5,
 *                           "\# 4 0a000001"; texts are cut at 4 KiB
 *
 * Linear: every name costs at most 128 pointers and 255 bytes, at most DNS_QUESTIONS_MAX +
 * 2 * LIMIT_DNS_ANSWERS or so of them are looked at, and what ldns may be given is bounded. */
enum parse dns_parse(struct cursor c, bool complete, bool rare, struct dns_message *out);

/* Length-prefixed messages of DNS over TCP (RFC 7766): the next whole message, c moved past it.
 * MORE when it is not there yet, c unmoved; BAD for a length below DNS_HEADER. */
enum parse dns_tcp_next(struct cursor *c, struct cursor *message);

/* "A", "HTTPS", "TYPE65400"; writes into out when the type has no mnemonic. */
const char *dns_type_name(uint16_t type, char out[16]);
const char *dns_class_name(uint16_t class, char out[16]);
/* "NXDOMAIN", "RCODE12"; "UNASSIGNED" from 24 on, which a header cannot hold. */
const char *dns_rcode_name(uint8_t rcode);

/* The type has a mnemonic in the registry of the IANA. */
bool dns_type_assigned(uint16_t type);

#endif
