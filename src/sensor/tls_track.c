#include "sensor/tls_track.h"

#include <string.h>

#include "sensor/emit.h"
#include "sensor/inner.h"

#define PORT_ENCRYPTED_DNS 853 /* RFC 7858, RFC 9250 */
#define DNS_NAME_MAX 255       /* no name is longer (RFC 1035 section 2.3.4) */

void tls_name_flow(struct sensor *s, struct flow *f, const struct tls_hello *h)
{
	char name[HOSTNAME_MAX];
	if (h->server_name.n > DNS_NAME_MAX)
		emit_second_name(s, f); /* what stands beyond is not in the name */
	if (h->other_name.n) {
		size_t other = hostname_from_text(h->other_name, name);
		emit_second_name(s, f);
		emit_name(s, f, (struct str){name, other}, NAME_SNI);
	}
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

/* Keeps the hello, whose message ends with `handshake`, and parses it where it stays. */
static enum parse keep_hello(struct sensor *s, struct tls_track *t, const struct tls_client *client,
			     struct cursor handshake)
{
	size_t n = cur_left(&handshake), raw = tls_records_of(client->view, n);
	bool in_one = handshake.p == client->view.p + TLS_RECORD_HEADER;
	uint8_t *bytes = slab_get(&s->slab, in_one ? raw : raw + n, &t->room);

	if (!bytes) {
		s->stats->streams_budget++;
		return PARSE_BAD;
	}
	memcpy(bytes, client->view.p, raw);
	if (!in_one)
		memcpy(bytes + raw, handshake.p, n);
	t->bytes = bytes;
	t->records = (struct told){bytes, client->sequence, (uint32_t)raw};
	struct cursor c = cur_of(bytes + (in_one ? TLS_RECORD_HEADER : raw), n);
	return tls_client_hello(&c, false, &t->hello);
}

/* A hello beside the first, of which it is another version or not: told if it has another name. */
static void take_second(struct sensor *s, struct flow *f, const struct tls_track *t,
			struct cursor handshake, bool version)
{
	struct tls_hello hello;
	char name[HOSTNAME_MAX];

	if (tls_client_hello(&handshake, false, &hello) != PARSE_DONE)
		return;
	struct str found = {name, hostname_from_text(hello.server_name, name)};
	if (!found.n || str_eq(found, intern_text(&s->names, f->name)))
		return;
	if (!version)
		emit_second_name(s, f);
	tls_name_flow(s, f, &hello);
	struct record r = emit_start(s, f, RECORD_TLS);
	r.end = s->now;
	tls_fill_record(&r.tls, &hello, name);
	r.tls.hides |= f->hides;
	r.tls.starttls = t->late;
	emit(s, &r);
}

static void read_second(struct sensor *s, struct flow *f, const struct tls_track *t,
			struct cursor records)
{
	struct cursor handshake;

	if (tls_deframe(records, s->scratch, sizeof s->scratch, &handshake) != PARSE_BAD)
		take_second(s, f, t, handshake, true);
}

enum parse tls_track_client(struct sensor *s, struct flow *f, unsigned side, struct tls_track *t,
			    const struct tls_client *client)
{
	struct cursor handshake;
	enum parse framed = tls_deframe(client->view, s->scratch, sizeof s->scratch, &handshake);

	if (framed == PARSE_BAD)
		return PARSE_BAD;
	struct cursor c = handshake;
	enum parse r = tls_client_hello(&c, false, &t->hello);
	if (r == PARSE_MORE && framed == PARSE_DONE)
		r = PARSE_BAD; /* the handshake ended in the middle of its first message */
	if (r != PARSE_DONE)
		return r;
	struct cursor rest = {.p = c.p, .end = handshake.end};
	handshake.end = c.p;
	if (keep_hello(s, t, client, handshake) != PARSE_DONE)
		return PARSE_BAD;
	t->hello_done = true;
	s->stats->tls_hellos++;
	flow_set_opener(f, side, OPENER_HELLO);
	f->app = APP_TLS;
	tls_name_flow(s, f, &t->hello);
	if (cur_left(&rest))
		take_second(s, f, t, rest, false);
	retold_begin(&t->again, &s->slab, client->other);
	if (t->again.bytes)
		read_second(s, f, t, retold_view(&t->again));
	return PARSE_DONE;
}

enum parse tls_track_after(struct sensor *s, struct flow *f, struct tls_track *t, struct cursor view,
			   size_t *used)
{
	struct cursor handshake;
	enum parse r = tls_is_change_cipher(view);

	*used = TLS_CHANGE_CIPHER;
	if (r != PARSE_BAD)
		return r;
	r = tls_is_client_start(view);
	if (r != PARSE_DONE)
		return r;
	struct tls_hello hello;
	enum parse framed = tls_deframe(view, s->scratch, sizeof s->scratch, &handshake);
	struct cursor c = handshake;
	r = tls_client_hello(&c, false, &hello);
	if (framed == PARSE_BAD || (r == PARSE_MORE && framed == PARSE_DONE))
		return PARSE_BAD;
	if (r == PARSE_DONE) {
		take_second(s, f, t, handshake, false);
		*used = tls_records_of(view, (size_t)(c.p - handshake.p));
	}
	return r;
}

void tls_track_retold(struct sensor *s, struct flow *f, struct tls_track *t, uint32_t sequence,
		      struct cursor segment)
{
	bool differs = retold_take(&t->again, &s->slab, &t->records, sequence, segment);

	if (differs)
		emit_overlap(s, f);
	if (t->again.bytes)
		read_second(s, f, t, retold_view(&t->again));
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
	retold_free(&t->again, &s->slab);
}
