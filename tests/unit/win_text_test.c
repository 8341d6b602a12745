#include <criterion/criterion.h>

#include "core/limits.h"
#include "event/win_text.h"
#include "samples.h"

static struct dns_answer answers[LIMIT_DNS_ANSWERS];

static struct record_dns asked(uint16_t qtype)
{
	return (struct record_dns){.question = STR("www.example"), .qtype = qtype, .qclass = 1,
				   .asked = true, .answered = true, .answers = answers};
}

static void add(struct record_dns *d, unsigned section, uint16_t type, const char *data)
{
	struct dns_answer *a = &answers[d->answers_kept++];

	*a = (struct dns_answer){.name = d->question, .type = type, .class = 1,
				 .section = (uint8_t)section};
	if ((type == 1 || type == 28) && addr_parse(data, &a->address))
		a->has_address = true;
	else
		a->text = str_of(data);
	d->answer_count += section == DNS_ANSWER;
}

static const char *results(const struct record_dns *d)
{
	static char out[WIN_RESULTS_MAX + 1];
	struct writer w = wr_of(out, sizeof out - 1);

	win_dns_results(&w, d);
	cr_assert(!w.full);
	out[wr_length(&w)] = '\0';
	return out;
}

Test(win_text, every_response_code_is_its_win32_error)
{
	static const uint32_t code[16] = {9501, 9001, 9002, 9003, 9004, 9005, 9006, 9007,
					  9008, 9009, 9010, 9011, 9012, 9013, 9014, 9015};

	for (uint8_t i = 0; i < 16; i++) {
		struct record_dns d = asked(1);
		d.rcode = i;
		cr_expect_eq(win_dns_status(&d), code[i], "rcode %u", i);
		cr_expect_str_eq(results(&d), "");
	}
}

Test(win_text, no_answer_is_a_timeout)
{
	struct record_dns d = asked(1);

	d.answered = false;
	cr_expect_eq(win_dns_status(&d), 1460);
	cr_expect_str_eq(results(&d), "");
}

Test(win_text, an_answer_counts_only_with_a_record_of_the_type)
{
	struct record_dns d = asked(1);

	add(&d, DNS_ANSWER, 5, "edge.example");
	cr_expect_eq(win_dns_status(&d), 9501, "a CNAME alone");
	cr_expect_str_eq(results(&d), "");
	add(&d, DNS_ADDITIONAL, 1, "192.0.2.1");
	add(&d, DNS_AUTHORITY, 1, "192.0.2.2");
	cr_expect_eq(win_dns_status(&d), 9501, "addresses of other sections");
	add(&d, DNS_ANSWER, 1, "192.0.2.3");
	cr_expect_eq(win_dns_status(&d), 0);

	struct record_dns any = asked(255);
	add(&any, DNS_ANSWER, 16, "\"x\"");
	cr_expect_eq(win_dns_status(&any), 0);
}

Test(win_text, answers_that_cannot_be_read_are_a_bad_packet)
{
	struct record_dns d = asked(1);

	d.answer_count = 2;
	cr_expect_eq(win_dns_status(&d), 9502);
	d.flags = 0x8200; /* cut on purpose: it will be asked again over TCP */
	cr_expect_eq(win_dns_status(&d), 9501);
}

Test(win_text, an_address_asked_for_alone_is_plain)
{
	struct record_dns d = asked(1);

	add(&d, DNS_ANSWER, 1, "162.125.81.15");
	add(&d, DNS_ANSWER, 1, "162.125.81.16");
	cr_expect_str_eq(results(&d), "162.125.81.15;162.125.81.16;");
}

Test(win_text, an_address_of_both_families_is_mapped)
{
	struct record_dns d = asked(28);

	add(&d, DNS_ANSWER, 28, "2620:100:6031:15::a27d:510f");
	add(&d, DNS_ANSWER, 1, "162.125.81.15");
	add(&d, DNS_ANSWER, 28, "::ffff:192.0.2.7");
	cr_expect_str_eq(results(&d),
			 "2620:100:6031:15::a27d:510f;::ffff:162.125.81.15;::ffff:192.0.2.7;");
	/* a mapped address in an AAAA record stays one, whatever was asked for */
	d.qtype = 255;
	cr_expect_str_eq(results(&d),
			 "2620:100:6031:15::a27d:510f;162.125.81.15;::ffff:192.0.2.7;");
}

/* The text of a real event of Sysmon 22: two blanks, the chain first, glue last and plain. */
Test(win_text, the_chain_comes_first_and_glue_last)
{
	struct record_dns d = asked(28);

	add(&d, DNS_ANSWER, 1, "162.125.81.15");
	add(&d, DNS_ANSWER, 5, "edge-block-www-env.dropbox-dns.com");
	add(&d, DNS_AUTHORITY, 2, "ns1.example");
	add(&d, DNS_ADDITIONAL, 1, "198.51.44.6");
	add(&d, DNS_ADDITIONAL, 28, "2620:4d:4000:6259:7:6:0:1");
	add(&d, DNS_ANSWER, 28, "2620:100::1");
	add(&d, DNS_ADDITIONAL, 65, "svc.example");
	cr_expect_str_eq(results(&d), "type:  5 edge-block-www-env.dropbox-dns.com;"
				      "::ffff:162.125.81.15;2620:100::1;198.51.44.6;"
				      "2620:4d:4000:6259:7:6:0:1;");
}

Test(win_text, other_types_have_their_number)
{
	struct record_dns d = asked(16);

	add(&d, DNS_ANSWER, 16, "\"v=spf1 -all\"");
	cr_expect_str_eq(results(&d), "type:  16 \"v=spf1 -all\";");
	d = asked(65);
	add(&d, DNS_ANSWER, 65, ".");
	cr_expect_str_eq(results(&d), "type:  65 .;");
}

Test(win_text, an_address_that_could_not_be_read_is_left_out)
{
	struct record_dns d = asked(1);

	add(&d, DNS_ANSWER, 1, "nonsense");
	add(&d, DNS_ANSWER, 1, "192.0.2.1");
	answers[0].text = (struct str){0};
	cr_expect_str_eq(results(&d), "192.0.2.1;");
}

Test(win_text, long_results_end_with_a_whole_record)
{
	static char name[1000];
	struct record_dns d = asked(5);
	size_t entry = sizeof "type:  5 ;" - 1 + sizeof name;

	memset(name, 'a', sizeof name);
	for (unsigned i = 0; i < LIMIT_DNS_ANSWERS; i++) {
		add(&d, DNS_ANSWER, 5, "");
		answers[i].text = (struct str){name, sizeof name};
	}
	size_t n = strlen(results(&d));
	cr_expect_eq(n, WIN_RESULTS_MAX / entry * entry);

	char small[25];
	struct writer w = wr_of(small, sizeof small);
	d = asked(1);
	add(&d, DNS_ANSWER, 1, "192.0.2.1");
	add(&d, DNS_ANSWER, 1, "192.0.2.2");
	add(&d, DNS_ANSWER, 1, "192.0.2.3");
	win_dns_results(&w, &d);
	cr_expect(!w.full);
	cr_expect_eq(wr_length(&w), 20);
	cr_expect_arr_eq(small, "192.0.2.1;192.0.2.2;", 20);
}

Test(win_text, time_is_utc_with_milliseconds)
{
	struct date_cache dates = {0};
	char out[WIN_TIME_LENGTH];
	struct writer w = wr_of(out, sizeof out);

	win_utc_time(&w, &dates, UINT64_C(1663246579679999999));
	cr_expect(!w.full);
	cr_expect_arr_eq(out, "2022-09-15 12:56:19.679", sizeof out);
}

Test(win_text, only_open_connections_of_tcp_and_udp_are_told)
{
	static const struct {
		enum record_kind kind;
		uint32_t sequence;
		enum flow_end end;
		uint8_t proto;
		bool told;
	} row[] = {
		{RECORD_CONN, 0, END_NOT, PROTO_TCP, true},
		{RECORD_CONN, 0, END_NOT, PROTO_UDP, true},
		{RECORD_CONN, 3, END_NOT, PROTO_TCP, true}, /* came back from eviction */
		{RECORD_CONN, 0, END_CLOSED, PROTO_TCP, true},
		{RECORD_CONN, 1, END_CLOSED, PROTO_TCP, false},
		{RECORD_FLOW, 0, END_NOT, PROTO_TCP, false},
		{RECORD_CONN, 0, END_NOT, PROTO_ICMP, false},
		{RECORD_CONN, 0, END_NOT, PROTO_SCTP, false},
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct record r = {.kind = row[i].kind};
		r.tuple.proto = row[i].proto;
		r.flow.sequence = row[i].sequence;
		r.flow.end = row[i].end;
		cr_expect_eq(win_connection_told(&r), row[i].told, "row %zu", i);
	}
}
