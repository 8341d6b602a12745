/* Payload bytes by sequence and acknowledgement numbers.
 *
 * What a side got across is min(sequence span, acknowledgement span), or the one that was seen;
 * captured payload sums are wrong as soon as the sensor loses packets, sees copies, or sees one
 * direction only. Sequence numbers are unwrapped by signed differences (RFC 9293 section 3.4):
 *
 *  - a segment within the believed distance (max(16 MiB, twice the window)) moves the span;
 *  - one farther away moves it when the peer acknowledges it; only where no acknowledgement is ever
 * seen does a second segment do, since whoever forges one can forge two. (Acknowledgements alone: a
 * second one.) The hole between counts only if it lies ahead and 40 Gbit/s could have carried it
 * since the last packet; else the numbers begin anew there;
 *  - if the numbers from before come back and go on (a firewall that rewrites them between two
 * tapped sides, forged ones in between), both carry the same bytes, and the larger count is the
 * flow's.
 *
 * SYN and FIN are not payload; RST says nothing about numbers.
 */
#ifndef EGRET_FLOW_COUNT_H
#define EGRET_FLOW_COUNT_H

#include "core/stats.h"
#include "decode/packet.h"
#include "flow/flow.h"

struct flow_table;

#define COUNT_WINDOW_SHIFT 24 /* a flow's first window_shift: 16 MiB */

/* Counts one TCP packet that `side` sent. */
void count_tcp(struct flow_table *t, struct flow *f, unsigned side, const struct packet *p);
/* Counts one UDP packet that `side` sent. */
void count_udp(struct flow *f, unsigned side, const struct packet *p);

/* The counts of one side now. */
struct byte_count count_of(const struct flow_table *t, const struct flow *f, unsigned side);
/* Bytes of a side that other numbers than its present ones carried: part of count_of's. */
uint64_t count_more(const struct flow_table *t, const struct flow *f, unsigned side);

#endif
