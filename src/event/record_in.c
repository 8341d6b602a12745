#include "event/record_in_part.h"

#include <stdlib.h>

#include "base/mem.h"
#include "core/hostname.h"
#include "event/when.h"

static const struct str paths[PARTS] = {
#define PART(name, path) [PART_##name] = {path, sizeof(path) - 1},
#include "event/parts.def"
#undef PART
};

uint8_t record_in_part(struct str path)
{
	for (size_t i = 1; i < PARTS; i++)
		if (str_eq(paths[i], path))
			return (uint8_t)i;
	return PART_NONE;
}

struct record_in *record_in_new(void)
{
	return mem_zalloc(sizeof(struct record_in));
}

void record_in_free(struct record_in *r)
{
	if (!r)
		return;
	free(r->text);
	free(r);
}

uint64_t record_in_number(const struct json_item *i, uint64_t max)
{
	uint64_t v = 0;

	if (i->text.n == 0 || i->text.n > 20)
		return 0;
	for (size_t k = 0; k < i->text.n; k++) {
		unsigned digit = (unsigned)(i->text.p[k] - '0');
		if (digit > 9 || v > (UINT64_MAX - digit) / 10)
			return 0;
		v = v * 10 + digit;
	}
	return v <= max ? v : 0;
}

bool record_in_true(const struct json_item *i)
{
	return i->kind == VALUE_BOOL && str_eq(i->text, STR("true"));
}

static int hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static uint64_t hex_number(struct str s, size_t digits)
{
	uint64_t v = 0;

	if (s.n != digits)
		return 0;
	for (size_t k = 0; k < s.n; k++) {
		int h = hex_of(s.p[k]);
		if (h < 0)
			return 0;
		v = v << 4 | (uint64_t)h;
	}
	return v;
}

uint64_t record_in_hex(struct str s, size_t digits)
{
	if (!str_has_prefix(s, STR("0x")))
		return 0;
	return hex_number((struct str){s.p + 2, s.n - 2}, digits);
}

struct str record_in_wire(struct record_in *r, const struct json_item *i)
{
	struct str s = i->text;

	if (i->kind != VALUE_TEXT)
		return (struct str){NULL, 0};
	if (s.n == 0 || !memchr(s.p, '\\', s.n))
		return s;
	char *start = r->text + r->used, *o = start;
	for (size_t k = 0; k < s.n; k++) {
		if (s.p[k] == '\\' && s.n - k >= 2 && s.p[k + 1] == '\\') {
			k++;
		} else if (s.p[k] == '\\' && s.n - k >= 4 && s.p[k + 1] == 'x' &&
			   hex_of(s.p[k + 2]) >= 0 && hex_of(s.p[k + 3]) >= 0) {
			*o++ = (char)(hex_of(s.p[k + 2]) << 4 | hex_of(s.p[k + 3]));
			k += 3;
			continue;
		}
		*o++ = s.p[k];
	}
	r->used += (size_t)(o - start);
	return (struct str){start, (size_t)(o - start)};
}

struct str record_in_name(struct record_in *r, const struct json_item *i)
{
	struct str s = i->text;
	bool good = s.n < HOSTNAME_MAX;

	if (i->kind != VALUE_TEXT)
		return (struct str){NULL, 0};
	for (size_t k = 0; k < s.n && good; k++)
		good = s.p[k] > 0x20 && s.p[k] < 0x7f && !(s.p[k] >= 'A' && s.p[k] <= 'Z');
	if (good)
		return s;
	struct writer w = wr_of(r->text + r->used, HOSTNAME_MAX - 1);
	for (size_t k = 0; k < s.n && !w.full; k++) {
		uint8_t c = (uint8_t)s.p[k];
		char escaped[4] = {'\\', (char)('0' + c / 100), (char)('0' + c / 10 % 10),
				   (char)('0' + c % 10)};
		if (c > 0x20 && c < 0x7f)
			wr_char(&w, ascii_lower((char)c));
		else
			wr_bytes(&w, escaped, sizeof escaped);
	}
	r->used += wr_length(&w);
	return (struct str){w.start, wr_length(&w)};
}

bool record_in_addr(const struct json_item *i, struct addr *out)
{
	char text[ADDR_TEXT_MAX];

	if (i->text.n == 0 || i->text.n >= sizeof text)
		return false;
	memcpy(text, i->text.p, i->text.n);
	text[i->text.n] = '\0';
	return addr_parse(text, out);
}

unsigned record_in_bit(const char *const *words, unsigned n, struct str text)
{
	for (unsigned i = 0; i < n; i++)
		if (str_eq(str_of(words[i]), text))
			return 1u << i;
	return 0;
}

static uint32_t encapsulation_of(struct str word)
{
	static const char *const words[] = {"vlan",  "mpls",   "pppoe", "gre",	"erspan",
					    "vxlan", "geneve", "gtp",	"ipip", "teredo"};
	return record_in_bit(words, sizeof words / sizeof *words, word);
}

static uint8_t transport_of(struct str s)
{
	static const struct {
		const char *name;
		uint8_t number;
	} known[] = {{"tcp", PROTO_TCP}, {"udp", PROTO_UDP}, {"icmp", PROTO_ICMP},
		     {"ipv6-icmp", PROTO_ICMP6}, {"sctp", PROTO_SCTP}};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_eq(str_of(known[i].name), s))
			return known[i].number;
	return 0;
}

/* False when the part is of one kind of record only. */
static bool read_head(struct record_in *r, enum part part, const struct json_item *i)
{
	struct record *to = &r->record;

	switch (part) {
	case PART_TIME:
		return when_read(i->text, &to->time);
	case PART_START:
		return when_read(i->text, &to->start);
	case PART_END:
		return when_read(i->text, &to->end);
	case PART_SOURCE_IP:
		return record_in_addr(i, &to->tuple.src);
	case PART_SOURCE_PORT:
		to->tuple.sport = (uint16_t)record_in_number(i, UINT16_MAX);
		return true;
	case PART_DESTINATION_IP:
		return record_in_addr(i, &to->tuple.dst);
	case PART_DESTINATION_PORT:
		to->tuple.dport = (uint16_t)record_in_number(i, UINT16_MAX);
		return true;
	case PART_TRANSPORT:
		to->tuple.proto = transport_of(i->text);
		return true;
	case PART_IANA_NUMBER:
		to->tuple.proto = (uint8_t)record_in_number(i, UINT8_MAX);
		return true;
	case PART_VLAN:
		to->vlan = (uint16_t)record_in_number(i, UINT16_MAX);
		return true;
	case PART_FLOW_ID:
		to->flow_id = hex_number(i->text, 16);
		return true;
	case PART_ENCAPSULATION:
		to->encap |= encapsulation_of(i->text);
		return true;
	default:
		return false;
	}
}

/* Room for all strings, each of which may become a host name, every byte of it escaped. */
static void make_room(struct record_in *r, const struct json_items *items)
{
	size_t want = HOSTNAME_MAX;

	for (unsigned i = 0; i < items->count; i++) {
		size_t n = items->item[i].text.n;
		want += n > HOSTNAME_MAX ? n : n * 4 < HOSTNAME_MAX ? n * 4 : HOSTNAME_MAX;
	}
	r->used = 0;
	if (want <= r->room)
		return;
	free(r->text);
	r->text = mem_alloc(want);
	r->room = want;
}

static bool find_kind(const struct json_items *items, const uint8_t *part, enum record_kind *kind)
{
	for (unsigned i = 0; i < items->count; i++) {
		struct str text = items->item[i].text;
		if (part[i] != PART_KIND || !str_has_prefix(text, STR("egret.")))
			continue;
		text = (struct str){text.p + 6, text.n - 6};
		for (unsigned k = 0; k < RECORD_KINDS; k++) {
			if (!str_eq(str_of(record_kind_name((enum record_kind)k)), text))
				continue;
			*kind = (enum record_kind)k;
			return true;
		}
	}
	return false;
}

static void read_kind(struct record_in *r, enum part part, const struct json_item *i)
{
	switch (r->record.kind) {
	case RECORD_DNS:
		record_in_dns(r, part, i);
		break;
	case RECORD_TLS:
	case RECORD_QUIC:
		record_in_tls(r, part, i);
		break;
	case RECORD_HTTP:
		record_in_http(r, part, i);
		break;
	default:
		record_in_flow(r, part, i);
		break;
	}
}

/* What refers to others by their number. */
static bool is_late(enum part part)
{
	return part >= PART_SVCB_ANSWER && part <= PART_SVCB_HINTS;
}

const struct record *record_in_read(struct record_in *r, const struct json_items *items,
				    const uint8_t *part, struct error *e)
{
	bool had[PARTS] = {false};

	memset(&r->record, 0, sizeof r->record);
	if (!find_kind(items, part, &r->record.kind)) {
		error_set(e, "a record of no known kind");
		return NULL;
	}
	make_room(r, items);
	r->answers = r->svcb = 0;
	r->list = 0;
	if (r->record.kind == RECORD_DNS)
		r->record.dns.answers = r->answer;
	for (unsigned i = 0; i < items->count; i++) {
		if (part[i] == PART_NONE || is_late(part[i]) || items->item[i].kind == VALUE_NULL)
			continue;
		if (read_head(r, part[i], &items->item[i]))
			had[part[i]] = true;
		else
			read_kind(r, part[i], &items->item[i]);
	}
	for (unsigned i = 0; i < items->count; i++)
		if (is_late(part[i]))
			read_kind(r, part[i], &items->item[i]);
	if (!had[PART_TIME] || !had[PART_SOURCE_IP] || !had[PART_DESTINATION_IP]) {
		error_set(e, "a record without %s", had[PART_TIME] ? "addresses" : "time");
		return NULL;
	}
	return &r->record;
}
