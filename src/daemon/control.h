/* The control socket: a UNIX stream socket on which egretctl and others ask one line a request and
 * get an answer.
 *
 * Request: words, separated by blanks, the last of which may be quoted ("…", with \" and \\ inside);
 * one line of at most CONTROL_LINE_MAX bytes. A first word "json" asks for JSON. Answer: "ok\n" or
 * "error\n", then the text, then the connection is closed by the server. Whoever is not root, not
 * the daemon's own user and not in the configured group is refused (SO_PEERCRED). */
#ifndef EGRET_DAEMON_CONTROL_H
#define EGRET_DAEMON_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/str.h"

#define CONTROL_LINE_MAX 8192
#define CONTROL_WORDS_MAX 32
#define CONTROL_CLIENTS_MAX 16 /* at one time */

struct control_request {
	struct str word[CONTROL_WORDS_MAX]; /* without "json" */
	size_t count;
	bool json;
	uid_t user; /* who asks */
};

/* Splits a line (without newline) in place. -1 and an error when it is none. */
int control_parse(char *line, size_t n, struct control_request *out, struct error *e);

/* Adds the answer to out. 0, or -1 and an error, which is then the answer. In the control thread. */
typedef int control_answer(void *context, const struct control_request *r, struct bytes *out,
			   struct error *e);

struct control_options {
	const char *path;
	const char *group; /* of the socket (mode 0660); NULL or "": 0600 */
	control_answer *answer;
	void *context;
};

struct control;
struct event_base;

/* NULL and an error when the socket cannot be made (somebody else's is there, no such folder). */
struct control *control_open(struct event_base *base, const struct control_options *o,
			     struct error *e);
void control_close(struct control *c);

#endif
