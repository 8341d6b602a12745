/* The first line of a HTTP/1 message: RFC 9112 sections 3 and 4. */
#ifndef EGRET_PROTO_HTTP_LINE_H
#define EGRET_PROTO_HTTP_LINE_H

#include "base/cursor.h"
#include "base/str.h"
#include "proto/parse.h"

struct http_line {
	struct str method, target, version;
};

/* The next line without its line end (LF or CRLF). MORE, with what there is of it, when its end is
 * not there yet. */
enum parse http_line_next(struct cursor *c, struct str *line);

/* A request line, after any empty lines before it. DONE: c is past it. MORE: its end is not there
 * yet and so far it fits; the method is filled if it is complete, and *known says whether it and
 * the start of the target leave little doubt. */
enum parse http_line_request(struct cursor *c, struct http_line *out, bool *known);

/* A status line. */
enum parse http_line_status(struct cursor *c, uint16_t *status);

#endif
