/* The control socket: a UNIX stream socket on which egretctl and others ask one line a request and
 * get an answer.
 *
 * Request: words, separated by blanks; a word with blanks is quoted ("…", with \" and \\ inside);
 * one line of at most CONTROL_LINE_MAX bytes, ended by a newline or by the end of what the client
 * sends. A first word "json" asks for JSON. Answer: "ok\n" or "error\n", then the text, then the
 * connection is closed by the server. Whoever is not root, not the daemon's own user and not in the
 * configured group is refused (SO_PEERCRED, SO_PEERGROUPS).
 *
 * No client makes another one wait: a request has to arrive, and an answer to be taken, within a
 * time; an answer may be worked on for longer (a reload), during which others are served. When
 * CONTROL_CLIENTS_MAX are there, new ones wait in the kernel's queue. */
#ifndef EGRET_DAEMON_CONTROL_H
#define EGRET_DAEMON_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/str.h"

#define CONTROL_PATH	    "/run/egret/control"
#define CONTROL_LINE_MAX    65536
#define CONTROL_WORDS_MAX   32
#define CONTROL_CLIENTS_MAX 16		      /* at one time */
#define CONTROL_ANSWER_MAX  (4 * 1024 * 1024) /* bytes */
#define CONTROL_DEADLINE    10		      /* seconds for a request to come, an answer to go */

struct control_request {
	struct str word[CONTROL_WORDS_MAX]; /* without "json" */
	size_t count;			    /* 1 or more */
	bool json;
	uid_t user; /* who asks */
};

/* Splits a line (without newline) in place. -1 and an error when it is none. */
int control_parse(char *line, size_t n, struct control_request *out, struct error *e);

/* A request and its answer in the making. It stays whole until control_done, also when the client
 * has gone or its time is over. */
struct control_reply {
	struct control_request request;
	struct bytes text; /* the answer, added to by whoever works on it */
	unsigned patience; /* seconds that control_done may take; CONTROL_DEADLINE at first */
	void (*done)(struct control_reply *r, const struct error *e);
};

/* Exactly once for each reply, in the control thread, at once or later. e NULL: `text` is the
 * answer; else the error is. The reply is gone afterwards. */
static inline void control_done(struct control_reply *r, const struct error *e)
{
	r->done(r, e);
}

/* In the control thread. Must not wait for anything: it hands the reply on to whoever will call
 * control_done. */
typedef void control_answer(void *context, struct control_reply *r);

struct control_options {
	const char *path;
	const char *group;    /* of the socket (mode 0660); NULL or "": 0600 */
	unsigned deadline_ms; /* 0: CONTROL_DEADLINE */
	control_answer *answer;
	void *context;
};

struct control;
struct event_base;

/* NULL and an error when the socket cannot be made (somebody listens there, something else is
 * there, no such folder, no such group). Touches the umask: before other threads make files. */
struct control *control_open(struct event_base *base, const struct control_options *o,
			     struct error *e);
/* Replies that are being worked on stay, and go with their control_done. */
void control_close(struct control *c);

#endif
