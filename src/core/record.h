/* The record: what the sensor says and the analyst hears. One fact of one kind, as a plain struct
 * here and as one JSON line outside (output/record_json.c writes it, record.schema.json beside it
 * describes it).
 *
 * Ownership: a record and everything it points to is valid only during the call that hands it over.
 * Host names are in the form of core/hostname.h. Other strings hold bytes as they stood on the
 * wire; whoever prints them escapes them.
 */
#ifndef EGRET_CORE_RECORD_H
#define EGRET_CORE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "core/tuple.h"

enum record_kind {
	RECORD_DNS,  /* a question and its answer, or either alone */
	RECORD_TLS,  /* a ClientHello over TCP, and what the server chose */
	RECORD_QUIC, /* a ClientHello over QUIC */
	RECORD_HTTP, /* an HTTP/1 request, and its status */
	RECORD_CONN, /* a connection opens (named, or known to stay unnamed), or ends */
	RECORD_FLOW, /* a running connection's bytes since the last of these */
	RECORD_KINDS
};

/* How it is known which side opened a flow, the best first. */
enum opener {
	OPENER_SYN,      /* TCP SYN or SYN-ACK seen */
	OPENER_HELLO,    /* TLS or QUIC ClientHello */
	OPENER_REQUEST,  /* DNS query, HTTP request, SOCKS greeting */
	OPENER_NETWORKS, /* one side is a private address, the other is not */
	OPENER_PORT,     /* the lower port is the server's */
	OPENER_FIRST,    /* the sender of the first packet */
};

enum name_source {
	NAME_NONE,
	NAME_SNI,        /* TLS or QUIC server name */
	NAME_HTTP,       /* HTTP Host */
	NAME_PROXY,      /* CONNECT or SOCKS target */
	NAME_DNS_CLIENT, /* this client resolved it to this address */
	NAME_DNS_ANY,    /* some other client did */
	NAME_CERT,       /* the server's certificate */
};

/* Why a flow has no name of its own. */
enum name_missing {
	MISSING_NOT,
	MISSING_GAP,       /* a hole in the head of the stream */
	MISSING_BUDGET,    /* a bound was reached */
	MISSING_MIDSTREAM, /* its start was not seen */
	MISSING_ECH,       /* encrypted client hello without an outer name */
	MISSING_NO_SNI,    /* a ClientHello without the extension */
	MISSING_TIMEOUT,   /* the head never became complete */
	MISSING_PROTOCOL,  /* no protocol that carries a name was recognised */
	MISSING_CUT,       /* packets cut by the snaplen */
};

enum byte_method {
	BYTES_NONE,
	BYTES_ACK,     /* the peer's acknowledgements (and the sequence numbers agree or were not seen) */
	BYTES_SEQ,     /* sequence numbers; no acknowledgement seen */
	BYTES_PAYLOAD, /* sum of payloads */
};

enum app_protocol {
	APP_UNKNOWN,
	APP_DNS,
	APP_TLS,
	APP_QUIC,
	APP_HTTP,
	APP_SOCKS,
	APP_SSH,
};

/* What hides names, as bits. */
enum {
	HIDES_ECH = 1 << 0,    /* the client offered ECH (or greased it: they cannot be told apart) */
	HIDES_DOH = 1 << 1,    /* a known DoH resolver, by name or address */
	HIDES_DOT = 1 << 2,    /* DNS over TLS: ALPN dot or port 853 */
	HIDES_DOQ = 1 << 3,    /* DNS over QUIC: ALPN doq or port 853 */
	HIDES_NO_SNI = 1 << 4, /* a ClientHello without server name */
	HIDES_ESNI = 1 << 5,   /* the old draft, extension 0xffce */
};
#define HIDES_BITS 6

/* What was done to deceive a bystander, as bits. */
enum {
	EVADES_OVERLAP = 1 << 0,  /* the same place of a stream was sent with different content */
	EVADES_CHECKSUM = 1 << 1, /* packets that no receiver takes: a wrong checksum among right ones */
	EVADES_RESET = 1 << 2,    /* it went on long after it had been reset or closed */
	EVADES_NAMES = 1 << 3,    /* it claims two names: in one message, or in a second one */
};
#define EVADES_BITS 4
#define EVADES_ALL ((1 << EVADES_BITS) - 1)

/* Tunnels and tags around the innermost packet, as bits. */
enum {
	ENCAP_VLAN = 1 << 0,
	ENCAP_MPLS = 1 << 1,
	ENCAP_PPPOE = 1 << 2,
	ENCAP_GRE = 1 << 3,
	ENCAP_ERSPAN = 1 << 4,
	ENCAP_VXLAN = 1 << 5,
	ENCAP_GENEVE = 1 << 6,
	ENCAP_GTP = 1 << 7,
	ENCAP_IPIP = 1 << 8, /* any of IP-in-IP, 6in4, 4in6 */
	ENCAP_TEREDO = 1 << 9,
};
#define ENCAP_BITS 10

#define RECORD_LIST_MAX 16 /* entries kept of a list: ALPN, certificate names, versions */

struct str_list {
	struct str item[RECORD_LIST_MAX];
	uint8_t count;
	bool more; /* there were more than fit */
};

enum dns_flavour {
	DNS_UNICAST,
	DNS_MDNS,
	DNS_LLMNR,
};

enum dns_section {
	DNS_ANSWER,
	DNS_AUTHORITY,
	DNS_ADDITIONAL,
};

/* One resource record of an answer. */
struct dns_answer {
	struct str name; /* owner */
	uint16_t type;
	uint16_t class;
	uint32_t ttl; /* seconds */
	uint8_t section; /* enum dns_section */
	bool has_address;   /* A, AAAA: `address` is set */
	bool has_ech;       /* HTTPS, SVCB: an ech parameter is there (RFC 9848) */
	struct addr address;
	struct str text; /* canonical target of CNAME/NS/PTR/HTTPS…, or presentation text by ldns */
	/* HTTPS and SVCB address hints, at most four kept */
	struct addr hint[4];
	uint8_t hints;
};

struct record_dns {
	enum dns_flavour flavour;
	uint16_t id;
	struct str question; /* host name form */
	uint16_t qtype, qclass;
	bool asked;    /* the query was seen */
	bool answered; /* the answer was seen */
	uint8_t opcode;
	uint8_t rcode;    /* valid when answered (low 4 bits; extended by EDNS is not added) */
	uint16_t flags;   /* the header's second 16 bits of the answer, else of the query */
	uint16_t answer_count; /* ANCOUNT of the header */
	const struct dns_answer *answers;
	uint16_t answers_kept;
	uint64_t rtt; /* ns between query and answer, when both were seen */
	uint32_t query_bytes, answer_bytes; /* DNS message sizes */
};

struct record_tls {
	struct str server_name; /* empty: none */
	struct str_list alpn;   /* offered */
	uint16_t version_offered; /* highest, GREASE left out */
	uint16_t version_chosen;  /* 0: ServerHello not seen */
	uint16_t cipher_chosen;
	struct str alpn_chosen; /* visible in TLS <= 1.2 only */
	char ja4[40];           /* terminated; "" when the hello was incomplete */
	uint8_t hides;          /* HIDES_ bits */
	bool resumed_guess;     /* TLS <= 1.2 without a certificate message */
	struct str cert_subject; /* common name, text as in the certificate */
	struct str cert_issuer;  /* common name, else organisation */
	struct str_list cert_names; /* dNSName entries */
	/* QUIC only */
	uint32_t quic_version;
	uint8_t starttls; /* TLS after a plain-text start, a proxy reply or SOCKS */
};

struct record_http {
	struct str method, target, host, user_agent; /* host in host name form */
	struct str content_type, referrer;
	struct str version; /* "1.1" */
	uint64_t body_bytes; /* declared by Content-Length */
	bool has_body_bytes, chunked;
	bool connect;        /* CONNECT: host is the target */
	uint16_t status;     /* 0: no response seen */
};

struct byte_count {
	uint64_t bytes;  /* payload bytes this side got across */
	uint64_t seen;   /* of these, the bytes in packets that were captured */
	uint64_t missed; /* bytes - seen, never below 0 */
	uint64_t unacked; /* sent but not acknowledged when the record was made; not in bytes */
	uint64_t packets;
	enum byte_method method;
};

enum flow_end {
	END_NOT,
	END_CLOSED,  /* FIN both ways */
	END_RESET,   /* RST */
	END_IDLE,    /* idle timeout */
	END_EVICTED, /* the table was full */
	END_CAPTURE, /* the capture ended */
};

/* RECORD_CONN and RECORD_FLOW. */
struct record_flow {
	uint32_t sequence; /* 0 for the opening record, then 1, 2, … */
	enum flow_end end; /* END_NOT unless this is the connection's last record */
	enum opener opener;
	enum app_protocol app;
	struct str name; /* the sensor knows SNI, HTTP, PROXY and CERT; attribution adds DNS */
	enum name_source name_source;
	enum name_missing name_missing;
	struct str_list other_names; /* names that other sources give it (filled in by attribution) */
	uint8_t hides;
	uint8_t evades; /* EVADES_ bits */
	struct byte_count up, down; /* totals: by the opener, to the opener */
	uint64_t delta_up, delta_down; /* bytes since the flow's last record */
	bool one_sided;  /* only one direction was seen */
};

struct record {
	enum record_kind kind;
	uint64_t time;       /* packet time at which the fact became complete; orders the stream */
	uint64_t start, end; /* of the thing told, packet time, ns since 1970 */
	struct tuple tuple;  /* src is the client: who opened */
	uint64_t flow_id;    /* unique in a run */
	uint32_t encap;      /* ENCAP_ bits */
	uint16_t vlan;       /* outermost VLAN id; 0: none */
	union {
		struct record_dns dns;
		struct record_tls tls; /* RECORD_TLS, RECORD_QUIC */
		struct record_http http;
		struct record_flow flow; /* RECORD_CONN, RECORD_FLOW */
	};
};

/* Bytes of a record up to the end of its kind's own part (dns, tls, http or flow): what comes behind
 * may not be there (core/record_pack.h), so a record is copied so far and no farther. */
#define RECORD_UP_TO(part) (offsetof(struct record, part) + sizeof(((struct record *)NULL)->part))

/* Where records go. The callee copies what it wants to keep. */
struct record_sink {
	void (*take)(void *context, const struct record *r);
	void *context;
	/* Whether an update of a running connection can be taken now: if not, its bytes stay with the
	 * connection and come with a later one. NULL: always. */
	bool (*has_room)(void *context);
	/* A record about this name comes next: what is known of it can be fetched meanwhile. NULL: no
	 * need. */
	void (*expect)(void *context, struct str name);
};

/* Stable lower-case words for JSON and text, never NULL. */
const char *record_kind_name(enum record_kind k);
const char *opener_name(enum opener o);
const char *name_source_name(enum name_source s);
const char *name_missing_name(enum name_missing m);
const char *byte_method_name(enum byte_method m);
const char *app_protocol_name(enum app_protocol a);
const char *flow_end_name(enum flow_end e);
const char *dns_flavour_name(enum dns_flavour f);
/* The words of the bits, lowest first. */
extern const char *const hides_words[HIDES_BITS], *const evades_words[EVADES_BITS],
	*const encap_words[ENCAP_BITS];

#endif
