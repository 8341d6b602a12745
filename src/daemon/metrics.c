#include "daemon/metrics.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

#define BACKLOG	 64
#define SWEEP_MS 100

/* evhttp bounds heads, bodies and silence, but neither how many connections there are nor how long
 * a client stays that sends a byte now and then. It does not tell of a connection's end either: so
 * we hold each one's bufferevent too, which has no callbacks any more once evhttp has freed it.
 * evhttp shuts the connection down by itself; the descriptor is closed when we let go. */
struct connection {
	LIST_ENTRY(connection) link;
	struct bufferevent *socket; /* evhttp's and ours */
	unsigned age;		    /* in sweeps */
};

struct metrics {
	struct event_base *base;
	struct metrics_options o;
	struct evhttp *http;
	struct evconnlistener *listener; /* evhttp's */
	struct event *sweeper;
	LIST_HEAD(, connection) connections;
	unsigned count;
	bool full;
};

static void forget(struct metrics *m, struct connection *k)
{
	bufferevent_decref(k->socket);
	LIST_REMOVE(k, link);
	m->count--;
	free(k);
}

static bool is_over(const struct connection *k)
{
	bufferevent_event_cb event;

	bufferevent_getcb(k->socket, NULL, NULL, &event, NULL);
	return !event;
}

static void forget_over(struct metrics *m)
{
	struct connection *k, *next;

	for (k = LIST_FIRST(&m->connections); k; k = next) {
		next = LIST_NEXT(k, link);
		if (is_over(k))
			forget(m, k);
	}
}

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct metrics *m = arg;
	struct connection *k;

	(void)fd, (void)what;
	forget_over(m);
	LIST_FOREACH (k, &m->connections, link)
		if (++k->age > m->o.lasts * (1000 / SWEEP_MS))
			/* evhttp sees the end and frees it */
			shutdown(bufferevent_getfd(k->socket), SHUT_RDWR);
	if (m->full && m->count < METRICS_CLIENTS_MAX) {
		m->full = false;
		evconnlistener_enable(m->listener);
	}
	if (!m->count)
		event_del(m->sweeper);
}

static struct bufferevent *on_connect(struct event_base *base, void *arg)
{
	struct metrics *m = arg;
	struct connection *k = mem_zalloc(sizeof *k);
	struct timeval t = {.tv_usec = SWEEP_MS * 1000};

	if (m->count + 1 >= METRICS_CLIENTS_MAX)
		forget_over(m);
	/* with the option evhttp does not close the descriptor, while events of ours are still on
	 * it */
	k->socket = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_incref(k->socket);
	LIST_INSERT_HEAD(&m->connections, k, link);
	m->count++;
	if (!event_pending(m->sweeper, EV_TIMEOUT, NULL))
		event_add(m->sweeper, &t);
	if (m->count >= METRICS_CLIENTS_MAX) {
		m->full = true;
		evconnlistener_disable(m->listener);
	}
	return k->socket;
}

static void send_text(struct evhttp_request *r, int status, const char *type, const void *text,
		      size_t n)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(r);
	bool head = evhttp_request_get_command(r) == EVHTTP_REQ_HEAD;
	struct evbuffer *body = evbuffer_new();
	char length[24];

	evhttp_add_header(headers, "Content-Type", type);
	evhttp_add_header(headers, "Cache-Control", "no-store");
	evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
	snprintf(length, sizeof length, "%zu", n);
	evhttp_add_header(headers, "Content-Length", length);
	if (!head)
		evbuffer_add(body, text, n);
	evhttp_send_reply(r, status, NULL, body);
	evbuffer_free(body);
}

#define PLAIN_TEXT "text/plain; charset=utf-8"

static void send_metrics(struct metrics *m, struct evhttp_request *r)
{
	struct overview *o = mem_zalloc(sizeof *o);
	struct bytes text;

	m->o.overview(m->o.context, o);
	bytes_init(&text, METRICS_TEXT_MAX);
	metrics_text(o, &text);
	if (text.full)
		send_text(r, 500, PLAIN_TEXT, "too long\n", 9);
	else
		send_text(r, 200, "text/plain; version=0.0.4; charset=utf-8", text.p, text.n);
	bytes_fini(&text);
	free(o);
}

static void send_health(struct metrics *m, struct evhttp_request *r)
{
	const char *wrong = m->o.health ? m->o.health(m->o.context) : NULL;
	struct bytes text;

	bytes_init(&text, METRICS_TEXT_MAX);
	bytes_print(&text, "%s\n", wrong ? wrong : "ok");
	send_text(r, wrong ? 503 : 200, PLAIN_TEXT, text.p, text.n);
	bytes_fini(&text);
}

static void on_request(struct evhttp_request *r, void *arg)
{
	struct metrics *m = arg;
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(r);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;

	if (path && strcmp(path, "/metrics") == 0)
		send_metrics(m, r);
	else if (path && strcmp(path, "/healthz") == 0)
		send_health(m, r);
	else
		send_text(r, 404, PLAIN_TEXT, "there are /metrics and /healthz\n", 32);
}

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at;
	socklen_t n;
};

/* "192.0.2.1:80" or "[2001:db8::1]:80". */
static bool address_of(const char *text, struct address *out)
{
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN] = "", *end;
	bool v6 = *text == '[';
	size_t n = colon ? (size_t)(colon - text) : 0;

	if (n < 2 || (v6 && colon[-1] != ']') || colon[1] < '0' || colon[1] > '9')
		return false;
	unsigned long port = strtoul(colon + 1, &end, 10);
	if (*end || port > UINT16_MAX || n - 2 * v6 >= sizeof host)
		return false;
	memcpy(host, text + v6, n - 2 * v6);
	*out = (struct address){0};
	if (v6) {
		out->n = sizeof out->at.v6;
		out->at.v6.sin6_family = AF_INET6;
		out->at.v6.sin6_port = htons((uint16_t)port);
		return inet_pton(AF_INET6, host, &out->at.v6.sin6_addr) == 1;
	}
	out->n = sizeof out->at.v4;
	out->at.v4.sin_family = AF_INET;
	out->at.v4.sin_port = htons((uint16_t)port);
	return inet_pton(AF_INET, host, &out->at.v4.sin_addr) == 1;
}

static int parse_address(const char *text, struct address *out, struct error *e)
{
	if (address_of(text, out))
		return 0;
	return error_set(e, "'%.100s' is no ADDRESS:PORT or [ADDRESS]:PORT to listen at", text);
}

int metrics_address(const char *text, struct error *e)
{
	struct address a;

	return parse_address(text, &a, e);
}

static int socket_at(const char *text, struct error *e)
{
	struct address a;
	int on = 1;

	if (parse_address(text, &a, e))
		return -1;
	int fd = socket(a.at.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_set(e, "%s: %s", text, strerror(errno));
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) || bind(fd, &a.at.any, a.n) ||
	    listen(fd, BACKLOG)) {
		error_set(e, "%s: cannot listen: %s", text, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

struct metrics *metrics_open(struct event_base *base, const struct metrics_options *o,
			     struct error *e)
{
	struct metrics *m;
	int fd = socket_at(o->listen, e);

	if (fd < 0)
		return NULL;
	m = mem_zalloc(sizeof *m);
	m->base = base;
	m->o = *o;
	if (!m->o.deadline)
		m->o.deadline = METRICS_DEADLINE;
	if (!m->o.lasts)
		m->o.lasts = METRICS_CONNECTION;
	LIST_INIT(&m->connections);
	m->http = evhttp_new(base);
	evhttp_set_max_headers_size(m->http, METRICS_HEAD_MAX);
	evhttp_set_max_body_size(m->http, 0);
	evhttp_set_timeout(m->http, (int)m->o.deadline);
	evhttp_set_allowed_methods(m->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
	evhttp_set_gencb(m->http, on_request, m);
	evhttp_set_bevcb(m->http, on_connect, m);
	m->sweeper = event_new(base, -1, EV_PERSIST, on_sweep, m);
	m->listener = evconnlistener_new(base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE, 0, fd);
	if (!m->listener) {
		error_set(e, "%s: cannot be waited at", o->listen);
		close(fd);
		metrics_close(m);
		return NULL;
	}
	evhttp_bind_listener(m->http, m->listener);
	return m;
}

unsigned metrics_port(const struct metrics *m)
{
	struct address a = {.n = sizeof a.at};

	if (getsockname(evconnlistener_get_fd(m->listener), &a.at.any, &a.n))
		return 0;
	return ntohs(a.at.any.sa_family == AF_INET6 ? a.at.v6.sin6_port : a.at.v4.sin_port);
}

void metrics_close(struct metrics *m)
{
	if (!m)
		return;
	evhttp_free(m->http);
	while (!LIST_EMPTY(&m->connections))
		forget(m, LIST_FIRST(&m->connections));
	event_free(m->sweeper);
	free(m);
}
