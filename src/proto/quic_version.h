/* QUIC version numbers: RFC 8999 section 6, RFC 9000 section 15, RFC 9369, the IETF drafts, mvfst. */
#ifndef EGRET_PROTO_QUIC_VERSION_H
#define EGRET_PROTO_QUIC_VERSION_H

#include <stdbool.h>
#include <stdint.h>

#define QUIC_VERSION_NEGOTIATION 0u
#define QUIC_VERSION_1           1u
#define QUIC_VERSION_2           0x6b3343cfu

/* Versions that protect their Initial packets alike. The drafts from 33 on are as version 1. */
enum quic_family {
	QUIC_FAMILY_DRAFT_22, /* only mvfst still speaks it */
	QUIC_FAMILY_DRAFT_23, /* drafts 23 to 28 */
	QUIC_FAMILY_DRAFT_29, /* drafts 29 to 32 */
	QUIC_FAMILY_1,        /* drafts 33 and 34, version 1 */
	QUIC_FAMILY_2,
};

struct quic_version {
	uint32_t number;
	enum quic_family family;
	const char *name;
};

/* NULL: not known. Drafts before 23 are not: their long headers differ. */
const struct quic_version *quic_version_find(uint32_t number);

/* "QUICv1", "QUICv2", "draft-29", …; "unknown". */
const char *quic_version_name(uint32_t number);

/* ?a?a?a?a: offered to make the server negotiate (RFC 9000 section 15), never spoken. */
static inline bool quic_version_reserved(uint32_t number)
{
	return (number & 0x0f0f0f0fu) == 0x0a0a0a0au;
}

#endif
