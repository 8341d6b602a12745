#include <criterion/criterion.h>
#include <stdlib.h>

#include "core/hostname.h"
#include "event/line_in.h"
#include "output/record_json.h"
#include "samples.h"

static struct record_json state;
static char first[RECORD_JSON_MAX], second[RECORD_JSON_MAX];
static struct fields *fields;
static struct line_in *reader;

static void set_up(void)
{
	fields = fields_new();
	reader = line_in_new(fields, NULL);
}

static void tear_down(void)
{
	line_in_free(reader);
	fields_free(fields);
}

TestSuite(record_in, .init = set_up, .fini = tear_down);

/* Reads the line and writes what was read; its length. */
static size_t again(const char *line, size_t n)
{
	struct error e = {{0}};
	struct line l = line_in_read(reader, (struct str){line, n}, 1, &e);

	cr_assert_eq(l.kind, LINE_RECORD, "%s: %.300s", e.text, line);
	cr_assert_eq(l.values_lost, 0);
	return record_json(&state, l.record, second, sizeof second);
}

static void expect_same(const struct record *r)
{
	size_t n = record_json(&state, r, first, sizeof first);
	size_t m = again(first, n - 1);

	cr_assert(n == m && memcmp(first, second, n) == 0, "\n%.*s%.*s", (int)n, first, (int)m, second);
}

/* Samples have names of any bytes; the sensor's are in the form of core/hostname.h. */
static void make_name(struct sample *s, struct str *name)
{
	char text[HOSTNAME_MAX];
	size_t n = hostname_from_text(*name, text);

	cr_assert_leq(n, SAMPLE_BYTES - s->used);
	memcpy(s->bytes + s->used, text, n);
	*name = (struct str){s->bytes + s->used, n};
	s->used += n;
}

static void make_names(struct sample *s)
{
	struct record *r = &s->r;

	switch (r->kind) {
	case RECORD_DNS:
		make_name(s, &r->dns.question);
		for (unsigned i = 0; i < r->dns.answers_kept; i++) {
			struct dns_answer *a = &s->answers[i];
			make_name(s, &a->name);
			make_name(s, &a->text);
			if (a->has_address)
				a->type = addr_is_v4(&a->address) ? 1 : 28;
			else if (a->type == 1 || a->type == 28)
				a->type = 5;
		}
		r->dns.rcode &= 15;
		break;
	case RECORD_TLS:
	case RECORD_QUIC:
		make_name(s, &r->tls.server_name);
		break;
	case RECORD_HTTP:
		make_name(s, &r->http.host);
		break;
	default:
		make_name(s, &r->flow.name);
		for (unsigned i = 0; i < r->flow.other_names.count; i++)
			make_name(s, &r->flow.other_names.item[i]);
		break;
	}
}

Test(record_in, full_and_minimal_records_come_back)
{
	struct sample *s = sample_new();

	for (enum record_kind k = 0; k < RECORD_KINDS; k++) {
		sample_full(s, k);
		expect_same(&s->r);
		sample_minimal(s, k);
		expect_same(&s->r);
	}
	sample_free(s);
}

Test(record_in, any_record_comes_back)
{
	struct sample *s = sample_new();

	for (uint64_t seed = 0; seed < 1000; seed++) {
		for (enum record_kind k = 0; k < RECORD_KINDS; k++) {
			sample_random(s, k, seed);
			make_names(s);
			size_t n = record_json(&state, &s->r, first, sizeof first);
			/* what was cut is not there to come back */
			if (!memmem(first, n, "\"cut\":", 6))
				expect_same(&s->r);
		}
	}
	sample_free(s);
}

/* Oversized ones are cut, and read without loss of more. */
Test(record_in, a_record_that_was_cut_is_read)
{
	static const uint8_t bytes[] = {'a', '\\', '"', '\n', 0x9b, 0xff, 0xc3};
	struct sample *s = sample_new();
	static char third[RECORD_JSON_MAX];

	for (size_t i = 0; i < sizeof bytes; i++) {
		for (enum record_kind k = 0; k < RECORD_KINDS; k++) {
			sample_huge(s, k, bytes[i]);
			size_t n = record_json(&state, &s->r, first, sizeof first);
			size_t m = again(first, n - 1);
			memcpy(third, second, m);
			cr_assert_eq(again(third, m - 1), m);
			cr_assert(memcmp(third, second, m) == 0);
		}
	}
	sample_free(s);
}

static struct line read_line(const char *text)
{
	struct error e = {{0}};
	return line_in_read(reader, str_of(text), 7, &e);
}

#define HEAD                                                                                       \
	"\"@timestamp\":\"2026-11-24T03:32:33.987554321Z\",\"source\":{\"ip\":\"192.0.2.1\"},"     \
	"\"destination\":{\"ip\":\"2001:db8::1\"}"

Test(record_in, unknown_fields_and_absurd_values_are_passed_over)
{
	struct line l = read_line("{" HEAD ",\"event\":{\"kind\":\"event\",\"dataset\":\"egret.flow\"},"
				  "\"new\":{\"thing\":[1,{\"x\":2}]},\"network\":{\"vlan\":{\"id\":\"99999\"}},"
				  "\"egret\":{\"flow_id\":\"xyz\",\"sequence\":-1,\"end\":\"never\","
				  "\"delta\":{\"up\":1e99,\"down\":18446744073709551615},\"one_sided\":1}}");

	cr_assert_eq(l.kind, LINE_RECORD);
	cr_expect_eq(l.record->time, UINT64_C(1795491153987554321));
	cr_expect_eq(l.record->kind, RECORD_FLOW);
	cr_expect_eq(l.record->vlan, 0);
	cr_expect_eq(l.record->flow_id, 0);
	cr_expect_eq(l.record->flow.end, END_NOT);
	cr_expect_eq(l.record->flow.delta_up, 0);
	cr_expect_eq(l.record->flow.delta_down, UINT64_MAX);
	cr_expect(!l.record->flow.one_sided);
}

Test(record_in, keys_in_any_order_are_the_same)
{
	struct line l = read_line(
		"{\"egret\":{\"dns\":{\"svcb\":[{\"answer\":1,\"ech\":true,\"hints\":[\"192.0.2.9\"]}],"
		"\"answered\":true}},\"dns\":{\"answers\":[{\"data\":\"b.example\",\"type\":\"CNAME\"},"
		"{\"data\":\"1 b.example\",\"type\":\"HTTPS\",\"ttl\":5,\"class\":\"IN\",\"name\":\"B.example\"},"
		"{\"data\":\"192.0.2.7\",\"type\":\"A\"}]},"
		"\"event\":{\"dataset\":\"egret.dns\",\"kind\":\"event\"}," HEAD "}");

	cr_assert_eq(l.kind, LINE_RECORD);
	const struct record_dns *d = &l.record->dns;
	cr_assert_eq(d->answers_kept, 3);
	cr_expect(str_eq(d->answers[0].text, STR("b.example")));
	cr_expect(str_eq(d->answers[1].name, STR("b.example")));
	cr_expect(d->answers[1].has_ech);
	cr_expect_eq(d->answers[1].hints, 1);
	cr_expect_eq(d->answers[1].ttl, 5);
	cr_expect(d->answers[2].has_address);
}

Test(record_in, a_record_without_time_or_addresses_is_bad)
{
	struct error e;
	const char *text = "{\"event\":{\"kind\":\"event\",\"dataset\":\"egret.dns\"}}";
	struct line l = line_in_read(reader, str_of(text), 1, &e);

	cr_assert_eq(l.kind, LINE_BAD);
	cr_expect_str_eq(e.text, "a record without time");
	l = read_line("{" HEAD ",\"event\":{\"kind\":\"event\",\"dataset\":\"egret.else\"}}");
	cr_expect_eq(l.kind, LINE_BAD);
}

Test(record_in, bytes_of_the_wire_come_back)
{
	struct line l = read_line("{" HEAD ",\"event\":{\"kind\":\"event\",\"dataset\":\"egret.http\"},"
				  "\"url\":{\"original\":\"/\\\\xff\\\\\\\\x41\\\\q\\\\\"},"
				  "\"user_agent\":{\"original\":\"caf\xc3\xa9\"}}");

	cr_assert_eq(l.kind, LINE_RECORD);
	cr_expect(str_eq(l.record->http.target, STR("/\xff\\x41\\q\\")));
	cr_expect(str_eq(l.record->http.user_agent, STR("caf\xc3\xa9")));
}
