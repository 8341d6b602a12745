/* Presentation text of rare record types, through ldns. The only user of that library. */
#ifndef EGRET_PROTO_DNS_TEXT_H
#define EGRET_PROTO_DNS_TEXT_H

#include "proto/dns_wire.h"

/* Numbers, bytes and bits that ldns may write of one message; each is a printf inside it. Records
 * beyond that get the general form, which is cheap. */
#define DNS_LDNS_BUDGET 2048

/* Sets the text of `a`, whose type and class are set. `rdata` stands inside the message. ldns
 * allocates; it is asked only when the rdata has been found to fit its type and its names to be
 * sound, and not at all for types where it does more than format (WKS reads files, HIP, IPSECKEY
 * and AMTRELAY follow pointers of their own). Everything else gets the general form of RFC 3597
 * section 5. False when the rdata does not fit its type; the general form is set then, too. */
bool dns_read_text(struct dns_reading *r, struct cursor rdata, struct dns_answer *a);

#endif
