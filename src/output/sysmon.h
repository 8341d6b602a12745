/* Records as the events of Windows that a host would have logged: Sysmon 3 (a connection opens),
 * Sysmon 22 and DNS-Client 3008 (a name was asked for), in the JSON of evtx_dump, one a line.
 *
 * Names, order, types and texts of the fields are those of Sysmon's schema 4.90 and of the
 * DNS-Client provider, version 0. What only the host knows (Image, User, …) is null;
 * Computer is the address of the client.
 *
 * Such an event is marked as ours: Event.System.Provider.#attributes has the name and the GUID of
 * the original and, as its EventSourceName, SYSMON_SOURCE. Windows itself never writes that
 * attribute for these providers. Whoever reads the lines back has to take null in them for unknown,
 * not for empty.
 */
#ifndef EGRET_OUTPUT_SYSMON_H
#define EGRET_OUTPUT_SYSMON_H

#include <stddef.h>

#include "core/record.h"

#define SYSMON_SOURCE	"egret"
#define SYSMON_JSON_MAX (160 * 1024)

struct sysmon_out;

/* `services`: the file of port names; NULL is that of the system. It is read here, once. */
struct sysmon_out *sysmon_new(const char *services);
void sysmon_free(struct sysmon_out *s);

/* Writes the lines of the record with their newlines into out (SYSMON_JSON_MAX bytes or more): one
 * of a conn record that opens, two of a dns record whose question was seen, else none. Returns
 * their length; 0: none. */
size_t sysmon_json(struct sysmon_out *s, const struct record *r, char *out, size_t room);

#endif
