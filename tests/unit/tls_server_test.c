/* The server's flight: ServerHello, a retry before it, the certificate after it. */
#include <criterion/criterion.h>

#include "core/limits.h"
#include "expect.h"
#include "mutate.h"
#include "proto/tls.h"
#include "tls_build.h"

static struct wire stream, answer;
static uint8_t scratch[LIMIT_HELLO];

static const uint8_t retry_random[32] =
	"\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91"
	"\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c";

static void server_hello(uint16_t legacy, const uint8_t *random, uint16_t chosen, const char *alpn)
{
	wire_number(&answer, 2, 1);
	const size_t message = wire_open(&answer, 3);
	wire_number(&answer, legacy, 2);
	if (random)
		wire_bytes(&answer, random, 32);
	else
		wire_zeros(&answer, 32);
	if (legacy >> 8 == 3)
		wire_number(&answer, 0, 1);
	wire_number(&answer, 0x1302, 2);
	if (legacy >> 8 == 3)
		wire_number(&answer, 0, 1);
	const size_t extensions = wire_open(&answer, 2);
	if (chosen) {
		wire_number(&answer, 0x002b0002, 4);
		wire_number(&answer, chosen, 2);
	}
	if (alpn) {
		wire_number(&answer, 16, 2);
		wire_number(&answer, strlen(alpn) + 3, 2);
		wire_number(&answer, strlen(alpn) + 1, 2);
		wire_number(&answer, strlen(alpn), 1);
		wire_text(&answer, alpn);
	}
	wire_close(&answer, extensions, 2);
	wire_close(&answer, message, 3);
}

Test(tls_server, is_done_with_a_hello_of_13)
{
	struct tls_server s;
	answer.n = 0;
	server_hello(0x0303, NULL, 0x0304, NULL);
	for (size_t n = 0; n < answer.n; n++) {
		cr_expect_eq(tls_server_flight(cur_of(answer.b, n), &s), PARSE_MORE);
		cr_expect_eq(s.version_chosen, 0, "half a hello tells nothing");
	}
	cr_assert_eq(tls_server_flight(wire_cursor(&answer), &s), PARSE_DONE);
	cr_expect(s.hello && !s.retry && !s.certificate);
	cr_expect_eq(s.version_chosen, 0x0304);
	cr_expect_eq(s.cipher_chosen, 0x1302);
}

Test(tls_server, reads_on_after_a_retry)
{
	struct tls_server s;
	struct cursor handshake;
	answer.n = 0;
	server_hello(0x0303, retry_random, 0x0304, NULL);
	cr_assert_eq(tls_server_flight(wire_cursor(&answer), &s), PARSE_MORE);
	cr_expect(s.hello && s.retry);
	cr_expect_eq(s.version_chosen, 0x0304);

	/* with the change_cipher_spec of middlebox compatibility between the two */
	stream.n = 0;
	tls_frame(&stream, &answer, 5000);
	wire_bytes(&stream, "\x14\3\3\0\1\1", 6);
	answer.n = 0;
	server_hello(0x0303, NULL, 0x0304, NULL);
	tls_frame(&stream, &answer, 5000);
	for (size_t n = stream.n - answer.n; n < stream.n; n++) {
		cr_expect_eq(tls_deframe(cur_of(stream.b, n), scratch, sizeof scratch, &handshake),
			     PARSE_MORE);
		cr_expect_eq(tls_server_flight(handshake, &s), PARSE_MORE);
	}
	tls_deframe(wire_cursor(&stream), scratch, sizeof scratch, &handshake);
	cr_assert_eq(tls_server_flight(handshake, &s), PARSE_DONE);
	cr_expect(s.retry);
}

Test(tls_server, knows_the_drafts_of_13)
{
	struct tls_server s;
	answer.n = 0;
	server_hello(0x7f12, NULL, 0, NULL);
	cr_assert_eq(tls_server_flight(wire_cursor(&answer), &s), PARSE_DONE);
	cr_expect_eq(s.version_chosen, 0x7f12);
	cr_expect_eq(s.cipher_chosen, 0x1302);
}

/* The smallest thing the DER walk takes for a certificate: one common name twice. */
static const uint8_t tiny_certificate[] =
	"\x30\x31"
	"\x30\x2f\x02\x01\x01\x30\x00"
	"\x30\x10\x31\x0e\x30\x0c\x06\x03\x55\x04\x03\x0c\x05issue"
	"\x30\x00"
	"\x30\x12\x31\x10\x30\x0e\x06\x03\x55\x04\x03\x0c\x07subject"
	"\x30\x00";

static void certificate_message(size_t chain)
{
	wire_number(&answer, 11, 1);
	const size_t message = wire_open(&answer, 3), list = wire_open(&answer, 3);
	wire_number(&answer, sizeof tiny_certificate - 1, 3);
	wire_bytes(&answer, tiny_certificate, sizeof tiny_certificate - 1);
	wire_number(&answer, chain, 3);
	wire_zeros(&answer, chain);
	wire_close(&answer, list, 3);
	wire_close(&answer, message, 3);
}

Test(tls_server, tells_the_leaf_before_the_chain_is_there)
{
	struct tls_server s;
	answer.n = 0;
	server_hello(0x0303, NULL, 0, "h2");
	const size_t hello = answer.n;
	certificate_message(30000);
	const size_t leaf = hello + 4 + 3 + 3 + sizeof tiny_certificate - 1;
	for (size_t n = hello; n < leaf; n++) {
		cr_expect_eq(tls_server_flight(cur_of(answer.b, n), &s), PARSE_MORE);
		cr_expect(s.hello && !s.certificate);
	}
	cr_assert_eq(tls_server_flight(cur_of(answer.b, leaf), &s), PARSE_DONE);
	cr_expect(s.certificate);
	cr_expect_eq(s.version_chosen, 0x0303);
	expect_str(s.alpn_chosen, "h2");
	expect_str(s.cert_subject, "subject");
	expect_str(s.cert_issuer, "issue");
}

Test(tls_server, is_done_where_no_certificate_comes)
{
	static const uint8_t types[] = {4, 12, 14, 22, 99};
	for (size_t i = 0; i < sizeof types; i++) {
		struct tls_server s;
		answer.n = 0;
		server_hello(0x0303, NULL, 0, NULL);
		wire_number(&answer, types[i], 1);
		wire_number(&answer, 9, 3); /* of which nothing is there */
		cr_expect_eq(tls_server_flight(wire_cursor(&answer), &s), PARSE_DONE);
		cr_expect(s.hello && !s.certificate);
	}
	struct tls_server s;
	answer.n = 0;
	server_hello(0x0303, NULL, 0, NULL);
	wire_bytes(&answer, "\xb\0\0\3\0\0\0", 7); /* an empty list */
	cr_expect_eq(tls_server_flight(wire_cursor(&answer), &s), PARSE_DONE);
	cr_expect(s.certificate);
}

Test(tls_server, refuses_what_is_out_of_order_or_does_not_fit)
{
	struct tls_server s;
	answer.n = 0;
	certificate_message(0);
	cr_expect_eq(tls_server_flight(wire_cursor(&answer), &s), PARSE_BAD);
	answer.n = 0;
	server_hello(0x0303, NULL, 0, NULL);
	const size_t hello = answer.n;
	server_hello(0x0303, NULL, 0, NULL);
	cr_expect_eq(tls_server_flight(wire_cursor(&answer), &s), PARSE_BAD);
	answer.n = hello;
	wire_bytes(&answer, "\xb\0\0\6\0\0\3\0\0\1", 10); /* leaf longer than the list */
	cr_expect_eq(tls_server_flight(wire_cursor(&answer), &s), PARSE_BAD);
	answer.n = hello;
	answer.b[3]--;
	cr_expect_eq(tls_server_flight(wire_cursor(&answer), &s), PARSE_BAD);
}

static void read_flight(const uint8_t *p, size_t n, bool mutated)
{
	struct tls_server s;
	const enum parse state = tls_server_flight(cur_of(p, n), &s);
	if (!mutated)
		cr_expect_eq(state, PARSE_MORE);
}

Test(tls_server, nothing_reads_beyond_the_flight)
{
	answer.n = 0;
	server_hello(0x0303, retry_random, 0x0304, NULL);
	server_hello(0x0303, NULL, 0, "http/1.1");
	mutate_all(answer.b, answer.n, read_flight);
	answer.n = 0;
	server_hello(0x0303, NULL, 0, "http/1.1");
	certificate_message(0);
	mutate_all(answer.b, answer.n - 3, read_flight);
}
