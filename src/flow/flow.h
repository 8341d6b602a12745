/* A bidirectional flow: identity, state, and the byte counts of both sides.
 *
 * The two ends are side 0 and side 1: side 0 sent the first packet seen. Sides never swap; which of
 * them opened the connection is a fact of its own (flow_opener) that may become better known.
 *
 * Everything that a packet of a known flow touches is in the first 64-byte line; the rest follows.
 */
#ifndef EGRET_FLOW_FLOW_H
#define EGRET_FLOW_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pool.h"
#include "base/wheel.h"
#include "core/record.h"
#include "core/tuple.h"
#include "decode/packet.h"

/* flow.flags */
enum {
	FLOW_V6 = 1 << 0,
	FLOW_OPENER_1 = 1 << 1,     /* side 1 opened */
	FLOW_ESTABLISHED = 1 << 2,  /* more than an unanswered or refused attempt: worth records */
	FLOW_OPENED = 1 << 3,       /* the opening conn record was made */
	FLOW_FINISHED = 1 << 4,     /* RST, or FIN of both sides: lingers for stragglers */
	FLOW_RESET = 1 << 5,
	FLOW_MIDSTREAM = 1 << 6,    /* TCP without SYN */
	FLOW_CUT = 1 << 7,          /* a packet was cut by the snaplen while its head was wanted */
};

/* flow.evades, beside the record's EVADES_ bits */
#define FLOW_GOES_ON (1 << 6) /* it had ended, and was remembered */

/* flow_side_rest.flags */
enum {
	SIDE_SEEN = 1 << 0,     /* it sent a packet */
	SIDE_SYN = 1 << 1,      /* its SYN was seen: start is exact */
	SIDE_START = 1 << 2,    /* start is set */
	SIDE_SEQ = 1 << 3,      /* a sequence number of it was seen */
	SIDE_ACK = 1 << 4,      /* an acknowledgement of its data was seen */
	SIDE_FIN = 1 << 5,
	SIDE_PAYLOAD = 1 << 6,  /* it sent payload, or payload of it was acknowledged */
	SIDE_SUM = 1 << 7,      /* a checksum of it was right: a wrong one is no habit of its card */
};

struct flow_side {
	uint32_t seq;     /* TCP: end of the highest payload byte it sent. UDP: an earlier digest */
	uint32_t ack;     /* TCP: highest acknowledgement by the peer. UDP: an earlier digest */
	uint32_t seen;    /* low half of captured payload bytes, each byte counted once */
	uint32_t packets;
	uint32_t digest;  /* of its last packet, to recognise copies by a span port */
};

struct flow_side_rest {
	uint32_t start;     /* sequence number of its first payload byte. UDP: time of its last packet,
			     * ms of the table's clock */
	uint16_t seq_wraps; /* times that seq and ack went past 2^32 since start */
	uint16_t ack_wraps;
	uint16_t seen_high;
	uint8_t flags;
	uint8_t window_shift; /* log2 of the distance within which a segment is believed */
};

struct flow {
	uint32_t key4[2]; /* IPv4 addresses of the sides, or hashes of the IPv6 ones */
	uint16_t port[2];
	uint8_t proto;
	uint8_t flags;
	uint8_t inspect; /* owned by the room that looks into payload; 0: it wants no more */
	uint8_t resets;	 /* bit n: side n sent a RST and no payload since */
	uint32_t last;   /* time of its last packet, ms of the table's clock */
	int32_t credit;  /* payload bytes left until a flow record is due */
	struct flow_side side[2];

	/* second and third line */
	struct addr addr[2];
	uint64_t id;
	uint64_t start; /* ns */
	uint64_t reported[2]; /* bytes of each side that records told already */
	struct flow_side_rest rest[2];
	uint32_t sequence; /* of its next record */
	uint32_t reported_at; /* ms of the table's clock */
	uint32_t name;     /* interned by the room above; 0: none */
	uint32_t payload_state; /* owned by the room that looks into payload */
	uint32_t rare;     /* number of its struct flow_rare + 1, or 0 */
	struct wheel_link wheel;
	uint16_t encap; /* ENCAP_ bits */
	uint16_t vlan;
	uint8_t opener : 4, name_source : 4; /* enum opener, enum name_source */
	uint8_t app : 4, name_missing : 4;   /* enum app_protocol, enum name_missing */
	uint8_t hides;                       /* HIDES_ bits */
	uint8_t mixed : 1, evades : 7;	     /* UDP: DNS and something else; EVADES_ bits */
};

_Static_assert(sizeof(struct flow) == 192, "an established flow costs at most 192 bytes");
_Static_assert(__builtin_offsetof(struct flow, addr) == 64, "the hot part is one cache line");

/* A side's numbers from `start` on. */
struct flow_space {
	uint32_t start, seq, ack;
	uint16_t seq_wraps, ack_wraps;
};

/* What few flows need: loss, reordering, sequence numbers that jump. */
struct flow_rare {
	struct flow_rare_side {
		uint32_t hole_start, hole_end; /* the latest hole in its sequence; equal: none */
		/* a far-away segment, or acknowledgement, that waits for confirmation */
		uint32_t jump_start, jump_end;
		uint32_t jump_bytes; /* payload of it */
		bool jumped;	     /* there is one */
		bool jump_acked;     /* the peer's acknowledgement is what came */
		bool jump_counts; /* what lies between can have been sent since the last packet */
		/* how the numbers of `before` go with the present ones: enum space_relation */
		uint8_t relation;
		uint16_t joint_wraps; /* seq_wraps at joint */
		uint32_t joint;	      /* SPACE_GOES_ON: where the present numbers begin */
		uint64_t done;	      /* bytes of spaces given up for good */
		struct flow_space before;
	} side[2];
};

enum space_relation {
	SPACE_ONE,	/* nothing is before */
	SPACE_GOES_ON,	/* the present numbers go on from before, beyond a hole that counts */
	SPACE_AFTER,	/* other numbers, other bytes */
	SPACE_PARALLEL, /* both came in turn: they carry the same bytes */
};

static inline unsigned flow_opener(const struct flow *f)
{
	return (f->flags & FLOW_OPENER_1) != 0;
}

/* Says that `side` opened the flow, known by `how`; a worse reason than the present one is ignored. */
static inline void flow_set_opener(struct flow *f, unsigned side, enum opener how)
{
	if (how >= f->opener)
		return;
	f->opener = (uint8_t)how;
	f->flags = (uint8_t)((f->flags & ~FLOW_OPENER_1) | (side ? FLOW_OPENER_1 : 0));
}

/* Whether a packet is there for bystanders only: no receiver takes it, and checksums of its sender are
 * worth something. */
static inline bool flow_is_decoy(const struct flow *f, unsigned side, const struct packet *p)
{
	return p->checksum == CHECKSUM_WRONG && f->rest[side].flags & SIDE_SUM;
}

/* The tuple with that side as source. */
void flow_ends(const struct flow *f, unsigned from, struct tuple *out);
/* The same with the opener. */
struct tuple flow_tuple(const struct flow *f);

#endif
