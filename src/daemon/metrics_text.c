#include "daemon/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/writer.h"
#include "daemon/figures.h"

#define SECONDS 1e-9

void metrics_name(const char *name, char out[METRIC_NAME_MAX])
{
	static const char *const units[] = {"packets", "bytes"};
	struct writer w = wr_of(out, METRIC_NAME_MAX - 1);
	const char *unit = NULL;

	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		size_t n = strlen(units[i]);
		if (strncmp(name, units[i], n) == 0 && name[n] == '_') {
			unit = units[i];
			name += n + 1;
		}
	}
	wr_text(&w, name);
	if (unit) {
		wr_char(&w, '_');
		wr_text(&w, unit);
	}
	out[wr_length(&w)] = '\0';
}

static void head(struct bytes *out, const char *name, const char *type, const char *help)
{
	bytes_print(out, "# HELP %s ", name);
	for (; *help; help++) {
		if (*help == '\\')
			bytes_u8(out, '\\');
		bytes_u8(out, (uint8_t)(*help == '\n' ? ' ' : *help));
	}
	bytes_print(out, "\n# TYPE %s %s\n", name, type);
}

/* A label's value: printable ASCII, a quote and a backslash escaped. */
static void label(struct bytes *out, const char *key, const char *value)
{
	bytes_print(out, "{%s=\"", key);
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;
		if (c == '"' || c == '\\')
			bytes_print(out, "\\%c", c);
		else if (c >= 0x20 && c < 0x7f)
			bytes_u8(out, c);
		else
			bytes_print(out, "\\\\x%02x", c);
	}
	bytes_print(out, "\"}");
}

static void number(struct bytes *out, uint64_t v)
{
	bytes_print(out, " %" PRIu64 "\n", v);
}

static void seconds(struct bytes *out, uint64_t ns)
{
	bytes_print(out, " %" PRIu64 ".%09" PRIu64 "\n", ns / 1000000000, ns % 1000000000);
}

static void counters(const struct overview *o, struct bytes *out)
{
	for (unsigned i = 0; i < stat_count; i++) {
		char short_name[METRIC_NAME_MAX], name[2 * METRIC_NAME_MAX];

		metrics_name(stat_infos[i].name, short_name);
		snprintf(name, sizeof name, "egret_%s_%s_total", stat_infos[i].group, short_name);
		head(out, name, "counter", stat_infos[i].help);
		bytes_print(out, "%s", name);
		number(out, stat_get(&o->stats, i));
	}
}

static void figure_lines(const struct overview *o, struct bytes *out)
{
	char last[2 * METRIC_NAME_MAX] = "";

	for (unsigned i = 0; i < figure_count; i++) {
		const struct figure *f = &figures[i];
		char short_name[METRIC_NAME_MAX], name[2 * METRIC_NAME_MAX];
		bool counter = f->kind == FIGURE_COUNTER;

		metrics_name(f->name, short_name);
		snprintf(name, sizeof name, "egret_%s_%s%s", f->group, short_name,
			 counter ? "_total" : "");
		if (strcmp(name, last) != 0)
			head(out, name, counter ? "counter" : "gauge", f->help);
		strcpy(last, name);
		bytes_print(out, "%s", name);
		if (f->label)
			label(out, f->label, f->value);
		if (f->kind == FIGURE_TIME)
			seconds(out, figure_get(o, f));
		else
			number(out, figure_get(o, f));
	}
}

static void histogram(struct bytes *out, const char *name, const char *help,
		      const struct histogram *h, double unit)
{
	uint64_t sum = 0;

	head(out, name, "histogram", help);
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS - 1; i++) {
		sum += h->bucket[i];
		/* bounds that are the same, of a histogram without a scale, would be an error */
		if (h->least)
			bytes_print(out, "%s_bucket{le=\"%.12g\"} %" PRIu64 "\n", name,
				    (double)(h->least << i) * unit, sum);
	}
	sum += h->bucket[HISTOGRAM_BUCKETS - 1];
	bytes_print(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, sum);
	bytes_print(out, "%s_sum %.12g\n%s_count %" PRIu64 "\n", name, (double)h->sum * unit, name,
		    sum);
}

/* A metric of several things, by a label. */
struct family {
	const char *name, *type, *help;
	uint64_t (*value)(const struct overview *o, unsigned i);
	bool time; /* ns, told in seconds */
};

static void families(const struct overview *o, struct bytes *out, const struct family *f,
		     size_t count, const char *key, unsigned things,
		     const char *(*word)(const struct overview *o, unsigned i, char text[16]))
{
	for (size_t k = 0; things && k < count; k++) {
		head(out, f[k].name, f[k].type, f[k].help);
		for (unsigned i = 0; i < things; i++) {
			char text[16];
			bytes_print(out, "%s", f[k].name);
			label(out, key, word(o, i, text));
			(f[k].time ? seconds : number)(out, f[k].value(o, i));
		}
	}
}

#define VALUE(function, expression)                                                                \
	static uint64_t function(const struct overview *o, unsigned i)                             \
	{                                                                                          \
		return (expression);                                                               \
	}

VALUE(interface_received, o->interface[i].received)
VALUE(interface_ring, o->interface[i].ring_lost)
VALUE(interface_nic, o->interface[i].nic_lost)
VALUE(interface_reopened, o->interface[i].reopened)
VALUE(interface_up, o->interface[i].open)
VALUE(interface_quiet, o->interface[i].quiet)
VALUE(worker_packets, o->worker[i].packets)
VALUE(worker_records, o->worker[i].records)
VALUE(worker_used, o->worker[i].ring_used)
VALUE(worker_size, o->worker[i].ring_size)
VALUE(worker_mark, o->worker[i].mark)
VALUE(outlet_lines, o->outlet[i].counts.lines)
VALUE(outlet_bytes, o->outlet[i].counts.bytes)
VALUE(outlet_lost, o->outlet[i].counts.lost)
VALUE(outlet_errors, o->outlet[i].counts.errors)
VALUE(outlet_queued, o->outlet[i].counts.queued)
VALUE(outlet_failing, o->outlet[i].counts.failing)

#define COUNTER(name, value, help)                                                                 \
	{                                                                                          \
		name, "counter", help, value, false                                                \
	}
#define GAUGE(name, value, help)                                                                   \
	{                                                                                          \
		name, "gauge", help, value, false                                                  \
	}
#define COUNT(a) (sizeof(a) / sizeof *(a))

static const char *interface_word(const struct overview *o, unsigned i, char text[16])
{
	(void)text;
	return o->interface[i].name;
}

static const char *worker_word(const struct overview *o, unsigned i, char text[16])
{
	(void)o;
	snprintf(text, 16, "%u", i);
	return text;
}

static const char *outlet_word(const struct overview *o, unsigned i, char text[16])
{
	(void)text;
	return o->outlet[i].name;
}

static const struct family of_interfaces[] = {
	COUNTER("egret_interface_received_packets_total", interface_received,
		"Packets that passed the filter, those that the kernel's ring lost included"),
	COUNTER("egret_interface_ring_lost_packets_total", interface_ring,
		"Packets lost because the kernel's ring was full"),
	COUNTER("egret_interface_nic_lost_packets_total", interface_nic,
		"Packets that the network card lost"),
	COUNTER("egret_interface_reopened_total", interface_reopened,
		"Times that the interface came back"),
	GAUGE("egret_interface_up", interface_up,
	      "1 when the interface is read, 0 when it is gone"),
	GAUGE("egret_interface_quiet", interface_quiet,
	      "1 when nothing arrives from an interface that used to be busy"),
};

static const struct family of_workers[] = {
	COUNTER("egret_worker_packets_total", worker_packets, "Packets read by the worker"),
	COUNTER("egret_worker_records_total", worker_records, "Records handed on by the worker"),
	GAUGE("egret_worker_ring_used_bytes", worker_used,
	      "Bytes of records on their way from the worker to the analyst"),
	GAUGE("egret_worker_ring_size_bytes", worker_size, "Size of the worker's ring of records"),
	{"egret_worker_mark_timestamp_seconds", "gauge", "Packet time that the worker has come to",
	 worker_mark, true},
};

static const struct family of_outlets[] = {
	COUNTER("egret_outlet_lines_total", outlet_lines, "Lines written out"),
	COUNTER("egret_outlet_bytes_total", outlet_bytes, "Bytes written out"),
	COUNTER("egret_outlet_lost_lines_total", outlet_lost,
		"Lines lost because the queue was full or writing failed"),
	COUNTER("egret_outlet_errors_total", outlet_errors,
		"Failed writes, connections and rotations"),
	GAUGE("egret_outlet_queued_bytes", outlet_queued, "Bytes that wait to be written"),
	GAUGE("egret_outlet_failing", outlet_failing, "1 when the last try to write failed"),
};

static void build(const struct overview *o, struct bytes *out)
{
	head(out, "egret_build_info", "gauge", "Always 1; the version is in the label");
	bytes_print(out, "egret_build_info");
	label(out, "version", o->version ? o->version : "");
	number(out, 1);
}

static void process(const struct overview *o, struct bytes *out)
{
	head(out, "process_cpu_seconds_total", "counter",
	     "Total user and system CPU time spent in seconds");
	bytes_print(out, "process_cpu_seconds_total");
	seconds(out, o->cpu);
	head(out, "process_resident_memory_bytes", "gauge", "Resident memory size in bytes");
	bytes_print(out, "process_resident_memory_bytes");
	number(out, o->memory);
	head(out, "egret_memory_bound_bytes", "gauge",
	     "The most memory that may be resident, whatever is captured");
	bytes_print(out, "egret_memory_bound_bytes");
	number(out, o->memory_bound);
	head(out, "process_start_time_seconds", "gauge",
	     "Start time of the process since 1970 in seconds");
	bytes_print(out, "process_start_time_seconds");
	seconds(out, o->started);
}

void metrics_text(const struct overview *o, struct bytes *out)
{
	build(o, out);
	counters(o, out);
	figure_lines(o, out);
	histogram(out, "egret_analyst_delay_seconds",
		  "Time from a fact's packet to the taking of its record by the analyst", &o->delay,
		  SECONDS);
	histogram(out, "egret_ring_depth_bytes",
		  "Bytes of records in the rings when the analyst looks", &o->depth, 1);
	families(o, out, of_interfaces, COUNT(of_interfaces), "interface", o->interfaces,
		 interface_word);
	families(o, out, of_workers, COUNT(of_workers), "worker", o->workers, worker_word);
	families(o, out, of_outlets, COUNT(of_outlets), "outlet", o->outlets, outlet_word);
	process(o, out);
}
