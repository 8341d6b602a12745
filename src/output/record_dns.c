#include "output/record_dns.h"

#include "proto/dns.h"

#define RDATA_MAX (128 * 1024) /* one record's text, in bytes of JSON */
/* What may follow the lists of records: addresses and SVCB parameters of all answers, and the
 * fixed fields. The lists end where it begins. */
#define TAIL (LIMIT_DNS_ANSWERS * (48 + 64 + 4 * 48) + 2048)

static void op_code(struct json *j, uint8_t v)
{
	static const char *const words[16] = {[0] = "QUERY",  [1] = "IQUERY", [2] = "STATUS",
					      [4] = "NOTIFY", [5] = "UPDATE", [6] = "DSO"};

	if (v < 16 && words[v])
		json_word(j, "op_code", words[v]);
	else
		line_keyword(j, "op_code", v);
}

static void header_flags(struct json *j, uint16_t flags)
{
	static const struct {
		uint16_t bit;
		const char *word;
	} known[] = {{0x0400, "AA"}, {0x0200, "TC"}, {0x0100, "RD"},
		     {0x0080, "RA"}, {0x0020, "AD"}, {0x0010, "CD"}};

	json_open(j, "header_flags", '[');
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (flags & known[i].bit)
			json_word(j, NULL, known[i].word);
	json_close(j, ']');
}

static void type_and_class(struct json *j, uint16_t type, uint16_t class)
{
	char text[16];

	json_word(j, "type", dns_type_name(type, text));
	json_word(j, "class", dns_class_name(class, text));
}

static void put_svcb(struct json *j, const struct dns_answer *a)
{
	line_flag(j, "ech", a->has_ech);
	if (a->hints) {
		json_open(j, "hints", '[');
		for (unsigned i = 0; i < a->hints && i < 4; i++)
			line_addr(j, NULL, &a->hint[i]);
		json_close(j, ']');
	}
}

/* False when it does not fit before the tail; then nothing was written. */
static bool put_answer(struct json_line *l, const struct dns_answer *a, const char *path)
{
	struct json *j = &l->j, before = *j;

	if (TAIL > (size_t)(j->w.end - j->w.p)) {
		line_cut(l, path);
		return false;
	}
	j->w.end -= TAIL;
	json_open(j, NULL, '{');
	line_name(l, "name", path, a->name, LINE_NAME);
	type_and_class(j, a->type, a->class);
	json_u64(j, "ttl", a->ttl);
	if (a->has_address) {
		line_addr(j, "data", &a->address);
	} else if (a->text.n) {
		line_name(l, "data", path, a->text, RDATA_MAX);
	} else {
		json_word(j, "data", ""); /* ECS wants the key */
	}
	if (a->section != DNS_ANSWER)
		put_svcb(j, a);
	json_close(j, '}');
	j->w.end += TAIL;
	if (!j->w.full)
		return true;
	*j = before;
	line_cut(l, path);
	return false;
}

static unsigned kept(const struct record_dns *d)
{
	return d->answers_kept < LIMIT_DNS_ANSWERS ? d->answers_kept : LIMIT_DNS_ANSWERS;
}

/* All records of one section; nothing when there are none. Returns how many were written. */
static unsigned put_section(struct json_line *l, const struct record_dns *d, unsigned section,
			    const char *key, const char *path)
{
	unsigned n = 0;

	for (unsigned i = 0; i < kept(d); i++) {
		if (d->answers[i].section != section)
			continue;
		if (n == 0)
			json_open(&l->j, key, '[');
		n++;
		if (!put_answer(l, &d->answers[i], path))
			break;
	}
	if (n)
		json_close(&l->j, ']');
	return n;
}

static void resolved(struct json *j, const struct record_dns *d)
{
	bool any = false;

	for (unsigned i = 0; i < kept(d); i++) {
		const struct dns_answer *a = &d->answers[i];
		if (a->section != DNS_ANSWER || !a->has_address)
			continue;
		if (!any)
			json_open(j, "resolved_ip", '[');
		any = true;
		line_addr(j, NULL, &a->address);
	}
	if (any)
		json_close(j, ']');
}

void record_dns_ecs(struct json_line *l, const struct record_dns *d)
{
	struct json *j = &l->j;

	json_open(j, "dns", '{');
	json_word(j, "type", d->answered ? "answer" : "query");
	line_keyword(j, "id", d->id);
	op_code(j, d->opcode);
	header_flags(j, d->flags);
	json_open(j, "question", '{');
	line_name(l, "name", "dns.question.name", d->question, LINE_NAME);
	type_and_class(j, d->qtype, d->qclass);
	json_close(j, '}');
	if (d->answered)
		json_word(j, "response_code", dns_rcode_name(d->rcode));
	put_section(l, d, DNS_ANSWER, "answers", "dns.answers");
	resolved(j, d);
	json_close(j, '}');
}

/* ECH and address hints of the answer section, whose entries are ECS's own. */
static void svcb(struct json *j, const struct record_dns *d)
{
	unsigned index = 0;
	bool any = false;

	for (unsigned i = 0; i < kept(d); i++) {
		const struct dns_answer *a = &d->answers[i];
		if (a->section != DNS_ANSWER)
			continue;
		if (a->has_ech || a->hints) {
			if (!any)
				json_open(j, "svcb", '[');
			any = true;
			json_open(j, NULL, '{');
			json_u64(j, "answer", index);
			put_svcb(j, a);
			json_close(j, '}');
		}
		index++;
	}
	if (any)
		json_close(j, ']');
}

void record_dns_egret(struct json_line *l, const struct record_dns *d)
{
	struct json *j = &l->j;

	json_open(j, "dns", '{');
	json_word(j, "flavour", dns_flavour_name(d->flavour));
	json_bool(j, "asked", d->asked);
	json_bool(j, "answered", d->answered);
	json_u64(j, "flags", d->flags);
	if (d->asked && d->answered)
		json_u64(j, "rtt", d->rtt);
	line_if(j, "query_bytes", d->query_bytes);
	line_if(j, "answer_bytes", d->answer_bytes);
	line_if(j, "answer_count", d->answer_count);
	put_section(l, d, DNS_AUTHORITY, "authority", "egret.dns.authority");
	put_section(l, d, DNS_ADDITIONAL, "additional", "egret.dns.additional");
	svcb(j, d);
	json_close(j, '}');
}

