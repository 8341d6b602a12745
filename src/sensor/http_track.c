#include "sensor/http_track.h"

#include <string.h>

#include "sensor/emit.h"
#include "sensor/inner.h"

enum {
	AT_HEAD,
	IN_CHUNKS,
	LOST,      /* looks for the next head at the start of segments */
	TO_THE_END, /* a response without length: until the connection closes */
};

enum {
	REQUESTS,
	RESPONSES,
};

struct http_pending {
	uint32_t room;
	uint64_t time;
	struct http_request request; /* points into bytes */
	struct told head;	     /* bytes */
	struct retold again;
	uint8_t bytes[];
};

static void tell(struct sensor *s, const struct flow *f, const struct http_request *q,
		 uint64_t asked, uint16_t status)
{
	char host[HOSTNAME_MAX];
	uint16_t port;
	struct record r = emit_start(s, f, RECORD_HTTP);

	r.start = asked;
	r.end = s->now;
	r.http = (struct record_http){
		.method = q->method,
		.target = q->target,
		.host = {host, hostname_from_authority(http_effective_host(q), host, &port)},
		.user_agent = q->user_agent,
		.content_type = q->content_type,
		.referrer = q->referrer,
		.version = q->version,
		.body_bytes = q->body.bytes,
		.has_body_bytes = q->body.has_bytes,
		.chunked = q->body.chunked,
		.connect = q->connect,
		.status = status,
	};
	emit(s, &r);
}

/* Tells the oldest request that waits and lets it go. */
static void tell_first(struct sensor *s, const struct flow *f, struct http_track *t,
		       uint16_t status)
{
	struct http_pending *p = t->queue[t->first];

	tell(s, f, &p->request, p->time, status);
	retold_free(&p->again, &s->slab);
	slab_put(&s->slab, p, p->room);
	t->first = (t->first + 1) % HTTP_PIPELINE;
	t->count--;
}

static void push(struct sensor *s, const struct flow *f, struct http_track *t, struct told head)
{
	if (t->count == HTTP_PIPELINE)
		tell_first(s, f, t, 0);
	uint32_t room;
	struct http_pending *p = slab_get(&s->slab, sizeof *p + head.n, &room);
	if (!p) {
		/* no room to wait in: told without its status */
		struct http_request q;
		struct cursor c = cur_of(head.bytes, head.n);
		http_request_head(&c, &q);
		tell(s, f, &q, s->now, 0);
		s->stats->streams_budget++;
		return;
	}
	p->room = room;
	p->time = s->now;
	p->again = (struct retold){0};
	memcpy(p->bytes, head.bytes, head.n);
	p->head = (struct told){p->bytes, head.start, head.n};
	struct cursor c = cur_of(p->bytes, head.n);
	http_request_head(&c, &p->request);
	t->queue[(t->first + t->count++) % HTTP_PIPELINE] = p;
}

static struct str host_of(struct str authority, char out[HOSTNAME_MAX])
{
	uint16_t port;

	return (struct str){out, hostname_from_authority(authority, out, &port)};
}

/* The other one of two authorities that a head names is told as a request of its own. */
static void tell_other(struct sensor *s, struct flow *f, const struct http_request *q, struct str name)
{
	char host[HOSTNAME_MAX];
	struct str other = host_of(http_other_host(q), host);

	if (!other.n || str_eq(other, name) || hostname_is_address(other))
		return;
	emit_second_name(s, f);
	emit_name(s, f, other, NAME_HTTP);
	struct http_request as = *q;
	as.target = (struct str){NULL, 0};
	as.host = http_other_host(q);
	tell(s, f, &as, s->now, 0);
}

static void name_flow(struct sensor *s, struct flow *f, const struct http_request *q)
{
	char host[HOSTNAME_MAX];
	struct str name = host_of(http_effective_host(q), host);

	tell_other(s, f, q, name);
	if (q->connect)
		emit_name(s, f, name, NAME_PROXY);
	else if (!hostname_is_address(name))
		emit_name(s, f, name, NAME_HTTP);
	if (!f->name) {
		emit_no_name(f, MISSING_PROTOCOL);
		emit_open(s, f);
	}
}

/* A head in its second version. */
static bool read_second(struct sensor *s, struct flow *f, const struct http_request *first,
			struct cursor version)
{
	struct http_request q;
	char host[HOSTNAME_MAX], before[HOSTNAME_MAX];

	if (http_is_request(version) == PARSE_BAD)
		return false;
	if (http_request_head(&version, &q) != PARSE_DONE)
		return true;
	struct str name = host_of(http_effective_host(&q), host);
	if (str_eq(name, host_of(http_effective_host(first), before)))
		return true;
	name_flow(s, f, &q);
	tell(s, f, &q, s->now, 0);
	return true;
}

bool http_track_retold(struct sensor *s, struct flow *f, struct http_track *t, uint32_t sequence,
		       struct cursor segment)
{
	bool is_http = true;

	for (unsigned i = 0; i < t->count; i++) {
		struct http_pending *p = t->queue[(t->first + i) % HTTP_PIPELINE];
		if (!retold_take(&p->again, &s->slab, &p->head, sequence, segment) && !p->again.bytes)
			continue;
		if (!(f->evades & EVADES_OVERLAP))
			emit_overlap(s, f);
		is_http = read_second(s, f, &p->request, retold_view(&p->again));
	}
	return !is_http;
}

static uint64_t request(struct sensor *s, struct flow *f, unsigned side, struct http_track *t,
			const struct http_client *client)
{
	struct http_request q = {0};
	struct cursor view = client->view, c = view;
	enum parse r = http_request_head(&c, &q);

	if (r == PARSE_MORE && cur_left(&view) < LIMIT_HEAD)
		return 0;
	if (r != PARSE_DONE) {
		s->stats->http_malformed++;
		if (r == PARSE_MORE && q.host.n) {
			name_flow(s, f, &q);
			tell(s, f, &q, s->now, 0);
		}
		t->side[REQUESTS].state = LOST;
		return cur_left(&view);
	}
	size_t head = (size_t)(c.p - view.p);
	s->stats->http_requests++;
	f->app = APP_HTTP;
	flow_set_opener(f, side, OPENER_REQUEST);
	name_flow(s, f, &q);
	push(s, f, t, (struct told){view.p, client->sequence, (uint32_t)head});
	if (cur_left(&client->other))
		read_second(s, f, &q, client->other);
	t->side[REQUESTS].state = AT_HEAD;
	if (q.connect) {
		t->connecting = true;
		return head;
	}
	if (q.body.chunked) {
		t->side[REQUESTS].state = IN_CHUNKS;
		t->side[REQUESTS].chunks = (struct http_chunks){0};
		return head;
	}
	if (q.body.bad) /* two lengths: nobody knows where the next head is */
		t->side[REQUESTS].state = LOST;
	return q.body.has_bytes && q.body.bytes < UINT64_MAX - head ? head + q.body.bytes : head;
}

static uint64_t skip_chunks(struct http_track *t, unsigned which, struct cursor view)
{
	bool done = false, bad = false;
	size_t used = http_chunks_skip(&t->side[which].chunks, view.p, cur_left(&view), &done, &bad);

	if (bad) {
		t->side[which].state = LOST;
		return cur_left(&view);
	}
	if (done)
		t->side[which].state = AT_HEAD;
	return used;
}

/* After a hole: where a head starts, at the view's begin or a line's; all of it when none does. */
static size_t find_head(struct cursor view, enum parse (*is_head)(struct cursor c))
{
	const uint8_t *start = view.p;

	for (;;) {
		if (is_head(view) == PARSE_DONE)
			return (size_t)(view.p - start);
		const uint8_t *line = memchr(view.p, '\n', cur_left(&view));
		if (!line)
			return (size_t)(view.end - start);
		view.p = line + 1;
	}
}

uint64_t http_track_client(struct sensor *s, struct flow *f, unsigned side, struct http_track *t,
			   const struct http_client *client)
{
	struct cursor view = client->view;

	if (t->connecting)
		return 0; /* belongs to the tunnel, if there will be one */
	switch (t->side[REQUESTS].state) {
	case IN_CHUNKS:
		return skip_chunks(t, REQUESTS, view);
	case LOST: {
		size_t before = find_head(view, http_is_request);
		if (before)
			return before;
		t->side[REQUESTS].state = AT_HEAD;
		break;
	}
	default:
		break;
	}
	return request(s, f, side, t, client);
}

static bool has_no_body(const struct http_request *q, uint16_t status)
{
	return status / 100 == 1 || status == 204 || status == 304 ||
	       (q && str_eq(q->method, STR("HEAD")));
}

/* RFC 9112 section 6.3: how long the response's body is. */
static uint64_t response_body(struct http_track *t, const struct http_response *a, bool empty)
{
	t->side[RESPONSES].state = AT_HEAD;
	if (empty)
		return 0;
	if (a->body.chunked) {
		t->side[RESPONSES].state = IN_CHUNKS;
		t->side[RESPONSES].chunks = (struct http_chunks){0};
		return 0;
	}
	if (a->body.has_bytes)
		return a->body.bytes;
	t->side[RESPONSES].state = TO_THE_END;
	return 0;
}

static uint64_t response(struct sensor *s, struct flow *f, struct http_track *t, struct cursor view,
			 enum http_next *next)
{
	struct http_response a = {0};
	struct cursor c = view;
	enum parse r = http_response_head(&c, &a);

	if (r == PARSE_MORE && cur_left(&view) < LIMIT_HEAD)
		return 0;
	if (r != PARSE_DONE) {
		t->side[RESPONSES].state = LOST;
		return cur_left(&view);
	}
	size_t head = (size_t)(c.p - view.p);
	const struct http_request *q = t->count ? &t->queue[t->first]->request : NULL;
	bool connect = q && q->connect, empty = has_no_body(q, a.status);
	if (a.status / 100 == 1 && a.status != 101)
		return head; /* the final one is still to come */
	if (t->count)
		tell_first(s, f, t, a.status);
	if (connect)
		t->connecting = false;
	if (connect && a.status / 100 == 2) {
		*next = HTTP_TUNNEL;
		return head;
	}
	if (a.status == 101) {
		*next = HTTP_UPGRADED;
		return head;
	}
	uint64_t body = response_body(t, &a, empty);
	return body < UINT64_MAX - head ? head + body : head;
}

uint64_t http_track_server(struct sensor *s, struct flow *f, struct http_track *t,
			   struct cursor view, enum http_next *next)
{
	switch (t->side[RESPONSES].state) {
	case IN_CHUNKS:
		return skip_chunks(t, RESPONSES, view);
	case TO_THE_END:
	case LOST: {
		size_t before = find_head(view, http_is_response);
		if (before)
			return before;
		t->side[RESPONSES].state = AT_HEAD;
		break;
	}
	default:
		break;
	}
	return response(s, f, t, view, next);
}

void http_track_gap(struct http_track *t, unsigned which)
{
	t->side[which].state = LOST;
}

void http_track_finish(struct sensor *s, struct flow *f, struct http_track *t,
		       struct cursor client)
{
	while (t->count)
		tell_first(s, f, t, 0);
	if (cur_left(&client) && t->side[REQUESTS].state == AT_HEAD && !t->connecting) {
		struct http_request q = {0};
		if (http_request_head(&client, &q) == PARSE_MORE && q.host.n) {
			s->stats->http_requests++;
			f->app = APP_HTTP;
			name_flow(s, f, &q);
			tell(s, f, &q, s->now, 0);
		}
	}
}
