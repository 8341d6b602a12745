/* Capture files through all of egret: source (formats, compression, merging, filter), sensor,
 * analyst, records as lines; and those lines once more, as `egret -e` takes them: the findings are
 * the same.
 *
 * The first byte chooses (enum bits). With two files, two bytes say where the second begins. */
#include "base/cursor.h"
#include "capture/source.h"
#include "office.h"
#include "output/record_json.h"
#include "output/report.h"
#include "output/sysmon.h"
#include "sensor/sensor.h"
#include "telling.h"

enum bits {
	BIT_FILES = 1,
	BIT_FILTER = 2,
	BIT_FEW = 4, /* flows at one time */
	BIT_SYSMON = 8,
	BIT_EVERY = 16, /* every fact of a record is made */
};

#define RECORDS_MAX (64u << 20)

struct replay {
	uint8_t bits;
	struct stats stats;
	struct analyst *analyst;
	struct bytes lines, told;
	struct record_json json;
	struct sysmon_out *sysmon;
	uint64_t records, frames;
};

static void to_analyst(void *context, const struct record *r)
{
	analyst_take(((struct replay *)context)->analyst, r);
}

static void as_sysmon(struct replay *p, const struct record *r)
{
	static char lines[SYSMON_JSON_MAX];
	struct str rest = {lines, sysmon_json(p->sysmon, r, lines, sizeof lines)}, line;

	while (kit_line(&rest, &line))
		kit_json_line(line.p, line.n + 1);
}

static void to_lines(void *context, const struct record *r)
{
	static char line[RECORD_JSON_MAX];
	struct replay *p = context;
	size_t n = record_json(&p->json, r, line, sizeof line);

	kit_json_line(line, n);
	bytes_add(&p->lines, line, n);
	p->records++;
	if (p->sysmon)
		as_sysmon(p, r);
}

static void again(struct replay *p)
{
	struct analyst_options o = office_options(p->bits & BIT_EVERY);
	struct analyst *a = analyst_new(&o);
	struct line_in *in = line_in_new(office(p->bits & BIT_EVERY)->rules->fields, NULL);
	struct str rest = {(const char *)p->lines.p, p->lines.n}, line;
	struct bytes told;
	struct error e;

	bytes_init(&told, TOLD_MAX);
	while (kit_line(&rest, &line)) {
		struct line l = line_in_read(in, line, 1, &e);
		require(l.kind == LINE_RECORD, "a record's line is read as one");
		l.event.line = 0;
		analyst_take_line(a, &l);
	}
	analyst_findings(a, tell_finding, &told);
	if (told.n != p->told.n || (told.n && memcmp(told.p, p->told.p, told.n) != 0))
		fprintf(stderr, "%.*s----\n%.*s----\n%.*s", (int)p->lines.n, (char *)p->lines.p,
			(int)p->told.n, (char *)p->told.p, (int)told.n, (char *)told.p);
	require(told.n == p->told.n && (!told.n || memcmp(told.p, p->told.p, told.n) == 0),
		"records from lines lead to the same findings");
	bytes_fini(&told);
	line_in_free(in);
	analyst_free(a);
}

static void problem(void *context, const char *file, const char *text)
{
	(void)context;
	require(file && text && text[0], "a problem has a file and a text");
}

static struct source *open_source(struct replay *p, const uint8_t *data, size_t n)
{
	static struct kit_file file[2];
	const char *paths[2];
	struct cursor c = cur_of(data, n);
	size_t cut = p->bits & BIT_FILES ? cur_u16(&c) : cur_left(&c);
	struct error e;

	if (cut > cur_left(&c))
		cut = cur_left(&c);
	paths[0] = kit_file(&file[0], c.p, cut);
	paths[1] = kit_file(&file[1], c.p + cut, cur_left(&c) - cut);
	return source_open_files(
		&(struct source_files_options){.paths = paths,
					       .path_count = p->bits & BIT_FILES ? 2 : 1,
					       .filter = p->bits & BIT_FILTER ? "udp or port 443"
									      : NULL,
					       .problem = problem},
		&p->stats, &e);
}

static void check_counters(const struct replay *p)
{
	const struct stats *s = &p->stats;
	uint64_t told = s->records_dns + s->records_tls + s->records_quic + s->records_http +
			s->records_conn + s->records_flow;

	require(s->packets == p->frames, "packets are frames");
	require(told == p->records, "records are counted by kind");
	require(s->flows == s->flows_tcp + s->flows_udp, "flows are TCP and UDP");
	require(s->packets_cut <= s->packets && s->duplicates <= s->packets + s->tunnels,
		"parts are no more than the whole");
}

static void report(const struct replay *p, struct sensor *sensor)
{
	struct report_run run = {.stats = &p->stats, .analyst = analyst_summary(p->analyst)};
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	run.link_count = sensor_unknown_links(sensor, &run.links);
	report_summary(&run, out);
	fclose(out);
	kit_printable(text, n);
	free(text);
}

static void read_all(struct replay *p, struct source *source)
{
	struct sensor_settings settings = {.flow = flow_settings_default, .rare_dns = true};
	struct frame frames[LIMIT_BATCH];
	size_t n;

	settings.flow.flows_max = p->bits & BIT_FEW ? 4 : 256;
	struct sensor *sensor = sensor_new(
		&settings, (struct record_sink){.take = to_analyst, .context = p}, &p->stats);
	while ((n = source_next(source, frames, LIMIT_BATCH))) {
		p->frames += n;
		sensor_take(sensor, frames, n);
	}
	sensor_finish(sensor);
	report(p, sensor);
	sensor_free(sensor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct sysmon_out *sysmon;
	struct replay p = {.bits = n ? data[0] : 0};
	struct analyst_options o;

	if (n == 0)
		return 0;
	o = office_options(p.bits & BIT_EVERY);
	if (!sysmon)
		sysmon = sysmon_new("/dev/null");
	p.sysmon = p.bits & BIT_SYSMON ? sysmon : NULL;
	struct source *source = open_source(&p, data + 1, n - 1);
	if (!source)
		return 0;
	o.next = (struct record_sink){.take = to_lines, .context = &p};
	p.analyst = analyst_new(&o);
	bytes_init(&p.told, TOLD_MAX);
	bytes_init(&p.lines, RECORDS_MAX);
	read_all(&p, source);
	source_close(source);
	check_counters(&p);
	analyst_findings(p.analyst, tell_finding, &p.told);
	analyst_free(p.analyst);
	again(&p);
	bytes_fini(&p.told);
	bytes_fini(&p.lines);
	return 0;
}
