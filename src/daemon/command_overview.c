/* status, stats, interfaces: what the overview says. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "daemon/command_part.h"
#include "daemon/figures.h"
#include "daemon/listing.h"

#define STATUS_JSON_MAX (64 * 1024)

/* NULL when there is none, and the reply has ended. */
static struct overview *take(const struct command_call *c)
{
	if (!c->env->overview) {
		command_fail(c, "this daemon has no overview");
		return NULL;
	}
	struct overview *o = mem_zalloc(sizeof *o);
	c->env->overview(c->env->context, o);
	return o;
}

/* One line of the status: "key         text". */
static void line(struct bytes *out, const char *key, const struct writer *w)
{
	bytes_print(out, "%-12s%.*s\n", key, (int)wr_length(w), w->start);
}

#define LINE(out, key, ...)                                                                        \
	do {                                                                                       \
		char text[512];                                                                    \
		struct writer w = wr_of(text, sizeof text);                                        \
		__VA_ARGS__;                                                                       \
		line(out, key, &w);                                                                \
	} while (0)

static void loss(struct writer *w, uint64_t lost, uint64_t of)
{
	if (!lost) {
		wr_lit(w, "none lost");
		return;
	}
	text_count(w, lost);
	wr_lit(w, " lost (");
	listing_share(w, lost, of);
	wr_lit(w, " %)");
}

static void interface_line(const struct overview_interface *i, struct bytes *out)
{
	LINE(out, "interface", {
		text_escaped(&w, str_of(i->name), 0);
		wr_text(&w, !i->open ? " is gone, waited for: " : i->quiet ? " is quiet: " : ": ");
		text_count(&w, i->received);
		wr_lit(&w, " packets, ");
		loss(&w, interface_lost(i), interface_sent(i));
	});
}

static void outlet_line(const char *name, const struct outlet_counts *n, struct bytes *out)
{
	LINE(out, "output", {
		wr_text(&w, name);
		wr_lit(&w, ": ");
		text_count(&w, n->lines);
		wr_lit(&w, " lines, ");
		loss(&w, n->lost, n->lines + n->lost);
		if (n->queued) {
			wr_lit(&w, ", ");
			text_bytes(&w, n->queued);
			wr_lit(&w, " wait");
		}
		if (n->failing) {
			wr_lit(&w, ", fails: ");
			text_escaped(&w, str_of(n->problem), 200);
		}
	});
}

static uint64_t lost_records(const struct overview *o)
{
	uint64_t n = 0;

	for (unsigned k = 0; k < RECORD_KINDS; k++)
		n += o->records_lost[k];
	return n;
}

/* Bytes that were seen and are in no finding: whose. */
static void unattributed_line(const struct overview *o, struct bytes *out)
{
	enum { TOLD = 5 };

	if (!o->bytes_unattributed)
		return;
	LINE(out, "not told", {
		text_bytes(&w, o->bytes_unattributed);
		wr_lit(&w, " uploaded, as records of connections were lost");
		for (unsigned i = 0; i < TOLD && o->unattributed[i].records; i++) {
			static const struct addr several;
			const struct overview_client *c = &o->unattributed[i];
			wr_text(&w, i ? ", " : ": ");
			if (addr_eq(&c->client, &several))
				wr_lit(&w, "others");
			else
				addr_write(&w, &c->client);
			wr_char(&w, ' ');
			text_bytes(&w, c->up);
		}
	});
}

static void analyst_lines(const struct overview *o, struct bytes *out)
{
	uint64_t lost = lost_records(o), p99 = histogram_quantile(&o->delay, 0.99);
	uint64_t used = 0, size = 0;

	for (unsigned i = 0; i < o->workers; i++) {
		used += o->worker[i].ring_used;
		size += o->worker[i].ring_size;
	}
	LINE(out, "records", {
		text_count(&w, o->records_taken);
		wr_lit(&w, " taken, ");
		loss(&w, lost, lost + o->records_taken);
		wr_lit(&w, ", ");
		text_count(&w, o->records_late);
		wr_lit(&w, " late");
		if (p99 == UINT64_MAX) {
			wr_lit(&w, "; the analyst is far behind");
		} else if (p99) {
			wr_lit(&w, "; 99 % within ");
			text_duration(&w, p99);
		}
	});
	unattributed_line(o, out);
	LINE(out, "workers", {
		wr_u64(&w, o->workers);
		wr_lit(&w, "; their rings hold ");
		text_bytes(&w, used);
		wr_lit(&w, " of ");
		text_bytes(&w, size);
	});
	LINE(out, "uploads", {
		text_bytes(&w, o->analyst.up);
		wr_lit(&w, " over ");
		text_count(&w, o->analyst.connections);
		wr_lit(&w, " connections, ");
		text_bytes(&w, o->analyst.up_to_services);
		wr_lit(&w, " of it to listed services");
	});
}

static void loaded_lines(const struct overview *o, struct bytes *out)
{
	LINE(out, "loaded", {
		text_count(&w, o->services);
		wr_lit(&w, " services, ");
		text_count(&w, o->rules);
		wr_lit(&w, " rules, ");
		text_count(&w, o->correlations);
		wr_lit(&w, " correlations, ");
		text_count(&w, o->rules_refused);
		wr_lit(&w, " refused; generation ");
		wr_u64(&w, o->generation);
		wr_lit(&w, ", ");
		text_time(&w, o->loaded);
	});
	if (o->reload_problem[0])
		LINE(out, "reload", {
			wr_lit(&w, "failed, the old generation is in force: ");
			text_escaped(&w, str_of(o->reload_problem), 400);
		});
	LINE(out, "sandbox", {
		wr_text(&w, o->seccomp ? "system calls filtered" : "system calls not filtered");
		if (o->landlock) {
			wr_lit(&w, ", Landlock ");
			wr_u64(&w, (uint64_t)o->landlock);
		} else {
			wr_lit(&w, ", no Landlock");
		}
	});
}

static void status_text(const struct overview *o, struct bytes *out)
{
	LINE(out, "egret", {
		wr_text(&w, o->version);
		wr_lit(&w, ", for ");
		text_duration(&w, o->now > o->started ? o->now - o->started : 0);
		wr_lit(&w, ", since ");
		text_time(&w, o->started);
	});
	for (unsigned i = 0; i < o->interfaces; i++)
		interface_line(&o->interface[i], out);
	analyst_lines(o, out);
	for (unsigned i = 0; i < o->outlets; i++)
		outlet_line(o->outlet[i].name, &o->outlet[i].counts, out);
	loaded_lines(o, out);
	LINE(out, "memory", {
		text_bytes(&w, o->memory);
		wr_lit(&w, " of at most ");
		text_bytes(&w, o->memory_bound);
		wr_lit(&w, ", CPU ");
		text_duration(&w, o->cpu);
	});
}

static void interface_object(struct json *j, const struct overview_interface *i)
{
	json_open(j, NULL, '{');
	json_str(j, "name", str_of(i->name));
	json_bool(j, "up", i->open);
	json_bool(j, "quiet", i->quiet);
	json_u64(j, "received", i->received);
	json_u64(j, "ring_lost", i->ring_lost);
	json_u64(j, "nic_lost", i->nic_lost);
	json_u64(j, "reopened", i->reopened);
	json_close(j, '}');
}

static void outlet_object(struct json *j, const char *name, const struct outlet_counts *n)
{
	json_open(j, NULL, '{');
	json_text(j, "name", name);
	json_u64(j, "lines", n->lines);
	json_u64(j, "bytes", n->bytes);
	json_u64(j, "lost", n->lost);
	json_u64(j, "errors", n->errors);
	json_u64(j, "queued", n->queued);
	json_bool(j, "failing", n->failing);
	if (n->problem[0])
		json_text(j, "problem", n->problem);
	json_close(j, '}');
}

static void worker_object(struct json *j, const struct overview_worker *w)
{
	json_open(j, NULL, '{');
	json_u64(j, "packets", w->packets);
	json_u64(j, "records", w->records);
	json_u64(j, "ring_used", w->ring_used);
	json_u64(j, "ring_size", w->ring_size);
	if (w->mark)
		json_time(j, "mark", w->mark);
	json_close(j, '}');
}

static void client_object(struct json *j, const struct overview_client *c)
{
	char address[ADDR_TEXT_MAX];

	addr_text(&c->client, address);
	json_open(j, NULL, '{');
	json_word(j, "client", address);
	json_u64(j, "up", c->up);
	json_u64(j, "down", c->down);
	json_u64(j, "records", c->records);
	json_close(j, '}');
}

/* Counters and figures by group. */
static bool begins_group(const char *group, const char *before)
{
	return !before || !str_eq(str_of(group), str_of(before));
}

static void figure_object(struct json *j, const struct overview *o)
{
	const char *group = NULL;

	for (unsigned i = 0; i < figure_count; i++) {
		const struct figure *f = &figures[i];
		char key[128];

		if (begins_group(f->group, group)) {
			if (group)
				json_close(j, '}');
			json_open(j, f->group, '{');
			group = f->group;
		}
		snprintf(key, sizeof key, "%s%s%s", f->name, f->label ? "_" : "",
			 f->label ? f->value : "");
		uint64_t v = figure_get(o, f);
		if (f->kind == FIGURE_TIME)
			json_time(j, key, v);
		else
			json_u64(j, key, v);
	}
	json_close(j, '}');
}

static void status_json(const struct overview *o, struct bytes *out)
{
	struct json j = listing_json(out, STATUS_JSON_MAX);
	uint64_t p99 = histogram_quantile(&o->delay, 0.99);

	json_open(&j, NULL, '{');
	json_text(&j, "version", o->version);
	json_time(&j, "now", o->now);
	json_time(&j, "started", o->started);
	json_open(&j, "interfaces", '[');
	for (unsigned i = 0; i < o->interfaces; i++)
		interface_object(&j, &o->interface[i]);
	json_close(&j, ']');
	json_open(&j, "workers", '[');
	for (unsigned i = 0; i < o->workers; i++)
		worker_object(&j, &o->worker[i]);
	json_close(&j, ']');
	json_open(&j, "outputs", '[');
	for (unsigned i = 0; i < o->outlets; i++)
		outlet_object(&j, o->outlet[i].name, &o->outlet[i].counts);
	json_close(&j, ']');
	json_open(&j, "unattributed", '[');
	for (unsigned i = 0; i < OVERVIEW_CLIENTS_MAX && o->unattributed[i].records; i++)
		client_object(&j, &o->unattributed[i]);
	json_close(&j, ']');
	if (p99 && p99 != UINT64_MAX)
		json_u64(&j, "delay_p99", p99);
	figure_object(&j, o);
	if (o->reload_problem[0])
		json_text(&j, "reload_problem", o->reload_problem);
	json_u64(&j, "memory", o->memory);
	json_u64(&j, "memory_bound", o->memory_bound);
	json_u64(&j, "cpu", o->cpu);
	json_close(&j, '}');
	wr_char(&j.w, '\n');
	listing_json_end(out, &j);
}

void command_status(const struct command_call *c)
{
	if (!command_words_at_most(c, 0))
		return;
	struct overview *o = take(c);
	if (!o)
		return;
	if (c->json)
		status_json(o, &c->reply->text);
	else
		status_text(o, &c->reply->text);
	free(o);
	control_done(c->reply, NULL);
}

static void stats_row(struct listing *l, const char *group, const char *name, uint64_t v,
		      const char *help)
{
	listing_word(l, group);
	listing_word(l, name);
	listing_count(l, v);
	listing_word(l, help);
}

void command_stats(const struct command_call *c)
{
	static const struct listing_column columns[] = {{"GROUP", "group", false},
							{"COUNTER", "counter", false},
							{"VALUE", "value", true},
							{"MEANING", "meaning", false}};
	struct str group = c->count ? c->word[0] : (struct str){NULL, 0};
	struct overview *o;
	struct listing l;

	if (!command_words_at_most(c, 1) || !(o = take(c)))
		return;
	listing_begin(&l, columns, 4, c->json, &c->reply->text);
	for (unsigned i = 0; i < stat_count; i++)
		if (!group.n || str_eq(group, str_of(stat_infos[i].group)))
			stats_row(&l, stat_infos[i].group, stat_infos[i].name,
				  stat_get(&o->stats, i), stat_infos[i].help);
	for (unsigned i = 0; i < figure_count; i++) {
		const struct figure *f = &figures[i];
		char name[128];

		snprintf(name, sizeof name, "%s%s%s", f->name, f->label ? "_" : "",
			 f->label ? f->value : "");
		if (f->kind != FIGURE_TIME && (!group.n || str_eq(group, str_of(f->group))))
			stats_row(&l, f->group, name, figure_get(o, f), f->help);
	}
	free(o);
	bool any = l.rows;
	listing_end(&l, "");
	if (any)
		control_done(c->reply, NULL);
	else
		command_fail(c, "no group %.*s; without one, all are listed",
			     (int)(group.n > 64 ? 64 : group.n), group.p);
}

void command_interfaces(const struct command_call *c)
{
	static const struct listing_column columns[] = {
		{"INTERFACE", "name", false},	{"STATE", "state", false},
		{"RECEIVED", "received", true}, {"RING LOST", "ring_lost", true},
		{"NIC LOST", "nic_lost", true}, {"LOST", "lost_percent", true},
		{"REOPENED", "reopened", true}};
	struct overview *o;
	struct listing l;

	if (!command_words_at_most(c, 0) || !(o = take(c)))
		return;
	listing_begin(&l, columns, 7, c->json, &c->reply->text);
	for (unsigned i = 0; i < o->interfaces; i++) {
		const struct overview_interface *f = &o->interface[i];

		listing_text(&l, str_of(f->name), 0);
		listing_word(&l, !f->open ? "gone" : f->quiet ? "quiet" : "up");
		listing_count(&l, f->received);
		listing_count(&l, f->ring_lost);
		listing_count(&l, f->nic_lost);
		listing_percent(&l, interface_lost(f), interface_sent(f));
		listing_count(&l, f->reopened);
	}
	free(o);
	listing_end(&l, "No interfaces.");
	control_done(c->reply, NULL);
}
