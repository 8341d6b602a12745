#include "flow/count.h"

#include "flow/table.h"

/* 40 Gbit/s in bytes a millisecond: no lost stretch can have carried more. */
#define PLAUSIBLE_BYTES_PER_MS UINT64_C(5000000)

#define WINDOW_SHIFT_MAX 28 /* it never grows beyond */

static struct flow_rare_side *rare_side(struct flow_table *t, struct flow *f, unsigned side)
{
	struct flow_rare *r = flow_rare_make(t, f);

	return r ? &r->side[side] : NULL;
}

static void add_seen(struct flow *f, unsigned side, uint32_t bytes)
{
	struct flow_side *d = &f->side[side];

	d->seen += bytes;
	if (d->seen < bytes)
		f->rest[side].seen_high++;
}

/* Payload brings the next record nearer. */
static void spend(struct flow *f, uint32_t bytes)
{
	int64_t left = (int64_t)f->credit - bytes;

	f->credit = left < INT32_MIN ? INT32_MIN : (int32_t)left;
}

static void move_seq(struct flow *f, unsigned side, uint32_t to)
{
	if (to < f->side[side].seq)
		f->rest[side].seq_wraps++;
	f->side[side].seq = to;
}

static void move_ack(struct flow *f, unsigned side, uint32_t to)
{
	if (to < f->side[side].ack)
		f->rest[side].ack_wraps++;
	f->side[side].ack = to;
}

static void begin_space(struct flow *f, unsigned side, uint32_t start)
{
	f->side[side].seq = f->side[side].ack = f->rest[side].start = start;
	f->rest[side].seq_wraps = f->rest[side].ack_wraps = 0;
	f->rest[side].flags |= SIDE_START;
}

static uint64_t span(uint16_t wraps, uint32_t to, uint32_t start)
{
	return ((uint64_t)wraps << 32 | to) - start;
}

static uint64_t space_bytes(uint8_t flags, uint64_t seq, uint64_t ack)
{
	if (flags & SIDE_ACK)
		return flags & SIDE_SEQ && seq < ack ? seq : ack;
	return seq;
}

static uint64_t current_bytes(const struct flow *f, unsigned side)
{
	const struct flow_side_rest *r = &f->rest[side];

	return space_bytes(r->flags, span(r->seq_wraps, f->side[side].seq, r->start),
			   span(r->ack_wraps, f->side[side].ack, r->start));
}

static uint64_t before_bytes(const struct flow *f, unsigned side, const struct flow_space *s)
{
	return space_bytes(f->rest[side].flags, span(s->seq_wraps, s->seq, s->start),
			   span(s->ack_wraps, s->ack, s->start));
}

/* What the space before adds to the present one's bytes. */
static uint64_t other_bytes(const struct flow *f, unsigned side, const struct flow_rare_side *r)
{
	uint64_t before = before_bytes(f, side, &r->before), now = current_bytes(f, side);

	if (r->relation == SPACE_AFTER)
		return before;
	return r->relation == SPACE_PARALLEL && before > now ? before - now : 0;
}

static bool within(int32_t distance, int32_t limit)
{
	return distance <= limit && distance >= -limit;
}

static struct flow_space save_space(const struct flow *f, unsigned side)
{
	const struct flow_side_rest *r = &f->rest[side];

	return (struct flow_space){r->start, f->side[side].seq, f->side[side].ack, r->seq_wraps,
				   r->ack_wraps};
}

static void load_space(struct flow *f, unsigned side, struct flow_space s)
{
	f->side[side].seq = s.seq;
	f->side[side].ack = s.ack;
	f->rest[side].start = s.start;
	f->rest[side].seq_wraps = s.seq_wraps;
	f->rest[side].ack_wraps = s.ack_wraps;
}

/* Bytes [begin, end) that seq is past already: whether some of them fill the hole. */
static bool fill_hole(struct flow_table *t, struct flow *f, unsigned side, uint32_t begin,
		      uint32_t end)
{
	struct flow_rare *rare = flow_rare(t, f);
	struct flow_rare_side *r = rare ? &rare->side[side] : NULL;

	if (!r || r->hole_start == r->hole_end)
		return false;
	uint32_t from = (int32_t)(begin - r->hole_start) > 0 ? begin : r->hole_start;
	uint32_t to = (int32_t)(end - r->hole_end) < 0 ? end : r->hole_end;
	if ((int32_t)(to - from) <= 0)
		return false;
	add_seen(f, side, to - from);
	/* of a hole that is cut in two the later part is kept */
	if (from == r->hole_start || to != r->hole_end)
		r->hole_start = to;
	else
		r->hole_end = from;
	return true;
}

/* New bytes [begin, end), some of them ahead of seq; what lies between is a hole that may be filled
 * later. */
static void advance(struct flow_table *t, struct flow *f, unsigned side, uint32_t begin,
		    uint32_t end)
{
	struct flow_side *d = &f->side[side];
	uint32_t fresh = end - d->seq;

	if ((int32_t)(begin - d->seq) > 0) {
		struct flow_rare_side *r = rare_side(t, f, side);
		if (r) {
			r->hole_start = d->seq;
			r->hole_end = begin;
		}
		fresh = end - begin;
	} else if (begin != d->seq) {
		fill_hole(t, f, side, begin, d->seq);
	}
	move_seq(f, side, end);
	add_seen(f, side, fresh);
	spend(f, fresh);
}

/* Whether nothing of the present space was sent or acknowledged yet. */
static bool is_empty(const struct flow *f, unsigned side)
{
	const struct flow_side_rest *r = &f->rest[side];

	return f->side[side].seq == r->start && f->side[side].ack == r->start && !r->seq_wraps &&
	       !r->ack_wraps;
}

/* The far-away place is believed: the numbers go on from there. */
static void leap(struct flow_table *t, struct flow *f, unsigned side, struct flow_rare_side *r)
{
	const struct flow_side_rest *x = &f->rest[side];
	bool sequence = x->flags & SIDE_SEQ;
	uint32_t from = sequence ? f->side[side].seq : f->side[side].ack;
	bool ahead = (int32_t)(r->jump_start - from) > 0;

	r->done += other_bytes(f, side, r);
	r->before = save_space(f, side);
	r->jumped = false;
	r->hole_start = r->hole_end = 0;
	/* with nothing sent there is no hole: an answer to a SYN that was not seen */
	if (ahead && r->jump_counts && !is_empty(f, side)) {
		r->relation = SPACE_GOES_ON;
		r->joint = r->jump_start;
		r->joint_wraps =
			(uint16_t)((sequence ? x->seq_wraps : x->ack_wraps) + (r->joint < from));
	} else {
		r->relation = SPACE_AFTER;
		begin_space(f, side, r->jump_start);
	}
	if (sequence && (int32_t)(r->jump_end - f->side[side].seq) > 0) {
		if (r->relation == SPACE_GOES_ON) {
			r->hole_start = f->side[side].seq;
			r->hole_end = r->jump_start;
		}
		move_seq(f, side, r->jump_end);
	}
	add_seen(f, side, r->jump_bytes);
	spend(f, r->jump_bytes);
	t->stats->tcp_jumps++;
}

/* Counts a number from `joint` on; one that is not that far yet stands at it. */
static void rebase(uint32_t *number, uint16_t *wraps, const struct flow_rare_side *r)
{
	if (span(*wraps, *number, 0) < span(r->joint_wraps, r->joint, 0)) {
		*number = r->joint;
		*wraps = r->joint_wraps;
	}
	*wraps = (uint16_t)(*wraps - r->joint_wraps);
}

/* The space before came back: both are views of the same bytes. */
static void swap_spaces(struct flow *f, unsigned side, struct flow_rare_side *r)
{
	struct flow_space now = save_space(f, side);

	if (r->relation == SPACE_GOES_ON) {
		/* the hole between them was none */
		rebase(&now.seq, &now.seq_wraps, r);
		rebase(&now.ack, &now.ack_wraps, r);
		now.start = r->joint;
	}
	load_space(f, side, r->before);
	r->before = now;
	r->relation = SPACE_PARALLEL;
	r->hole_start = r->hole_end = 0;
	r->jumped = false;
}

/* Remembers a far-away place until something else speaks for it. */
static void propose(struct flow_table *t, const struct flow *f, unsigned side,
		    struct flow_rare_side *r, uint32_t begin, uint32_t end, int32_t limit,
		    bool acked)
{
	uint32_t from = f->rest[side].flags & SIDE_SEQ ? f->side[side].seq : f->side[side].ack;
	uint64_t quiet = (uint32_t)(t->now - f->last) + 1u;

	t->stats->tcp_jumps_ignored++;
	if (r->jumped && r->jump_acked == acked && within((int32_t)(end - r->jump_end), limit)) {
		/* more of the same */
		if ((int32_t)(begin - r->jump_start) < 0)
			r->jump_start = begin;
		if ((int32_t)(end - r->jump_end) > 0) {
			r->jump_bytes += (int32_t)(begin - r->jump_end) > 0 ? end - begin
									    : end - r->jump_end;
			r->jump_end = end;
		}
		return;
	}
	r->jumped = true;
	r->jump_acked = acked;
	r->jump_counts = begin - from <= quiet * PLAUSIBLE_BYTES_PER_MS;
	r->jump_start = begin;
	r->jump_end = end;
	r->jump_bytes = end - begin;
}

static void take_sequence(struct flow_table *t, struct flow *f, unsigned side, uint32_t begin,
			  uint32_t length);

/* A segment outside the believed distance. Where the peer's acknowledgements are seen, only they
 * confirm it: whoever forges segments does not have them acknowledged. */
static void jump(struct flow_table *t, struct flow *f, unsigned side, uint32_t begin, uint32_t end,
		 int32_t limit)
{
	struct flow_side *d = &f->side[side];
	struct flow_rare_side *r = rare_side(t, f, side);
	bool acks = f->rest[side].flags & SIDE_ACK;

	if (!r)
		return;
	if (acks && (int32_t)(end - d->seq) > 0 && within((int32_t)(end - d->ack), limit)) {
		advance(t, f, side, begin, end); /* it is acknowledged already */
		r->jumped = false;
		return;
	}
	if (r->relation != SPACE_ONE && within((int32_t)(end - r->before.seq), limit)) {
		if ((int32_t)(end - r->before.seq) <= 0) {
			t->stats->tcp_retransmitted++;
			return;
		}
		swap_spaces(f, side, r);
		advance(t, f, side, begin, end);
		return;
	}
	if (r->jumped && (r->jump_acked || !acks) && within((int32_t)(end - r->jump_end), limit)) {
		if ((int32_t)(begin - r->jump_start) < 0)
			r->jump_start = begin;
		leap(t, f, side, r);
		take_sequence(t, f, side, begin, end - begin);
		return;
	}
	propose(t, f, side, r, begin, end, limit, false);
}

static void take_sequence(struct flow_table *t, struct flow *f, unsigned side, uint32_t begin,
			  uint32_t length)
{
	struct flow_side *d = &f->side[side];
	struct flow_side_rest *r = &f->rest[side];
	uint32_t end = begin + length;

	if (!(r->flags & SIDE_START))
		begin_space(f, side, begin);
	r->flags |= SIDE_SEQ;

	int32_t ahead = (int32_t)(end - d->seq);
	int32_t limit = INT32_C(1) << r->window_shift;
	if (__builtin_expect(!within(ahead, limit), 0)) {
		jump(t, f, side, begin, end, limit);
		return;
	}
	if (f->rare)
		flow_rare(t, f)->side[side].jumped = false;
	if (length == 0) {
		/* without payload the number still tells what was sent before, and may come yet; after
		 * a FIN it is one ahead of it */
		if (ahead > 0 && !(r->flags & SIDE_FIN))
			advance(t, f, side, end, end);
		return;
	}
	if (ahead > 0)
		advance(t, f, side, begin, end);
	else if (!fill_hole(t, f, side, begin, end))
		t->stats->tcp_retransmitted++;
}

/* An acknowledgement of what the space before carries. False: it is none. */
static bool ack_before(struct flow *f, unsigned side, struct flow_rare_side *r, uint32_t a,
		       int32_t limit)
{
	struct flow_space *s = &r->before;

	if (r->relation == SPACE_ONE ||
	    (!within((int32_t)(a - s->ack), limit) && !within((int32_t)(a - s->seq), limit)))
		return false;
	if ((int32_t)(a - s->ack) <= 0)
		return true;
	if (!(f->rest[side].flags & SIDE_SEQ)) {
		swap_spaces(f, side, r);
		move_ack(f, side, a);
	} else if (r->relation != SPACE_GOES_ON) {
		s->ack_wraps = (uint16_t)(s->ack_wraps + (a < s->ack));
		s->ack = a;
	}
	return true;
}

/* An acknowledgement outside the believed distance. True: the numbers are there now. */
static bool ack_jump(struct flow_table *t, struct flow *f, unsigned side, uint32_t a, int32_t limit)
{
	struct flow_side *d = &f->side[side];
	bool sequence = f->rest[side].flags & SIDE_SEQ;

	if (sequence && (int32_t)(a - d->ack) > 0 && within((int32_t)(a - d->seq), limit))
		return true;
	struct flow_rare_side *r = rare_side(t, f, side);
	if (!r || ack_before(f, side, r, a, limit))
		return false;
	/* a segment speaks for it, or where none is ever seen a second acknowledgement */
	if (r->jumped && (!r->jump_acked || !sequence) &&
	    within((int32_t)(a - r->jump_end), limit)) {
		leap(t, f, side, r);
		return true;
	}
	propose(t, f, side, r, a, a, limit, true);
	return false;
}

/* An acknowledgement `a` of what `side` sent. */
static void take_ack(struct flow_table *t, struct flow *f, unsigned side, uint32_t a)
{
	struct flow_side *d = &f->side[side];
	struct flow_side_rest *r = &f->rest[side];

	if (!(r->flags & SIDE_START))
		begin_space(f, side, a);
	r->flags |= SIDE_ACK;

	int32_t limit = INT32_C(1) << r->window_shift;
	if (__builtin_expect(!within((int32_t)(a - d->ack), limit), 0) &&
	    !ack_jump(t, f, side, a, limit))
		return;
	int32_t ahead = (int32_t)(a - d->ack);
	if (ahead <= 0)
		return;
	move_ack(f, side, a);
	if (!(r->flags & SIDE_SEEN))
		spend(f, (uint32_t)ahead);
}

static void take_syn(struct flow *f, unsigned side, const struct packet *p)
{
	struct flow_side_rest *r = &f->rest[side];
	unsigned shift = COUNT_WINDOW_SHIFT;

	/* a second SYN with another number replaces the first only while nothing was sent */
	if (!(r->flags & SIDE_START) || is_empty(f, side))
		begin_space(f, side, p->seq + 1);
	r->flags |= SIDE_SYN | SIDE_SEQ;
	if (p->window_scale != 0xff && 17u + p->window_scale > shift)
		shift = 17u + p->window_scale; /* twice the largest window it can announce */
	/* the window bounds what the peer sends */
	f->rest[!side].window_shift =
		(uint8_t)(shift > WINDOW_SHIFT_MAX ? WINDOW_SHIFT_MAX : shift);
}

/* Payload ends at `end`. A segment behind the FIN that came before it had the FIN taken for a byte. */
static void take_fin(struct flow *f, unsigned side, uint32_t end)
{
	if (f->rest[side].flags & SIDE_FIN || f->side[side].seq != end + 1)
		return;
	if (f->side[side].seq == 0)
		f->rest[side].seq_wraps--;
	f->side[side].seq = end;
}

void count_tcp(struct flow_table *t, struct flow *f, unsigned side, const struct packet *p)
{
	f->side[side].packets++;
	f->rest[side].flags |= SIDE_SEEN;
	if (p->flags & TCP_RST)
		return;
	uint32_t begin = p->seq;
	if (p->flags & TCP_SYN) {
		take_syn(f, side, p);
		begin++;
	}
	if (p->length || !(p->flags & TCP_SYN))
		take_sequence(t, f, side, begin, p->length);
	if (p->flags & TCP_FIN)
		take_fin(f, side, begin + p->length);
	if (p->flags & TCP_ACK)
		take_ack(t, f, !side, p->ack);
	if (p->length)
		f->rest[side].flags |= SIDE_PAYLOAD;
}

void count_udp(struct flow *f, unsigned side, const struct packet *p)
{
	f->side[side].packets++;
	f->rest[side].flags |= SIDE_SEEN | (p->length ? SIDE_PAYLOAD : 0);
	add_seen(f, side, p->length);
	spend(f, p->length);
}

uint64_t count_more(const struct flow_table *t, const struct flow *f, unsigned side)
{
	const struct flow_rare *r = flow_rare(t, f);

	return r ? other_bytes(f, side, &r->side[side]) + r->side[side].done : 0;
}

struct byte_count count_of(const struct flow_table *t, const struct flow *f, unsigned side)
{
	const struct flow_side_rest *r = &f->rest[side];
	struct byte_count c = {.seen = (uint64_t)r->seen_high << 32 | f->side[side].seen,
			       .packets = f->side[side].packets};

	if (f->proto != PROTO_TCP) {
		c.bytes = c.seen;
		c.method = r->flags & SIDE_SEEN ? BYTES_PAYLOAD : BYTES_NONE;
		return c;
	}
	if (!(r->flags & (SIDE_SEQ | SIDE_ACK)))
		return c;
	c.method = r->flags & SIDE_ACK ? BYTES_ACK : BYTES_SEQ;
	c.bytes = current_bytes(f, side);
	if (r->flags & SIDE_ACK && r->flags & SIDE_SEQ) {
		uint64_t sent = span(r->seq_wraps, f->side[side].seq, r->start);
		c.unacked = sent > c.bytes ? sent - c.bytes : 0;
	}
	c.bytes += count_more(t, f, side);
	/* of what is on its way, or came in two number spaces, some was seen beyond that */
	if (c.seen > c.bytes)
		c.seen = c.bytes;
	c.missed = c.bytes - c.seen;
	return c;
}
