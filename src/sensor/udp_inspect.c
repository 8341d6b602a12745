#include "sensor/udp_inspect.h"

#include <string.h>

#include "proto/dns.h"
#include "proto/quic.h"
#include "sensor/emit.h"
#include "sensor/inner.h"
#include "sensor/tls_track.h"

#define PORT_DNS 53
#define PORT_MDNS 5353
#define PORT_LLMNR 5355
#define TRIES 8 /* datagrams of a flow in which a protocol is looked for */
#define HELLOS_MAX 8 /* of a flow without an answer; and packets in which a later one is looked for */

/* A QUIC connection until its ClientHello is complete. */
struct quic_flow {
	uint8_t client; /* side */
	uint8_t round;  /* hellos told before this one */
	uint32_t room;  /* of this buffer, from the sensor's slab */
	struct quic_state state;
};

/* What sensor.quics holds: the state is too large for a pool's chunks. */
struct quic_ref {
	struct head head;
	struct quic_flow *flow;
};

size_t udp_inspect_state_size(void)
{
	return sizeof(struct quic_ref);
}

static bool is_dns_port(uint16_t port)
{
	return port == PORT_DNS || port == PORT_MDNS || port == PORT_LLMNR;
}

static void quic_done(struct sensor *s, struct flow *f)
{
	struct quic_ref *ref = pool_at(&s->quics.pool, f->payload_state);

	slab_put(&s->slab, ref->flow, ref->flow->room);
	heads_put(&s->quics, f->payload_state);
	f->inspect = INSPECT_DONE;
}

static struct quic_flow *quic_begin(struct sensor *s, struct flow *f, unsigned client)
{
	struct quic_ref *ref = heads_get(s, &s->quics, f);
	uint32_t room;
	struct quic_flow *q = ref ? slab_get(&s->slab, sizeof *q, &room) : NULL;

	if (!q) {
		if (ref)
			heads_put(&s->quics, f->payload_state);
		s->stats->streams_budget++;
		emit_no_name(f, MISSING_BUDGET);
		f->inspect = INSPECT_DONE;
		return NULL;
	}
	ref->flow = q;
	q->client = (uint8_t)client;
	q->room = room;
	q->round = 0;
	quic_state_init(&q->state);
	f->inspect = INSPECT_MORE;
	return q;
}

static void tell_hello(struct sensor *s, struct flow *f, const struct quic_flow *q,
		       const struct tls_hello *hello)
{
	char name[HOSTNAME_MAX];

	s->stats->quic_hellos++;
	f->app = APP_QUIC;
	flow_set_opener(f, q->client, OPENER_HELLO);
	f->flags |= FLOW_ESTABLISHED; /* only a client that speaks to a server gets this far */
	tls_name_flow(s, f, hello);
	struct record r = emit_start(s, f, RECORD_QUIC);
	r.end = s->now;
	tls_fill_record(&r.tls, hello, name);
	r.tls.hides |= f->hides;
	r.tls.quic_version = q->state.version;
	emit(s, &r);
}

/* A hello is complete: the first one, or another that may come before the server has answered. */
static void take_hello(struct sensor *s, struct flow *f, struct quic_flow *q,
		       const struct tls_hello *hello)
{
	char name[HOSTNAME_MAX];
	struct str found = {name, hostname_from_text(hello->server_name, name)};
	uint8_t round = q->round + 1;
	bool answered = f->side[!q->client].packets != 0;

	if (!q->round) {
		tell_hello(s, f, q, hello);
	} else if (found.n && !str_eq(found, intern_text(&s->names, f->name))) {
		emit_second_name(s, f);
		tell_hello(s, f, q, hello);
	}
	quic_done(s, f);
	if (!answered && round < HELLOS_MAX) {
		f->inspect = INSPECT_AGAIN;
		f->payload_state = round;
	}
}

static void quic_feed(struct sensor *s, struct flow *f, struct quic_flow *q, unsigned side,
		      const struct packet *p)
{
	struct cursor datagram = cur_of(p->payload, p->captured);
	struct tls_hello hello = {0};

	if (side != q->client) {
		quic_server_datagram(&q->state, datagram);
		if (q->round)
			quic_done(s, f);
		return;
	}
	enum parse r = quic_client_datagram(&q->state, datagram, s->stats, &hello);
	if (q->state.stream.differs)
		emit_overlap(s, f);
	q->state.stream.differs = false;
	if (r == PARSE_MORE && !(q->round && q->state.packets >= HELLOS_MAX))
		return;
	if (r == PARSE_DONE || hello.server_name.n) {
		take_hello(s, f, q, &hello);
		return;
	}
	emit_no_name(f, f->flags & FLOW_CUT ? MISSING_CUT : MISSING_GAP);
	quic_done(s, f);
}

/* Datagrams to a DNS port, or of a flow known to carry DNS. */
static bool dns_feed(struct sensor *s, struct flow *f, unsigned side, const struct packet *p)
{
	if (dns_track_message(s, f, side, p->payload, p->captured, p->length))
		return true;
	s->stats->dns_malformed++;
	return false;
}

static void first_look(struct sensor *s, struct flow *f, unsigned side, const struct packet *p)
{
	struct cursor c = cur_of(p->payload, p->captured);

	if (is_dns_port(f->port[0]) || is_dns_port(f->port[1])) {
		if (dns_feed(s, f, side, p))
			return;
	} else if (quic_is_client_initial(c, p->length)) {
		struct quic_flow *q = quic_begin(s, f, side);
		if (q)
			quic_feed(s, f, q, side, p);
		return;
	} else if (dns_is_message(c) && dns_feed(s, f, side, p)) {
		return;
	}
	if (f->side[0].packets + f->side[1].packets >= TRIES)
		f->inspect = INSPECT_DONE;
}

static void look_again(struct sensor *s, struct flow *f, unsigned side, const struct packet *p)
{
	uint8_t round = (uint8_t)f->payload_state;
	struct cursor c = cur_of(p->payload, p->captured);

	if (side != flow_opener(f)) {
		if (quic_is_long_header(c))
			f->inspect = INSPECT_DONE;
		return;
	}
	struct quic_flow *q = quic_is_client_initial(c, p->length) ? quic_begin(s, f, side) : NULL;
	if (!q)
		return;
	q->round = round;
	quic_feed(s, f, q, side, p);
}

void udp_inspect(struct sensor *s, struct flow *f, unsigned side, struct packet *p)
{
	if (p->checksum != CHECKSUM_RIGHT && emit_decoy(s, f, side, p))
		return;
	if (p->captured < p->length)
		f->flags |= FLOW_CUT;
	switch (f->inspect) {
	case INSPECT_DNS:
		/* its dns records do not tell all there is to it */
		if (!dns_feed(s, f, side, p))
			f->mixed = true;
		break;
	case INSPECT_MORE:
		quic_feed(s, f, ((struct quic_ref *)pool_at(&s->quics.pool, f->payload_state))->flow, side,
			  p);
		break;
	case INSPECT_AGAIN:
		look_again(s, f, side, p);
		break;
	default:
		first_look(s, f, side, p);
	}
}

static void end(struct sensor *s, struct flow *f, enum name_missing why)
{
	struct quic_flow *q = ((struct quic_ref *)pool_at(&s->quics.pool, f->payload_state))->flow;
	struct tls_hello hello = {0};
	quic_hello(&q->state, &hello);
	if (hello.server_name.n)
		take_hello(s, f, q, &hello);
	else
		emit_no_name(f, f->flags & FLOW_CUT ? MISSING_CUT : why);
	if (f->inspect == INSPECT_MORE)
		quic_done(s, f);
}

void udp_inspect_give_up(struct sensor *s, struct flow *f)
{
	end(s, f, MISSING_BUDGET);
}

void udp_inspect_finish(struct sensor *s, struct flow *f)
{
	if (f->inspect == INSPECT_MORE)
		end(s, f, MISSING_TIMEOUT);
}
