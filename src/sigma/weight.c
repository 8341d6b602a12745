#include "sigma/weight.h"

#include "base/str.h"
#include "sigma/number.h"

#define V4_BITS 96
/* networks with a prefix this long or shorter are a large part of all there is */
#define V4_COARSE    (V4_BITS + 4)
#define V6_COARSE    16
#define LETTERS_FEW  2 /* fewer are in nearly every value */
#define LETTERS_MANY 4

/* Fields that hold one of a few values. */
static bool is_field_weak(const char *field)
{
	static const char *const names[] = {
		"Initiated",
		"Protocol",
		"EventID",
		"SourceIsIpv6",
		"DestinationIsIpv6",
		"action",
		"blocked",
		"proto",
		"network.protocol",
		"network.transport",
		"network.type",
		"network.direction",
		"cs-method",
		"cs-version",
		"sc-status",
		"http.request.method",
		"http.response.status_code",
		"http.version",
		"method",
		"status_code",
		"version",
		"record_type",
		"qtype_name",
		"qclass_name",
		"rcode_name",
		"QueryType",
		"QueryStatus",
		"dns.question.type",
		"dns.question.class",
		"dns.response.code",
		"conn_state",
		"rejected",
		"Z",
		"AA",
		"TC",
		"RD",
		"RA",
		"event.kind",
		"event.category",
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (*field == *names[i] && strcmp(field, names[i]) == 0)
			return true;
	return false;
}

static bool is_port_common(double port)
{
	return port == 53 || port == 80 || port == 443;
}

/* "DestinationPort", "dst_port", "destination.port", Zeek's "id.resp_p". */
static bool is_port(const char *field)
{
	static const char *const endings[] = {"port", "Port", "resp_p", "orig_p"};

	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
		if (str_has_suffix(str_of(field), str_of(endings[i])))
			return true;
	return false;
}

/* Letters, digits and characters beyond ASCII that a text must have. */
static size_t letters(const struct sigma_text *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		char c = ascii_lower(t->text[i]);
		n += !t->wild[i] &&
		     ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c & 0x80));
	}
	return n;
}

static bool is_plain(const struct sigma_text *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->wild[i])
			return false;
	return true;
}

static bool is_network_weak(const struct sigma_leaf *l)
{
	const struct addr *a = &l->cidr.network;

	return addr_is_private(a) || addr_is_multicast(a) ||
	       l->cidr.bits <= (addr_is_v4(a) ? V4_COARSE : V6_COARSE);
}

static bool is_text_telling(const struct sigma_leaf *l)
{
	double number;

	if (l->field && is_port(l->field) && is_plain(&l->text) &&
	    number_read((struct str){l->text.text, l->text.n}, &number))
		return !is_port_common(number);
	return letters(&l->text) >= LETTERS_FEW;
}

bool weight_telling(const struct sigma_leaf *l)
{
	if (l->field && is_field_weak(l->field))
		return false;
	switch (l->kind) {
	case LEAF_TEXT:
		return is_text_telling(l);
	case LEAF_REGEX:
		return true;
	case LEAF_CIDR:
		return !is_network_weak(l);
	case LEAF_NUMBER:
		return l->number.part == PART_NONE && l->field && is_port(l->field) &&
		       !is_port_common(l->number.value);
	default:
		return false;
	}
}

uint16_t weight_of(const struct sigma_leaf *l)
{
	if (l->field && is_field_weak(l->field))
		return WEIGHT_MAX;
	switch (l->kind) {
	case LEAF_TEXT:
		if (!is_text_telling(l))
			return WEIGHT_MAX;
		return is_plain(&l->text) || letters(&l->text) >= LETTERS_MANY ? 1 : 4;
	case LEAF_REGEX:
		return 4;
	case LEAF_CIDR:
		return is_network_weak(l) ? WEIGHT_MAX / 2 : 2;
	case LEAF_NUMBER:
		return is_port_common(l->number.value) ? WEIGHT_MAX / 2 : 2;
	default:
		return WEIGHT_MAX;
	}
}
