#include "daemon/stats_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/figures.h"
#include "output/line.h"

/* What starts again counts from 0: an interface that was replaced, an analyst of a new generation.
 */
static uint64_t since(uint64_t now, uint64_t before)
{
	return now >= before ? now - before : now;
}

/* Opens and closes objects of groups as they come; a group without a number is left out. */
struct group {
	struct json *j;
	const char *open;
};

static void put(struct group *g, const char *group, const char *name, uint64_t v)
{
	if (!g->open || strcmp(g->open, group) != 0) {
		if (g->open)
			json_close(g->j, '}');
		json_open(g->j, group, '{');
		g->open = group;
	}
	json_u64(g->j, name, v);
}

static void done(struct group *g)
{
	if (g->open)
		json_close(g->j, '}');
}

static void counters(struct json *j, const struct overview *before, const struct overview *o)
{
	struct group g = {.j = j};

	for (unsigned i = 0; i < stat_count; i++) {
		uint64_t v = since(stat_get(&o->stats, i), stat_get(&before->stats, i));
		if (v)
			put(&g, stat_infos[i].group, stat_infos[i].name, v);
	}
	for (unsigned i = 0; i < figure_count; i++) {
		const struct figure *f = &figures[i];
		char name[128];
		uint64_t v = figure_get(o, f);

		if (f->kind == FIGURE_TIME)
			continue;
		if (f->kind == FIGURE_COUNTER)
			v = since(v, figure_get(before, f));
		snprintf(name, sizeof name, "%s%s%s", f->name, f->label ? "_" : "",
			 f->label ? f->value : "");
		if (v)
			put(&g, f->group, name, v);
	}
	done(&g);
}

/* By its place, which stays: its name may be another one by now. */
static const struct overview_interface *interface_at(const struct overview *o, unsigned i)
{
	static const struct overview_interface none;

	return i < o->interfaces ? &o->interface[i] : &none;
}

/* Hundredths of a per cent of loss say more than a number without a whole. */
static void share(struct json *j, uint64_t part, uint64_t whole)
{
	char text[32];

	if (!part || !whole)
		return;
	json_key(j, "lost_share");
	snprintf(text, sizeof text, "%.6f", (double)part / (double)whole);
	wr_text(&j->w, text);
}

static void interfaces(struct json *j, const struct overview *before, const struct overview *o)
{
	if (!o->interfaces)
		return;
	json_open(j, "interfaces", '[');
	for (unsigned i = 0; i < o->interfaces; i++) {
		const struct overview_interface *f = &o->interface[i];
		const struct overview_interface *b = interface_at(before, i);

		json_open(j, NULL, '{');
		json_str(j, "name", str_of(f->name));
		json_bool(j, "up", f->open);
		line_flag(j, "quiet", f->quiet);
		json_u64(j, "received", since(f->received, b->received));
		line_if(j, "ring_lost", since(f->ring_lost, b->ring_lost));
		line_if(j, "nic_lost", since(f->nic_lost, b->nic_lost));
		line_if(j, "reopened", since(f->reopened, b->reopened));
		share(j, since(interface_lost(f), interface_lost(b)),
		      since(interface_sent(f), interface_sent(b)));
		json_close(j, '}');
	}
	json_close(j, ']');
}

static struct outlet_counts outlet_before(const struct overview *before, const char *name)
{
	for (unsigned i = 0; i < before->outlets; i++)
		if (strcmp(before->outlet[i].name, name) == 0)
			return before->outlet[i].counts;
	return (struct outlet_counts){0};
}

static void outlets(struct json *j, const struct overview *before, const struct overview *o)
{
	if (!o->outlets)
		return;
	json_open(j, "outputs", '[');
	for (unsigned i = 0; i < o->outlets; i++) {
		const struct outlet_counts *n = &o->outlet[i].counts;
		struct outlet_counts b = outlet_before(before, o->outlet[i].name);

		json_open(j, NULL, '{');
		json_text(j, "name", o->outlet[i].name);
		json_u64(j, "lines", since(n->lines, b.lines));
		json_u64(j, "bytes", since(n->bytes, b.bytes));
		line_if(j, "lost", since(n->lost, b.lost));
		line_if(j, "errors", since(n->errors, b.errors));
		line_if(j, "queued", n->queued);
		line_flag(j, "failing", n->failing);
		json_close(j, '}');
	}
	json_close(j, ']');
}

/* Nanoseconds that 50 and 99 of 100 records were not above. */
static void delay(struct json *j, const struct histogram *before, const struct histogram *now)
{
	struct histogram d = *now;
	uint64_t p50, p99;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		d.bucket[i] = since(d.bucket[i], before->bucket[i]);
	p50 = histogram_quantile(&d, 0.5);
	p99 = histogram_quantile(&d, 0.99);
	if (!p99)
		return;
	json_open(j, "delay", '{');
	/* beyond the last bound nothing is known but that bound */
	uint64_t most = d.least << (HISTOGRAM_BUCKETS - 2);
	json_u64(j, "p50", p50 < most ? p50 : most);
	json_u64(j, "p99", p99 < most ? p99 : most);
	json_close(j, '}');
}

static void head(struct json *j, uint64_t from, uint64_t to)
{
	json_time(j, "@timestamp", to);
	json_open(j, "ecs", '{');
	json_word(j, "version", "9.0.0");
	json_close(j, '}');
	json_open(j, "event", '{');
	json_word(j, "kind", "metric");
	json_open(j, "category", '[');
	json_word(j, NULL, "network");
	json_close(j, ']');
	json_word(j, "dataset", "egret.stats");
	json_open(j, "type", '[');
	json_word(j, NULL, "info");
	json_close(j, ']');
	json_time(j, "start", from);
	json_time(j, "end", to);
	if (to >= from)
		json_u64(j, "duration", to - from);
	json_close(j, '}');
}

size_t stats_record(const struct overview *before, const struct overview *o, char *out, size_t room)
{
	struct overview *zero = before ? NULL : mem_zalloc(sizeof *zero);
	const struct overview *b = before ? before : zero;
	struct json j = json_of(out, room);

	json_open(&j, NULL, '{');
	head(&j, before ? before->now : o->started, o->now);
	json_open(&j, "egret", '{');
	json_open(&j, "stats", '{');
	counters(&j, b, o);
	interfaces(&j, b, o);
	outlets(&j, b, o);
	delay(&j, &b->delay, &o->delay);
	json_u64(&j, "memory", o->memory);
	json_u64(&j, "cpu", since(o->cpu, b->cpu));
	json_u64(&j, "uptime", o->now > o->started ? o->now - o->started : 0);
	json_close(&j, '}');
	json_close(&j, '}');
	json_close(&j, '}');
	wr_char(&j.w, '\n');
	free(zero);
	return wr_length(&j.w);
}
