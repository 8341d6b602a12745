#include "core/record.h"

#define WORD(table, i) ((size_t)(i) < sizeof(table) / sizeof *(table) ? (table)[i] : "unknown")

const char *record_kind_name(enum record_kind k)
{
	static const char *const words[] = {"dns", "tls", "quic", "http", "conn", "flow"};
	return WORD(words, k);
}

const char *opener_name(enum opener o)
{
	static const char *const words[] = {"syn", "hello", "request", "networks", "port", "first"};
	return WORD(words, o);
}

const char *name_source_name(enum name_source s)
{
	static const char *const words[] = {"none",	  "sni",     "http", "proxy",
					    "dns_client", "dns_any", "cert"};
	return WORD(words, s);
}

const char *name_missing_name(enum name_missing m)
{
	static const char *const words[] = {"not",    "gap",	 "budget",   "midstream", "ech",
					    "no_sni", "timeout", "protocol", "cut"};
	return WORD(words, m);
}

const char *byte_method_name(enum byte_method m)
{
	static const char *const words[] = {"none", "ack", "seq", "payload"};
	return WORD(words, m);
}

const char *app_protocol_name(enum app_protocol a)
{
	static const char *const words[] = {"unknown", "dns",	"tls", "quic",
					    "http",    "socks", "ssh"};
	return WORD(words, a);
}

const char *flow_end_name(enum flow_end e)
{
	static const char *const words[] = {"open", "closed", "reset", "idle", "evicted", "capture_end"};
	return WORD(words, e);
}

const char *dns_flavour_name(enum dns_flavour f)
{
	static const char *const words[] = {"dns", "mdns", "llmnr"};
	return WORD(words, f);
}

const char *const evades_words[EVADES_BITS] = {"overlap", "checksum", "reset", "names"};
const char *const hides_words[HIDES_BITS] = {"ech", "doh", "dot", "doq", "no_sni", "esni"};

const char *const encap_words[ENCAP_BITS] = {"vlan",  "mpls",	"pppoe", "gre",	 "erspan",
					     "vxlan", "geneve", "gtp",	 "ipip", "teredo"};
