/* HTTP/1 heads: RFC 9112 (and RFC 9110 for the fields). */
#ifndef EGRET_PROTO_HTTP_H
#define EGRET_PROTO_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/str.h"
#include "proto/parse.h"

/* How long a head says that its body is. */
struct http_body {
	uint64_t bytes; /* Content-Length; 0 unless has_bytes */
	bool has_bytes, chunked;
	bool bad; /* Content-Length not a number, or two that differ */
};

struct http_request {
	struct str method, target, version; /* version: "1.1"; target as sent */
	struct str host;       /* first Host field, trimmed, as sent */
	struct str other_host; /* another one, that differs */
	struct str user_agent, content_type, referrer;
	struct http_body body;
	bool connect;          /* method CONNECT */
	bool upgrade;          /* an Upgrade field is there */
};

struct http_response {
	uint16_t status;
	struct http_body body;
};

/* Cheap: does this start like a request? DONE yes, MORE too short to say, BAD no.
 *
 * A method is a token of 3 to 32 capitals, digits, '-' and '_'. DONE wants the line's end, with
 * HTTP/1.x before it; only for well-known methods will a path or http URL do without a version
 * (HTTP/0.9, sloppy clients) or, when the line is long, without its end. SIP, RTSP, ICAP and other
 * protocols of the same form are BAD by their version. */
enum parse http_is_request(struct cursor c);
enum parse http_is_response(struct cursor c);

/* One head up to and with its empty line. DONE: c has moved past it. MORE: fields seen so far are
 * filled in (a Host of a head that never completes is still a Host). BAD: not HTTP/1. Bare LF line
 * ends and obs-fold are taken (RFC 9112 sections 2.2, 5.2). An absolute-form target
 * (http://host/…) does not fill host: use http_effective_host. */
enum parse http_request_head(struct cursor *c, struct http_request *out);
enum parse http_response_head(struct cursor *c, struct http_response *out);

/* The authority that the request is for: CONNECT's target (unless it is a path), else an
 * absolute-form target's authority, else Host. Raw text for hostname_from_authority. */
struct str http_effective_host(const struct http_request *r);
/* Who else the head says that it is for: another authority, or the same one written differently.
 * Empty: nobody. */
struct str http_other_host(const struct http_request *r);

/* Skips a chunked body (RFC 9112 section 7.1) incrementally. Zero the state at its start. Returns
 * the bytes consumed; *done is set when the last chunk and its trailers are past, *bad when
 * malformed. */
struct http_chunks {
	uint64_t left;  /* of the present chunk */
	uint8_t state;
	uint8_t digits;
};
size_t http_chunks_skip(struct http_chunks *s, const uint8_t *p, size_t n, bool *done, bool *bad);

#endif
