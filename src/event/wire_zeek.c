/* Facts as Zeek's dns.log tells them (scripts/base/protocols/dns/main.zeek and consts.zeek). */
#include "core/limits.h"
#include "event/wire_facts.h"
#include "proto/dns.h"

FACT(zeek_aa)
{
	wire_flag(m, m->r->dns.answered && m->r->dns.flags & 0x0400);
}

FACT(zeek_tc)
{
	wire_flag(m, m->r->dns.flags & 0x0200);
}

FACT(zeek_rd)
{
	wire_flag(m, m->r->dns.flags & 0x0100);
}

FACT(zeek_ra)
{
	wire_flag(m, m->r->dns.answered && m->r->dns.flags & 0x0080);
}

/* Zeek tells the three bits of the query. Of an exchange the record has those of the answer, whose
 * AD bit is the server's own. */
FACT(zeek_z)
{
	wire_number(m, (m->r->dns.flags & (m->r->dns.answered ? 0x50 : 0x70)) >> 4);
}

FACT(zeek_rejected)
{
	const struct record_dns *d = &m->r->dns;

	wire_flag(m, d->answered && d->answer_count == 0 && d->answers_kept == 0);
}

static void put_numbered(struct wire_making *m, const char *before, uint16_t n)
{
	char *mark = wire_mark(m);
	struct str s;

	wr_text(&m->text, before);
	wr_u64(&m->text, n);
	if (wire_made(m, mark, &s))
		wire_text(m, s);
}

FACT(zeek_qtype_name)
{
	uint16_t type = m->r->dns.qtype;
	char made[16];

	if (type == DNS_ANY)
		wire_word(m, "*");
	else if (type == DNS_NIMLOC)
		wire_word(m, "NB");
	else if (dns_type_assigned(type))
		wire_word(m, dns_type_name(type, made));
	else
		put_numbered(m, "query-", type);
}

FACT(zeek_qclass_name)
{
	switch (m->r->dns.qclass) {
	case DNS_IN:
		wire_word(m, "C_INTERNET");
		break;
	case 2:
		wire_word(m, "C_CSNET");
		break;
	case DNS_CH:
		wire_word(m, "C_CHAOS");
		break;
	case DNS_HS:
		wire_word(m, "C_HESOD");
		break;
	case DNS_CLASS_NONE:
		wire_word(m, "C_NONE");
		break;
	case DNS_CLASS_ANY:
		wire_word(m, "C_ANY");
		break;
	default:
		put_numbered(m, "qclass-", m->r->dns.qclass);
	}
}

/* One character string of a master file without its escapes (RFC 1035 section 5.1): up to its
 * closing quote. Writes it as Zeek prints bytes; without a writer it only counts them. */
static size_t character_string(struct str *in, struct writer *w)
{
	size_t bytes = 0, i = 0;

	for (; i < in->n && in->p[i] != '"'; bytes++) {
		unsigned c = (unsigned char)in->p[i++];
		if (c == '\\' && i < in->n) {
			bool digits = in->n - i >= 3;
			for (size_t k = 0; digits && k < 3; k++)
				digits = in->p[i + k] >= '0' && in->p[i + k] <= '9';
			c = (unsigned char)in->p[i];
			if (digits)
				c = (unsigned)(in->p[i] - '0') * 100 +
				    (unsigned)(in->p[i + 1] - '0') * 10 +
				    (unsigned)(in->p[i + 2] - '0');
			i += digits ? 3 : 1;
		}
		if (!w)
			continue;
		if (c >= 0x20 && c < 0x7f) {
			wr_char(w, (char)c);
		} else {
			wr_lit(w, "\\x");
			wr_hex(w, c & 0xff, 2);
		}
	}
	*in = (struct str){in->p + i, in->n - i};
	return bytes;
}

/* "one" "two" becomes TXT 3 one TXT 3 two. */
static void put_strings(struct wire_making *m, struct str text, const char *type)
{
	char *mark = wire_mark(m);
	const char *quote;
	struct str s;

	while (text.n && (quote = memchr(text.p, '"', text.n))) {
		text = (struct str){quote + 1, (size_t)(text.p + text.n - quote - 1)};
		struct str count = text;
		if (m->text.p != mark)
			wr_char(&m->text, ' ');
		wr_text(&m->text, type);
		wr_char(&m->text, ' ');
		wr_u64(&m->text, character_string(&count, NULL));
		wr_char(&m->text, ' ');
		character_string(&text, &m->text);
		if (text.n)
			text = (struct str){text.p + 1, text.n - 1};
	}
	if (wire_made(m, mark, &s))
		wire_text(m, s);
}

static struct str last_word(struct str s)
{
	const char *blank = s.n ? memrchr(s.p, ' ', s.n) : NULL;

	return blank ? (struct str){blank + 1, (size_t)(s.p + s.n - blank - 1)} : s;
}

static struct str first_word(struct str s)
{
	const char *blank = s.n ? memchr(s.p, ' ', s.n) : NULL;

	return blank ? (struct str){s.p, (size_t)(blank - s.p)} : s;
}

static void put_answer(struct wire_making *m, const struct dns_answer *a)
{
	if (a->has_address)
		wire_address(m, &a->address);
	else if (a->type == DNS_TXT || a->type == DNS_SPF)
		put_strings(m, a->text, a->type == DNS_TXT ? "TXT" : "SPF");
	else if (a->type == DNS_MX || a->type == DNS_SRV)
		wire_text(m, last_word(a->text));
	else if (a->type == DNS_SOA)
		wire_text(m, first_word(a->text));
	else
		wire_text(m, a->text);
}

FACT(zeek_answers)
{
	const struct record_dns *d = &m->r->dns;

	for (unsigned i = 0; i < d->answers_kept && i < LIMIT_DNS_ANSWERS; i++)
		if (d->answers[i].section == DNS_ANSWER)
			put_answer(m, &d->answers[i]);
}
