/* Several packet sockets of one interface as a group that shares its packets: PACKET_FANOUT, see
 * packet(7). */
#ifndef EGRET_CAPTURE_FANOUT_H
#define EGRET_CAPTURE_FANOUT_H

#include <stdbool.h>

#include "base/error.h"

struct fanout {
	bool inner; /* spread by capture/spread.h, else by the kernel's hash; set by the caller */
	int group;  /* with its kind and flags, once there is a member */
	bool begun;
};

/* Makes the socket, which must be bound to its interface, a member. The first one makes a group
 * that nobody else has. -1 and an error. */
int fanout_join(struct fanout *f, int socket, struct error *e);

#endif
