#include "gen_flow.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "gen_random.h"
#include "gen_truth.h"

#define TLS_RECORD 16389u /* the largest, with its head */

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

/* A heap by time. */
static struct flow **heap;
static uint32_t heap_count, heap_room;

struct flow *flow_new(uint64_t time, const struct ends *e, int udp)
{
	struct flow *f = calloc(1, sizeof *f);

	f->time = time;
	f->ends = *e;
	f->udp = udp;
	truth.flows++;
	return f;
}

static struct message *add(struct flow *f, enum way way, enum content content, uint32_t n)
{
	struct message *m = &f->messages[f->count++];

	assert(f->count <= FLOW_MESSAGES);
	*m = (struct message){.way = way, .content = content, .n = n};
	f->payload[way] += n;
	return m;
}

void flow_say(struct flow *f, enum way way, const void *data, uint32_t n)
{
	struct message *m = add(f, way, CONTENT_GIVEN, n);

	m->given = malloc(n);
	memcpy(m->given, data, n);
}

void flow_fill(struct flow *f, enum way way, enum content content, uint32_t n)
{
	add(f, way, content, n);
}

void flow_start(struct flow *f)
{
	if (heap_count == heap_room) {
		heap_room = heap_room ? 2 * heap_room : 4096;
		heap = realloc(heap, heap_room * sizeof *heap);
	}
	uint32_t i = heap_count++;
	while (i && heap[(i - 1) / 2]->time > f->time) {
		heap[i] = heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	heap[i] = f;
}

static struct flow *take_first(void)
{
	struct flow *first = heap[0], *f = heap[--heap_count];
	uint32_t i = 0;

	for (;;) {
		uint32_t child = 2 * i + 1;
		if (child >= heap_count)
			break;
		if (child + 1 < heap_count && heap[child + 1]->time < heap[child]->time)
			child++;
		if (heap[child]->time >= f->time)
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = f;
	return first;
}

/* The heads of those records that lie in bytes [from, from + n) of the message, which p holds. */
static void put_record_heads(uint8_t *p, const struct message *m, uint32_t from, uint32_t n)
{
	for (uint32_t at = from / TLS_RECORD * TLS_RECORD; at < from + n; at += TLS_RECORD) {
		uint32_t length = m->n - at < TLS_RECORD ? m->n - at : TLS_RECORD;
		uint8_t head[5] = {0x17, 3, 3};
		put16(head + 3, length - 5);
		for (uint32_t i = 0; i < sizeof head; i++)
			if (at + i >= from && at + i < from + n)
				p[at + i - from] = head[i];
	}
}

static void put_content(uint8_t *p, const struct message *m, uint32_t from, uint32_t n)
{
	if (m->content == CONTENT_GIVEN) {
		memcpy(p, m->given + from, n);
		return;
	}
	random_bytes(p, n);
	if (m->content == CONTENT_TLS)
		put_record_heads(p, m, from, n);
}

static uint8_t *put_options(uint8_t *p, const struct flow *f, int syn, uint32_t now, uint32_t seen)
{
	if (syn) { /* segment size, SACK, time stamps, window scale 7 */
		p = put16(put16(p, 0x0204), f->ends.is6 ? 1440 : 1460);
		p = put16(put16(p, 0x0402), 0x080a);
		return put32(put32(put32(p, now), seen), 0x01030307);
	}
	return put32(put32(put16(put16(p, 0x0101), 0x080a), now), seen);
}

/* One segment, with bytes of a message when n is not 0. */
static void segment(struct flow *f, enum way way, uint8_t flags, const struct message *m,
		    uint32_t n)
{
	uint32_t head = flags & SYN ? 40 : 32;
	uint32_t now = f->clock + (uint32_t)(f->time / 1000);
	uint8_t *p = put_ports(packet_begin(&f->ends, way, 6, head + n), &f->ends, way);

	p = put32(put32(p, f->seq[way]), flags & ACK ? f->seq[!way] : 0);
	p = put8(put8(p, head / 4 << 4), flags);
	p = put32(put16(p, way == DOWN ? 29200 : 64240), 0);
	p = put_options(p, f, flags & SYN, now, f->clock_seen[!way]);
	f->clock_seen[way] = now;
	if (n)
		put_content(p, m, f->offset, n);
	packet_end(&f->ends, 6, f->time);
}

static void wait(struct flow *f, double us)
{
	f->time = (uint64_t)((double)f->time + us);
}

static void done_with(struct flow *f, struct message *m)
{
	free(m->given);
	m->given = NULL;
	f->message++;
	f->offset = 0;
}

/* The steps say whether more follows. */
static int step_udp(struct flow *f)
{
	struct message *m = &f->messages[f->message];

	put_content(packet_udp(&f->ends, m->way, m->n), m, 0, m->n);
	packet_end(&f->ends, 17, f->time);
	done_with(f, m);
	if (f->message == f->count)
		return 0;
	f->time += 1 + (uint64_t)random_exp(m[1].way != m->way ? f->round_trip : f->gap);
	return 1;
}

static int acknowledges_now(const struct flow *f)
{
	if (f->unacked >= 2 || (f->unacked && f->message == f->count))
		return 1;
	return f->unacked && f->messages[f->message].way == f->acks && random_one_of(3);
}

static void send_data(struct flow *f)
{
	struct message *m = &f->messages[f->message];
	uint32_t most = f->ends.is6 ? 1428 : 1448, left = m->n - f->offset;
	uint32_t n = left < most ? left : most;
	int last = n == left;

	segment(f, m->way, last ? PSH | ACK : ACK, m, n);
	if (f->resends && random_one_of(200)) {
		wait(f, 1 + random_exp(2000));
		segment(f, m->way, ACK, m, n);
		truth.retransmits++;
	}
	f->seq[m->way] += n;
	f->offset += n;
	f->unacked = f->unacked && f->acks == m->way ? 1 : f->unacked + 1;
	f->acks = !m->way;
	wait(f, 1 + random_exp(f->gap));
	if (!last)
		return;
	done_with(f, m);
	if (f->message < f->count && m[1].way != m->way)
		wait(f, f->round_trip / 2 + random_exp(500));
}

/* SYN and FIN take a number. */
static void control(struct flow *f, enum way way, uint8_t flags)
{
	segment(f, way, flags, NULL, 0);
	f->seq[way] += flags & (SYN | FIN) ? 1 : 0;
}

static int step_close(struct flow *f)
{
	switch (f->phase++) {
	case 4:
		if (f->end == FLOW_RST) {
			control(f, UP, RST | ACK);
			return 0;
		}
		control(f, UP, FIN | ACK);
		break;
	case 5:
		control(f, DOWN, FIN | ACK);
		break;
	default:
		control(f, UP, ACK);
		return 0;
	}
	wait(f, 1 + f->round_trip / 2);
	return 1;
}

static int step_data(struct flow *f)
{
	if (acknowledges_now(f)) {
		control(f, f->acks, ACK);
		f->unacked = 0;
		wait(f, 1 + random_exp(f->gap / 2 + 1));
		return 1;
	}
	if (f->message < f->count) {
		send_data(f);
		return 1;
	}
	if (f->end == FLOW_OPEN)
		return 0;
	f->phase++;
	return step_close(f);
}

static int step_tcp(struct flow *f)
{
	switch (f->phase) {
	case 0:
		control(f, UP, SYN);
		wait(f, 1 + f->round_trip / 2 + random_exp(200));
		break;
	case 1:
		control(f, DOWN, SYN | ACK);
		wait(f, 1 + f->round_trip / 2);
		break;
	case 2:
		control(f, UP, ACK);
		wait(f, 1 + random_exp(150));
		break;
	case 3:
		return step_data(f);
	default:
		return step_close(f);
	}
	f->phase++;
	return 1;
}

void flows_run(uint64_t until)
{
	while (heap_count && heap[0]->time <= until) {
		struct flow *f = take_first();
		if (f->udp ? step_udp(f) : step_tcp(f))
			flow_start(f);
		else
			free(f);
	}
}

void flows_finish(void)
{
	flows_run(UINT64_MAX);
}
