/* SOCKS 4, 4a and 5 up to the point where the proxied stream starts (RFC 1928, RFC 1929). */
#ifndef EGRET_PROTO_SOCKS_H
#define EGRET_PROTO_SOCKS_H

#include <stdbool.h>

#include "base/cursor.h"
#include "core/addr.h"
#include "proto/parse.h"

struct socks_request {
	uint8_t version; /* 4 or 5 */
	uint8_t command; /* 1 = CONNECT */
	uint16_t port;
	struct str name; /* raw bytes; n == 0: by address */
	bool has_address;
	struct addr address;
};

/* The client's side of a SOCKS start from its first byte: greeting, optional user/password
 * sub-negotiation, request. DONE: c is past the request and *out is filled. */
enum parse socks_client(struct cursor *c, struct socks_request *out);
/* The server's side: method choice, sub-negotiation reply, reply. DONE: c is past the reply and
 * *granted says whether the stream follows. */
enum parse socks_server(struct cursor *c, uint8_t version, bool *granted);

#endif
