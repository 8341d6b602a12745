/* Requests on the control socket: splitting, and every command's words. Whatever comes is answered
 * once, with text of ours; commands that change something really change an analyst's triage. */
#include "daemon/command.h"
#include "daemon/overview.h"
#include "detect/triage.h"
#include "office.h"

static struct analyst *analyst;
static unsigned answers;
static char ids[10][FINDING_ID_MAX];
static unsigned id_count;

static void overview(void *context, struct overview *out)
{
	(void)context;
	out->version = "x";
	out->interfaces = 1;
	strcpy(out->interface[0].name, "eth0");
	out->delay.least = out->depth.least = 1;
}

static void ask(void *context, errand_fn *fn, errand_done *done, void *arg)
{
	(void)context;
	fn(arg, analyst);
	done(arg);
}

static const char *service(void *context, struct str name)
{
	(void)context;
	return name.n % 2 ? "Service" : NULL;
}

static void reload(void *context, command_told *told, void *arg)
{
	(void)context;
	told(arg, NULL);
}

static bool set_log_level(void *context, const char *word)
{
	(void)context;
	return strlen(word) % 2;
}

static void explain(void *context, struct str what, struct bytes *out, command_told *told, void *arg)
{
	(void)context;
	bytes_add(out, what.p, what.n);
	bytes_u8(out, '\n');
	told(arg, NULL);
}

static void done(struct control_reply *r, const struct error *e)
{
	answers++;
	if (e ? !e->text[0] : !r->text.n || r->text.p[r->text.n - 1] != '\n')
		abort();
	/* explain says what it was asked; all else is ours and printable */
	for (size_t i = 0; !e && i < r->text.n && !str_eq(r->request.word[0], STR("explain")); i++)
		if ((r->text.p[i] < 0x20 && r->text.p[i] != '\n') || r->text.p[i] == 0x7f)
			abort();
	bytes_fini(&r->text);
}

static void check_words(const struct control_request *r, const char *line, size_t n)
{
	if (!r->count || r->count > CONTROL_WORDS_MAX)
		abort();
	for (size_t i = 0; i < r->count; i++)
		if (r->word[i].p < line || r->word[i].n > (size_t)(line + n - r->word[i].p))
			abort();
}

/* "@0" to "@9" stand for findings that there are. */
static void put_ids(struct control_request *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->word[i].n == 2 && r->word[i].p[0] == '@') {
			unsigned n = (unsigned)(r->word[i].p[1] - '0');
			if (n < id_count)
				r->word[i] = str_of(ids[n]);
		}
}

static void keep_id(void *context, const struct finding *f)
{
	(void)context;
	if (id_count < 10)
		memcpy(ids[id_count++], f->id, FINDING_ID_MAX);
}

static void one_line(const uint8_t *data, size_t n)
{
	static const struct command_env env = {.overview = overview,
					       .ask = ask,
					       .service = service,
					       .reload = reload,
					       .set_log_level = set_log_level,
					       .explain = explain};
	struct control_reply r = {.done = done};
	struct error e = {""};
	char *line = malloc(n + 1);

	memcpy(line, data, n);
	if (control_parse(line, n, &r.request, &e)) {
		if (!e.text[0])
			abort();
	} else {
		check_words(&r.request, line, n);
		put_ids(&r.request);
		bytes_init(&r.text, CONTROL_ANSWER_MAX);
		answers = 0;
		command_answer((void *)(uintptr_t)&env, &r);
		if (answers != 1)
			abort();
	}
	free(line);
}

/* What was said of findings: each input begins with nothing. */
static void forget(void)
{
	struct state_section s[ANALYST_SECTIONS];
	size_t n = analyst_sections(analyst, ANALYST_ALL, s), found = 0;

	for (size_t i = 0; i < n; i++)
		if (strcmp(s[i].name, "triage") == 0) {
			s[i].reset(s[i].owner);
			found++;
		}
	if (!found)
		abort();
}

/* Connections that run, uploads and names found, matches of rules: something to ask for. */
static void fill(void)
{
	static const char *const kind[][2] = {
		{"egret.conn", "start"}, {"egret.flow", "info"}, {"egret.conn", "end"}};
	struct line_in *in = line_in_new(office(false)->rules->fields, NULL);
	struct error e;
	char text[2048];

	for (unsigned i = 0; i < 30; i++) {
		unsigned up = i % 3 * 70000, flow = i / 3;
		int n = snprintf(
			text, sizeof text,
			"{\"@timestamp\":\"2026-03-02T10:%02u:00.000Z\",\"event\":{\"kind\":\"event\","
			"\"dataset\":\"%s\",\"type\":[\"connection\",\"%s\"],"
			"\"start\":\"2026-03-02T10:00:00.000Z\",\"end\":\"2026-03-02T10:%02u:00.000Z\"},"
			"\"source\":{\"ip\":\"10.0.0.%u\",\"port\":%u,\"bytes\":%u},"
			"\"destination\":{\"ip\":\"203.0.113.%u\",\"port\":443,\"domain\":\"%s\","
			"\"bytes\":77},\"network\":{\"transport\":\"tcp\",\"protocol\":\"tls\"},"
			"\"egret\":{\"flow_id\":\"%016x\",\"sequence\":%u,\"opener\":\"syn\","
			"\"name_source\":\"sni\",\"method\":{\"up\":\"ack\",\"down\":\"ack\"},"
			"\"delta\":{\"up\":%u,\"down\":0}}}",
			i, kind[i % 3][0], kind[i % 3][1], i, flow % 5, 40000 + flow, up,
			flow % 7, flow % 2 ? "drop.example" : "contoso.sharepoint.com", flow + 1,
			i % 3, i % 3 ? 70000 : 0);
		struct line l = line_in_read(in, (struct str){text, (size_t)n}, i, &e);
		if (l.kind != LINE_RECORD)
			fprintf(stderr, "%s\n%s\n", e.text, text);
		require(l.kind == LINE_RECORD, "a record");
		analyst_take_line(analyst, &l);
	}
	line_in_free(in);
	analyst_findings(analyst, keep_id, NULL);
	require(id_count > 3, "findings");
}

/* (what it holds lies in memory that a leak checker does not look through) */
static void end(void)
{
	analyst_free(analyst);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (!analyst) {
		struct analyst_options o = office_options(false);
		o.window = 24 * 3600 * NS_PER_S;
		/* a new one for each input would take nearly all the time */
		analyst = analyst_new(&o);
		atexit(end);
		fill();
	}
	forget();
	while (n) {
		const uint8_t *eol = memchr(data, '\n', n);
		size_t length = eol ? (size_t)(eol - data) : n;
		one_line(data, length);
		n -= length + (eol != NULL);
		data += length + (eol != NULL);
	}
	return 0;
}
