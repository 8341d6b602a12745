/* Facts of DNS questions and answers. */
#include "core/limits.h"
#include "event/wire_facts.h"
#include "proto/dns.h"

#define FLAG_AA 0x0400
#define FLAG_TC 0x0200
#define FLAG_RD 0x0100
#define FLAG_RA 0x0080

static const struct record_dns *dns_of(const struct wire_making *m)
{
	return m->r->kind == RECORD_DNS ? &m->r->dns : NULL;
}

static unsigned kept(const struct record_dns *d)
{
	return d->answers_kept < LIMIT_DNS_ANSWERS ? d->answers_kept : LIMIT_DNS_ANSWERS;
}

/* Calls of each record of the answer section. */
#define EACH_ANSWER(a, m)                                                                          \
	for (unsigned i_##a = 0; dns_of(m) && i_##a < kept(dns_of(m)); i_##a++)                    \
		for (const struct dns_answer *a = &dns_of(m)->answers[i_##a];                      \
		     a && a->section == DNS_ANSWER; a = NULL)

/* A name that dns_type_name and its like may have written into `made`. */
static void put_name(struct wire_making *m, const char *name, const char *made)
{
	char *mark = wire_mark(m);
	struct str s;

	if (name != made) {
		wire_word(m, name);
		return;
	}
	wr_text(&m->text, name);
	if (wire_made(m, mark, &s))
		wire_text(m, s);
}

static void put_type(struct wire_making *m, uint16_t type)
{
	char made[16];

	put_name(m, dns_type_name(type, made), made);
}

static void put_class(struct wire_making *m, uint16_t class)
{
	char made[16];

	put_name(m, dns_class_name(class, made), made);
}

FACT(question)
{
	if (dns_of(m))
		wire_text(m, dns_of(m)->question);
}

FACT(question_length)
{
	wire_number(m, dns_of(m)->question.n);
}

FACT(parent_domain)
{
	struct str name = dns_of(m)->question;
	const char *dot = name.n ? memchr(name.p, '.', name.n) : NULL;

	if (dot && dot + 1 < name.p + name.n)
		wire_text(m, (struct str){dot + 1, (size_t)(name.p + name.n - dot - 1)});
}

FACT(qtype)
{
	wire_number(m, dns_of(m)->qtype);
}

FACT(qclass)
{
	wire_number(m, dns_of(m)->qclass);
}

FACT(qtype_name)
{
	if (dns_of(m))
		put_type(m, dns_of(m)->qtype);
}

FACT(qclass_name)
{
	if (dns_of(m))
		put_class(m, dns_of(m)->qclass);
}

FACT(dns_id)
{
	if (dns_of(m))
		wire_number(m, dns_of(m)->id);
}

FACT(dns_type)
{
	if (dns_of(m))
		wire_word(m, dns_of(m)->answered ? "answer" : "query");
}

FACT(op_code)
{
	static const char *const words[16] = {[DNS_QUERY] = "QUERY",   [DNS_IQUERY] = "IQUERY",
					      [DNS_STATUS] = "STATUS", [DNS_NOTIFY] = "NOTIFY",
					      [DNS_UPDATE] = "UPDATE", [DNS_DSO] = "DSO"};

	if (!dns_of(m))
		return;
	if (dns_of(m)->opcode < 16 && words[dns_of(m)->opcode])
		wire_word(m, words[dns_of(m)->opcode]);
	else
		wire_number(m, dns_of(m)->opcode);
}

FACT(header_flags)
{
	static const struct {
		uint16_t bit;
		const char *word;
	} known[] = {{FLAG_AA, "AA"}, {FLAG_TC, "TC"}, {FLAG_RD, "RD"},
		     {FLAG_RA, "RA"}, {0x0020, "AD"},  {0x0010, "CD"}};

	for (size_t i = 0; dns_of(m) && i < sizeof known / sizeof *known; i++)
		if (dns_of(m)->flags & known[i].bit)
			wire_word(m, known[i].word);
}

FACT(rcode)
{
	if (dns_of(m)->answered)
		wire_number(m, dns_of(m)->rcode);
}

FACT(rcode_name)
{
	if (dns_of(m) && dns_of(m)->answered)
		wire_word(m, dns_rcode_name(dns_of(m)->rcode));
}

FACT(flavour)
{
	if (dns_of(m))
		wire_word(m, dns_flavour_name(dns_of(m)->flavour));
}

FACT(asked)
{
	if (dns_of(m))
		wire_flag(m, dns_of(m)->asked);
}

FACT(answered)
{
	if (dns_of(m))
		wire_flag(m, dns_of(m)->answered);
}

FACT(dns_flags)
{
	if (dns_of(m))
		wire_number(m, dns_of(m)->flags);
}

FACT(rtt)
{
	if (dns_of(m) && dns_of(m)->asked && dns_of(m)->answered)
		wire_number(m, dns_of(m)->rtt);
}

FACT(rtt_seconds)
{
	if (dns_of(m)->asked && dns_of(m)->answered)
		wire_seconds(m, dns_of(m)->rtt);
}

FACT(query_bytes)
{
	if (dns_of(m) && dns_of(m)->query_bytes)
		wire_number(m, dns_of(m)->query_bytes);
}

FACT(answer_bytes)
{
	if (dns_of(m) && dns_of(m)->answer_bytes)
		wire_number(m, dns_of(m)->answer_bytes);
}

FACT(answer_count)
{
	if (dns_of(m) && dns_of(m)->answer_count)
		wire_number(m, dns_of(m)->answer_count);
}

/* Answers: one value for each record. */

FACT(answer_data)
{
	EACH_ANSWER(a, m)
	{
		if (a->has_address)
			wire_address(m, &a->address);
		else
			wire_text(m, a->text);
	}
}

FACT(answer_names)
{
	EACH_ANSWER(a, m)
	wire_text(m, a->name);
}

FACT(answer_types)
{
	EACH_ANSWER(a, m)
	put_type(m, a->type);
}

FACT(answer_classes)
{
	EACH_ANSWER(a, m)
	put_class(m, a->class);
}

FACT(answer_ttls)
{
	EACH_ANSWER(a, m)
	wire_number(m, a->ttl);
}

FACT(answer_ech)
{
	EACH_ANSWER(a, m)
	if (a->has_ech)
		wire_flag(m, true);
}

FACT(answer_hints)
{
	EACH_ANSWER(a, m)
	for (unsigned k = 0; k < a->hints && k < 4; k++)
		wire_address(m, &a->hint[k]);
}

FACT(resolved)
{
	EACH_ANSWER(a, m)
	if (a->has_address)
		wire_address(m, &a->address);
}

/* Windows */

FACT(query_status)
{
	wire_number(m, win_dns_status(dns_of(m)));
}

static struct str results(struct wire_making *m)
{
	if (!m->results.p) {
		char *mark = wire_mark(m);
		win_dns_results(&m->text, dns_of(m));
		wire_made(m, mark, &m->results);
	}
	return m->results;
}

FACT(sysmon_results)
{
	struct str s = results(m);

	wire_text(m, s.n ? s : STR("-"));
}

FACT(client_results)
{
	wire_text(m, results(m));
}
