#include "sensor/tls_track.h"

#include <string.h>

#include "sensor/emit.h"
#include "sensor/inner.h"

#define PORT_ENCRYPTED_DNS 853 /* RFC 7858, RFC 9250 */

void tls_name_flow(struct sensor *s, struct flow *f, const struct tls_hello *h)
{
	char name[HOSTNAME_MAX];
	size_t n = hostname_from_text(h->server_name, name);

	f->hides |= h->hides;
	if (f->port[0] == PORT_ENCRYPTED_DNS || f->port[1] == PORT_ENCRYPTED_DNS)
		f->hides |= f->proto == PROTO_TCP ? HIDES_DOT : HIDES_DOQ;
	if (n) {
		emit_name(s, f, (struct str){name, n}, NAME_SNI);
		return;
	}
	emit_no_name(f, h->hides & (HIDES_ESNI | HIDES_ECH) ? MISSING_ECH : MISSING_NO_SNI);
	emit_open(s, f);
}

void tls_fill_record(struct record_tls *r, const struct tls_hello *h, char name[])
{
	r->server_name = (struct str){name, hostname_from_text(h->server_name, name)};
	r->alpn = h->alpn;
	r->version_offered = h->version_offered;
	r->hides = h->hides;
	memcpy(r->ja4, h->ja4, sizeof r->ja4);
}

static void tell(struct sensor *s, struct flow *f, struct tls_track *t,
		 const struct tls_server *server)
{
	char name[HOSTNAME_MAX], subject[HOSTNAME_MAX];
	struct record r = emit_start(s, f, RECORD_TLS);

	r.end = s->now;
	tls_fill_record(&r.tls, &t->hello, name);
	r.tls.hides |= f->hides;
	r.tls.starttls = t->late;
	if (server && server->hello) {
		r.tls.version_chosen = server->version_chosen;
		r.tls.cipher_chosen = server->cipher_chosen;
		r.tls.alpn_chosen = server->alpn_chosen;
		r.tls.cert_subject = server->cert_subject;
		r.tls.cert_issuer = server->cert_issuer;
		r.tls.cert_names = server->cert_names;
		r.tls.resumed_guess = server->version_chosen < 0x0304 && !server->certificate;
	}
	t->told = true;
	emit(s, &r);
	if (!f->name && server && server->certificate) {
		struct str best = server->cert_names.count ? server->cert_names.item[0]
							   : server->cert_subject;
		size_t n = hostname_from_text(best, subject);
		if (n && !memchr(subject, '*', n))
			emit_name(s, f, (struct str){subject, n}, NAME_CERT);
	}
}

/* Keeps the hello's bytes and parses them where they stay. */
static enum parse keep_hello(struct sensor *s, struct tls_track *t, struct cursor handshake)
{
	size_t n = cur_left(&handshake);
	uint8_t *bytes = slab_get(&s->slab, n, &t->room);

	if (!bytes) {
		s->stats->streams_budget++;
		return PARSE_BAD;
	}
	memcpy(bytes, handshake.p, n);
	t->bytes = bytes;
	struct cursor c = cur_of(bytes, n);
	return tls_client_hello(&c, false, &t->hello);
}

enum parse tls_track_client(struct sensor *s, struct flow *f, unsigned side, struct tls_track *t,
			    struct cursor view)
{
	struct cursor handshake;
	enum parse framed = tls_deframe(view, s->scratch, sizeof s->scratch, &handshake);

	if (framed == PARSE_BAD)
		return PARSE_BAD;
	struct cursor c = handshake;
	enum parse r = tls_client_hello(&c, false, &t->hello);
	if (r == PARSE_MORE && framed == PARSE_DONE)
		r = PARSE_BAD; /* the handshake ended in the middle of its first message */
	if (r != PARSE_DONE)
		return r;
	handshake.end = c.p;
	if (keep_hello(s, t, handshake) != PARSE_DONE)
		return PARSE_BAD;
	t->hello_done = true;
	s->stats->tls_hellos++;
	flow_set_opener(f, side, OPENER_HELLO);
	f->app = APP_TLS;
	tls_name_flow(s, f, &t->hello);
	return PARSE_DONE;
}

enum parse tls_track_server(struct sensor *s, struct flow *f, struct tls_track *t,
			    struct cursor view)
{
	struct cursor handshake;
	struct tls_server server = {0};
	enum parse framed = tls_deframe(view, s->scratch, sizeof s->scratch, &handshake);

	if (framed == PARSE_BAD)
		return PARSE_BAD;
	enum parse r = tls_server_flight(handshake, &server);
	if (r == PARSE_MORE && framed == PARSE_MORE && cur_left(&view) < LIMIT_HEAD)
		return PARSE_MORE;
	tell(s, f, t, &server);
	return PARSE_DONE;
}

void tls_track_finish(struct sensor *s, struct flow *f, struct tls_track *t, struct cursor client,
		      struct cursor server, enum name_missing why)
{
	struct cursor handshake;

	if (t->told)
		return;
	if (!t->hello_done && cur_left(&client) &&
	    tls_deframe(client, s->scratch, sizeof s->scratch, &handshake) != PARSE_BAD) {
		/* an incomplete hello may have shown the name already */
		tls_client_hello(&handshake, false, &t->hello);
		t->hello.hides &= (uint8_t)~HIDES_NO_SNI;
		if (t->hello.server_name.n) {
			f->app = APP_TLS;
			s->stats->tls_hellos++;
			tls_name_flow(s, f, &t->hello);
			t->hello_done = true;
			tell(s, f, t, NULL); /* before scratch is used again */
			return;
		}
	}
	if (!t->hello_done) {
		emit_no_name(f, why);
		memset(&t->hello, 0, sizeof t->hello);
	}
	if (cur_left(&server) &&
	    tls_deframe(server, s->scratch, sizeof s->scratch, &handshake) != PARSE_BAD) {
		struct tls_server x = {0};
		tls_server_flight(handshake, &x);
		if (x.hello)
			tell(s, f, t, &x);
	}
	if (t->hello_done && !t->told)
		tell(s, f, t, NULL);
}

void tls_track_free(struct sensor *s, struct tls_track *t)
{
	if (t->bytes)
		slab_put(&s->slab, t->bytes, t->room);
	t->bytes = NULL;
}
