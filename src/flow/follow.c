#include "flow/follow.h"

void follow_guess_opener(struct flow *f, const struct packet *p)
{
	f->opener = OPENER_FIRST;
	if (p->tuple.proto == PROTO_TCP && p->flags & TCP_SYN) {
		f->opener = OPENER_FIRST + 1; /* so that flow_set_opener takes it */
		flow_set_opener(f, p->flags & TCP_ACK ? 1 : 0, OPENER_SYN);
		return;
	}
	if (f->port[0] != f->port[1])
		flow_set_opener(f, f->port[0] < f->port[1], OPENER_PORT);
	bool own0 = addr_is_private(&f->addr[0]), own1 = addr_is_private(&f->addr[1]);
	if (own0 != own1 && !addr_is_multicast(&f->addr[own0]))
		flow_set_opener(f, own1, OPENER_NETWORKS);
}

bool follow_is_new_connection(const struct flow *f, unsigned side, const struct packet *p)
{
	const struct flow_side_rest *r = &f->rest[side], *peer = &f->rest[!side];
	bool is_answer = p->flags & TCP_ACK;
	bool answer = is_answer && peer->flags & SIDE_START && p->ack != peer->start;
	unsigned asker = is_answer ? !side : side;

	if (r->flags & SIDE_SYN && r->start == p->seq + 1)
		return false; /* sent again */
	if (!(f->flags & FLOW_FINISHED)) {
		/* another attempt: the counts start again by themselves */
		if (!(f->flags & FLOW_ESTABLISHED))
			return false;
		/* a lone SYN on a live connection may be forged; the answer to it may not */
		return answer && r->flags & SIDE_SYN;
	}
	if (!(f->flags & FLOW_ESTABLISHED) || r->flags & peer->flags & SIDE_FIN)
		return true;
	/* who forges a RST can forge a SYN behind it, but again not the answer */
	return f->resets != 1u << asker || answer;
}

static void follow_reset(struct flow *f, unsigned side, const struct packet *p)
{
	if (p->flags & TCP_RST) {
		f->resets |= (uint8_t)(1u << side);
		f->flags |= FLOW_RESET | FLOW_FINISHED;
		return;
	}
	/* whoever sends payload after its own RST did not mean it */
	if (!p->length || !(f->resets >> side & 1))
		return;
	f->resets &= (uint8_t) ~(1u << side);
	if (!f->resets)
		f->flags &= (uint8_t) ~(f->rest[0].flags & f->rest[1].flags & SIDE_FIN
						? FLOW_RESET
						: FLOW_RESET | FLOW_FINISHED);
}

/* A SYN tells who opened, an answer to one as well, unless the side that sent it asks itself: its
 * answer came to nothing then, or was forged to make an upload look like a download. */
static void follow_syn(struct flow *f, unsigned side, const struct packet *p)
{
	bool asks = !(p->flags & TCP_ACK);

	if (asks && f->opener == OPENER_SYN && flow_opener(f) != side &&
	    !(f->rest[!side].flags & SIDE_SYN))
		f->opener = OPENER_FIRST;
	flow_set_opener(f, asks ? side : !side, OPENER_SYN);
}

void follow_tcp(struct flow *f, unsigned side, const struct packet *p)
{
	if (p->flags & TCP_SYN)
		follow_syn(f, side, p);
	follow_reset(f, side, p);
	if (p->flags & TCP_RST)
		return;
	if (p->flags & TCP_FIN) {
		f->rest[side].flags |= SIDE_FIN;
		if (f->rest[!side].flags & SIDE_FIN)
			f->flags |= FLOW_FINISHED;
	}
	if (p->flags & TCP_SYN)
		return; /* an attempt, even with payload (RFC 7413) */
	/* a lone acknowledgement, or one that was refused, is a scan's */
	bool joined = f->flags & FLOW_MIDSTREAM &&
		      (f->flags & FLOW_RESET || f->side[0].packets + f->side[1].packets < 2);
	if (p->length || (p->flags & TCP_ACK && !joined))
		f->flags |= FLOW_ESTABLISHED;
}
