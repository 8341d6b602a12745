/* Telling DNS from everything else by its looks, for ports that promise nothing. */
#include "proto/dns.h"
#include "proto/dns_wire.h"

#define LEFT_OVER_MAX 2   /* bytes after the last record */
#define QUERY_RECORDS 2   /* additional records of a query: OPT, TSIG or SIG(0) */
#define NAME_BYTES_MAX 255

enum header_flags {
	FLAG_RESPONSE = 1 << 15,
	FLAG_AUTHORITATIVE = 1 << 10,
	FLAG_TRUNCATED = 1 << 9,
	FLAG_RECURSION_AVAILABLE = 1 << 7,
	FLAG_ZERO = 1 << 6,
};

/* *records gets the number of records to come. */
static bool header_fits(const uint8_t *h, unsigned *records)
{
	unsigned flags = load_be16(h + 2), opcode = flags >> 11 & 15, rcode = flags & 15;
	unsigned answers = load_be16(h + 6), authority = load_be16(h + 8),
		 additional = load_be16(h + 10);

	*records = answers + authority + additional;
	if (load_be16(h + 4) != 1 || flags & FLAG_ZERO)
		return false;
	if (opcode != DNS_QUERY && opcode != DNS_NOTIFY && opcode != DNS_UPDATE)
		return false;
	if (flags & FLAG_RESPONSE)
		return rcode <= 11;
	if (rcode || flags & (FLAG_TRUNCATED | FLAG_RECURSION_AVAILABLE))
		return false;
	if (opcode == DNS_QUERY)
		return !(flags & FLAG_AUTHORITATIVE) && !answers && !authority &&
		       additional <= QUERY_RECORDS;
	return true;
}

static bool is_host_byte(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

/* The first-level encoding of RFC 1001 section 14.1: 16 bytes as 32 letters from A to P. */
static bool is_netbios_label(const uint8_t *label, size_t n)
{
	if (n != 32)
		return false;
	for (size_t i = 0; i < n; i++)
		if (label[i] < 'A' || label[i] > 'P')
			return false;
	return true;
}

/* The first name of a message cannot be compressed. Three quarters of its bytes must be what host
 * names are made of, and all of them printable. */
static bool name_fits(struct cursor *c, bool *netbios)
{
	const uint8_t *start = c->p;
	unsigned bytes = 0, usual = 0;

	*netbios = false;
	for (;;) {
		uint8_t n = cur_u8(c);
		if (n == 0)
			return !c->bad && c->p - start <= NAME_BYTES_MAX && usual * 4 >= bytes * 3;
		const uint8_t *label = n < 64 ? cur_take(c, n) : NULL;
		if (!label)
			return false;
		if (bytes == 0)
			*netbios = is_netbios_label(label, n);
		for (unsigned i = 0; i < n; i++) {
			if (label[i] <= 0x20 || label[i] >= 0x7f)
				return false;
			usual += is_host_byte(label[i]);
		}
		bytes += n;
	}
}

static bool question_fits(struct cursor *c)
{
	bool netbios;

	if (!name_fits(c, &netbios))
		return false;
	uint16_t type = cur_u16(c), class = cur_u16(c);
	if (c->bad || !dns_type_assigned(type) || type == DNS_OPT || type == DNS_NIMLOC)
		return false;
	/* NetBIOS asks for the status of a node with the number of SRV */
	if (netbios && type == DNS_SRV)
		return false;
	return class == DNS_IN || class == DNS_CH || class == DNS_CLASS_ANY;
}

static bool record_fits(struct cursor *c)
{
	if (dns_skip_name(c) != PARSE_DONE)
		return false;
	uint16_t type = cur_u16(c), class = cur_u16(c);
	cur_skip(c, 4);
	uint16_t n = cur_u16(c);
	if (c->bad || !cur_skip(c, n))
		return false;
	if (type == DNS_OPT)
		return true; /* its class is a size */
	if (type == DNS_A && class == DNS_IN && n != 4)
		return false;
	if (type == DNS_AAAA && class == DNS_IN && n != 16)
		return false;
	return type && (class == DNS_IN || class == DNS_CH || class == DNS_CLASS_NONE ||
			class == DNS_CLASS_ANY);
}

bool dns_is_message(struct cursor c)
{
	const uint8_t *h = cur_take(&c, DNS_HEADER);
	unsigned records;

	if (!h || !header_fits(h, &records) || !question_fits(&c))
		return false;
	while (records-- > 0)
		if (!record_fits(&c))
			return false;
	return cur_left(&c) <= LEFT_OVER_MAX;
}
