/* TLS handshakes as a passive reader sees them: RFC 8446, RFC 5246, RFC 6066 (server name),
 * RFC 7301 (ALPN), RFC 9849 (ECH), DTLS not included. */
#ifndef EGRET_PROTO_TLS_H
#define EGRET_PROTO_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/str.h"
#include "core/record.h"
#include "proto/parse.h"

#define TLS_RECORD_HEADER 5
#define TLS_CHANGE_CIPHER (TLS_RECORD_HEADER + 1)

/* What a ClientHello says. Strings point into the handshake message. */
struct tls_hello {
	struct str server_name; /* raw bytes of the first host_name entry; n == 0: none */
	struct str other_name;  /* another host_name, of the same extension or a second one; n == 0: none */
	bool has_sni;           /* the extension was there, even if empty */
	struct str_list alpn;
	uint16_t version_offered; /* highest of supported_versions without GREASE, else legacy; the
				   * drafts of TLS 1.3 (0x7f..) rank below 0x0304 */
	uint8_t hides;            /* HIDES_ECH, HIDES_ESNI; HIDES_NO_SNI set by DONE only; DoT and
				   * DoQ by ALPN */
	char ja4[40];             /* set by DONE only; transport letter as asked for */
};

/* One ClientHello handshake message: type 1, 24-bit length, body (RFC 8446 section 4.1.2). `c`
 * starts at the type byte; on DONE it has moved past the message. On MORE what was seen so far is
 * filled in (of an extension: once it is whole), has_sni included. `quic` selects JA4's transport
 * letter (q or t). Messages longer than LIMIT_HELLO are BAD. */
enum parse tls_client_hello(struct cursor *c, bool quic, struct tls_hello *out);

/* What the server's first flight says. */
struct tls_server {
	bool hello; /* a ServerHello was parsed */
	bool retry; /* a HelloRetryRequest was there (RFC 8446 section 4.1.3); the other fields are of
		     * the hello after it as soon as that was parsed */
	uint16_t version_chosen; /* supported_versions extension, else the legacy field */
	uint16_t cipher_chosen;
	struct str alpn_chosen;
	bool certificate; /* a Certificate message was reached and its leaf is whole (TLS <= 1.2) */
	struct str cert_subject, cert_issuer; /* common name; issuer: else organisation */
	struct str_list cert_names; /* SAN dNSName entries of the leaf */
};

/* A TLS record stream's handshake messages put into one piece.
 *
 * The head of a stream (from its first record) goes in; the handshake payload of its leading
 * handshake records comes out, contiguous: pointing into `stream` as long as all of it is of one
 * record, else copied into `scratch` (LIMIT_HELLO bytes or more). Alerts and change_cipher_spec
 * records between are skipped; after the latter only another cleartext hello counts (TLS 1.3 after
 * a HelloRetryRequest). SSLv2-framed hellos (RFC 5246 appendix E.2) are BAD.
 *
 * DONE: *handshake holds everything up to its end: a record that is no cleartext handshake, or a
 * full scratch; a message that is not complete by then never will be. MORE: the stream may bring
 * more handshake bytes; *handshake is what is there already, the partial last record included.
 * BAD: the first record is not TLS. */
enum parse tls_deframe(struct cursor stream, uint8_t *scratch, size_t room,
		       struct cursor *handshake);

/* Looks like the start of a ClientHello in TLS records, however small: content type 22, version
 * 3.x or one of a single digit (servers ignore it: RFC 8446 section 5.1), plausible lengths, handshake type 1, hello version 3.x. DONE as soon as the type byte
 * is there and all that is visible fits, MORE before that, BAD. */
enum parse tls_is_client_start(struct cursor c);
/* A change_cipher_spec record first: TLS_CHANGE_CIPHER bytes. */
enum parse tls_is_change_cipher(struct cursor c);
/* How many bytes the records take that hold the first n bytes of handshake messages, whole records as
 * far as they are there. */
size_t tls_records_of(struct cursor stream, size_t n);
/* The same for a ServerHello (or an alert as the first record). */
enum parse tls_is_server_start(struct cursor c);

/* The server's flight over the cleartext handshake bytes of tls_deframe: ServerHello, then with
 * TLS <= 1.2 Certificate, of which only the leaf must be there. DONE when nothing more can be
 * learned (TLS 1.3 ServerHello; leaf certificate parsed; a later message reached; for a
 * HelloRetryRequest the hello after it); MORE with what is known so far; BAD when malformed. */
enum parse tls_server_flight(struct cursor handshake, struct tls_server *out);

#endif
