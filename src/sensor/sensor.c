#include "sensor/sensor.h"

#include <stdlib.h>

#include "base/mem.h"
#include "sensor/emit.h"
#include "sensor/inner.h"
#include "sensor/tcp_inspect.h"
#include "sensor/udp_inspect.h"

/* Streams that are looked into at one time; the bytes they hold have a bound of their own. */
#define STREAMS_MAX (256 * 1024)
#define QUICS_MAX (64 * 1024)

static void flow_ended(void *context, struct flow *f, enum flow_end why)
{
	struct sensor *s = context;

	if (f->proto == PROTO_TCP)
		tcp_inspect_finish(s, f);
	else
		udp_inspect_finish(s, f);
	emit_end(s, f, why);
}

static void name_forgotten(void *context, uint32_t name)
{
	struct sensor *s = context;

	intern_put(&s->names, name);
}

static void flow_due(void *context, struct flow *f)
{
	emit_update(context, f);
}

struct sensor *sensor_new(const struct sensor_settings *settings, struct record_sink sink,
			  struct stats *stats)
{
	struct sensor *s = mem_lines(sizeof *s);
	struct flow_events events = {
		.ended = flow_ended, .due = flow_due, .forget = name_forgotten, .context = s};

	s->settings = *settings;
	if (!s->settings.clock_back)
		s->settings.clock_back = LIMIT_CLOCK_BACK;
	s->sink = sink;
	s->stats = stats;
	s->decoder = decoder_new(stats);
	flow_table_init(&s->table, &settings->flow, &events, stats);
	s->table.next_id += (uint64_t)settings->number << 48;
	slab_init(&s->slab, LIMIT_STREAMS_BYTES);
	intern_init(&s->names, settings->flow.flows_max);
	heads_init(&s->streams, tcp_inspect_state_size(), STREAMS_MAX);
	heads_init(&s->quics, udp_inspect_state_size(), QUICS_MAX);
	dns_track_init(&s->dns);
	return s;
}

void sensor_memory(const struct sensor_settings *settings, struct budget *b)
{
	budget_add(b, "flows", "fixed", flow_table_memory(&settings->flow));
	budget_add(b, "names of flows", "fixed", intern_memory(settings->flow.flows_max));
	budget_add(b, "heads of streams", "fixed",
		   slab_memory(LIMIT_STREAMS_BYTES) +
			   pool_memory(tcp_inspect_state_size(), STREAMS_MAX) +
			   pool_memory(udp_inspect_state_size(), QUICS_MAX));
	budget_add(b, "DNS queries that wait", "fixed", dns_track_memory());
	budget_add(b, "fragments, packets at hand", "fixed",
		   decoder_memory() + mem_lines_memory(sizeof(struct sensor)));
}

void sensor_free(struct sensor *s)
{
	if (!s)
		return;
	dns_track_fini(&s->dns);
	heads_fini(&s->quics);
	heads_fini(&s->streams);
	intern_fini(&s->names);
	flow_table_fini(&s->table);
	slab_fini(&s->slab);
	decoder_free(s->decoder);
	mem_lines_free(s, sizeof *s);
}

/* The clock of records does not go back with single packets. But when all of them come from long
 * ago, the capture's clock was set back, or a packet had a time out of nowhere: without a fresh
 * start no timer would run any more, and no name would be known before the flow that wants it. */
static void restart_clock(struct sensor *s, uint64_t time)
{
	s->late = 0;
	s->stats->clock_restarts++;
	dns_track_expire(s, true);
	flow_table_restart(&s->table, time);
	dns_track_expire(s, true);
	s->now = time;
}

static bool is_long_ago(const struct sensor *s, uint64_t time)
{
	return time + s->settings.clock_back < s->now;
}

static void follow_clock(struct sensor *s, uint64_t time)
{
	if (!is_long_ago(s, time)) {
		s->late = 0;
		if (time > s->now)
			s->now = time;
	} else if (++s->late == LIMIT_CLOCK_WRONG) {
		restart_clock(s, time);
	}
}

static void take_packet(struct sensor *s, struct packet *p, uint64_t hash)
{
	unsigned side;

	follow_clock(s, p->time);
	flow_table_advance(&s->table, s->now);
	struct flow *f = flow_take(&s->table, p, hash, &side);
	if (!f)
		return;
	if (f->inspect != INSPECT_DONE && p->length) {
		if (f->proto == PROTO_TCP)
			tcp_inspect(s, f, side, p);
		else
			udp_inspect(s, f, side, p);
	}
	flow_settle(&s->table, f);
}

/* Takes the packets decoded so far: by now their slots of the index are in the cache; their flows
 * are fetched before the first is taken. */
static void take_batch(struct sensor *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		flow_prefetch(&s->table, s->hashes[i], s->packets[i].tuple.proto);
	for (size_t i = 0; i < n; i++)
		take_packet(s, &s->packets[i], s->hashes[i]);
}

void sensor_take(struct sensor *s, const struct frame *frames, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		bool more = decode_frame(s->decoder, &frames[i], &s->packets[n]);
		while (more) {
			s->hashes[n] = flow_hash(&s->table, &s->packets[n].tuple);
			flow_prefetch_index(&s->table, s->hashes[n]);
			/* an A-MSDU makes more packets than frames */
			if (++n == LIMIT_BATCH) {
				take_batch(s, n);
				n = 0;
			}
			more = decode_more(s->decoder, &s->packets[n]);
		}
	}
	take_batch(s, n);
	if (count) {
		if (frames[count - 1].time > s->now)
			s->now = frames[count - 1].time;
		dns_track_expire(s, false);
		decoder_release(s->decoder, s->now);
	}
}

void sensor_tick(struct sensor *s, uint64_t time)
{
	if (is_long_ago(s, time))
		restart_clock(s, time);
	if (time > s->now)
		s->now = time;
	flow_table_advance(&s->table, s->now);
	dns_track_expire(s, false);
	decoder_release(s->decoder, s->now);
}

uint64_t sensor_time(const struct sensor *s)
{
	return s->now;
}

void sensor_set_rare_dns(struct sensor *s, bool wanted)
{
	s->settings.rare_dns = wanted;
}

unsigned sensor_unknown_links(const struct sensor *s, const struct unknown_link **list)
{
	return decoder_unknown_links(s->decoder, list);
}

void sensor_finish(struct sensor *s)
{
	dns_track_expire(s, true);
	flow_table_finish(&s->table);
	/* queries that stood behind a hole in a stream */
	dns_track_expire(s, true);
}
