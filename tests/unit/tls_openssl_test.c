/* Handshakes between two OpenSSL endpoints over memory, read as a bystander would. */
#include <criterion/criterion.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "core/limits.h"
#include "proto/tls.h"
#include "wire.h"

static uint8_t scratch[2][LIMIT_HELLO];

/* What both sides sent, and what the server saw. */
struct seen {
	struct wire up, down;
	char name[256]; /* the server's reading of SNI */
	uint8_t alpn[256]; /* the offer as the server got it, wire form */
	size_t alpn_n;
	int version;
	uint16_t cipher;
	bool resumed;
};

static struct seen seen;

struct ends {
	SSL_CTX *client, *server;
	X509 *certificate;
};

static int on_hello(SSL *ssl, int *alert, void *arg)
{
	const unsigned char *ext;
	size_t n;
	(void)alert;
	(void)arg;
	seen.alpn_n = 0;
	if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &ext,
				      &n)) {
		memcpy(seen.alpn, ext + 2, n - 2);
		seen.alpn_n = n - 2;
	}
	return SSL_CLIENT_HELLO_SUCCESS;
}

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *n, const unsigned char *in,
		   unsigned in_n, void *arg)
{
	(void)ssl;
	(void)in_n;
	(void)arg;
	*out = in + 1;
	*n = in[0];
	return SSL_TLSEXT_ERR_OK;
}

/* Without it OpenSSL forgets the name of a session that is resumed. */
static int on_name(SSL *ssl, int *alert, void *arg)
{
	(void)ssl;
	(void)alert;
	(void)arg;
	return SSL_TLSEXT_ERR_OK;
}

static X509 *make_certificate(EVP_PKEY *key)
{
	X509 *x = X509_new();
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_NAME *name = X509_get_subject_name(x);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"leaf.example", -1,
				   -1, 0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, key);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
						"DNS:leaf.example,DNS:*.leaf.example");
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	cr_assert(X509_sign(x, key, EVP_sha256()));
	return x;
}

static struct ends make_ends(int client_version, int server_version)
{
	struct ends e = {SSL_CTX_new(TLS_client_method()), SSL_CTX_new(TLS_server_method()), NULL};
	EVP_PKEY *key = EVP_EC_gen("P-256");
	e.certificate = make_certificate(key);
	SSL_CTX_use_certificate(e.server, e.certificate);
	SSL_CTX_use_PrivateKey(e.server, key);
	EVP_PKEY_free(key);
	SSL_CTX_set_client_hello_cb(e.server, on_hello, NULL);
	SSL_CTX_set_tlsext_servername_callback(e.server, on_name);
	SSL_CTX_set_alpn_select_cb(e.server, on_alpn, NULL);
	SSL_CTX_set_security_level(e.client, 0);
	SSL_CTX_set_security_level(e.server, 0);
	SSL_CTX_set_min_proto_version(e.client, TLS1_VERSION);
	SSL_CTX_set_min_proto_version(e.server, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(e.client, client_version);
	SSL_CTX_set_max_proto_version(e.server, server_version);
	return e;
}

static void free_ends(struct ends *e)
{
	X509_free(e->certificate);
	SSL_CTX_free(e->client);
	SSL_CTX_free(e->server);
}

/* Moves what one side wrote to the other, and keeps it. */
static void move(BIO *from, BIO *to, struct wire *kept)
{
	uint8_t b[4096];
	int n;
	while ((n = BIO_read(from, b, sizeof b)) > 0) {
		wire_bytes(kept, b, (size_t)n);
		BIO_write(to, b, n);
	}
}

static SSL_SESSION *shake(struct ends *e, const char *name, const char *alpn, SSL_SESSION *session)
{
	SSL *c = SSL_new(e->client), *s = SSL_new(e->server);
	BIO *up_in = BIO_new(BIO_s_mem()), *down_in = BIO_new(BIO_s_mem());
	BIO *up_out = BIO_new(BIO_s_mem()), *down_out = BIO_new(BIO_s_mem());

	seen = (struct seen){0};
	SSL_set_bio(c, down_in, up_out);
	SSL_set_bio(s, up_in, down_out);
	SSL_set_connect_state(c);
	SSL_set_accept_state(s);
	if (name)
		SSL_set_tlsext_host_name(c, name);
	if (alpn)
		SSL_set_alpn_protos(c, (const uint8_t *)alpn, (unsigned)strlen(alpn));
	if (session)
		SSL_set_session(c, session);
	for (int i = 0; i < 8; i++) {
		SSL_do_handshake(c);
		move(up_out, up_in, &seen.up);
		SSL_do_handshake(s);
		move(down_out, down_in, &seen.down);
	}
	cr_assert(SSL_is_init_finished(c) && SSL_is_init_finished(s));
	uint8_t none[1];
	SSL_read(c, none, 1); /* takes the tickets of TLS 1.3 */
	const char *got = SSL_get_servername(s, TLSEXT_NAMETYPE_host_name);
	if (got)
		strncpy(seen.name, got, sizeof seen.name - 1);
	seen.version = SSL_version(s);
	seen.cipher = SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(s));
	seen.resumed = SSL_session_reused(s);
	SSL_SESSION *next = SSL_get1_session(c);
	SSL_shutdown(c); /* so that the session stays good, on both sides */
	SSL_shutdown(s);
	SSL_free(c);
	SSL_free(s);
	return next;
}

static void compare_alpn(const struct str_list *list)
{
	struct cursor c = cur_of(seen.alpn, seen.alpn_n);
	for (unsigned i = 0; i < list->count; i++) {
		const size_t n = cur_u8(&c);
		const uint8_t *p = cur_take(&c, n);
		cr_assert(p);
		cr_expect(str_eq(list->item[i], (struct str){(const char *)p, n}));
	}
	cr_expect_eq(cur_left(&c), 0);
}

/* Reads both directions and compares with what the endpoints saw. */
static struct tls_server compare(int offered)
{
	struct cursor handshake;
	struct tls_hello h;
	struct tls_server s;

	cr_expect_eq(tls_is_client_start(wire_cursor(&seen.up)), PARSE_DONE);
	cr_expect_eq(tls_is_server_start(wire_cursor(&seen.down)), PARSE_DONE);
	cr_assert_neq(tls_deframe(wire_cursor(&seen.up), scratch[0], LIMIT_HELLO, &handshake),
		      PARSE_BAD);
	cr_assert_eq(tls_client_hello(&handshake, false, &h), PARSE_DONE);
	cr_expect(str_eq(h.server_name, str_of(seen.name)));
	cr_expect_eq(h.has_sni, seen.name[0] != '\0');
	cr_expect_eq(h.version_offered, offered);
	compare_alpn(&h.alpn);

	cr_assert_neq(tls_deframe(wire_cursor(&seen.down), scratch[1], LIMIT_HELLO, &handshake),
		      PARSE_BAD);
	const enum parse state = tls_server_flight(handshake, &s);
	/* a resumed handshake of TLS <= 1.2 has nothing behind its hello that would tell */
	cr_expect(state == PARSE_DONE || (state == PARSE_MORE && seen.resumed));
	cr_expect(s.hello);
	cr_expect_eq(s.version_chosen, seen.version);
	cr_expect_eq(s.cipher_chosen, seen.cipher);
	if (seen.version < TLS1_3_VERSION && seen.alpn_n)
		cr_expect(str_eq(s.alpn_chosen, h.alpn.item[0]));
	const bool visible = seen.version < TLS1_3_VERSION && !seen.resumed;
	cr_expect_eq(s.certificate, visible);
	if (visible) {
		cr_expect(str_eq(s.cert_subject, STR("leaf.example")));
		cr_expect(str_eq(s.cert_issuer, STR("leaf.example")));
		cr_assert_eq(s.cert_names.count, 2);
		cr_expect(str_eq(s.cert_names.item[1], STR("*.leaf.example")));
	}
	return s;
}

Test(tls_openssl, reads_what_the_endpoints_agreed_on)
{
	static const int versions[] = {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION};
	static const char *const names[] = {NULL, "www.example.net", "WWW.Example.Org", "x"};
	static const char *const alpns[] = {NULL, "\2h2\x08http/1.1", "\3dot"};
	for (unsigned i = 0; i < 4 * 4 * 4 * 3; i++) {
		struct ends e = make_ends(versions[i % 4], versions[i / 4 % 4]);
		SSL_SESSION_free(shake(&e, names[i / 16 % 4], alpns[i / 64], NULL));
		const struct tls_server s = compare(versions[i % 4]);
		cr_expect_not(s.retry);
		free_ends(&e);
	}
}

Test(tls_openssl, reads_a_hello_that_had_to_be_asked_for_again)
{
	struct ends e = make_ends(TLS1_3_VERSION, TLS1_3_VERSION);
	SSL_CTX_set1_groups_list(e.client, "X25519:P-384");
	SSL_CTX_set1_groups_list(e.server, "P-384");
	SSL_SESSION_free(shake(&e, "again.example", "\2h2", NULL));
	const struct tls_server s = compare(TLS1_3_VERSION);
	cr_expect(s.retry);
	free_ends(&e);
}

Test(tls_openssl, sees_no_certificate_in_a_resumed_handshake)
{
	static const struct {
		int version;
		bool tickets;
	} cases[] = {{TLS1_2_VERSION, true}, {TLS1_2_VERSION, false}, {TLS1_3_VERSION, true}};
	for (unsigned i = 0; i < 3; i++) {
		struct ends e = make_ends(cases[i].version, cases[i].version);
		if (!cases[i].tickets)
			SSL_CTX_set_options(e.server, SSL_OP_NO_TICKET);
		SSL_CTX_set_session_id_context(e.server, (const uint8_t *)"t", 1);
		SSL_SESSION *session = shake(&e, "r.example", NULL, NULL);
		compare(cases[i].version);
		SSL_SESSION_free(shake(&e, "r.example", NULL, session));
		cr_assert(seen.resumed);
		compare(cases[i].version);
		SSL_SESSION_free(session);
		free_ends(&e);
	}
}

Test(tls_openssl, reads_flights_cut_into_small_records)
{
	struct ends e = make_ends(TLS1_2_VERSION, TLS1_2_VERSION);
	SSL_CTX_set_max_send_fragment(e.server, 512);
	SSL_CTX_set_max_send_fragment(e.client, 512);
	SSL_SESSION_free(shake(&e, "a-name-long-enough-to-make-the-hello-grow.example", NULL, NULL));
	compare(TLS1_2_VERSION);
	free_ends(&e);
}
