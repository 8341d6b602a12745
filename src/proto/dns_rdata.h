/* What a resource record says: the rdata of the common types, RFC 1035 section 3.3, RFC 3596,
 * RFC 2782 (SRV), RFC 6672 (DNAME), RFC 9460 (SVCB, HTTPS). */
#ifndef EGRET_PROTO_DNS_RDATA_H
#define EGRET_PROTO_DNS_RDATA_H

#include "proto/dns_wire.h"

/* Fills address, text, hints and ech of `a`, whose name, type, class and ttl are set. `rdata`
 * stands inside the message. False when malformed; what could be read is set all the same. */
bool dns_read_rdata(struct dns_reading *r, struct cursor *rdata, struct dns_answer *a);

#endif
