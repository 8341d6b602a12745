#include "proto/dns.h"

#include "proto/dns_rdata.h"
#include "proto/dns_text.h"
#include "proto/dns_wire.h"

#define CLASS_BITS 0x7fff /* the top bit is mDNS's: RFC 6762 sections 5.4 and 10.2 */

static bool read_header(struct cursor *c, struct dns_message *out)
{
	const uint8_t *h = cur_take(c, DNS_HEADER);

	if (!h)
		return false;
	out->id = load_be16(h);
	out->flags = load_be16(h + 2);
	out->response = out->flags & 0x8000;
	out->opcode = out->flags >> 11 & 15;
	out->rcode = out->flags & 15;
	out->question_count = load_be16(h + 4);
	out->answer_count = load_be16(h + 6);
	out->authority_count = load_be16(h + 8);
	out->additional_count = load_be16(h + 10);
	/* a query for nothing is no message: a datagram of zeros, say. Only EDNS has a use for one
	 * without a question (RFC 7873 section 5.4) */
	return out->response || out->opcode != DNS_QUERY || out->question_count ||
	       out->answer_count || out->authority_count || out->additional_count;
}

/* MORE: they end where the bytes do. */
static enum parse read_questions(struct dns_reading *r, struct cursor *c)
{
	struct dns_message *out = r->out;

	for (unsigned i = 0; i < out->question_count; i++) {
		struct cursor start = *c;
		struct dns_question *q = &out->question[out->questions];
		enum parse got = PARSE_DONE;
		if (i >= DNS_QUESTIONS_MAX) {
			out->more = true;
			got = dns_skip_name(c);
		} else if (!dns_read_name(r, c, &q->name)) {
			got = dns_skip_name(&start) == PARSE_MORE ? PARSE_MORE : PARSE_BAD;
		}
		if (got != PARSE_DONE)
			return got;
		const uint8_t *fixed = cur_take(c, 4);
		if (!fixed)
			return PARSE_MORE;
		if (i >= DNS_QUESTIONS_MAX)
			continue;
		q->type = load_be16(fixed);
		q->class = load_be16(fixed + 2) & CLASS_BITS;
		out->questions++;
	}
	return PARSE_DONE;
}

/* A resource record as it is framed. */
struct record_frame {
	const uint8_t *owner, *rdata;
	size_t length; /* of rdata */
	uint16_t type, class;
	uint32_t ttl;
};

static bool read_frame(struct cursor *c, struct record_frame *f)
{
	f->owner = c->p;
	if (dns_skip_name(c) != PARSE_DONE)
		return false;
	const uint8_t *fixed = cur_take(c, 10);
	if (!fixed)
		return false;
	f->type = load_be16(fixed);
	f->class = load_be16(fixed + 2) & CLASS_BITS;
	f->ttl = load_be32(fixed + 4);
	f->length = load_be16(fixed + 8);
	f->rdata = cur_take(c, f->length);
	return f->rdata != NULL;
}

static bool keep_record(struct dns_reading *r, const struct record_frame *f,
			enum dns_section section)
{
	struct dns_message *out = r->out;
	struct dns_answer *a = &out->answer[out->answers];
	struct cursor owner = {.p = f->owner, .end = r->message.end};
	struct cursor rdata = {.p = f->rdata, .end = f->rdata + f->length};

	if (!dns_read_name(r, &owner, &a->name))
		return false;
	a->type = f->type;
	a->class = f->class;
	a->ttl = f->ttl;
	a->section = (uint8_t)section;
	a->has_address = a->has_ech = false;
	a->text = (struct str){0};
	a->hints = 0;
	if (!dns_read_rdata(r, &rdata, a))
		out->cut = true;
	out->answers++;
	return true;
}

/* False: nothing after this is read. */
static bool read_section(struct dns_reading *r, struct cursor *c, enum dns_section section,
			 unsigned count)
{
	struct dns_message *out = r->out;
	struct record_frame f;

	while (count-- > 0) {
		if (!read_frame(c, &f)) {
			out->cut = true;
			return false;
		}
		if (f.type == DNS_OPT)
			continue;
		if (out->answers == LIMIT_DNS_ANSWERS) {
			out->more = true;
			return false;
		}
		if (!keep_record(r, &f, section)) {
			out->cut = true;
			return false;
		}
	}
	return true;
}

enum parse dns_parse(struct cursor c, bool complete, bool rare, struct dns_message *out)
{
	struct dns_reading r = {
		.message = c, .out = out, .rare = rare, .ldns_budget = DNS_LDNS_BUDGET};

	out->questions = 0;
	out->answers = 0;
	out->text_used = 0;
	out->cut = out->more = false;
	if (!read_header(&c, out))
		return PARSE_BAD;
	enum parse got = read_questions(&r, &c);
	if (got != PARSE_DONE) {
		out->cut = true;
		return out->questions || (got == PARSE_MORE && !complete) ? PARSE_DONE : PARSE_BAD;
	}
	if (read_section(&r, &c, DNS_ANSWER, out->answer_count) &&
	    read_section(&r, &c, DNS_AUTHORITY, out->authority_count))
		read_section(&r, &c, DNS_ADDITIONAL, out->additional_count);
	return PARSE_DONE;
}

enum parse dns_tcp_next(struct cursor *c, struct cursor *message)
{
	struct cursor at = *c;
	uint16_t n = cur_u16(&at);

	if (at.bad)
		return PARSE_MORE;
	if (n < DNS_HEADER)
		return PARSE_BAD;
	*message = cur_sub(&at, n);
	if (at.bad)
		return PARSE_MORE;
	*c = at;
	return PARSE_DONE;
}
