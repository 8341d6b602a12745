/* Lines of JSON through the whole analyst, as `egret -e` takes them: reader, names, rules,
 * correlations, detectors, findings, and the texts that are made of these.
 *
 * The first byte chooses (enum bits), the rest are lines. The findings of the same lines are the
 * same ones again, also when the analyst makes room for a new one every so often, as at a reload. */
#include "office.h"
#include "sigma/correlate.h"
#include "telling.h"

enum bits {
	BIT_AS = 3, /* what lines are that do not say: nothing, one of three */
	BIT_STRICT = 4,
	BIT_WINDOW = 8, /* a run without end, in which findings are told as they grow */
	BIT_EACH = 16,
	BIT_RELOAD = 32,  /* the second time with a new analyst every third line */
	BIT_RESTART = 64, /* or with nothing but its state; findings are not compared */
	BIT_EVERY = 128,  /* every fact of a record is made */
};

#define PERIOD 3

struct run {
	uint8_t bits;
	struct analyst *analyst;
	struct line_in *in;
	struct bytes told;
	uint64_t lines, found;
};

static struct analyst *fresh(struct run *r)
{
	struct analyst_options o = office_options(r->bits & BIT_EVERY);

	o.strict = r->bits & BIT_STRICT;
	o.window = r->bits & BIT_WINDOW ? UINT64_C(3600) * NS_PER_S : 0;
	o.each = r->bits & BIT_EACH ? tell_finding : NULL;
	o.each_context = &r->told;
	return analyst_new(&o);
}

static void reload(struct run *r)
{
	struct analyst *next = fresh(r);

	analyst_adopt(next, r->analyst);
	analyst_free(r->analyst);
	r->analyst = next;
}

static void restart(struct run *r)
{
	struct state_section s[ANALYST_SECTIONS];
	struct analyst *next = fresh(r);
	struct bytes file;
	struct error e;

	require(!state_encode(s, analyst_sections(r->analyst, ANALYST_ALL, s), &file, &e), "saved");
	require(!state_decode(s, analyst_sections(next, ANALYST_ALL, s), file.p, file.n, &e),
		"what was saved is loaded");
	bytes_fini(&file);
	analyst_free(r->analyst);
	r->analyst = next;
}

static void take(struct run *r, struct str text)
{
	static const struct analyst_telling when = {.interval = 60 * NS_PER_S, .growth = 2};
	struct error e;
	struct line line = line_in_read(r->in, text, ++r->lines, &e);

	if (line.kind == LINE_BAD || line.kind == LINE_EMPTY)
		return;
	do {
		line.event.line = r->bits & (BIT_RELOAD | BIT_RESTART) ? 0 : r->lines;
		analyst_take_line(r->analyst, &line);
		if (r->bits & BIT_WINDOW) {
			uint64_t now = line.kind == LINE_RECORD ? line.record->time : line.event.time;
			analyst_tick(r->analyst, now);
			analyst_tell(r->analyst, now, &when, tell_finding, &r->told);
		}
	} while (line_in_next(r->in, &line));
}

static void touch_use(void *context, const struct analyst_use *u)
{
	*(uint64_t *)context += u->up + u->name.n;
}

static void touch_flow(void *context, const struct analyst_flow *f)
{
	*(uint64_t *)context += f->up + f->name.n;
}

static void end(struct run *r)
{
	struct findings_table *t = findings_table_new();
	char *text = NULL;
	size_t n = 0;
	uint64_t sum = 0;
	FILE *out = open_memstream(&text, &n);

	analyst_findings(r->analyst, tell_finding, &r->told);
	analyst_findings(r->analyst, findings_table_add, t);
	findings_table_print(t, out);
	fclose(out);
	kit_printable(text, n);
	free(text);
	analyst_top(r->analyst, 4, touch_use, &sum);
	analyst_flows(r->analyst, NULL, 4, touch_flow, &sum);
	struct analyst_summary s = analyst_summary(r->analyst);
	require(s.named <= s.connections, "no more connections are named than there are");
	analyst_free(r->analyst);
	line_in_free(r->in);
}

static struct bytes run(uint8_t bits, const uint8_t *data, size_t n)
{
	static const struct logsource as[] = {
		{"proxy", NULL, NULL}, {NULL, "zeek", "conn"}, {"process_creation", "windows", NULL}};
	struct str rest = kit_rest(data, n), line;
	struct run r = {.bits = bits};

	bytes_init(&r.told, TOLD_MAX);
	r.analyst = fresh(&r);
	r.in = line_in_new(office(bits & BIT_EVERY)->rules->fields, bits & BIT_AS ? &as[(bits & BIT_AS) - 1] : NULL);
	while (kit_line(&rest, &line)) {
		take(&r, line);
		if (r.lines % PERIOD == 0 && bits & BIT_RELOAD)
			reload(&r);
		else if (r.lines % PERIOD == 0 && bits & BIT_RESTART)
			restart(&r);
	}
	end(&r);
	return r.told;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n == 0)
		return 0;
	const uint8_t plain = data[0] & (uint8_t) ~(BIT_RELOAD | BIT_RESTART);
	struct bytes first = run(plain, data + 1, n - 1), second = run(data[0], data + 1, n - 1);

	if (data[0] == plain)
		require(first.n == second.n && (!first.n || memcmp(first.p, second.p, first.n) == 0),
			"the same lines give the same findings");
	bytes_fini(&first);
	bytes_fini(&second);
	return 0;
}
