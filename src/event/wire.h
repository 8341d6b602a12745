/* A record of the wire as the events that it stands for: one for each log source whose rules a
 * sensor on the host would have fed. fields.def lists what each view calls which fact, and what it
 * cannot know.
 *
 *	view             log source                       record
 *	WIRE_DNS_QUERY   dns_query, sysmon (event 22)     dns, asked
 *	WIRE_DNS_CLIENT  service dns-client (event 3008)  dns, asked
 *	WIRE_DNS         category dns                     dns
 *	WIRE_NET_DNS     category network, service dns    dns
 *	WIRE_ZEEK_DNS    zeek, service dns                dns, queries of opcode 0
 *	WIRE_CONNECTION  network_connection, sysmon (3)   conn that opens, TCP or UDP
 *	WIRE_FIREWALL    category firewall                conn that opens
 *	WIRE_NET_CONN    network, service connection      conn that ends
 *	WIRE_NET_FLOW    network, service flow            flow; conn: new bytes, the end
 *	WIRE_ZEEK_CONN   zeek, service conn               conn that ends
 *	WIRE_PROXY       category proxy                   http; tls, quic: encrypted
 *	WIRE_WEBSERVER   category webserver               http but CONNECT
 *	WIRE_ZEEK_HTTP   zeek, service http               http
 *	WIRE_ZEEK_SSL    zeek, service ssl                tls, quic; 1.3 on: encrypted
 *	WIRE_ZEEK_X509   zeek, service x509               tls with a visible certificate
 *
 * WIRE_NET_FLOW is ours, for sums of volumes: egret.delta.upload and egret.delta.download over its
 * events are the bytes of a connection, each once; source.bytes is the total so far.
 */
#ifndef EGRET_EVENT_WIRE_H
#define EGRET_EVENT_WIRE_H

#include "core/record.h"
#include "event/event.h"

enum wire_view {
	WIRE_DNS_QUERY,
	WIRE_DNS_CLIENT,
	WIRE_DNS,
	WIRE_NET_DNS,
	WIRE_ZEEK_DNS,
	WIRE_CONNECTION,
	WIRE_FIREWALL,
	WIRE_NET_CONN,
	WIRE_NET_FLOW,
	WIRE_ZEEK_CONN,
	WIRE_PROXY,
	WIRE_WEBSERVER,
	WIRE_ZEEK_HTTP,
	WIRE_ZEEK_SSL,
	WIRE_ZEEK_X509,
	WIRE_VIEWS
};

/* The log sources of a view. None of them states a product but Zeek's and, for category network,
 * ours: so rules for Windows, for Linux and for no product at all are held against the same view
 * once, and a rule for anything of one product is not. */
const struct logsource *wire_logsources(enum wire_view v, size_t *count);

struct wire;

/* `fields` is complete and outlives it. Reads /etc/services if a rule asks for names of ports. */
struct wire *wire_new(const struct fields *fields);
void wire_free(struct wire *w);

/* Some rule asks for what DNS answers hold: the sensor then has to read rare types, too
 * (sensor_settings.rare_dns). */
bool wire_wants_dns_text(const struct wire *w);

/* The fields of the view that the wire cannot know, one bit each; `encrypted` as it is handed to
 * wire_take. A field that has no row in fields.def is not among them: it is absent. */
const uint64_t *wire_unknown(const struct wire *w, enum wire_view v, bool encrypted);

/* What attribution and the lists say of a record beyond its own fields; zeroed: nothing. */
struct wire_service {
	const char *service, *category, *role; /* NULL: none of the lists */
	char tier;			       /* 'A' to 'D'; 0: none */
	struct str name; /* the record's, of which `quiet` tells (event_value.quiet) */
	uint32_t *quiet;
};

/* Most records lead to no rule, and most facts need not be made then: those of the fields that were
 * named by wire_lead are made first, and `ask` is called with an event of these alone; the rest only
 * follows, and take() is only called, if it says so. (Not with `all`: keywords look into every field.)
 */
typedef bool wire_ask(void *context, enum wire_view v, bool encrypted, struct event *e);
void wire_lead(struct wire *w, enum wire_view v, bool encrypted, uint32_t field);
void wire_set_ask(struct wire *w, wire_ask *ask);

/* Calls take() with each event that the record stands for, of the views whose bit (1 << view) is in
 * `wanted`. event.view is 0 and is left to the caller. Values live in w until the next call. Fields
 * that no rule names are left out unless `all` (keywords). */
typedef void wire_take(void *context, enum wire_view v, bool encrypted, struct event *e);
void wire_events(struct wire *w, const struct record *r, const struct wire_service *s,
		 uint32_t wanted, bool all, wire_take *take, void *context);

#endif
