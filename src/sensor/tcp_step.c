#include "sensor/tcp_step.h"

#include "proto/dns.h"
#include "proto/socks.h"
#include "sensor/emit.h"

void tcp_become_plain(struct sensor *s, struct stream *st)
{
	st->protocol = STREAM_PLAIN;
	stream_free(&st->side[0], &s->slab);
	stream_free(&st->side[1], &s->slab);
}

static uint64_t step_hello(struct sensor *s, struct flow *f, struct stream *st, unsigned side,
			   struct cursor view)
{
	struct stream_side *x = &st->side[side];
	struct tls_client client = {view, stream_other(x), x->base};
	enum parse r = tls_track_client(s, f, side, &st->tls, &client);

	if (r != PARSE_DONE && cur_left(&client.other)) {
		/* the two versions may be a mixture each, or whole */
		struct tls_client second = {.view = client.other, .sequence = x->base};
		if (tls_track_client(s, f, side, &st->tls, &second) == PARSE_DONE)
			r = PARSE_DONE;
	}
	if (r == PARSE_DONE)
		return st->tls.records.n;
	s->stats->tls_malformed += r == PARSE_BAD;
	x->stopped = r == PARSE_BAD || cur_left(&view) >= LIMIT_HEAD;
	return 0;
}

static uint64_t step_after_hello(struct sensor *s, struct flow *f, struct stream *st, unsigned side,
				 struct cursor view)
{
	size_t used = 0;
	enum parse r = tls_track_after(s, f, &st->tls, view, &used);

	if (r == PARSE_DONE)
		return used;
	st->side[side].stopped = r == PARSE_BAD || cur_left(&view) >= LIMIT_HEAD;
	return st->side[side].stopped ? cur_left(&view) : 0;
}

static uint64_t step_tls(struct sensor *s, struct flow *f, struct stream *st, unsigned side,
			 struct cursor view)
{
	bool client = side == st->client;
	enum parse r;

	if (client && st->tls.hello_done)
		return step_after_hello(s, f, st, side, view);
	if (client)
		return step_hello(s, f, st, side, view);
	if (st->tls.hello_done || st->side[st->client].stopped)
		r = tls_track_server(s, f, &st->tls, view);
	else
		return 0; /* waits for the client's hello */
	if (r == PARSE_BAD) {
		s->stats->tls_malformed++;
		st->side[side].stopped = true;
	}
	if (r == PARSE_DONE)
		st->side[side].stopped = true;
	return st->side[side].stopped && st->tls.hello_done ? cur_left(&view) : 0;
}

/* A granted tunnel or proxied stream: both sides start over with whatever is inside. */
static void begin_inner(struct stream *st)
{
	st->late = true;
	st->protocol = STREAM_DETECT;
	st->side[0].stopped = st->side[1].stopped = false;
}

static uint64_t step_http(struct sensor *s, struct flow *f, struct stream *st, unsigned side,
			  struct cursor view)
{
	enum http_next next = HTTP_GOES_ON;
	uint64_t used;

	if (side == st->client) {
		const struct stream_side *x = &st->side[side];
		return http_track_client(s, f, side, &st->http,
					 &(struct http_client){view, stream_other(x), x->base});
	}
	used = http_track_server(s, f, &st->http, view, &next);
	if (next != HTTP_GOES_ON) {
		http_track_finish(s, f, &st->http, cur_of("", 0));
		begin_inner(st);
	}
	return used;
}

static uint64_t step_dns(struct sensor *s, struct flow *f, struct stream *st, unsigned side,
			 struct cursor view)
{
	const uint8_t *start = view.p;
	struct cursor message;

	for (;;) {
		const uint8_t *before = view.p;
		enum parse r = dns_tcp_next(&view, &message);
		if (r == PARSE_MORE) {
			/* a zone transfer's message may be larger than what is kept: it is passed
			 * over */
			size_t whole = cur_left(&view) >= 2 ? 2u + load_be16(before) : 0;
			return (uint64_t)(before - start) + (whole > LIMIT_HEAD ? whole : 0);
		}
		uint32_t n = (uint32_t)cur_left(&message);
		if (r == PARSE_BAD || !dns_track_message(s, f, side, message.p, n, n)) {
			s->stats->dns_malformed++;
			st->side[side].stopped = true;
			return (uint64_t)(before - start);
		}
	}
}

static void name_by_socks(struct sensor *s, struct flow *f, const struct socks_request *q)
{
	char name[HOSTNAME_MAX];
	struct str text = q->name;

	if (!text.n && q->has_address) {
		struct writer w = wr_of(name, sizeof name);
		addr_write(&w, &q->address);
		text = (struct str){name, wr_length(&w)};
		emit_name(s, f, text, NAME_PROXY);
		return;
	}
	size_t n = hostname_from_text(text, name);
	emit_name(s, f, (struct str){name, n}, NAME_PROXY);
}

static uint64_t step_socks(struct sensor *s, struct flow *f, struct stream *st, unsigned side,
			   struct cursor view)
{
	struct cursor c = view;
	enum parse r;

	if (side == st->client) {
		struct socks_request q;
		if (st->socks_asked)
			return 0; /* the proxied stream, which waits for the reply */
		r = socks_client(&c, &q);
		if (r == PARSE_DONE) {
			st->socks_asked = true;
			st->socks_version = q.version;
			f->app = APP_SOCKS;
			flow_set_opener(f, side, OPENER_REQUEST);
			name_by_socks(s, f, &q);
		}
	} else {
		bool granted = false;
		if (!st->socks_asked)
			return 0;
		r = socks_server(&c, st->socks_version, &granted);
		if (r == PARSE_DONE && granted)
			begin_inner(st);
		else if (r == PARSE_DONE)
			r = PARSE_BAD;
	}
	if (r == PARSE_BAD)
		tcp_become_plain(s, st);
	return r == PARSE_DONE ? (uint64_t)(c.p - view.p) : 0;
}

uint64_t tcp_step(struct sensor *s, struct flow *f, struct stream *st, unsigned side,
		  struct cursor view)
{
	switch (st->protocol) {
	case STREAM_TLS:
		return step_tls(s, f, st, side, view);
	case STREAM_HTTP:
		return step_http(s, f, st, side, view);
	case STREAM_DNS:
		return step_dns(s, f, st, side, view);
	case STREAM_SOCKS:
		return step_socks(s, f, st, side, view);
	default:
		return 0;
	}
}
