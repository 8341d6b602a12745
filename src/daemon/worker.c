#include "daemon/worker.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/limits.h"
#include "sensor/sensor.h"

#define BUDGET	   1024 /* frames of one interface before another one's turn */
#define TICK_MS	   100
#define VIEW_TICKS 5 /* ticks between two views */

#define PATIENCE_MS 20000 /* for the analyst to take what is told at the end */
/* for what waits in the kernel's rings when they are left: more may come than is read */
#define EMPTYING (2 * NS_PER_S)

/* A packet may come this much later than its time says: the kernel hands over blocks of them. */
#define SLACK (500 * NS_PER_MS)

struct port {
	struct worker *worker;
	unsigned number;
	struct live *live; /* NULL: closed */
	struct event *event;
	struct live_counts before; /* of those opened earlier */
};

struct worker {
	struct worker_options o;
	struct loop loop;
	struct event *tick;
	unsigned ticks;
	struct pipe pipe;
	struct sensor *sensor;
	struct stats stats;
	struct port port[OVERVIEW_INTERFACES_MAX];
	pthread_mutex_t lock; /* of view */
	struct worker_view view;
};

/* What a port has seen since the start. */
static struct live_counts counts_of(struct port *p)
{
	struct live_counts sum = p->before, now = {0};

	if (p->live)
		live_count(p->live, &now);
	sum.received += now.received;
	sum.ring_lost += now.ring_lost;
	sum.nic_lost += now.nic_lost;
	return sum;
}

static void publish(struct worker *w)
{
	struct worker_view v = {.stats = w->stats,
				.put_off = w->pipe.put_off,
				.records = w->pipe.records,
				.mark = sensor_time(w->sensor),
				.ring_used = ring_used(&w->pipe.ring),
				.ring_size = ring_size(&w->pipe.ring)};

	memcpy(v.lost, w->pipe.lost, sizeof v.lost);
	for (unsigned i = 0; i < OVERVIEW_INTERFACES_MAX; i++)
		v.interface[i] = counts_of(&w->port[i]);
	pthread_mutex_lock(&w->lock);
	w->view = v;
	pthread_mutex_unlock(&w->lock);
}

static void close_port(struct port *p)
{
	if (!p->live)
		return;
	p->before = counts_of(p);
	event_free(p->event);
	live_close(p->live);
	p->event = NULL;
	p->live = NULL;
}

static void take(void *context, const struct frame *frames, size_t count)
{
	struct worker *w = context;

	w->stats.packets += count;
	for (size_t i = 0; i < count; i++) {
		w->stats.packet_bytes += frames[i].length;
		w->stats.packets_cut += frames[i].captured < frames[i].length;
	}
	sensor_take(w->sensor, frames, count);
	pipe_mark(&w->pipe, sensor_time(w->sensor));
}

/* What waits in the kernel's ring was captured before the end. */
static void empty_port(struct port *p, uint64_t until)
{
	struct error e;

	while (p->live && live_read(p->live, BUDGET, take, p->worker, &e) >= BUDGET &&
	       clock_steady() < until)
		;
	close_port(p);
}

static void read_port(struct port *p)
{
	struct worker *w = p->worker;
	struct error e;

	if (live_read(p->live, BUDGET, take, w, &e) >= 0)
		return;
	unsigned index = live_index(p->live);
	close_port(p);
	w->o.gone(w->o.context, p->number, index, e.text);
}

static void readable(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	read_port(context);
}

static void tick(evutil_socket_t fd, short what, void *context)
{
	struct worker *w = context;

	(void)fd;
	(void)what;
	/* (the socket of an interface that is gone may say nothing of it) */
	for (unsigned i = 0; i < OVERVIEW_INTERFACES_MAX; i++)
		if (w->port[i].live)
			read_port(&w->port[i]);
	sensor_tick(w->sensor, clock_wall() - SLACK);
	pipe_mark(&w->pipe, sensor_time(w->sensor));
	if (w->ticks++ % VIEW_TICKS == 0)
		publish(w);
}

struct worker *worker_new(const struct worker_options *o, struct error *e)
{
	static const struct timeval interval = {.tv_usec = TICK_MS * 1000};
	struct worker *w = mem_lines(sizeof *w);
	struct sensor_settings settings = {.flow = flow_settings_default,
					   .rare_dns = o->rare_dns,
					   .number = o->number,
					   .clock_back = LIMIT_CLOCK_BACK_LIVE};

	w->o = *o;
	settings.flow.flows_max = o->flows_max;
	pthread_mutex_init(&w->lock, NULL);
	pipe_init(&w->pipe, o->ring);
	w->sensor = sensor_new(&settings, pipe_sink(&w->pipe), &w->stats);
	for (unsigned i = 0; i < OVERVIEW_INTERFACES_MAX; i++) {
		w->port[i].worker = w;
		w->port[i].number = i;
	}
	if (loop_init(&w->loop, e)) {
		worker_free(w);
		return NULL;
	}
	w->tick = event_new(w->loop.base, -1, EV_PERSIST, tick, w);
	event_add(w->tick, &interval);
	return w;
}

int worker_start(struct worker *w, struct error *e)
{
	char name[16];

	snprintf(name, sizeof name, "worker-%u", w->o.number);
	return loop_start(&w->loop, name, w->o.cpu, e);
}

static void finish(void *context)
{
	struct worker *w = context;
	uint64_t until = clock_steady() + EMPTYING;

	for (unsigned i = 0; i < OVERVIEW_INTERFACES_MAX; i++)
		empty_port(&w->port[i], until);
	w->pipe.patience = PATIENCE_MS;
	sensor_finish(w->sensor);
	pipe_mark(&w->pipe, UINT64_MAX);
	publish(w);
}

void worker_stop(struct worker *w)
{
	if (!w->loop.started)
		return;
	loop_post(&w->loop, finish, w);
	loop_stop(&w->loop);
}

size_t worker_memory(uint32_t ring)
{
	return mem_lines_memory(sizeof(struct worker)) + mem_memory(ring);
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	loop_stop(&w->loop); /* (what it was given may still be in the mailbox) */
	for (unsigned i = 0; i < OVERVIEW_INTERFACES_MAX; i++)
		close_port(&w->port[i]);
	if (w->tick)
		event_free(w->tick);
	loop_fini(&w->loop);
	sensor_free(w->sensor);
	pipe_fini(&w->pipe);
	pthread_mutex_destroy(&w->lock);
	mem_lines_free(w, sizeof *w);
}

struct pipe *worker_pipe(struct worker *w)
{
	return &w->pipe;
}

struct gift {
	struct worker *worker;
	unsigned interface;
	struct live *member;
};

static void accept_gift(void *context)
{
	struct gift *g = context;
	struct port *p = &g->worker->port[g->interface];

	empty_port(p, clock_steady() + EMPTYING);
	p->live = g->member;
	if (p->live) {
		p->event = event_new(g->worker->loop.base, live_descriptor(p->live),
				     EV_READ | EV_PERSIST, readable, p);
		event_add(p->event, NULL);
	}
	free(g);
}

void worker_give(struct worker *w, unsigned interface, struct live *member)
{
	struct gift *g = mem_alloc(sizeof *g);

	*g = (struct gift){w, interface, member};
	loop_post(&w->loop, accept_gift, g);
}

static void want_rare_dns(void *context)
{
	struct worker *w = context;

	sensor_set_rare_dns(w->sensor, true);
}

static void want_common_dns(void *context)
{
	struct worker *w = context;

	sensor_set_rare_dns(w->sensor, false);
}

void worker_set_rare_dns(struct worker *w, bool wanted)
{
	loop_post(&w->loop, wanted ? want_rare_dns : want_common_dns, w);
}

void worker_look(struct worker *w, struct worker_view *out)
{
	pthread_mutex_lock(&w->lock);
	*out = w->view;
	pthread_mutex_unlock(&w->lock);
}

uint64_t worker_beats(const struct worker *w)
{
	return w->loop.beats;
}
