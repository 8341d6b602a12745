/* Names of ports, as in services(5): what Sysmon calls port names. */
#ifndef EGRET_EVENT_PORT_NAMES_H
#define EGRET_EVENT_PORT_NAMES_H

#include <stdint.h>

#include "base/str.h"

#define PORT_NAMES_FILE "/etc/services"

struct port_names;

/* Reads the file. One that is not there, too large or malformed gives what could be read: no names
 * at worst. */
struct port_names *port_names_new(const char *path);
void port_names_free(struct port_names *p);

/* The name of a TCP or UDP port (IANA protocol number), valid as long as the table; "-" if it has
 * none. */
struct str port_names_find(const struct port_names *p, uint8_t proto, uint16_t port);

#endif
