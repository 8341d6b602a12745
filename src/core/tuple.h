/* The 5-tuple of a packet or a flow, and its Community ID. */
#ifndef EGRET_CORE_TUPLE_H
#define EGRET_CORE_TUPLE_H

#include <stdint.h>

#include "core/addr.h"

#define PROTO_ICMP 1
#define PROTO_TCP 6
#define PROTO_UDP 17
#define PROTO_ICMP6 58
#define PROTO_SCTP 132

struct tuple {
	struct addr src, dst;
	uint16_t sport, dport; /* host order; 0 where the protocol has none */
	uint8_t proto;         /* IANA protocol number */
};

static inline struct tuple tuple_swap(const struct tuple *t)
{
	return (struct tuple){t->dst, t->src, t->dport, t->sport, t->proto};
}

#define COMMUNITY_ID_MAX 31 /* "1:" + 28 characters of base64 + terminator */

/* Community ID version 1 with seed 0 (github.com/corelight/community-id-spec). The same for both
 * directions. */
void tuple_community_id(const struct tuple *t, char out[COMMUNITY_ID_MAX]);

#endif
