#include "daemon/control.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "daemon/control_socket.h"

#define READ_SIZE	4096
#define CROWDED_MS	1000 /* for a request to come, when others wait to be let in */
#define ACCEPT_PAUSE_MS 500  /* when there are no descriptors left */

enum phase {
	READING,
	WAITING, /* somebody works on the answer */
	WRITING,
};

struct reply;

struct client {
	struct control *control;
	LIST_ENTRY(client) link;
	struct event *io, *deadline;
	int fd;
	enum phase phase;
	uid_t user;
	struct bytes line;   /* READING */
	struct reply *reply; /* WAITING */
	const char *head;    /* WRITING: sent before the text */
	struct bytes text;
	size_t sent; /* of both */
};

struct reply {
	struct control_reply r;
	struct client *client; /* NULL: gone */
	char *line;	       /* that the request's words point into; owned */
	bool asking;	       /* the answer function has not returned yet */
	bool finished, failed;
	struct error error;
};

struct control {
	struct event_base *base;
	struct control_options o;
	struct control_socket socket;
	struct event *accept, *pause;
	LIST_HEAD(, client) clients;
	unsigned count;
	bool full;
};

static struct timeval milliseconds(unsigned ms)
{
	return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

static void expect_within(struct client *k, unsigned ms)
{
	struct timeval t = milliseconds(ms);

	event_add(k->deadline, &t);
}

static void client_close(struct client *k)
{
	struct control *c = k->control;

	if (k->reply)
		k->reply->client = NULL;
	LIST_REMOVE(k, link);
	c->count--;
	if (k->io)
		event_free(k->io);
	event_free(k->deadline);
	close(k->fd);
	bytes_fini(&k->line);
	bytes_fini(&k->text);
	free(k);
	if (c->full) {
		c->full = false;
		event_add(c->accept, NULL);
	}
}

/* Sends what it can. False: the client is gone. */
static bool send_more(struct client *k)
{
	size_t head = strlen(k->head);

	while (k->sent < head + k->text.n) {
		size_t of_head = k->sent < head ? head - k->sent : 0;
		size_t from = of_head ? 0 : k->sent - head;
		struct iovec part[2] = {
			{(char *)k->head + (head - of_head), of_head},
			{k->text.n ? k->text.p + from : NULL, k->text.n - from},
		};
		struct msghdr m = {.msg_iov = part, .msg_iovlen = 2};
		ssize_t n = sendmsg(k->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return true;
		if (n < 0) {
			client_close(k);
			return false;
		}
		k->sent += (size_t)n;
	}
	client_close(k);
	return false;
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	send_more(arg);
}

/* From now on the client only takes its answer. `text` is moved; NULL: there is none. */
static void begin_writing(struct client *k, const char *head, struct bytes *text)
{
	k->phase = WRITING;
	k->head = head;
	if (text) {
		k->text = *text;
		*text = (struct bytes){0};
	}
	if (k->io)
		event_free(k->io);
	k->io = NULL;
	expect_within(k, k->control->o.deadline_ms);
	if (send_more(k)) {
		k->io = event_new(k->control->base, k->fd, EV_WRITE | EV_PERSIST, on_writable, k);
		event_add(k->io, NULL);
	}
}

static void refuse(struct client *k, const char *why)
{
	struct bytes text;

	bytes_init(&text, ERROR_TEXT_MAX + 1);
	bytes_add(&text, why, strlen(why));
	bytes_u8(&text, '\n');
	begin_writing(k, "error\n", &text);
}

static void reply_free(struct reply *p)
{
	bytes_fini(&p->r.text);
	free(p->line);
	free(p);
}

/* Gives the answer to its client, if it is still there. */
static void deliver(struct reply *p)
{
	struct client *k = p->client;

	if (k) {
		k->reply = NULL;
		if (p->failed)
			refuse(k, p->error.text);
		else if (p->r.text.full)
			refuse(k, "the answer is too long: ask for less");
		else
			begin_writing(k, "ok\n", &p->r.text);
	}
	reply_free(p);
}

static void reply_done(struct control_reply *r, const struct error *e)
{
	struct reply *p = (struct reply *)r;

	p->finished = true;
	p->failed = e != NULL;
	if (e)
		p->error = *e;
	if (!p->asking)
		deliver(p);
}

/* The line is whole. */
static void ask(struct client *k, size_t n)
{
	struct reply *p = mem_zalloc(sizeof *p);
	struct control *c = k->control;
	struct error e;

	p->line = (char *)k->line.p;
	k->line = (struct bytes){0};
	p->client = k;
	p->r.done = reply_done;
	p->r.patience = CONTROL_DEADLINE;
	bytes_init(&p->r.text, CONTROL_ANSWER_MAX);
	if (control_parse(p->line, n, &p->r.request, &e)) {
		reply_free(p);
		refuse(k, e.text);
		return;
	}
	p->r.request.user = k->user;
	k->reply = p;
	k->phase = WAITING;
	event_free(k->io);
	k->io = NULL;
	p->asking = true;
	c->o.answer(c->o.context, &p->r);
	p->asking = false;
	if (p->finished)
		deliver(p);
	else
		expect_within(k, p->r.patience * 1000);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct client *k = arg;
	uint8_t *to = bytes_more(&k->line, READ_SIZE);
	ssize_t n = to ? recv(fd, to, READ_SIZE, MSG_DONTWAIT) : -1;
	int why = errno;

	(void)what;
	if (!to) {
		refuse(k, "the request is too long");
		return;
	}
	k->line.n -= READ_SIZE - (n > 0 ? (size_t)n : 0);
	if (n < 0) {
		if (why != EAGAIN && why != EWOULDBLOCK && why != EINTR)
			client_close(k);
		return;
	}
	const uint8_t *end = n ? memchr(to, '\n', (size_t)n) : NULL;
	size_t length = end ? (size_t)(end - k->line.p) : k->line.n;
	if (length > CONTROL_LINE_MAX)
		refuse(k, "the request is too long");
	else if (end || (n == 0 && k->line.n))
		ask(k, length);
	else if (n == 0)
		client_close(k);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct client *k = arg;

	(void)fd, (void)what;
	switch (k->phase) {
	case READING:
		refuse(k, "no request came in time");
		break;
	case WAITING:
		k->reply->client = NULL;
		k->reply = NULL;
		refuse(k, "no answer in time: the daemon is busy; what was asked for may still be "
			  "done");
		break;
	case WRITING:
		client_close(k);
		break;
	}
}

/* Those who have not asked yet make room for those who wait. */
static void crowd(struct control *c)
{
	struct client *k;
	unsigned ms = CROWDED_MS < c->o.deadline_ms ? CROWDED_MS : c->o.deadline_ms;

	c->full = true;
	event_del(c->accept);
	LIST_FOREACH(k, &c->clients, link)
	if (k->phase == READING)
		expect_within(k, ms);
}

static void admit(struct control *c, int fd)
{
	static const char no[] = "error\nnot permitted\n";
	struct client *k;
	uid_t user = 0;

	if (!control_socket_allows(&c->socket, fd, &user)) {
		/* an empty queue takes this much; the client may have gone */
		(void)!send(fd, no, sizeof no - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		close(fd);
		return;
	}
	k = mem_zalloc(sizeof *k);
	k->control = c;
	k->fd = fd;
	k->user = user;
	bytes_init(&k->line, CONTROL_LINE_MAX + READ_SIZE);
	k->io = event_new(c->base, fd, EV_READ | EV_PERSIST, on_readable, k);
	k->deadline = evtimer_new(c->base, on_deadline, k);
	event_add(k->io, NULL);
	LIST_INSERT_HEAD(&c->clients, k, link);
	c->count++;
	expect_within(k, c->o.deadline_ms);
}

static void on_connect(evutil_socket_t fd, short what, void *arg)
{
	struct control *c = arg;
	int peer;

	(void)what;
	while (c->count < CONTROL_CLIENTS_MAX) {
		peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (peer >= 0) {
			admit(c, peer);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
			   errno == ENOMEM) {
			/* it would be called again and again */
			struct timeval t = milliseconds(ACCEPT_PAUSE_MS);
			event_del(c->accept);
			event_add(c->pause, &t);
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return;
		}
	}
	crowd(c);
}

static void on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	struct control *c = arg;

	(void)fd, (void)what;
	if (!c->full)
		event_add(c->accept, NULL);
}

struct control *control_open(struct event_base *base, const struct control_options *o,
			     struct error *e)
{
	struct control *c = mem_zalloc(sizeof *c);

	c->base = base;
	c->o = *o;
	if (!c->o.deadline_ms)
		c->o.deadline_ms = CONTROL_DEADLINE * 1000;
	LIST_INIT(&c->clients);
	if (control_socket_open(&c->socket, o->path, o->group, e)) {
		free(c);
		return NULL;
	}
	c->accept = event_new(base, c->socket.fd, EV_READ | EV_PERSIST, on_connect, c);
	c->pause = evtimer_new(base, on_pause_over, c);
	if (event_add(c->accept, NULL)) {
		error_set(e, "%s: cannot be waited at", o->path);
		control_close(c);
		return NULL;
	}
	return c;
}

void control_close(struct control *c)
{
	if (!c)
		return;
	c->full = false;
	while (!LIST_EMPTY(&c->clients))
		client_close(LIST_FIRST(&c->clients));
	event_free(c->accept);
	event_free(c->pause);
	control_socket_close(&c->socket);
	free(c);
}
