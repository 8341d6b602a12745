/* What packets say about a connection's state and about who opened it. */
#ifndef EGRET_FLOW_FOLLOW_H
#define EGRET_FLOW_FOLLOW_H

#include <stdbool.h>

#include "decode/packet.h"
#include "flow/flow.h"

/* A first guess at who opened a new flow, until something better is seen. */
void follow_guess_opener(struct flow *f, const struct packet *p);

/* Whether a SYN or SYN-ACK on a known flow begins another connection on the same ports. */
bool follow_is_new_connection(const struct flow *f, unsigned side, const struct packet *p);

/* A TCP packet of `side`, after it was counted. */
void follow_tcp(struct flow *f, unsigned side, const struct packet *p);

#endif
