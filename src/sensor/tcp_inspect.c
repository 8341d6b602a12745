#include "sensor/tcp_inspect.h"

#include "proto/dns.h"
#include "proto/socks.h"
#include "sensor/emit.h"
#include "sensor/tcp_step.h"

#define PORT_DNS 53
#define DETECT_BYTES 64   /* enough to tell any protocol known here */
#define REORDER_MS 100    /* a capture has packets out of order by less than this */
#define LOST_MS 1000      /* how long bytes without room are waited for when no ACK is seen */
#define PLAIN_SEGMENTS 64 /* of unknown text, in which STARTTLS may come */

size_t tcp_inspect_state_size(void)
{
	return sizeof(struct stream);
}

static struct stream *stream_of(const struct sensor *s, const struct flow *f)
{
	return pool_at(&s->streams.pool, f->payload_state);
}

/* Nothing more is wanted of this flow. */
static void done(struct sensor *s, struct flow *f, struct stream *st)
{
	stream_free(&st->side[0], &s->slab);
	stream_free(&st->side[1], &s->slab);
	if (st->protocol == STREAM_TLS)
		tls_track_free(s, &st->tls);
	heads_put(&s->streams, f->payload_state);
	f->inspect = INSPECT_DONE;
}

static void finish_protocol(struct sensor *s, struct flow *f, struct stream *st,
			    enum name_missing why)
{
	struct cursor client = stream_view(&st->side[st->client]);
	struct cursor server = stream_view(&st->side[!st->client]);

	if (st->protocol == STREAM_TLS)
		tls_track_finish(s, f, &st->tls, client, server, why);
	else if (st->protocol == STREAM_HTTP)
		http_track_finish(s, f, &st->http, client);
	else if (st->protocol == STREAM_DETECT)
		emit_no_name(f, why);
}

/* Ends inspection with what is known, and tells the connection if that was not done. */
static void give_up(struct sensor *s, struct flow *f, struct stream *st, enum name_missing why)
{
	finish_protocol(s, f, st, why);
	emit_no_name(f, f->flags & FLOW_CUT ? MISSING_CUT : why);
	done(s, f, st);
	emit_open(s, f);
}

static void begin(struct stream *st, uint8_t protocol, unsigned client)
{
	st->protocol = protocol;
	st->client = (uint8_t)client;
	st->anew = false;
	if (protocol == STREAM_TLS) {
		st->tls = (struct tls_track){.late = st->late};
	} else if (protocol == STREAM_HTTP) {
		st->http = (struct http_track){0};
	}
}

static enum parse is_dns(const struct flow *f, struct cursor view)
{
	struct cursor message;
	bool port = f->port[0] == PORT_DNS || f->port[1] == PORT_DNS;
	enum parse r = dns_tcp_next(&view, &message);

	if (r == PARSE_DONE)
		return port || dns_is_message(message) ? PARSE_DONE : PARSE_BAD;
	return r == PARSE_MORE && port ? PARSE_DONE : PARSE_BAD;
}

/* A SOCKS 5 client waits for the answer to its greeting before it asks. */
static enum parse is_socks(struct cursor view)
{
	struct socks_request unused;
	struct cursor c = view;
	enum parse r = socks_client(&c, &unused);

	if (r == PARSE_MORE && cur_left(&view) >= 3 && view.p[0] == 5 &&
	    cur_left(&view) >= 2u + view.p[1])
		return PARSE_DONE;
	return r;
}

/* What is recognised but not looked into: SSH, and TLS joined in the middle. */
static void name_unparsed(struct flow *f, struct cursor view)
{
	const uint8_t *b = view.p;
	size_t n = cur_left(&view);

	if (n >= 4 && memcmp(b, "SSH-", 4) == 0)
		f->app = APP_SSH;
	else if (n >= 5 && b[0] >= 0x14 && b[0] <= 0x17 && b[1] == 3 && b[2] <= 4 &&
		 load_be16(b + 3) <= 16640)
		f->app = APP_TLS;
}

/* Tells the protocol by its first bytes. False: more of them are needed to say. */
static bool detect(struct sensor *s, struct flow *f, struct stream *st, unsigned side,
		   struct cursor view)
{
	const struct {
		enum parse result;
		uint8_t protocol;
		unsigned client;
	} candidate[] = {
		{tls_is_client_start(view), STREAM_TLS, side},
		{tls_is_server_start(view), STREAM_TLS, !side},
		{http_is_request(view), STREAM_HTTP, side},
		{http_is_response(view), STREAM_HTTP, !side},
		{is_dns(f, view), STREAM_DNS, side},
		{is_socks(view), STREAM_SOCKS, side},
	};
	bool more = false;

	for (unsigned i = 0; i < sizeof candidate / sizeof *candidate; i++) {
		if (candidate[i].result == PARSE_DONE) {
			if (st->anew) /* it said something else the first time */
				emit_overlap(s, f);
			begin(st, candidate[i].protocol, candidate[i].client);
			return true;
		}
		more |= candidate[i].result == PARSE_MORE;
	}
	if (more && cur_left(&view) < DETECT_BYTES)
		return false;
	if (!st->anew && stream_swap(&st->side[side])) {
		st->anew = true;
		return detect(s, f, st, side, stream_view(&st->side[side]));
	}
	name_unparsed(f, view);
	tcp_become_plain(s, st);
	return true;
}

/* Feeds a side's contiguous bytes to the parser until it wants more. */
static void run(struct sensor *s, struct flow *f, struct stream *st, unsigned side,
		struct cursor view)
{
	struct stream_side *x = &st->side[side];

	while (cur_left(&view) && !x->stopped) {
		if (st->protocol == STREAM_DETECT && !detect(s, f, st, side, view)) {
			stream_use(x, &s->slab, s->stats, view, 0);
			return;
		}
		if (st->protocol == STREAM_PLAIN)
			return;
		uint64_t used = tcp_step(s, f, st, side, view);
		if (st->protocol == STREAM_PLAIN)
			return;
		stream_use(x, &s->slab, s->stats, view, used);
		if (used == 0)
			return;
		view = stream_view(x);
	}
	if (x->stopped)
		stream_free(x, &s->slab);
}

static bool is_over(const struct stream *st)
{
	if (st->protocol == STREAM_TLS)
		return st->tls.told || (st->side[0].stopped && st->side[1].stopped);
	return st->protocol != STREAM_PLAIN && st->side[0].stopped && st->side[1].stopped;
}

/* A hole that will not close: what is lost depends on the protocol. */
static void pass_hole(struct sensor *s, struct flow *f, struct stream *st, unsigned side)
{
	struct stream_side *x = &st->side[side];
	enum name_missing why = x->starved ? MISSING_BUDGET : MISSING_GAP;

	s->stats->streams_gap++;
	switch (st->protocol) {
	case STREAM_HTTP:
		http_track_gap(&st->http, side != st->client);
		if (stream_pass_hole(x, &s->slab))
			run(s, f, st, side, stream_view(x));
		break;
	case STREAM_TLS:
		if (side != st->client || !st->tls.hello_done) {
			give_up(s, f, st, why);
			return;
		}
		x->stopped = true;
		break;
	case STREAM_DNS:
		if (stream_pass_hole(x, &s->slab))
			run(s, f, st, side, stream_view(x));
		break;
	default:
		emit_no_name(f, why);
		tcp_become_plain(s, st);
	}
}

/* Whether the hole's bytes will not come any more: they were waited for, or the peer has them
 * already (it was the capture that lost them), give or take some reordering. Where acknowledgements
 * are seen, a segment that found no room is no reason by itself: it may be forged. */
static bool will_stay(const struct flow *f, const struct stream_side *x, unsigned side, uint32_t now)
{
	uint32_t waited = now - x->waiting;

	if (waited > LIMIT_GAP_WAIT / NS_PER_MS)
		return true;
	if (!(f->rest[side].flags & SIDE_ACK))
		return x->lost && waited > LOST_MS;
	bool arrived = (int32_t)(f->side[side].ack - stream_missing(x)) > 0;
	return arrived && (x->lost || waited > REORDER_MS);
}

/* A segment of unknown text: is something known starting here? */
static void watch_plain(struct sensor *s, struct flow *f, struct stream *st, unsigned side,
			const struct packet *p, uint32_t seq)
{
	struct cursor c = cur_of(p->payload, p->captured);
	uint8_t protocol;

	if (tls_is_client_start(c) == PARSE_DONE) {
		protocol = STREAM_TLS;
	} else if (http_is_request(c) == PARSE_DONE) {
		protocol = STREAM_HTTP;
	} else {
		if (++st->plain >= PLAIN_SEGMENTS)
			give_up(s, f, st,
				f->flags & FLOW_MIDSTREAM ? MISSING_MIDSTREAM : MISSING_PROTOCOL);
		return;
	}
	st->late = protocol == STREAM_TLS;
	st->side[side] = (struct stream_side){0};
	st->side[!side] = (struct stream_side){0};
	stream_start(&st->side[side], seq);
	if (p->flags & TCP_ACK)
		stream_start(&st->side[!side], p->ack);
	begin(st, protocol, side);
}

/* Whether a segment sends anew what this side's stream began with. */
static bool is_head(const struct flow *f, unsigned side, uint32_t seq)
{
	return f->rest[side].flags & SIDE_SYN && seq == f->rest[side].start;
}

/* A head sent again where the first one led to nothing, or is told with other content: is what it
 * says now something known? */
static void look_anew(struct sensor *s, struct stream *st, unsigned side, uint32_t seq)
{
	stream_free(&st->side[side], &s->slab);
	st->side[side] = (struct stream_side){0};
	st->protocol = STREAM_DETECT;
	st->anew = true;
	stream_start(&st->side[side], seq);
}

/* Segments that say anew what a parser used up. */
static void watch_retold(struct sensor *s, struct flow *f, struct stream *st, unsigned side,
			 uint32_t seq, struct cursor segment)
{
	bool old = (int32_t)(seq - st->side[side].base) < 0;

	if (side != st->client)
		return;
	if (st->protocol == STREAM_TLS && st->tls.hello_done && !st->tls.told) {
		tls_track_retold(s, f, &st->tls, seq, segment);
	} else if (st->protocol == STREAM_HTTP && old &&
		   http_track_retold(s, f, &st->http, seq, segment) && is_head(f, side, seq)) {
		finish_protocol(s, f, st, MISSING_PROTOCOL);
		look_anew(s, st, side, seq);
	}
}

static struct stream *new_stream(struct sensor *s, struct flow *f)
{
	struct stream *st = heads_get(s, &s->streams, f);

	if (!st) {
		s->stats->streams_budget++;
		f->inspect = INSPECT_DONE;
		emit_no_name(f, MISSING_BUDGET);
		return NULL;
	}
	f->inspect = INSPECT_MORE;
	s->stats->streams++;
	return st;
}

void tcp_inspect(struct sensor *s, struct flow *f, unsigned side, struct packet *p)
{
	struct stream *st = f->inspect == INSPECT_NEW ? new_stream(s, f) : stream_of(s, f);

	if (!st || (p->checksum != CHECKSUM_RIGHT && emit_decoy(s, f, side, p)))
		return;
	uint32_t seq = p->seq + (p->flags & TCP_SYN ? 1 : 0);
	uint32_t now = s->table.now;
	struct stream_side *x = &st->side[side];
	if (p->captured < p->length)
		f->flags |= FLOW_CUT;
	if (x->started)
		watch_retold(s, f, st, side, seq, cur_of(p->payload, p->captured));
	if (st->protocol == STREAM_PLAIN && x->started && is_head(f, side, seq))
		look_anew(s, st, side, seq);
	if (st->protocol == STREAM_PLAIN)
		watch_plain(s, f, st, side, p, seq);
	if (f->inspect == INSPECT_DONE || st->protocol == STREAM_PLAIN || x->stopped)
		return;
	if (!x->started) {
		/* a SYN that the first segment does not fit to was forged, or rewritten on its way
		 */
		const struct flow_side_rest *r = &f->rest[side];
		bool fits = r->flags & SIDE_SYN && seq - r->start <= LIMIT_HEAD;
		stream_start(x, fits ? r->start : seq);
	}
	run(s, f, st, side,
	    stream_take(x, &s->slab, s->stats, seq, p->payload, p->captured, now));
	if (x->differs)
		f->evades |= EVADES_OVERLAP;
	/* the other side may have waited for this one */
	if (st->protocol != STREAM_PLAIN && st->side[!side].buffer && !st->side[!side].stopped)
		run(s, f, st, !side, stream_view(&st->side[!side]));
	if (x->hole && will_stay(f, x, side, now))
		pass_hole(s, f, st, side);
	if (f->inspect == INSPECT_MORE && is_over(st))
		give_up(s, f, st, MISSING_PROTOCOL);
}

void tcp_inspect_give_up(struct sensor *s, struct flow *f)
{
	give_up(s, f, stream_of(s, f), MISSING_BUDGET);
}

void tcp_inspect_finish(struct sensor *s, struct flow *f)
{
	if (f->inspect != INSPECT_MORE)
		return;
	struct stream *st = stream_of(s, f);
	bool hole = st->side[0].hole || st->side[1].hole;
	/* what waits behind holes is looked at after all */
	for (unsigned side = 0; side < 2; side++)
		for (unsigned i = 0; i < LIMIT_SEGMENTS && st->side[side].hole &&
				     (st->protocol == STREAM_HTTP || st->protocol == STREAM_DNS);
		     i++)
			pass_hole(s, f, st, side);
	finish_protocol(s, f, st,
			f->flags & FLOW_CUT	    ? MISSING_CUT
			: hole			    ? MISSING_GAP
			: f->flags & FLOW_MIDSTREAM ? MISSING_MIDSTREAM
						    : MISSING_TIMEOUT);
	done(s, f, st);
}
