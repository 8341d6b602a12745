/* Records put together, then both handshake parsers over the result, and over the raw bytes. */
#include <stdlib.h>

#include "core/limits.h"
#include "proto/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static volatile unsigned sink;

/* Reads what the parser points at, so that a sanitizer sees a slice outside the input. */
static void touch(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		sink += (unsigned char)s.p[i];
}

static void touch_list(const struct str_list *list)
{
	for (unsigned i = 0; i < list->count; i++)
		touch(list->item[i]);
}

static void both(struct cursor handshake)
{
	struct tls_hello hello;
	struct tls_server server;
	struct cursor c = handshake;

	const enum parse state = tls_client_hello(&c, false, &hello);
	if ((state == PARSE_DONE) != (c.p != handshake.p) || (state == PARSE_DONE) != !!hello.ja4[0])
		abort();
	touch(hello.server_name);
	touch_list(&hello.alpn);
	tls_server_flight(handshake, &server);
	touch(server.alpn_chosen);
	touch(server.cert_subject);
	touch(server.cert_issuer);
	touch_list(&server.cert_names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static uint8_t scratch[LIMIT_HELLO];
	const struct cursor stream = cur_of(data, n);
	struct cursor handshake;

	tls_is_client_start(stream);
	tls_is_server_start(stream);
	tls_deframe(stream, scratch, sizeof scratch, &handshake);
	both(handshake);
	both(stream);
	return 0;
}
