#include "talk.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/inner.h"
#include "wire.h"

#define RAW_IP	  101
#define TEXT_ROOM (8u << 20)

static struct str copy(struct talk *t, struct str s)
{
	if (!s.n)
		return (struct str){0};
	cr_assert_leq(s.n, TEXT_ROOM - t->text_used);
	char *p = t->text + t->text_used;
	memcpy(p, s.p, s.n);
	t->text_used += s.n;
	return (struct str){p, s.n};
}

static void copy_list(struct talk *t, struct str_list *l)
{
	for (unsigned i = 0; i < l->count; i++)
		l->item[i] = copy(t, l->item[i]);
}

static void copy_texts(struct talk *t, struct record *r)
{
	switch (r->kind) {
	case RECORD_DNS:
		r->dns.question = copy(t, r->dns.question);
		r->dns.answers = NULL;
		break;
	case RECORD_TLS:
	case RECORD_QUIC:
		r->tls.server_name = copy(t, r->tls.server_name);
		copy_list(t, &r->tls.alpn);
		break;
	case RECORD_HTTP:
		r->http.method = copy(t, r->http.method);
		r->http.target = copy(t, r->http.target);
		r->http.host = copy(t, r->http.host);
		break;
	default:
		r->flow.name = copy(t, r->flow.name);
	}
}

/* No name leaves the sensor with a byte that a terminal, a log or JSON would trip over. */
static void check_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		cr_assert(s.p[i] > 0x20 && s.p[i] < 0x7f, "byte %02x in a name", (uint8_t)s.p[i]);
}

static void hear(void *context, const struct record *r)
{
	struct talk *t = context;

	if (t->deaf)
		return;
	cr_assert_lt(t->count, TALK_RECORDS);
	if (t->count)
		cr_assert_geq(r->time, t->record[t->count - 1].time, "records out of order");
	t->record[t->count] = *r;
	copy_texts(t, &t->record[t->count]);
	if (r->kind == RECORD_TLS || r->kind == RECORD_QUIC)
		check_name(r->tls.server_name);
	else if (r->kind == RECORD_DNS)
		check_name(r->dns.question);
	else if (r->kind == RECORD_HTTP)
		check_name(r->http.host);
	else
		check_name(r->flow.name);
	t->count++;
}

struct talk *talk_new(void)
{
	struct talk *t = calloc(1, sizeof *t);

	t->text = malloc(TEXT_ROOM);
	t->settings.flow = flow_settings_default;
	t->sensor = sensor_new(&t->settings, (struct record_sink){.take = hear, .context = t}, &t->stats);
	t->time = UINT64_C(1700000000) * NS_PER_S;
	t->ends[0] = 1;
	t->ends[1] = 5;
	talk_flow(t, 40000, 443);
	return t;
}

void talk_finish(struct talk *t)
{
	if (!t->sensor)
		return;
	struct sensor *s = t->sensor;
	sensor_finish(s);
	cr_expect_eq(s->slab.used, 0);
	cr_expect_eq(pool_live(&s->streams.pool), 0);
	cr_expect_eq(pool_live(&s->quics.pool), 0);
	cr_expect_eq(pool_live(&s->dns.pending), 0);
	cr_expect_eq(s->dns.index.used, 0);
	cr_expect_eq(s->names.index.used, 0);
	sensor_free(s);
	t->sensor = NULL;
}

void talk_free(struct talk *t)
{
	talk_finish(t);
	free(t->text);
	free(t);
}

void talk_flow(struct talk *t, uint16_t client_port, uint16_t server_port)
{
	t->port[0] = client_port;
	t->port[1] = server_port;
	t->seq[0] = 0xffffff00; /* so that most tests pass the wrap */
	t->seq[1] = 7000;
}

static void send(struct talk *t, unsigned side, uint8_t proto, const uint8_t *segment, size_t n)
{
	uint8_t b[65535] = {0x45, [8] = 64, [9] = proto};
	size_t total = n + 20;

	cr_assert_leq(total, sizeof b);
	b[2] = (uint8_t)(total >> 8);
	b[3] = (uint8_t)total;
	b[4] = (uint8_t)(t->time / NS_PER_MS >> 8);
	b[5] = (uint8_t)(t->time / NS_PER_MS);
	memcpy(b + 12 + 4 * side, (uint8_t[]){10, 0, 0, t->ends[0]}, 4);
	memcpy(b + 16 - 4 * side, (uint8_t[]){203, 0, 113, t->ends[1]}, 4);
	memcpy(b + 20, segment, n);
	struct frame f = {.time = t->time,
			  .data = b,
			  .captured = (uint32_t)total,
			  .length = (uint32_t)total,
			  .link = RAW_IP};
	if (t->snaplen && f.captured > t->snaplen)
		f.captured = t->snaplen;
	sensor_take(t->sensor, &f, 1);
	t->time += NS_PER_MS;
}

static void put(uint8_t *p, uint64_t v, unsigned bytes)
{
	while (bytes--)
		*p++ = (uint8_t)(v >> 8 * bytes);
}

static void tcp(struct talk *t, unsigned side, uint8_t flags, uint32_t seq, const void *data,
		size_t n)
{
	uint8_t b[65000] = {[12] = 5 << 4, [13] = flags, [14] = 0xff, [15] = 0xff};

	put(b, t->port[side], 2);
	put(b + 2, t->port[!side], 2);
	put(b + 4, seq, 4);
	put(b + 8, flags & TCP_ACK ? t->seq[!side] : 0, 4);
	if (n)
		memcpy(b + 20, data, n);
	send(t, side, PROTO_TCP, b, 20 + n);
}

void talk_flags(struct talk *t, unsigned side, uint8_t flags)
{
	tcp(t, side, flags, t->seq[side], NULL, 0);
	t->seq[side] += (flags & (TCP_SYN | TCP_FIN)) != 0;
}

void talk_open(struct talk *t)
{
	talk_flags(t, TALK_CLIENT, TCP_SYN);
	talk_flags(t, TALK_SERVER, TCP_SYN | TCP_ACK);
	talk_flags(t, TALK_CLIENT, TCP_ACK);
}

void talk_close(struct talk *t)
{
	talk_flags(t, TALK_CLIENT, TCP_FIN | TCP_ACK);
	talk_flags(t, TALK_SERVER, TCP_FIN | TCP_ACK);
	talk_flags(t, TALK_CLIENT, TCP_ACK);
}

void talk_say(struct talk *t, unsigned side, const void *data, size_t n)
{
	talk_say_at(t, side, 0, data, n);
	talk_lose(t, side, n);
}

void talk_say_at(struct talk *t, unsigned side, int64_t ahead, const void *data, size_t n)
{
	tcp(t, side, TCP_ACK | TCP_PSH, t->seq[side] + (uint32_t)ahead, data, n);
}

void talk_say_in(struct talk *t, unsigned side, const void *data, size_t n, size_t size)
{
	const uint8_t *p = data;

	while (n) {
		size_t part = n < size ? n : size;
		talk_say(t, side, p, part);
		talk_ack(t, !side);
		p += part;
		n -= part;
	}
}

void talk_lose(struct talk *t, unsigned side, size_t n)
{
	t->seq[side] += (uint32_t)n;
}

void talk_ack(struct talk *t, unsigned side)
{
	tcp(t, side, TCP_ACK, t->seq[side], NULL, 0);
}

void talk_udp(struct talk *t, unsigned side, const void *data, size_t n)
{
	uint8_t b[65000];

	put(b, t->port[side], 2);
	put(b + 2, t->port[!side], 2);
	put(b + 4, n + 8, 2);
	put(b + 6, 0, 2);
	memcpy(b + 8, data, n);
	send(t, side, PROTO_UDP, b, 8 + n);
}

const struct record *talk_record(const struct talk *t, enum record_kind kind, unsigned i)
{
	for (unsigned k = 0; k < t->count; k++)
		if (t->record[k].kind == kind && i-- == 0)
			return &t->record[k];
	return NULL;
}

unsigned talk_records(const struct talk *t, enum record_kind kind)
{
	unsigned n = 0;

	while (talk_record(t, kind, n))
		n++;
	return n;
}

const struct record_flow *talk_end(const struct talk *t)
{
	for (unsigned k = t->count; k > 0; k--)
		if (t->record[k - 1].kind == RECORD_CONN && t->record[k - 1].flow.end)
			return &t->record[k - 1].flow;
	cr_assert(false, "no connection ended");
	abort();
}

bool talk_is(struct str text, const char *wanted)
{
	return str_eq(text, str_of(wanted));
}

/* Extensions of a hello: server name, supported versions, ALPN. */
static void hello_extensions(struct wire *w, const char *name)
{
	size_t all = wire_open(w, 2);

	if (name) {
		wire_number(w, 0, 2);
		size_t e = wire_open(w, 2), list = wire_open(w, 2);
		wire_number(w, 0, 1);
		size_t host = wire_open(w, 2);
		wire_text(w, name);
		wire_close(w, host, 2);
		wire_close(w, list, 2);
		wire_close(w, e, 2);
	}
	wire_number(w, 43, 2);
	wire_number(w, 0x0003020304, 5);
	wire_number(w, 16, 2);
	wire_number(w, 0x0005000302, 5);
	wire_text(w, "h2");
	wire_close(w, all, 2);
}

/* A handshake message as records of at most `record` bytes. */
static size_t frame_records(const struct wire *m, size_t record, uint8_t *out, size_t room)
{
	size_t n = 0;

	for (size_t at = 0; at < m->n; at += record) {
		size_t part = m->n - at < record ? m->n - at : record;
		cr_assert_leq(n + 5 + part, room);
		put(out + n, 0x160301, 3);
		put(out + n + 3, part, 2);
		memcpy(out + n + 5, m->b + at, part);
		n += 5 + part;
	}
	return n;
}

size_t talk_hello(const char *name, size_t record, uint8_t *out, size_t room)
{
	struct wire *w = calloc(1, sizeof *w);

	wire_number(w, 1, 1);
	size_t body = wire_open(w, 3);
	wire_number(w, 0x0303, 2);
	wire_zeros(w, 32);
	wire_number(w, 0, 1);
	wire_number(w, 0x00021301, 4);
	wire_number(w, 0x0100, 2);
	hello_extensions(w, name);
	wire_close(w, body, 3);
	size_t n = frame_records(w, record, out, room);
	free(w);
	return n;
}

size_t talk_server_hello(uint8_t *out)
{
	struct wire *w = calloc(1, sizeof *w);

	wire_number(w, 2, 1);
	size_t body = wire_open(w, 3);
	wire_number(w, 0x0303, 2);
	for (int i = 0; i < 32; i++)
		wire_number(w, 0x55, 1);
	wire_number(w, 0, 1);
	wire_number(w, 0x130100, 3);
	size_t all = wire_open(w, 2);
	wire_number(w, 43, 2);
	wire_number(w, 0x00020304, 4);
	wire_close(w, all, 2);
	wire_close(w, body, 3);
	size_t n = frame_records(w, 16000, out, 1000);
	put(out + n, 0x1703030010, 5);
	memset(out + n + 5, 'z', 16);
	free(w);
	return n + 21;
}

size_t talk_dns(uint16_t id, const char *name, bool response, uint8_t x, uint8_t *out)
{
	struct wire *w = calloc(1, sizeof *w);

	wire_number(w, id, 2);
	wire_number(w, response ? 0x8180 : 0x0100, 2);
	wire_number(w, 1, 2);
	wire_number(w, x != 0, 2);
	wire_number(w, 0, 4);
	while (*name) {
		size_t n = strcspn(name, ".");
		wire_number(w, n, 1);
		wire_bytes(w, name, n);
		name += n + (name[n] == '.');
	}
	wire_number(w, 0, 1);
	wire_number(w, 0x00010001, 4);
	if (x) {
		wire_number(w, 0xc00c00010001, 6);
		wire_number(w, 300, 4);
		wire_number(w, 4, 2);
		wire_number(w, 0xcb007100u | x, 4);
	}
	size_t n = w->n;
	memcpy(out, w->b, n);
	free(w);
	return n;
}
