/* What is written as an event of Windows and read back is what rules see of the record itself. */
#include "event/line_in.h"
#include "output/sysmon.h"
#include "samples.h"
#include "views.h"

static const struct {
	const char *views, *name;
} rows[] = {
#define FIELD(views, name, fact, known) {#views, name},
#include "event/fields.def"
#undef FIELD
};

#define ROWS (sizeof rows / sizeof *rows)

struct again {
	struct sample *s;
	struct sysmon_out *out;
	struct fields *fields;
	struct wire *wire;
	struct line_in *in;
	struct event read;
	unsigned compared;
};

static struct again *again_new(void)
{
	struct again *a = calloc(1, sizeof *a);

	a->s = sample_new();
	a->out = sysmon_new(NULL);
	a->fields = fields_new();
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(rows[i].views, "EVERY") != 0)
			fields_add(a->fields, str_of(rows[i].name));
	a->wire = wire_new(a->fields);
	a->in = line_in_new(a->fields, NULL);
	return a;
}

static void again_free(struct again *a)
{
	line_in_free(a->in);
	wire_free(a->wire);
	fields_free(a->fields);
	sysmon_free(a->out);
	sample_free(a->s);
	free(a);
}

static bool is_of_host(const char *views)
{
	return strstr(views, "SYSMON") || strstr(views, "CLIENT") || strcmp(views, "HOST") == 0;
}

static void compare(void *context, enum wire_view v, bool encrypted, struct event *made)
{
	struct again *a = context;
	char want[8192], got[8192];

	(void)encrypted;
	for (size_t i = 0; i < ROWS; i++) {
		if (!is_of_host(rows[i].views))
			continue;
		uint32_t field = fields_find(a->fields, str_of(rows[i].name));
		view_values(made, field, want, sizeof want);
		view_values(&a->read, field, got, sizeof got);
		cr_expect_str_eq(got, want, "view %u, %s: %s, but of the record %s", v, rows[i].name,
				 got, want);
		a->compared++;
	}
	cr_expect_eq(a->read.time / 1000000, made->time / 1000000);
}

/* Line by line, in the order that sysmon_json has. */
static void check(struct again *a, const enum wire_view *views, unsigned count)
{
	static const struct wire_service none;
	static char text[SYSMON_JSON_MAX];
	size_t n = sysmon_json(a->out, &a->s->r, text, sizeof text);
	const char *p = text;
	struct error e;

	for (unsigned i = 0; i < count; i++) {
		const char *end = memchr(p, '\n', n - (size_t)(p - text));
		cr_assert(end);
		struct line l = line_in_read(a->in, (struct str){p, (size_t)(end - p)}, i + 1, &e);
		cr_assert_eq(l.kind, LINE_EVENT);
		a->read = l.event;
		wire_events(a->wire, &a->s->r, &none, 1u << views[i], false, compare, a);
		p = end + 1;
	}
	cr_expect_eq((size_t)(p - text), n);
}

Test(sysmon_again, connections)
{
	struct again *a = again_new();

	sample_full(a->s, RECORD_CONN);
	a->s->r.flow.end = END_NOT;
	a->s->r.tuple.proto = PROTO_TCP;
	a->s->r.tuple.dport = 443;
	check(a, (enum wire_view[]){WIRE_CONNECTION}, 1);
	a->s->r.flow.name = (struct str){0};
	a->s->r.tuple.proto = PROTO_UDP;
	addr_parse("2001:db8::1", &a->s->r.tuple.src);
	addr_parse("2001:db8::ffff:2", &a->s->r.tuple.dst);
	check(a, (enum wire_view[]){WIRE_CONNECTION}, 1);
	a->s->r.flow.name = STR("a\\032b\\.c.example");
	check(a, (enum wire_view[]){WIRE_CONNECTION}, 1);
	cr_expect_gt(a->compared, 150);
	again_free(a);
}

Test(sysmon_again, questions)
{
	static const enum wire_view both[] = {WIRE_DNS_QUERY, WIRE_DNS_CLIENT};
	struct again *a = again_new();
	struct record_dns *d = &a->s->r.dns;

	sample_full(a->s, RECORD_DNS);
	check(a, both, 2); /* 9003 */
	d->rcode = 0;
	check(a, both, 2);
	d->qtype = 28;
	a->s->answers[1].type = 28;
	check(a, both, 2);
	d->qtype = 16;
	a->s->answers[3].section = DNS_ANSWER;
	check(a, both, 2);
	d->question = STR("tab\\009and\\\\back.example");
	d->answered = false;
	check(a, both, 2);
	cr_expect_gt(a->compared, 500);
	again_free(a);
}
