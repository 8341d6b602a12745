#include "daemon/pipe.h"

#include <string.h>
#include <time.h>

#include "core/limits.h"
#include "core/record_pack.h"

/* Before each message. */
struct label {
	uint64_t kind; /* enum pipe_kind; READY is added once a record was made one in place */
	uint64_t pad;
};

#define READY 16

void pipe_init(struct pipe *p, uint32_t size)
{
	*p = (struct pipe){0};
	ring_init(&p->ring, size);
}

uint32_t pipe_size(uint64_t wanted)
{
	uint32_t size = 4096;

	while (size < wanted && size < 1u << 30)
		size *= 2;
	return size;
}

void pipe_fini(struct pipe *p)
{
	ring_fini(&p->ring);
}

static bool put_off(void *context)
{
	struct pipe *p = context;
	bool room = ring_free(&p->ring) > ring_size(&p->ring) / 2;

	p->put_off += !room;
	return room;
}

static void note_loss(struct pipe *p, const struct record *r)
{
	struct pipe_loss *l = p->loss;
	unsigned i = 0;

	while (i < p->losses && !addr_eq(&l[i].client, &r->tuple.src))
		i++;
	if (i == p->losses) {
		if (i < PIPE_CLIENTS) {
			l[i] = (struct pipe_loss){.client = r->tuple.src};
			p->losses++;
		} else {
			i = PIPE_CLIENTS;
		}
	}
	l[i].up += r->flow.delta_up;
	l[i].down += r->flow.delta_down;
	l[i].records++;
}

static bool wait_a_bit(struct pipe *p)
{
	static const struct timespec ms = {.tv_nsec = NS_PER_MS};

	if (!p->patience)
		return false;
	p->patience--;
	nanosleep(&ms, NULL);
	return true;
}

static void take(void *context, const struct record *r)
{
	struct pipe *p = context;
	bool counts = r->kind == RECORD_CONN || r->kind == RECORD_FLOW;
	size_t n = sizeof(struct label) + record_packed_size(r);
	struct label *l = NULL;

	do {
		if (counts || ring_free(&p->ring) > ring_size(&p->ring) / 4)
			l = ring_room(&p->ring, n);
	} while (!l && wait_a_bit(p));
	if (!l) {
		p->lost[r->kind]++;
		if (counts)
			note_loss(p, r);
		return;
	}
	*l = (struct label){.kind = PIPE_RECORD};
	record_pack(r, l + 1);
	ring_push(&p->ring, n);
	p->records++;
}

struct record_sink pipe_sink(struct pipe *p)
{
	return (struct record_sink){.take = take, .context = p, .has_room = put_off};
}

static bool tell_loss(struct pipe *p, struct pipe_loss *loss)
{
	size_t n = sizeof(struct label) + sizeof *loss;
	struct label *l =
		ring_free(&p->ring) > ring_size(&p->ring) / 4 ? ring_room(&p->ring, n) : NULL;

	if (!l)
		return false;
	*l = (struct label){.kind = PIPE_LOSS};
	memcpy(l + 1, loss, sizeof *loss);
	ring_push(&p->ring, n);
	*loss = (struct pipe_loss){0};
	return true;
}

void pipe_mark(struct pipe *p, uint64_t time)
{
	while (p->losses && tell_loss(p, &p->loss[p->losses - 1]))
		p->losses--;
	if (!p->losses && p->loss[PIPE_CLIENTS].records)
		tell_loss(p, &p->loss[PIPE_CLIENTS]);
	atomic_store_explicit(&p->mark, time, memory_order_release);
}

struct pipe_message pipe_peek(struct pipe *p)
{
	size_t n;
	struct label *l = ring_peek(&p->ring, &n);

	if (!l)
		return (struct pipe_message){.kind = PIPE_NOTHING};
	if (l->kind == PIPE_LOSS)
		return (struct pipe_message){.kind = PIPE_LOSS, .loss = (const void *)(l + 1)};
	if (l->kind == PIPE_RECORD) {
		record_unpack(l + 1);
		l->kind |= READY;
	}
	return (struct pipe_message){.kind = PIPE_RECORD, .record = (const void *)(l + 1)};
}

void pipe_pop(struct pipe *p)
{
	ring_pop(&p->ring);
}
