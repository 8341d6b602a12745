#include "proto/dns_rdata.h"

#include "proto/dns_text.h"

enum svc_param { /* RFC 9460 section 14.3.2, RFC 9848 */
	SVC_IPV4HINT = 4,
	SVC_ECH = 5,
	SVC_IPV6HINT = 6,
};

#define HINTS_MAX (sizeof(((struct dns_answer *)0)->hint) / sizeof(struct addr))

static bool read_address(const struct cursor *rdata, struct dns_answer *a)
{
	size_t n = a->type == DNS_A ? 4 : 16;

	if (cur_left(rdata) != n)
		return false;
	a->address = n == 4 ? addr_v4(rdata->p) : addr_v6(rdata->p);
	a->has_address = true;
	return true;
}

static bool read_target(struct dns_reading *r, struct cursor *rdata, struct dns_answer *a)
{
	return dns_read_name(r, rdata, &a->text) && cur_left(rdata) == 0;
}

/* MX and SRV: 16-bit numbers and a name. */
static bool read_numbers_target(struct dns_reading *r, struct cursor *rdata, unsigned numbers,
				struct dns_answer *a)
{
	struct cursor number = cur_sub(rdata, numbers * 2);
	struct str target;

	if (number.bad || !dns_read_name(r, rdata, &target))
		return false;
	struct writer w = dns_begin_text(r, DNS_RARE_TEXT);
	while (numbers-- > 0) {
		wr_u64(&w, cur_u16(&number));
		wr_char(&w, ' ');
	}
	wr_str(&w, target);
	a->text = dns_end_text(r, &w);
	return cur_left(rdata) == 0;
}

static bool read_hints(struct cursor *value, size_t n, struct dns_answer *a)
{
	if (cur_left(value) == 0 || cur_left(value) % n)
		return false;
	for (; cur_left(value); cur_skip(value, n))
		if (a->hints < HINTS_MAX)
			a->hint[a->hints++] = n == 4 ? addr_v4(value->p) : addr_v6(value->p);
	return true;
}

static bool read_service(struct dns_reading *r, struct cursor *rdata, struct dns_answer *a)
{
	cur_skip(rdata, 2); /* priority */
	if (!dns_read_name(r, rdata, &a->text))
		return false;
	while (cur_left(rdata)) {
		uint16_t key = cur_u16(rdata);
		struct cursor value = cur_sub(rdata, cur_u16(rdata));
		if (rdata->bad || value.bad)
			return false;
		if (key == SVC_ECH)
			a->has_ech = true;
		else if (key == SVC_IPV4HINT && !read_hints(&value, 4, a))
			return false;
		else if (key == SVC_IPV6HINT && !read_hints(&value, 16, a))
			return false;
	}
	return true;
}

static bool read_soa(struct dns_reading *r, struct cursor *rdata, struct dns_answer *a)
{
	struct str server, mailbox;

	if (!dns_read_name(r, rdata, &server) || !dns_read_name(r, rdata, &mailbox) ||
	    cur_left(rdata) != 20)
		return false;
	struct writer w = dns_begin_text(r, DNS_RARE_TEXT);
	wr_str(&w, server);
	wr_char(&w, ' ');
	wr_str(&w, mailbox);
	while (cur_left(rdata)) { /* serial, refresh, retry, expire, minimum */
		wr_char(&w, ' ');
		wr_u64(&w, cur_u32(rdata));
	}
	a->text = dns_end_text(r, &w);
	return true;
}

static void write_string(struct writer *w, struct cursor s)
{
	wr_char(w, '"');
	while (cur_left(&s)) {
		uint8_t c = cur_u8(&s);
		if (c < 0x20 || c >= 0x7f) {
			wr_char(w, '\\');
			wr_u64_pad(w, c, 3);
			continue;
		}
		if (c == '"' || c == '\\')
			wr_char(w, '\\');
		wr_char(w, (char)c);
	}
	wr_char(w, '"');
}

/* Strings of up to 255 bytes until the end. Not through ldns, which allocates as much as the whole
 * rdata for each of them. */
static bool read_strings(struct dns_reading *r, struct cursor *rdata, struct dns_answer *a)
{
	struct writer w = dns_begin_text(r, DNS_RARE_TEXT);
	bool good = cur_left(rdata) > 0;

	while (good && cur_left(rdata)) {
		struct cursor s = cur_sub(rdata, cur_u8(rdata));
		good = !s.bad;
		if (w.full || !good)
			continue; /* whether it is well-formed is still of interest */
		if (wr_length(&w))
			wr_char(&w, ' ');
		write_string(&w, s);
	}
	a->text = dns_end_text(r, &w);
	return good;
}

static bool read_rare(struct dns_reading *r, struct cursor *rdata, struct dns_answer *a)
{
	switch (a->type) {
	case DNS_SOA:
		return read_soa(r, rdata, a);
	case DNS_TXT:
	case DNS_SPF:
		return read_strings(r, rdata, a);
	default:
		return dns_read_text(r, *rdata, a);
	}
}

bool dns_read_rdata(struct dns_reading *r, struct cursor *rdata, struct dns_answer *a)
{
	/* RFC 2136 sections 2.4 and 2.5: an update names sets of records without data */
	if (cur_left(rdata) == 0 && (a->class == DNS_CLASS_ANY || a->class == DNS_CLASS_NONE))
		return true;
	switch (a->type) {
	case DNS_A:
		/* Chaosnet addresses are another thing */
		if (a->class == DNS_CH)
			return true;
		return read_address(rdata, a);
	case DNS_AAAA:
		return read_address(rdata, a);
	case DNS_CNAME:
	case DNS_NS:
	case DNS_PTR:
	case DNS_DNAME:
		return read_target(r, rdata, a);
	case DNS_MX:
		return read_numbers_target(r, rdata, 1, a);
	case DNS_SRV:
		return read_numbers_target(r, rdata, 3, a);
	case DNS_HTTPS:
	case DNS_SVCB:
		return read_service(r, rdata, a);
	default:
		return r->rare ? read_rare(r, rdata, a) : true;
	}
}
