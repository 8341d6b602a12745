#include "gen_names.h"
#include "gen_random.h"
#include "gen_talk_parts.h"
#include "gen_tls.h"
#include "gen_truth.h"

/* Room for a flight, and for a message or what stands for an encrypted one. */
static uint8_t flight[20000], body[20000];

static uint8_t *put_handshake(uint8_t *p, const uint8_t *end)
{
	return tls_record(p, TLS_HANDSHAKE, 0x0303, body, (uint32_t)(end - body));
}

static uint8_t *put_change(uint8_t *p)
{
	return tls_record(p, TLS_CHANGE_CIPHER, 0x0303, "\1", 1);
}

static uint8_t *put_encrypted(uint8_t *p, uint8_t type, uint32_t n)
{
	random_bytes(body, n);
	return tls_record(p, type, 0x0303, body, n);
}

static void say(struct flow *f, enum way way, const uint8_t *end)
{
	flow_say(f, way, flight, (uint32_t)(end - flight));
}

/* TLS 1.2: certificate and key exchange in the clear, a ticket at the end. */
static void handshake12(struct flow *f, uint8_t *p, const char *certified)
{
	uint8_t *b;

	p = put_handshake(p, tls_certificate(body, certified));
	b = put8(put16(put8(put24(put8(body, 12), 144), 3), 29), 32);
	b = put16(put16(random_bytes(b, 32), 0x0807), 104);
	p = put_handshake(p, random_bytes(b, 104));
	p = put_handshake(p, tls_message(body, 14, "", 0));
	say(f, DOWN, p);

	b = put8(put24(put8(body, 16), 33), 32);
	p = put_handshake(flight, random_bytes(b, 32));
	p = put_encrypted(put_change(p), TLS_HANDSHAKE, 40);
	say(f, UP, p);

	b = put24(put8(body, 4), 198);
	random_bytes(b, 198);
	put16(put32(b, 7200), 192);
	p = put_handshake(flight, b + 198);
	p = put_encrypted(put_change(p), TLS_HANDSHAKE, 40);
	say(f, DOWN, p);
}

static void handshake13(struct flow *f, uint8_t *p)
{
	p = put_change(p);
	p = put_encrypted(p, TLS_DATA, 2200 + random_below(2400));
	say(f, DOWN, p);
	p = put_encrypted(put_change(flight), TLS_DATA, 53);
	say(f, UP, p);
}

static void upload(struct flow *f, uint32_t n)
{
	flow_fill(f, UP, CONTENT_TLS, 300 + random_below(500));
	flow_fill(f, DOWN, CONTENT_TLS, 200 + random_below(400));
	flow_fill(f, UP, CONTENT_TLS, n);
	flow_fill(f, DOWN, CONTENT_TLS, 250 + random_below(500));
	f->gap = (uint32_t)(100 + random_exp(150));
	f->round_trip = (uint32_t)(8000 + random_exp(20000));
	f->resends = 1;
}

static void browse(struct flow *f)
{
	unsigned requests = 1 + random_below(4);

	for (unsigned i = 0; i < requests; i++) {
		flow_fill(f, UP, CONTENT_TLS, 150 + random_below(900));
		flow_fill(f, DOWN, CONTENT_TLS, talk_size(3000, 120, 800000));
	}
	f->end = random_percent(12) ? FLOW_RST : random_percent(6) ? FLOW_OPEN : FLOW_FIN;
	f->resends = random_one_of(4);
}

void talk_tls(const struct talk *t)
{
	struct flow *f = talk_flow(t, NULL, 443, 0);
	int tls12 = random_percent(25), pq = !tls12 && random_percent(30);
	int nameless = !t->upload && random_percent(2);
	struct hello h = {.sni = nameless ? NULL : t->name, .tls12 = tls12, .pq = pq};

	truth.tls++;
	truth.tls_pq += (unsigned)pq;
	truth.tls12 += (unsigned)tls12;
	uint8_t *end = tls_client_hello(body, &h);
	say(f, UP, tls_record(flight, TLS_HANDSHAKE, 0x0301, body, (uint32_t)(end - body)));
	if (!nameless) {
		truth_name('T', t->name, &truth.service_tls);
		truth.tls_sni++;
	}
	uint8_t *p = put_handshake(flight, tls_server_hello(body, tls12, pq));
	if (tls12)
		handshake12(f, p, nameless ? "default.example.net" : t->name);
	else
		handshake13(f, p);
	if (t->upload) {
		upload(f, t->upload);
		talk_uploaded(t, f, "tls");
	} else {
		browse(f);
	}
	flow_start(f);
}
