/* Facts of connections and of the bytes that they carry. */
#include "event/wire_facts.h"

#define FLOW_NUMBER(fact, value)                                                                   \
	FACT(fact)                                                                                 \
	{                                                                                          \
		if (wire_is_flow(m))                                                               \
			wire_number(m, value);                                                     \
	}

FLOW_NUMBER(up_bytes, m->r->flow.up.bytes)
FLOW_NUMBER(down_bytes, m->r->flow.down.bytes)
FLOW_NUMBER(all_bytes, m->r->flow.up.bytes + m->r->flow.down.bytes)
FLOW_NUMBER(up_packets, m->r->flow.up.packets)
FLOW_NUMBER(down_packets, m->r->flow.down.packets)
FLOW_NUMBER(all_packets, m->r->flow.up.packets + m->r->flow.down.packets)
FLOW_NUMBER(up_seen, m->r->flow.up.seen)
FLOW_NUMBER(down_seen, m->r->flow.down.seen)
FLOW_NUMBER(up_missed, m->r->flow.up.missed)
FLOW_NUMBER(down_missed, m->r->flow.down.missed)
FLOW_NUMBER(all_missed, m->r->flow.up.missed + m->r->flow.down.missed)
FLOW_NUMBER(up_unacked, m->r->flow.up.unacked)
FLOW_NUMBER(down_unacked, m->r->flow.down.unacked)
FLOW_NUMBER(delta_up, m->r->flow.delta_up)
FLOW_NUMBER(delta_down, m->r->flow.delta_down)
FLOW_NUMBER(sequence, m->r->flow.sequence)

FACT(up_method)
{
	if (wire_is_flow(m))
		wire_word(m, byte_method_name(m->r->flow.up.method));
}

FACT(down_method)
{
	if (wire_is_flow(m))
		wire_word(m, byte_method_name(m->r->flow.down.method));
}

FACT(end)
{
	if (wire_is_flow(m) && m->r->flow.end != END_NOT)
		wire_word(m, flow_end_name(m->r->flow.end));
}

FACT(opener)
{
	if (wire_is_flow(m))
		wire_word(m, opener_name(m->r->flow.opener));
}

FACT(name_source)
{
	if (wire_is_flow(m) && m->r->flow.name_source != NAME_NONE)
		wire_word(m, name_source_name(m->r->flow.name_source));
}

FACT(name_missing)
{
	if (wire_is_flow(m) && m->r->flow.name_missing != MISSING_NOT)
		wire_word(m, name_missing_name(m->r->flow.name_missing));
}

FACT(other_names)
{
	if (wire_is_flow(m))
		wire_list(m, &m->r->flow.other_names, false);
}

FACT(one_sided)
{
	if (wire_is_flow(m))
		wire_flag(m, m->r->flow.one_sided);
}

/* Sysmon writes a dash for what it could not resolve. */
FACT(destination_host)
{
	struct str name = wire_name(m);

	wire_text(m, name.n ? name : STR("-"));
}

FACT(source_port_name)
{
	if (m->ports)
		wire_text(m, port_names_find(m->ports, m->r->tuple.proto, m->r->tuple.sport));
}

FACT(destination_port_name)
{
	if (m->ports)
		wire_text(m, port_names_find(m->ports, m->r->tuple.proto, m->r->tuple.dport));
}

FACT(let_through)
{
	static const char *const words[] = {"allow",   "allowed", "accept",    "accepted",
					    "forward", "pass",	  "permit",    "permitted",
					    "trust"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		wire_word(m, words[i]);
}

/* Zeek's words. */

FACT(zeek_service)
{
	static const char *const words[] = {[APP_DNS] = "dns",   [APP_TLS] = "ssl",
					    [APP_QUIC] = "quic", [APP_HTTP] = "http",
					    [APP_SOCKS] = "socks", [APP_SSH] = "ssh"};
	enum app_protocol app = m->r->flow.app;

	if ((size_t)app < sizeof words / sizeof *words && words[app])
		wire_word(m, words[app]);
}

/* A connection that was reset has none: Zeek tells by whom, the record does not. */
FACT(zeek_state)
{
	const struct record_flow *f = &m->r->flow;

	if (m->r->tuple.proto != PROTO_TCP)
		wire_word(m, f->one_sided ? "S0" : "SF");
	else if (f->end == END_CLOSED)
		wire_word(m, "SF");
	else if (f->end != END_RESET)
		wire_word(m, f->opener == OPENER_SYN ? "S1" : "OTH");
}
