#include "proto/x509.h"

enum {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_OCTET_STRING = 0x04,
	DER_OID = 0x06,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	TBS_VERSION = 0xa0,
	TBS_EXTENSIONS = 0xa3,
	SAN_DNS_NAME = 0x82,
};

static const uint8_t oid_common_name[] = {0x55, 0x04, 0x03};
static const uint8_t oid_organisation[] = {0x55, 0x04, 0x0a};
static const uint8_t oid_alt_name[] = {0x55, 0x1d, 0x11};

static void der_fail(struct cursor *c)
{
	c->bad = true;
	c->p = c->end;
}

/* X.690 section 8.1.3: a definite length of at most four bytes. The indefinite form is not DER. */
static size_t der_length(struct cursor *c)
{
	const uint8_t first = cur_u8(c);
	if (first < 0x80)
		return first;
	unsigned bytes = first & 0x7f;
	if (bytes == 0 || bytes > 4) {
		der_fail(c);
		return 0;
	}
	size_t n = 0;
	while (bytes--)
		n = n << 8 | cur_u8(c);
	return n;
}

/* The next element's contents; its tag goes to *tag. Bad when malformed, and so is the result. Tag
 * numbers beyond 30 do not occur in a certificate. */
static struct cursor der_next(struct cursor *c, uint8_t *tag)
{
	*tag = cur_u8(c);
	if ((*tag & 0x1f) == 0x1f)
		der_fail(c);
	const size_t n = der_length(c);
	struct cursor body = cur_sub(c, n);
	if (c->bad)
		der_fail(&body);
	return body;
}

/* The next element, which must have this tag. */
static struct cursor der_expect(struct cursor *c, uint8_t wanted)
{
	uint8_t tag;
	struct cursor body = der_next(c, &tag);
	if (tag != wanted) {
		der_fail(c);
		der_fail(&body);
	}
	return body;
}

static bool der_skip(struct cursor *c, uint8_t wanted)
{
	return !der_expect(c, wanted).bad;
}

static bool is_oid(const struct cursor *c, const uint8_t *oid, size_t n)
{
	return cur_left(c) == n && memcmp(c->p, oid, n) == 0;
}

static struct str text_of(const struct cursor *c)
{
	return (struct str){(const char *)c->p, cur_left(c)};
}

/* Name (RFC 5280 section 4.1.2.4). Of several common names the last is the most specific. The
 * string types (UTF8, Printable, T61, BMP, IA5, Universal) are all told as bytes. */
static bool read_name(struct cursor name, struct str *common, struct str *organisation)
{
	while (cur_left(&name)) {
		struct cursor set = der_expect(&name, DER_SET);
		while (cur_left(&set)) {
			struct cursor pair = der_expect(&set, DER_SEQUENCE);
			const struct cursor oid = der_expect(&pair, DER_OID);
			uint8_t tag;
			const struct cursor value = der_next(&pair, &tag);
			if (pair.bad)
				return false;
			if (is_oid(&oid, oid_common_name, sizeof oid_common_name))
				*common = text_of(&value);
			else if (is_oid(&oid, oid_organisation, sizeof oid_organisation))
				*organisation = text_of(&value);
		}
		if (set.bad)
			return false;
	}
	return !name.bad;
}

/* GeneralNames (RFC 5280 section 4.2.1.6). */
static bool read_alt_names(struct cursor value, struct str_list *out)
{
	struct cursor names = der_expect(&value, DER_SEQUENCE);
	while (cur_left(&names)) {
		uint8_t tag;
		const struct cursor name = der_next(&names, &tag);
		if (names.bad || tag != SAN_DNS_NAME)
			continue;
		if (out->count == RECORD_LIST_MAX)
			out->more = true;
		else
			out->item[out->count++] = text_of(&name);
	}
	return !value.bad && !names.bad;
}

static bool read_extensions(struct cursor wrapped, struct str_list *names)
{
	struct cursor list = der_expect(&wrapped, DER_SEQUENCE);
	while (cur_left(&list)) {
		struct cursor ext = der_expect(&list, DER_SEQUENCE);
		const struct cursor oid = der_expect(&ext, DER_OID);
		if (cur_left(&ext) && ext.p[0] == DER_BOOLEAN)
			der_skip(&ext, DER_BOOLEAN);
		const struct cursor value = der_expect(&ext, DER_OCTET_STRING);
		if (ext.bad)
			return false;
		if (is_oid(&oid, oid_alt_name, sizeof oid_alt_name) && !read_alt_names(value, names))
			return false;
	}
	return !wrapped.bad && !list.bad;
}

/* What stands behind the public key: unique identifiers, which nobody uses, and extensions. */
static bool read_tail(struct cursor tbs, struct str_list *names)
{
	while (cur_left(&tbs)) {
		uint8_t tag;
		const struct cursor field = der_next(&tbs, &tag);
		if (tbs.bad)
			return false;
		if (tag == TBS_EXTENSIONS)
			return read_extensions(field, names);
	}
	return true;
}

enum parse x509_names_of(struct cursor der, struct x509_names *out)
{
	*out = (struct x509_names){0};
	struct cursor certificate = der_expect(&der, DER_SEQUENCE);
	struct cursor tbs = der_expect(&certificate, DER_SEQUENCE);
	struct str organisation = {NULL, 0}, ignored;

	if (cur_left(&tbs) && tbs.p[0] == TBS_VERSION)
		der_skip(&tbs, TBS_VERSION);
	der_skip(&tbs, DER_INTEGER);  /* serial number */
	der_skip(&tbs, DER_SEQUENCE); /* signature algorithm */
	const struct cursor issuer = der_expect(&tbs, DER_SEQUENCE);
	der_skip(&tbs, DER_SEQUENCE); /* validity */
	const struct cursor subject = der_expect(&tbs, DER_SEQUENCE);
	der_skip(&tbs, DER_SEQUENCE); /* public key */
	if (tbs.bad || !read_name(issuer, &out->issuer, &organisation) ||
	    !read_name(subject, &out->subject, &ignored) || !read_tail(tbs, &out->names))
		return PARSE_BAD;
	if (!out->issuer.n)
		out->issuer = organisation;
	return PARSE_DONE;
}
