/* What Windows says of a DNS exchange, and other texts that Sysmon and the DNS client write: as
 * their events have them, of which the wire views and output/sysmon.c make theirs.
 *
 * Status codes: winerror.h. Texts: as in events of Sysmon 22 (schema 4.90) and of the provider
 * Microsoft-Windows-DNS-Client. */
#ifndef EGRET_EVENT_WIN_TEXT_H
#define EGRET_EVENT_WIN_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/writer.h"
#include "core/date.h"
#include "core/record.h"

#define WIN_SYSMON "Microsoft-Windows-Sysmon"
#define WIN_DNS_CLIENT "Microsoft-Windows-DNS-Client"
#define WIN_CHANNEL "/Operational" /* after the name of the provider */

enum {
	WIN_ERROR_TIMEOUT = 1460,
	WIN_DNS_RCODE = 9000, /* and the response code */
	WIN_DNS_NO_RECORDS = 9501,
	WIN_DNS_BAD_PACKET = 9502,
};

/* Longest text of results: an event of Windows holds at most 64 KiB in all. */
#define WIN_RESULTS_MAX (48 * 1024)

/* A question that the wire saw being asked and that a resolver of Windows would have told of: no
 * answers that nobody asked for, no updates and notifications. */
static inline bool win_dns_told(const struct record_dns *d)
{
	return d->asked && d->opcode == 0;
}

/* The record that opens a connection, of the protocols that Sysmon tells. One that was cut out of a
 * longer history may open and end at once. */
static inline bool win_connection_told(const struct record *r)
{
	return r->kind == RECORD_CONN && (r->flow.end == END_NOT || r->flow.sequence == 0) &&
	       (r->tuple.proto == PROTO_TCP || r->tuple.proto == PROTO_UDP);
}

/* QueryStatus: 0, or a Win32 error. */
uint32_t win_dns_status(const struct record_dns *d);

/* QueryResults: "type:  5 edge.example;192.0.2.1;", CNAMEs and other records before the addresses,
 * those of the additional section last. Empty when the status is not 0 (Sysmon then says "-").
 * IPv4 addresses stand as ::ffff:192.0.2.1 in the answer to a question for AAAA. Of what is longer
 * than WIN_RESULTS_MAX or the writer has room for, whole records are left out at the end. */
void win_dns_results(struct writer *w, const struct record_dns *d);

/* UtcTime: "2026-11-24 08:39:37.123". ns since 1970. */
#define WIN_TIME_LENGTH 23
void win_utc_time(struct writer *w, struct date_cache *dates, uint64_t ns);

#endif
