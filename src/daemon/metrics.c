#include "daemon/metrics.h"

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

#define BACKLOG 64

/* evhttp bounds heads, bodies and silence, but neither how many connections there are nor how long
 * a client that sends a byte now and then stays. So each connection is read through a filter that
 * changes nothing, and whose end is told. */
struct connection {
	struct metrics *metrics; /* NULL: closed */
	LIST_ENTRY(connection) link;
	struct bufferevent *socket; /* below the filter */
	struct event *over;
};

struct metrics {
	struct event_base *base;
	struct metrics_options o;
	struct evhttp *http;
	struct evconnlistener *listener; /* evhttp's */
	LIST_HEAD(, connection) connections;
	unsigned count;
};

static void on_gone(void *arg)
{
	struct connection *k = arg;
	struct metrics *m = k->metrics;

	if (m) {
		LIST_REMOVE(k, link);
		event_free(k->over);
		if (m->count-- == METRICS_CLIENTS_MAX)
			evconnlistener_enable(m->listener);
	}
	free(k);
}

static void on_over(evutil_socket_t fd, short what, void *arg)
{
	struct connection *k = arg;

	(void)fd, (void)what;
	/* evhttp sees the end and frees all of it */
	shutdown(bufferevent_getfd(k->socket), SHUT_RDWR);
}

static enum bufferevent_filter_result pass(struct evbuffer *from, struct evbuffer *to,
					   ev_ssize_t limit, enum bufferevent_flush_mode mode,
					   void *arg)
{
	(void)mode, (void)arg;
	if (!evbuffer_get_length(from))
		return BEV_NEED_MORE;
	if (limit < 0)
		return evbuffer_add_buffer(to, from) ? BEV_ERROR : BEV_OK;
	return evbuffer_remove_buffer(from, to, (size_t)limit) < 0 ? BEV_ERROR : BEV_OK;
}

static struct bufferevent *on_connect(struct event_base *base, void *arg)
{
	struct metrics *m = arg;
	struct connection *k = mem_zalloc(sizeof *k);
	struct timeval t = {.tv_sec = m->o.lasts};
	struct bufferevent *filter;

	k->metrics = m;
	k->socket = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	filter = bufferevent_filter_new(k->socket, pass, pass, BEV_OPT_CLOSE_ON_FREE, on_gone, k);
	k->over = evtimer_new(base, on_over, k);
	event_add(k->over, &t);
	LIST_INSERT_HEAD(&m->connections, k, link);
	if (++m->count == METRICS_CLIENTS_MAX)
		evconnlistener_disable(m->listener);
	return filter;
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

static int socket_at(const char *text, struct error *e)
{
	struct sockaddr_storage at;
	int n = sizeof at, on = 1;

	/* without a port the text would be an address of port 0 */
	if (!strrchr(text, ':') || strrchr(text, ':')[1] == '\0' ||
	    evutil_parse_sockaddr_port(text, (struct sockaddr *)&at, &n))
		return error_set(e, "%s: is no ADDRESS:PORT or [ADDRESS]:PORT to listen at", text);
	int fd = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_set(e, "%s: %s", text, strerror(errno));
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
	    bind(fd, (struct sockaddr *)&at, (socklen_t)n) || listen(fd, BACKLOG)) {
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
	m->listener = evconnlistener_new(base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE, 0, fd);
	evhttp_bind_listener(m->http, m->listener);
	return m;
}

unsigned metrics_port(const struct metrics *m)
{
	struct sockaddr_storage at;
	socklen_t n = sizeof at;

	if (getsockname(evconnlistener_get_fd(m->listener), (struct sockaddr *)&at, &n))
		return 0;
	return ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port :
						((struct sockaddr_in *)&at)->sin_port);
}

void metrics_close(struct metrics *m)
{
	struct connection *k;

	if (!m)
		return;
	/* the loop, or the end of its base, frees the filters later: on_gone must not look for us */
	LIST_FOREACH (k, &m->connections, link) {
		k->metrics = NULL;
		event_free(k->over);
	}
	evhttp_free(m->http);
	free(m);
}
