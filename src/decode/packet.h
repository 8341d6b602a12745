/* A decoded packet: the innermost transport header and where its payload lies. */
#ifndef EGRET_DECODE_PACKET_H
#define EGRET_DECODE_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "core/tuple.h"

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_ACK 0x10

/* Whether the receiver will take the packet, by its checksums. */
enum packet_checksum {
	CHECKSUM_UNKNOWN, /* not verified, not there to be verified, or left to the sender's card */
	CHECKSUM_RIGHT,
	CHECKSUM_WRONG,
};

struct packet {
	uint64_t time; /* ns since 1970 */
	struct tuple tuple;
	const uint8_t *payload; /* captured payload after the TCP or UDP header */
	uint32_t captured;      /* bytes at payload */
	uint32_t length;        /* payload bytes on the wire; more than captured when cut */
	uint32_t seq, ack;      /* TCP */
	uint16_t window;        /* TCP, unscaled */
	uint8_t flags;          /* TCP_ bits */
	uint8_t window_scale;   /* TCP option of a SYN (RFC 7323); 0xff: none */
	uint16_t ip_id;         /* IPv4 identification; 0 in IPv6 */
	uint16_t vlan;          /* outermost VLAN id, 0: none */
	uint32_t encap;         /* ENCAP_ bits */
	uint8_t checksum;       /* enum packet_checksum; packet_verify may know more */
	uint8_t header;         /* bytes of the transport header right before payload; 0: what there is
				 * of it does not tell whether the checksum is right */
};

/* Verifies the checksum of a packet of which nothing is known, if there is one to be verified. */
void packet_verify(struct packet *p);

#endif
