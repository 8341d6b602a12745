/* dns_parse against ldns, over messages that a generator makes and then damages.
 *
 * What dns_parse calls whole must be the same message to ldns. What ldns takes must not be BAD
 * here, but for these, each checked for where it happens:
 *   - a question whose name needs a pointer that does not lead backwards, or more than 128;
 *   - a query for nothing.
 * And what is whole here, ldns may refuse for these:
 *   - a pointer to offset 0, which it takes for an error;
 *   - the inside of OPT and HIP, which are not looked at here.
 */
#include <criterion/criterion.h>
#include <ldns/ldns.h>
#include <stdio.h>

#include "dns_build.h"
#include "proto/dns.h"

#define ROUNDS 20000

static struct build m;
static struct dns_message out;

struct random {
	uint64_t state;
};

static uint32_t below(struct random *r, uint32_t n)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return (uint32_t)((r->state >> 16) % n);
}

/* --- the generator ------------------------------------------------------------------------- */

struct places { /* where names begin, for pointers */
	size_t at[64];
	unsigned n;
};

static void make_label(struct random *r)
{
	unsigned n = 1 + below(r, below(r, 8) ? 12 : 63);

	build_u8(&m, n);
	while (n-- > 0)
		build_u8(&m, below(r, 20) ? "aA"[below(r, 2)] + below(r, 26) : below(r, 256));
}

static void make_name(struct random *r, struct places *p, bool compress)
{
	size_t start = m.n;
	unsigned labels = below(r, 4);

	while (labels-- > 0)
		make_label(r);
	if (compress && p->n && below(r, 3)) {
		build_pointer(&m, p->at[below(r, p->n)]);
	} else {
		if (m.n == start && below(r, 8))
			make_label(r);
		build_u8(&m, 0);
	}
	if (p->n < 64 && start < 0x3fff)
		p->at[p->n++] = start;
}

static void make_bytes(struct random *r, unsigned n)
{
	while (n-- > 0)
		build_u8(&m, below(r, 256));
}

static void make_strings(struct random *r)
{
	for (unsigned k = 1 + below(r, 3); k > 0; k--) {
		unsigned n = below(r, 30);
		build_u8(&m, n);
		make_bytes(r, n);
	}
}

static void make_rdata(struct random *r, struct places *p, unsigned type)
{
	switch (type) {
	case DNS_A:
		make_bytes(r, 4);
		break;
	case DNS_AAAA:
		make_bytes(r, 16);
		break;
	case DNS_MX:
		make_bytes(r, 2);
		make_name(r, p, true);
		break;
	case DNS_SRV:
		make_bytes(r, 6);
		make_name(r, p, false);
		break;
	case DNS_SOA:
		make_name(r, p, true);
		make_name(r, p, true);
		make_bytes(r, 20);
		break;
	case DNS_TXT:
		make_strings(r);
		break;
	case DNS_HTTPS:
		build_u16(&m, 1);
		make_name(r, p, false);
		build_lit(&m, "\0\1\0\3\2h2\0\4\0\4\1\2\3\4");
		break;
	case 43: /* DS */
		make_bytes(r, 4 + 20);
		break;
	default:
		make_name(r, p, true);
	}
}

static void make_message(struct random *r)
{
	static const unsigned types[14] = {DNS_A,     DNS_A,  DNS_AAAA, DNS_CNAME, DNS_CNAME,
					   DNS_NS,    DNS_MX, DNS_SRV,  DNS_SOA,   DNS_TXT,
					   DNS_HTTPS, 43,     DNS_DNAME, DNS_PTR};
	struct places p = {.n = 0};
	unsigned questions = below(r, 8) ? 1 : below(r, 4), counts[3], left = 0;

	for (unsigned i = 0; i < 3; i++)
		left += counts[i] = below(r, i ? 3 : 6);
	build_header(&m, (uint16_t)below(r, 65536), questions, counts[0], counts[1], counts[2]);
	for (unsigned i = 0; i < questions; i++) {
		make_name(r, &p, i > 0);
		build_u16(&m, types[below(r, 14)]);
		build_u16(&m, 1);
	}
	for (unsigned i = 0; i < left; i++) {
		unsigned type = types[below(r, 14)];
		make_name(r, &p, true);
		size_t length = build_fixed(&m, type, DNS_IN, below(r, 100000));
		make_rdata(r, &p, type);
		build_end(&m, length);
	}
}

static void damage(struct random *r)
{
	for (unsigned i = below(r, 4); i > 0 && m.n; i--)
		m.b[below(r, (uint32_t)m.n)] = (uint8_t)below(r, 256);
	if (below(r, 4) == 0)
		m.n = below(r, (uint32_t)m.n + 1);
}

/* --- the comparison ------------------------------------------------------------------------ */

/* Text of ldns in the form of core/hostname.h. */
static void canonical(const char *in, char *to)
{
	for (size_t n = strlen(in); *in; in++) {
		if (*in == '\\' && in[1] >= '0' && in[1] <= '9') {
			*to++ = '\\';
		} else if (*in == '\\') {
			in++;
			if (*in == '.' || *in == '\\')
				to += sprintf(to, "\\%03u", (unsigned)*in);
			else
				*to++ = ascii_lower(*in);
		} else if (*in != '.' || in[1] || n == 1) {
			*to++ = ascii_lower(*in);
		}
	}
	*to = '\0';
}

static void expect_name(struct str ours, const ldns_rdf *theirs)
{
	char want[2048], *text = ldns_rdf2str(theirs);

	canonical(text, want);
	free(text);
	cr_assert(str_eq(ours, str_of(want)), "%.*s is not %s", (int)ours.n, ours.p, want);
}

static void expect_bytes(const struct addr *a, const ldns_rdf *theirs)
{
	size_t n = ldns_rdf_size(theirs);

	cr_assert(n == 4 || n == 16);
	cr_assert_eq(memcmp(a->b + 16 - n, ldns_rdf_data(theirs), n), 0);
}

/* Numbers and names, each as it is in our texts, with a blank between. */
static void expect_fields(struct str ours, const ldns_rr *rr)
{
	char want[8192] = "";

	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *f = ldns_rr_rdf(rr, i);
		char *text = ldns_rdf2str(f), *end = want + strlen(want);
		if (i)
			*end++ = ' ';
		if (ldns_rdf_get_type(f) == LDNS_RDF_TYPE_DNAME)
			canonical(text, end);
		else
			for (char *p = text; p == text || p[-1]; p++) /* ldns lets tabs pass */
				end += *p == '\t' ? sprintf(end, "\\009") : (*end = *p, 1);
		free(text);
	}
	cr_assert(str_eq(ours, str_of(want)), "%.*s is not %s", (int)ours.n, ours.p, want);
}

static void expect_same_record(const struct dns_answer *a, const ldns_rr *rr)
{
	cr_assert_eq(a->type, ldns_rr_get_type(rr));
	cr_assert_eq(a->class, ldns_rr_get_class(rr) & 0x7fff);
	cr_assert_eq(a->ttl, ldns_rr_ttl(rr));
	expect_name(a->name, ldns_rr_owner(rr));
	if (ldns_rr_rd_count(rr) == 0)
		return;
	switch (a->type) {
	case DNS_A:
	case DNS_AAAA:
		cr_assert_eq(a->has_address, a->class != DNS_CH || a->type == DNS_AAAA);
		if (a->has_address)
			expect_bytes(&a->address, ldns_rr_rdf(rr, 0));
		break;
	case DNS_CNAME:
	case DNS_NS:
	case DNS_PTR:
	case DNS_DNAME:
		expect_name(a->text, ldns_rr_rdf(rr, 0));
		break;
	case DNS_HTTPS:
	case DNS_SVCB:
		expect_name(a->text, ldns_rr_rdf(rr, 1));
		break;
	case DNS_MX:
	case DNS_SRV:
	case DNS_SOA:
	case DNS_TXT:
		expect_fields(a->text, rr);
		break;
	default:
		break;
	}
}

static void expect_same(const ldns_pkt *p)
{
	unsigned at = 0, flags = (unsigned)ldns_pkt_qr(p) << 15 | ldns_pkt_get_opcode(p) << 11 |
				 (unsigned)ldns_pkt_aa(p) << 10 | (unsigned)ldns_pkt_tc(p) << 9 |
				 (unsigned)ldns_pkt_rd(p) << 8 | (unsigned)ldns_pkt_ra(p) << 7 |
				 (unsigned)ldns_pkt_ad(p) << 5 | (unsigned)ldns_pkt_cd(p) << 4 |
				 ldns_pkt_get_rcode(p);
	const ldns_rr_list *lists[] = {ldns_pkt_answer(p), ldns_pkt_authority(p),
				       ldns_pkt_additional(p)};

	cr_assert_eq(out.id, ldns_pkt_id(p));
	cr_assert_eq(out.flags & ~0x40u, flags); /* ldns drops the reserved bit */
	cr_assert_eq(out.question_count, ldns_pkt_qdcount(p));
	cr_assert_eq(out.answer_count, ldns_pkt_ancount(p));
	cr_assert_eq(out.authority_count, ldns_pkt_nscount(p));
	for (unsigned i = 0; i < out.questions; i++) {
		const ldns_rr *q = ldns_rr_list_rr(ldns_pkt_question(p), i);
		expect_name(out.question[i].name, ldns_rr_owner(q));
		cr_assert_eq(out.question[i].type, ldns_rr_get_type(q));
		cr_assert_eq(out.question[i].class, ldns_rr_get_class(q) & 0x7fff);
	}
	for (unsigned section = 0; section < 3; section++)
		for (size_t i = 0; i < ldns_rr_list_rr_count(lists[section]); i++) {
			const ldns_rr *rr = ldns_rr_list_rr(lists[section], i);
			if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_OPT)
				continue;
			cr_assert_lt(at, out.answers);
			cr_assert_eq(out.answer[at].section, section);
			expect_same_record(&out.answer[at++], rr);
		}
	cr_assert(at == out.answers || ldns_pkt_tsig(p)); /* it takes TSIG out */
}

/* A name of the question section that dns_parse may refuse where ldns does not. */
static bool has_odd_question(void)
{
	size_t at = DNS_HEADER;

	for (unsigned q = 0; q < load_be16(m.b + 4); q++, at += 4) {
		size_t p = at, lowest = at, hops = 0;
		at = 0;
		while (p < m.n && m.b[p]) {
			if (m.b[p] < 64) {
				p += m.b[p] + 1u;
				continue;
			}
			size_t to = (size_t)(m.b[p] & 63) << 8 | m.b[p + 1];
			if (!at)
				at = p + 2;
			if (to >= lowest || ++hops > 128)
				return true;
			p = lowest = to;
		}
		if (!at)
			at = p + 1;
	}
	return false;
}

static bool asks_nothing(void)
{
	static const uint8_t zeros[8];

	return !(m.b[2] & 0xf8) && memcmp(m.b + 4, zeros, 8) == 0;
}

static bool points_to_header_start(void)
{
	for (size_t i = DNS_HEADER; i + 1 < m.n; i++)
		if ((m.b[i] & 0xc0) == 0xc0 && (m.b[i] & 63) == 0 && m.b[i + 1] == 0)
			return true;
	return false;
}

static bool has_opt_or_hip(void)
{
	for (size_t i = DNS_HEADER; i + 1 < m.n; i++) /* OPT is not among the answers */
		if (load_be16(m.b + i) == DNS_OPT)
			return true;
	for (unsigned i = 0; i < out.answers; i++)
		if (out.answer[i].type == 55)
			return true;
	return false;
}

static void compare(bool sound, unsigned *same)
{
	ldns_pkt *theirs = NULL;
	bool taken = ldns_wire2pkt(&theirs, m.b, m.n) == LDNS_STATUS_OK;
	enum parse got = dns_parse(build_cursor(&m), true, true, &out);
	bool whole = got == PARSE_DONE && !out.cut && !out.more;

	/* names that grew too long through pointers are refused by both */
	if (sound && !asks_nothing())
		cr_assert_eq(taken, whole, "ldns %d, we %d cut %d", taken, got, out.cut);
	if (taken && got == PARSE_BAD)
		cr_assert(has_odd_question() || asks_nothing());
	if (whole && !taken)
		cr_assert(points_to_header_start() || has_opt_or_hip());
	if (taken && whole) {
		expect_same(theirs);
		++*same;
	}
	if (taken)
		ldns_pkt_free(theirs);
}

Test(dns_ldns, sound_messages)
{
	struct random r = {20250101};
	unsigned same = 0;

	for (unsigned i = 0; i < ROUNDS / 2; i++) {
		make_message(&r);
		compare(true, &same);
	}
	cr_expect_gt(same, ROUNDS / 2 - ROUNDS / 40);
}

Test(dns_ldns, damaged_messages)
{
	struct random r = {777};
	unsigned same = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		make_message(&r);
		damage(&r);
		compare(false, &same);
	}
	cr_expect_gt(same, ROUNDS / 10);
}
