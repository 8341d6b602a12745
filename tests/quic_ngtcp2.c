/* Our reading of QUIC Initial packets against ngtcp2's making and reading of them.
 *
 * ngtcp2 (with GnuTLS) is the client: versions, sizes, ids, names and protocols of many kinds, hellos
 * over several packets; we must read the same name and protocols out of its packets, in any order.
 * Then each of its packets is damaged, and ngtcp2, as the server, and we must agree on which of the
 * damaged ones can still be decrypted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef HAVE_NGTCP2

int main(void)
{
	puts("built without ngtcp2: not compared");
	return 77;
}

#else

#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>

#include "proto/quic.h"

#define PACKETS	  16
#define PROTOCOLS 8
#define PACKET_MAX 1452
#define DAMAGES	  400 /* random ones of a packet, beside one of each byte of its head */
#define HEAD	  80
#define REST	  64 /* bytes that may stand behind a packet */

static unsigned passed, failed, decrypted; /* the last: by ngtcp2, whose callback has no context */

static void check(bool ok, const char *what, const char *of)
{
	passed += ok;
	failed += !ok;
	if (!ok)
		printf("FAIL: %s: %s\n", of, what);
}

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	printf("%s failed\n", what);
	exit(1);
}

/* What ngtcp2 wants of an application. */

static void make_random(uint8_t *p, size_t n, const ngtcp2_rand_ctx *context)
{
	(void)context;
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(random() >> 8);
}

static int new_id(ngtcp2_conn *conn, ngtcp2_cid *cid, uint8_t *token, size_t n, void *context)
{
	(void)conn;
	(void)context;
	make_random(cid->data, n, NULL);
	cid->datalen = n;
	make_random(token, NGTCP2_STATELESS_RESET_TOKENLEN, NULL);
	return 0;
}

static int take_crypto(ngtcp2_conn *conn, ngtcp2_crypto_level level, uint64_t offset,
		       const uint8_t *data, size_t n, void *context)
{
	(void)conn;
	(void)level;
	(void)offset;
	(void)data;
	(void)n;
	(void)context;
	return 0;
}

static int decrypt(uint8_t *out, const ngtcp2_crypto_aead *aead, const ngtcp2_crypto_aead_ctx *key,
		   const uint8_t *text, size_t n, const uint8_t *nonce, size_t nonce_n,
		   const uint8_t *associated, size_t associated_n)
{
	int r = ngtcp2_crypto_decrypt_cb(out, aead, key, text, n, nonce, nonce_n, associated,
					 associated_n);

	decrypted += r == 0;
	return r;
}

static ngtcp2_callbacks callbacks_of(bool server)
{
	ngtcp2_callbacks c = {
		.recv_crypto_data = server ? take_crypto : ngtcp2_crypto_recv_crypto_data_cb,
		.encrypt = ngtcp2_crypto_encrypt_cb,
		.decrypt = decrypt,
		.hp_mask = ngtcp2_crypto_hp_mask_cb,
		.update_key = ngtcp2_crypto_update_key_cb,
		.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
		.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
		.get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,
		.version_negotiation = ngtcp2_crypto_version_negotiation_cb,
		.rand = make_random,
		.get_new_connection_id = new_id,
	};

	if (server) {
		c.recv_client_initial = ngtcp2_crypto_recv_client_initial_cb;
	} else {
		c.client_initial = ngtcp2_crypto_client_initial_cb;
		c.recv_retry = ngtcp2_crypto_recv_retry_cb;
	}
	return c;
}

static ngtcp2_path path_of(ngtcp2_sockaddr_in *a)
{
	*a = (ngtcp2_sockaddr_in){.sin_family = AF_INET};
	ngtcp2_addr address = {(ngtcp2_sockaddr *)a, sizeof *a};
	return (ngtcp2_path){.local = address, .remote = address};
}

static ngtcp2_cid id_of(size_t n)
{
	ngtcp2_cid c = {.datalen = n};

	make_random(c.data, n, NULL);
	return c;
}

/* A client's first flight. */
struct flight {
	uint32_t version;
	const char *name;
	unsigned protocols; /* "h3", then longer ones; GnuTLS takes eight */
	size_t filling;	    /* bytes of an extension, so that the hello takes several packets */
	size_t id_length, size;
	char title[160];
	/* made by ngtcp2 */
	uint8_t packet[PACKETS][PACKET_MAX];
	size_t length[PACKETS];
	unsigned packets;
};

static size_t protocol_of(unsigned i, char out[256])
{
	if (i == 0)
		return (size_t)sprintf(out, "h3");
	return (size_t)sprintf(out, "protocol-%u-%020u", i, i);
}

static ngtcp2_conn *conn_of(ngtcp2_crypto_conn_ref *ref)
{
	return ref->user_data;
}

/* An extension that does nothing but fill. */
static int send_filling(gnutls_session_t session, gnutls_buffer_t out)
{
	static const uint8_t zeros[4096];
	const struct flight *x = gnutls_db_get_ptr(session);

	return gnutls_buffer_append_data(out, zeros, x->filling) == 0 ? (int)x->filling : -1;
}

static int take_filling(gnutls_session_t session, const unsigned char *data, size_t n)
{
	(void)session;
	(void)data;
	(void)n;
	return 0;
}

static gnutls_session_t session_of(struct flight *x, gnutls_certificate_credentials_t c)
{
	gnutls_session_t session;
	char text[PROTOCOLS][256];
	gnutls_datum_t protocol[PROTOCOLS];

	gnutls_init(&session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL);
	must(gnutls_priority_set_direct(session, "NORMAL:-VERS-ALL:+VERS-TLS1.3", NULL) == 0,
	     "priorities");
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, c);
	for (unsigned i = 0; i < x->protocols; i++)
		protocol[i] = (gnutls_datum_t){(uint8_t *)text[i],
					       (unsigned)protocol_of(i, text[i])};
	if (x->protocols)
		gnutls_alpn_set_protocols(session, protocol, x->protocols, 0);
	if (x->name)
		gnutls_server_name_set(session, GNUTLS_NAME_DNS, x->name, strlen(x->name));
	gnutls_db_set_ptr(session, x);
	if (x->filling)
		gnutls_session_ext_register(session, "filling", 0x5a5a, GNUTLS_EXT_TLS, take_filling,
					    send_filling, NULL, NULL, NULL,
					    GNUTLS_EXT_FLAG_CLIENT_HELLO | GNUTLS_EXT_FLAG_TLS);
	must(ngtcp2_crypto_gnutls_configure_client_session(session) == 0, "the session");
	return session;
}

static void make(struct flight *x, gnutls_certificate_credentials_t credentials)
{
	ngtcp2_sockaddr_in address;
	ngtcp2_path path = path_of(&address);
	ngtcp2_cid dcid = id_of(x->id_length), scid = id_of(8);
	ngtcp2_callbacks callbacks = callbacks_of(false);
	ngtcp2_settings settings;
	ngtcp2_transport_params parameters;
	ngtcp2_conn *conn;

	ngtcp2_settings_default(&settings);
	settings.max_tx_udp_payload_size = x->size;
	settings.no_tx_udp_payload_size_shaping = 1;
	ngtcp2_transport_params_default(&parameters);
	must(ngtcp2_conn_client_new(&conn, &dcid, &scid, &path, x->version, &callbacks, &settings,
				    &parameters, NULL, NULL) == 0,
	     "the client");
	gnutls_session_t session = session_of(x, credentials);
	ngtcp2_crypto_conn_ref ref = {conn_of, conn};
	gnutls_session_set_ptr(session, &ref);
	ngtcp2_conn_set_tls_native_handle(conn, session);
	for (x->packets = 0; x->packets < PACKETS; x->packets++) {
		ngtcp2_ssize n = ngtcp2_conn_write_pkt(conn, &path, NULL, x->packet[x->packets],
						       x->size, 1);
		must(n >= 0, "writing a packet");
		if (n == 0)
			break;
		x->length[x->packets] = (size_t)n;
	}
	must(x->packets != 0, "the first flight");
	ngtcp2_conn_del(conn);
	gnutls_deinit(session);
}

/* Our reading. */

static struct quic_state state;
static struct tls_hello hello;

static enum parse read_packet(const uint8_t *p, size_t n, struct stats *stats)
{
	return quic_client_datagram(&state, cur_of(p, n), stats, &hello);
}

static void compare_hello(const struct flight *x)
{
	char protocol[256];

	check(str_eq(hello.server_name, x->name ? str_of(x->name) : (struct str){0}), "server name",
	      x->title);
	check(hello.alpn.count == x->protocols, "number of protocols", x->title);
	for (unsigned i = 0; i < x->protocols && i < hello.alpn.count; i++) {
		size_t n = protocol_of(i, protocol);
		check(str_eq(hello.alpn.item[i], (struct str){protocol, n}), "protocol", x->title);
	}
	check(hello.version_offered == 0x0304, "TLS version", x->title);
}

static void read_flight(const struct flight *x, bool backward)
{
	struct stats stats = {0};
	enum parse r = PARSE_MORE;

	quic_state_init(&state);
	for (unsigned i = 0; i < x->packets; i++) {
		unsigned k = backward ? x->packets - 1 - i : i;
		check(quic_is_client_initial(cur_of(x->packet[k], x->length[k]), x->length[k]),
		      "is an Initial", x->title);
		r = read_packet(x->packet[k], x->length[k], &stats);
	}
	check(r == PARSE_DONE, "complete", x->title);
	check(state.version == x->version, "version", x->title);
	check(stats.quic_undecryptable == 0, "all decrypted", x->title);
	if (r == PARSE_DONE)
		compare_hello(x);
}

/* Whether ngtcp2, as a server that has seen nothing yet, decrypts the packet. */
static bool they_decrypt(const uint8_t *p, size_t n)
{
	ngtcp2_sockaddr_in address;
	ngtcp2_path path = path_of(&address);
	ngtcp2_callbacks callbacks = callbacks_of(true);
	ngtcp2_settings settings;
	ngtcp2_transport_params parameters;
	ngtcp2_pkt_hd head;
	ngtcp2_conn *conn;

	decrypted = 0;
	if (ngtcp2_accept(&head, p, n) != 0 || head.type != NGTCP2_PKT_INITIAL)
		return false;
	ngtcp2_cid scid = id_of(8);
	ngtcp2_settings_default(&settings);
	settings.token = head.token;
	ngtcp2_transport_params_default(&parameters);
	parameters.original_dcid = head.dcid;
	if (ngtcp2_conn_server_new(&conn, &head.scid, &scid, &path, head.version, &callbacks,
				   &settings, &parameters, NULL, NULL) != 0)
		return false;
	ngtcp2_conn_read_pkt(conn, &path, NULL, p, n, 1);
	ngtcp2_conn_del(conn);
	return decrypted != 0;
}

static bool we_decrypt(const uint8_t *p, size_t n)
{
	struct stats stats = {0};

	quic_state_init(&state);
	read_packet(p, n, &stats);
	return state.next_pn != 0;
}

static void damage(const struct flight *x, unsigned k, unsigned *still)
{
	uint8_t copy[PACKET_MAX + REST];
	size_t n = x->length[k];

	for (unsigned i = 0; i < HEAD + DAMAGES; i++) {
		size_t at = i < HEAD ? i : (size_t)random() % n;
		memcpy(copy, x->packet[k], n);
		make_random(copy + n, REST, NULL);
		if (i % 5 != 4)
			copy[at] ^= (uint8_t)(1 + random() % 255);
		size_t left = i % 7 == 6 ? 1200 + (size_t)random() % (n + REST - 1199) : n;
		bool theirs = they_decrypt(copy, left), ours = we_decrypt(copy, left);
		*still += theirs;
		char what[64];
		snprintf(what, sizeof what, "byte %zu of %zu changed: ngtcp2 %d, we %d", at, left,
			 theirs, ours);
		check(theirs == ours, what, x->title);
	}
}

int main(void)
{
	static const uint32_t versions[] = {NGTCP2_PROTO_VER_V1, 0xff00001d, 0xff00001e, 0xff00001f,
					    0xff000020};
	static const char *names[] = {"drive.example.org", NULL, "x.example",
				      "a-rather-long-name.with.many.labels.example.com"};
	static const size_t sizes[] = {1200, 1252, 1350, 1452};
	gnutls_certificate_credentials_t credentials;
	unsigned flights = 0, packets = 0, still = 0;

	srandom(7);
	gnutls_certificate_allocate_credentials(&credentials);
	for (unsigned i = 0; i < 200; i++) {
		static struct flight x;
		memset(&x, 0, sizeof x);
		x.version = versions[i % 5];
		x.name = names[i / 5 % 4];
		x.protocols = i % 3 ? 1 : i % (PROTOCOLS + 1);
		x.filling = i % 4 ? 0 : 1 + i * 19;
		x.id_length = 8 + i % 13;
		x.size = sizes[i % 4];
		make(&x, credentials);
		snprintf(x.title, sizeof x.title, "%u: version %x, %s, %u protocols, %u packets", i,
			 x.version, x.name ? x.name : "no name", x.protocols, x.packets);
		read_flight(&x, false);
		read_flight(&x, true);
		for (unsigned k = 0; k < x.packets && i % 8 == 0; k++) {
			check(they_decrypt(x.packet[k], x.length[k]) &&
				      we_decrypt(x.packet[k], x.length[k]),
			      "both decrypt it", x.title);
			damage(&x, k, &still);
		}
		flights++;
		packets += x.packets;
	}
	gnutls_certificate_free_credentials(credentials);
	printf("%u flights of %u packets; of the damaged ones ngtcp2 decrypted %u\n", flights, packets,
	       still);
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}

#endif
