/* Facts that every kind of record has, and constants. */
#include "core/hostname.h"
#include "event/wire_facts.h"

void wire_number(struct wire_making *m, uint64_t v)
{
	char *mark = wire_mark(m);
	struct str s;

	wr_u64(&m->text, v);
	if (wire_made(m, mark, &s))
		wire_put(m, VALUE_NUMBER, s)->number = (double)v;
}

void wire_seconds(struct wire_making *m, uint64_t ns)
{
	char *mark = wire_mark(m);
	struct str s;

	wr_u64(&m->text, ns / 1000000000);
	wr_char(&m->text, '.');
	wr_u64_pad(&m->text, ns / 1000 % 1000000, 6);
	if (wire_made(m, mark, &s))
		wire_put(m, VALUE_NUMBER, s)->number = (double)ns / 1e9;
}

void wire_hex(struct wire_making *m, uint64_t v, int digits)
{
	char *mark = wire_mark(m);
	struct str s;

	wr_lit(&m->text, "0x");
	wr_hex(&m->text, v, digits);
	if (wire_made(m, mark, &s))
		wire_text(m, s);
}

static struct str make_address(struct wire_making *m, const struct addr *a)
{
	char *mark = wire_mark(m);
	struct str s = {0};

	addr_write(&m->text, a);
	wire_made(m, mark, &s);
	return s;
}

void wire_address(struct wire_making *m, const struct addr *a)
{
	wire_some_text(m, make_address(m, a));
}

void wire_list(struct wire_making *m, const struct str_list *list, bool wire)
{
	for (unsigned i = 0; i < list->count && i < RECORD_LIST_MAX; i++)
		wire_put(m, VALUE_TEXT, list->item[i])->wire = wire;
}

void wire_words(struct wire_making *m, uint32_t bits, const char *const *words, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (bits >> i & 1)
			wire_word(m, words[i]);
}

static void put_time(struct wire_making *m, uint64_t ns)
{
	char *mark = wire_mark(m);
	struct str s;

	date_write(&m->text, m->dates, ns);
	if (wire_made(m, mark, &s))
		wire_text(m, s);
}

FACT(nothing)
{
	(void)m;
}

FACT(yes)
{
	wire_flag(m, true);
}

FACT(no)
{
	wire_flag(m, false);
}

FACT(dash)
{
	wire_word(m, "-");
}

FACT(event_3)
{
	wire_number(m, 3);
}

FACT(event_22)
{
	wire_number(m, 22);
}

FACT(event_3008)
{
	wire_number(m, 3008);
}

FACT(sysmon_channel)
{
	wire_word(m, WIN_SYSMON WIN_CHANNEL);
}

FACT(sysmon_provider)
{
	wire_word(m, WIN_SYSMON);
}

FACT(client_channel)
{
	wire_word(m, WIN_DNS_CLIENT WIN_CHANNEL);
}

FACT(client_provider)
{
	wire_word(m, WIN_DNS_CLIENT);
}

/* The ends */

FACT(source_ip)
{
	if (!m->source.p)
		m->source = make_address(m, &m->r->tuple.src);
	wire_text(m, m->source);
}

FACT(destination_ip)
{
	if (!m->destination.p)
		m->destination = make_address(m, &m->r->tuple.dst);
	wire_text(m, m->destination);
}

FACT(source_port)
{
	wire_number(m, m->r->tuple.sport);
}

FACT(destination_port)
{
	wire_number(m, m->r->tuple.dport);
}

FACT(source_is_v6)
{
	wire_flag(m, !addr_is_v4(&m->r->tuple.src));
}

FACT(destination_is_v6)
{
	wire_flag(m, !addr_is_v4(&m->r->tuple.dst));
}

FACT(source_is_private)
{
	wire_flag(m, addr_is_private(&m->r->tuple.src));
}

FACT(destination_is_private)
{
	wire_flag(m, addr_is_private(&m->r->tuple.dst));
}

static const char *transport_name(uint8_t proto)
{
	switch (proto) {
	case PROTO_TCP:
		return "tcp";
	case PROTO_UDP:
		return "udp";
	case PROTO_ICMP:
		return "icmp";
	case PROTO_ICMP6:
		return "ipv6-icmp";
	case PROTO_SCTP:
		return "sctp";
	default:
		return NULL;
	}
}

FACT(transport)
{
	const char *name = transport_name(m->r->tuple.proto);

	if (name)
		wire_word(m, name);
}

FACT(protocol_number)
{
	if (!transport_name(m->r->tuple.proto))
		wire_number(m, m->r->tuple.proto);
}

FACT(network_type)
{
	wire_word(m, addr_is_v4(&m->r->tuple.src) ? "ipv4" : "ipv6");
}

FACT(protocol)
{
	if (!wire_is_flow(m))
		wire_word(m, record_kind_name(m->r->kind));
	else if (m->r->flow.app != APP_UNKNOWN)
		wire_word(m, app_protocol_name(m->r->flow.app));
}

FACT(community_id)
{
	char id[COMMUNITY_ID_MAX], *mark = wire_mark(m);
	struct str s;

	tuple_community_id(&m->r->tuple, id);
	wr_text(&m->text, id);
	if (wire_made(m, mark, &s))
		wire_text(m, s);
}

FACT(vlan)
{
	if (m->r->vlan)
		wire_number(m, m->r->vlan);
}

FACT(encapsulation)
{
	wire_words(m, m->r->encap, encap_words, ENCAP_BITS);
}

FACT(flow_id)
{
	char *mark = wire_mark(m);
	struct str s;

	wr_hex(&m->text, m->r->flow_id, 16);
	if (wire_made(m, mark, &s))
		wire_text(m, s);
}

FACT(dataset)
{
	char *mark = wire_mark(m);
	struct str s;

	wr_lit(&m->text, "egret.");
	wr_text(&m->text, record_kind_name(m->r->kind));
	if (wire_made(m, mark, &s))
		wire_text(m, s);
}

/* Times */

FACT(timestamp)
{
	put_time(m, m->r->time);
}

FACT(start_time)
{
	put_time(m, m->r->start);
}

FACT(end_time)
{
	put_time(m, m->r->end);
}

FACT(epoch)
{
	wire_seconds(m, m->r->start);
}

FACT(utc_time)
{
	char *mark = wire_mark(m);
	struct str s;

	win_utc_time(&m->text, m->dates, m->r->time);
	if (wire_made(m, mark, &s))
		wire_text(m, s);
}

FACT(duration)
{
	if (m->r->end >= m->r->start)
		wire_number(m, m->r->end - m->r->start);
}

FACT(duration_seconds)
{
	if (m->r->end >= m->r->start)
		wire_seconds(m, m->r->end - m->r->start);
}

/* What attribution and the lists say */

FACT(service)
{
	wire_some_text(m, str_of(m->service->service));
}

FACT(category)
{
	wire_some_text(m, str_of(m->service->category));
}

FACT(role)
{
	wire_some_text(m, str_of(m->service->role));
}

FACT(tier)
{
	if (m->service->tier)
		wire_text(m, (struct str){&m->service->tier, 1});
}

struct str wire_name(const struct wire_making *m)
{
	switch (m->r->kind) {
	case RECORD_DNS:
		return m->r->dns.question;
	case RECORD_TLS:
	case RECORD_QUIC:
		return m->r->tls.server_name;
	case RECORD_HTTP:
		return m->r->http.host;
	default:
		return m->r->flow.name;
	}
}

FACT(name)
{
	wire_some_text(m, wire_name(m));
}

/* As in the record: what was only asked for is no destination, and an address no domain. */
FACT(domain)
{
	struct str name = wire_name(m);

	if (m->r->kind != RECORD_DNS && (wire_is_flow(m) || !hostname_is_address(name)))
		wire_some_text(m, name);
}

FACT(hides)
{
	uint32_t bits = wire_is_flow(m) ? m->r->flow.hides : wire_is_tls(m) ? m->r->tls.hides : 0;

	wire_words(m, bits, hides_words, HIDES_BITS);
}

FACT(evasion)
{
	wire_words(m, wire_is_flow(m) ? m->r->flow.evades : 0, evades_words, EVADES_BITS);
}
