/* Payload bytes by sequence and acknowledgement numbers.
 *
 * What a side got across is min(sequence span, acknowledgement span), or the one that was seen;
 * captured payload sums are wrong as soon as the sensor loses packets, sees copies, or sees one
 * direction only. Sequence numbers are unwrapped by signed differences (RFC 9293 section 3.4):
 *
 *  - a segment within the believed distance (max(16 MiB, twice the window)) moves the span;
 *  - one farther ahead moves it only when the peer's acknowledgement or a second segment agrees, and
 *    only as far as 40 Gbit/s could have carried since the last packet;
 *  - one farther behind, confirmed, opens a new sequence space; if the old one comes back (a
 *    firewall that rewrites numbers between two tapped sides) both carry the same bytes.
 *
 * SYN and FIN are not payload; RST says nothing about numbers.
 */
#ifndef EGRET_FLOW_COUNT_H
#define EGRET_FLOW_COUNT_H

#include "core/stats.h"
#include "decode/packet.h"
#include "flow/flow.h"

struct flow_table;

/* Counts one TCP packet that `side` sent. */
void count_tcp(struct flow_table *t, struct flow *f, unsigned side, const struct packet *p);
/* Counts one UDP packet that `side` sent. */
void count_udp(struct flow *f, unsigned side, const struct packet *p);

/* The counts of one side now. */
struct byte_count count_of(const struct flow_table *t, const struct flow *f, unsigned side);

#endif
