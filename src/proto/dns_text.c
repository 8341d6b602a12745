#include "proto/dns_text.h"

#include <ldns/ldns.h>

#include "core/hostname.h"

enum fit {
	FITS,
	BROKEN,  /* the rdata is malformed */
	REFUSED, /* not for ldns */
};

/* Size on the wire of a field that has one size; 0: it has not. */
static size_t fixed_size(ldns_rdf_type type)
{
	switch (type) {
	case LDNS_RDF_TYPE_INT8:
	case LDNS_RDF_TYPE_ALG:
	case LDNS_RDF_TYPE_CERTIFICATE_USAGE:
	case LDNS_RDF_TYPE_SELECTOR:
	case LDNS_RDF_TYPE_MATCHING_TYPE:
		return 1;
	case LDNS_RDF_TYPE_INT16:
	case LDNS_RDF_TYPE_TYPE:
	case LDNS_RDF_TYPE_CERT_ALG:
		return 2;
	case LDNS_RDF_TYPE_INT32:
	case LDNS_RDF_TYPE_TIME:
	case LDNS_RDF_TYPE_PERIOD:
	case LDNS_RDF_TYPE_A:
		return 4;
	case LDNS_RDF_TYPE_TSIGTIME:
	case LDNS_RDF_TYPE_EUI48:
		return 6;
	case LDNS_RDF_TYPE_ILNP64:
	case LDNS_RDF_TYPE_EUI64:
		return 8;
	case LDNS_RDF_TYPE_AAAA:
		return 16;
	default:
		return 0;
	}
}

/* RFC 4034 section 4.1.2: windows of 1 to 32 bytes, ascending. Every set bit is a printf. */
static enum fit take_bitmap(struct cursor *rdata, unsigned *cost)
{
	int last = -1;

	while (cur_left(rdata)) {
		int window = cur_u8(rdata);
		struct cursor bits = cur_sub(rdata, cur_u8(rdata));
		if (bits.bad || window <= last || !cur_left(&bits) || cur_left(&bits) > 32)
			return BROKEN;
		last = window;
		while (cur_left(&bits))
			*cost += (unsigned)__builtin_popcount(cur_u8(&bits));
	}
	return FITS;
}

/* Moves rdata past one field the way ldns_wire2rdf will, which trusts more than it should. */
static enum fit take_field(const struct dns_reading *r, struct cursor *rdata, ldns_rdf_type type,
			   unsigned *cost)
{
	char name[HOSTNAME_MAX];
	size_t n = fixed_size(type);

	if (n) {
		++*cost;
		return cur_skip(rdata, n) ? FITS : BROKEN;
	}
	switch (type) {
	case LDNS_RDF_TYPE_DNAME:
		n = hostname_from_dns(r->message, rdata, name);
		*cost += (unsigned)n;
		return n ? FITS : BROKEN;
	case LDNS_RDF_TYPE_STR:
	case LDNS_RDF_TYPE_TAG:
	case LDNS_RDF_TYPE_NSEC3_SALT:
	case LDNS_RDF_TYPE_NSEC3_NEXT_OWNER:
		n = cur_u8(rdata);
		break;
	case LDNS_RDF_TYPE_INT16_DATA:
		n = cur_u16(rdata);
		break;
	case LDNS_RDF_TYPE_B64:
	case LDNS_RDF_TYPE_HEX:
	case LDNS_RDF_TYPE_LOC:
	case LDNS_RDF_TYPE_NSAP:
	case LDNS_RDF_TYPE_ATMA:
	case LDNS_RDF_TYPE_APL:
	case LDNS_RDF_TYPE_LONG_STR:
		n = cur_left(rdata);
		break;
	case LDNS_RDF_TYPE_NSEC:
		return take_bitmap(rdata, cost);
	default:
		return REFUSED;
	}
	*cost += (unsigned)n + 1;
	return cur_skip(rdata, n) ? FITS : BROKEN;
}

static enum fit take_all(const struct dns_reading *r, struct cursor rdata, uint16_t type,
			 unsigned *cost)
{
	const ldns_rr_descriptor *d = ldns_rr_descript(type);
	size_t most = ldns_rr_descriptor_maximum(d), i;

	if (ldns_rr_descriptor_field_type(d, 0) == LDNS_RDF_TYPE_UNKNOWN)
		return REFUSED; /* a type it has no format for */
	for (i = 0; i < most && cur_left(&rdata); i++) {
		enum fit fit = take_field(r, &rdata, ldns_rr_descriptor_field_type(d, i), cost);
		if (fit != FITS)
			return fit;
	}
	if (cur_left(&rdata) || i < ldns_rr_descriptor_minimum(d))
		return BROKEN;
	return FITS;
}

static bool write_fields(ldns_buffer *text, const ldns_rr *rr)
{
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		if (i)
			ldns_buffer_write_char(text, ' ');
		if (ldns_rdf2buffer_str(text, ldns_rr_rdf(rr, i)) != LDNS_STATUS_OK)
			return false;
	}
	return ldns_buffer_status_ok(text);
}

/* As much of a text as there is room for, without the blanks that ldns leaves at its end. */
static void copy_text(struct writer *w, const char *p, size_t n)
{
	size_t room = (size_t)(w->end - w->p);

	while (n && p[n - 1] == ' ')
		n--;
	wr_bytes(w, p, n < room ? n : room);
	w->full |= n > room;
}

static bool write_by_ldns(struct writer *w, const struct dns_reading *r, struct cursor rdata,
			  uint16_t type)
{
	const uint8_t *wire = r->message.p;
	size_t at = (size_t)(rdata.p - wire) - 2; /* the length before it */
	ldns_rr *rr = ldns_rr_new();
	ldns_buffer *text = ldns_buffer_new(256);
	bool good = false;

	if (rr && text) {
		ldns_rr_set_type(rr, type);
		good = ldns_wire2rdf(rr, wire, cur_left(&r->message), &at) == LDNS_STATUS_OK &&
		       at == (size_t)(rdata.end - wire) && write_fields(text, rr);
	}
	if (good)
		copy_text(w, (const char *)ldns_buffer_begin(text), ldns_buffer_position(text));
	ldns_buffer_free(text);
	ldns_rr_free(rr);
	return good;
}

static void write_general(struct writer *w, struct cursor rdata)
{
	wr_lit(w, "\\# ");
	wr_u64(w, cur_left(&rdata));
	if (cur_left(&rdata))
		wr_char(w, ' ');
	while (cur_left(&rdata) && !w->full)
		wr_hex(w, cur_u8(&rdata), 2);
}

bool dns_read_text(struct dns_reading *r, struct cursor rdata, struct dns_answer *a)
{
	struct writer w = dns_begin_text(r, DNS_RARE_TEXT);
	unsigned cost = 0;
	enum fit fit = take_all(r, rdata, a->type, &cost);
	bool done = false;

	if (fit == FITS && cost <= r->ldns_budget) {
		r->ldns_budget -= cost;
		done = write_by_ldns(&w, r, rdata, a->type);
	}
	if (!done)
		write_general(&w, rdata);
	a->text = dns_end_text(r, &w);
	return fit != BROKEN;
}
