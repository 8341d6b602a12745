#include <string.h>

#include "gen_names.h"
#include "gen_quic.h"
#include "gen_random.h"
#include "gen_talk_parts.h"
#include "gen_tls.h"
#include "gen_truth.h"

#define PACKET 1230

struct connection {
	struct flow *flow;
	uint8_t dcid[QUIC_ID], scid[QUIC_ID];
	int v2;
	uint32_t initial; /* size of the client's Initial packets */
	uint8_t hello[4000], frames[4000];
	uint32_t hello_bytes;
};

/* The client's Initial with the frames up to `end`. */
static void say_initial(struct connection *c, uint8_t number, const uint8_t *end)
{
	struct quic_initial q = {.first_dcid = c->dcid,
				 .dcid = {c->dcid, QUIC_ID},
				 .scid = {c->scid, 0},
				 .v2 = c->v2,
				 .number = number,
				 .size = c->initial};
	uint8_t packet[4000];
	uint32_t n = quic_initial(packet, &q, c->frames, (uint32_t)(end - c->frames));

	flow_say(c->flow, UP, packet, n);
}

static uint8_t *put_hello(uint8_t *p, const struct connection *c, uint32_t from, uint32_t to)
{
	return quic_crypto_frame(p, from, c->hello + from, to - from);
}

/* A hello that does not fit one packet. */
static void say_in_two(struct connection *c)
{
	uint32_t cut = 1000 + random_below(100);

	say_initial(c, 1, put_hello(c->frames, c, 0, cut));
	say_initial(c, 2, put_hello(c->frames, c, cut, c->hello_bytes));
}

/* CRYPTO frames out of order, with PING and padding between, as Chromium does it. */
static void say_scrambled(struct connection *c)
{
	uint32_t parts = 3 + random_below(4), order[8];
	uint8_t *p = c->frames;

	for (uint32_t i = 0; i < parts; i++)
		order[i] = i;
	for (uint32_t i = parts - 1; i > 0; i--) {
		uint32_t j = random_below(i + 1), swapped = order[i];
		order[i] = order[j];
		order[j] = swapped;
	}
	for (uint32_t i = 0; i < parts; i++) {
		uint32_t k = order[i];
		p = put_hello(p, c, k * c->hello_bytes / parts, (k + 1) * c->hello_bytes / parts);
		if (random_below(2))
			p = put8(p, 1);
		uint32_t padding = random_below(12);
		memset(p, 0, padding);
		p += padding;
	}
	say_initial(c, 1, p);
}

static void say_server_initial(struct connection *c)
{
	struct quic_initial q = {.first_dcid = c->dcid,
				 .dcid = {c->scid, 0},
				 .scid = {c->scid, QUIC_ID},
				 .server = 1,
				 .v2 = c->v2,
				 .size = PACKET};
	uint8_t hello[1400], packet[4000];
	uint32_t n = (uint32_t)(tls_server_hello(hello, 0, 0) - hello);
	uint8_t *p = put_bytes(c->frames, "\x02\x01\x00\x00\x01", 5); /* ACK */

	p = quic_crypto_frame(p, 0, hello, n);
	n = quic_initial(packet, &q, c->frames, (uint32_t)(p - c->frames));
	flow_say(c->flow, DOWN, packet, n);
}

/* Packets with short headers. */
static void say_protected(struct connection *c, int uploads)
{
	uint8_t packet[PACKET];
	unsigned n = 2 + (unsigned)random_lognormal(6, 1.0);

	n = uploads ? 30 : n > 25 ? 25 : n;
	for (unsigned i = 0; i < n && c->flow->count < FLOW_MESSAGES; i++) {
		enum way way = uploads ? random_below(5) == 0 : random_below(4) != 0;
		uint32_t size = way == (uploads ? UP : DOWN) ? PACKET : 40 + random_below(60);
		random_bytes(packet, size);
		packet[0] = 0x40 | (packet[0] & 0x3f);
		if (way == UP)
			memcpy(packet + 1, c->scid, QUIC_ID);
		flow_say(c->flow, way, packet, size);
	}
}

void talk_quic(const struct talk *t)
{
	struct connection c = {.flow = talk_flow(t, NULL, 443, 1)};
	struct hello h = {.sni = t->name, .quic = 1};

	c.v2 = random_one_of(20);
	h.pq = random_percent(40);
	random_bytes(c.dcid, QUIC_ID);
	random_bytes(c.scid, QUIC_ID);
	truth.quic++;
	truth_name('Q', t->name, &truth.service_quic);
	c.hello_bytes = (uint32_t)(tls_client_hello(c.hello, &h) - c.hello);
	c.initial = t->is6 ? 1230 : 1250;
	if (h.pq) {
		truth.quic_multi++;
		say_in_two(&c);
	} else if (random_percent(40)) {
		say_scrambled(&c);
	} else {
		say_initial(&c, 1, put_hello(c.frames, &c, 0, c.hello_bytes));
	}
	say_server_initial(&c);
	say_protected(&c, t->upload != 0);
	flow_start(c.flow);
}
