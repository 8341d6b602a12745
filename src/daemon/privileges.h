/* From whoever started the daemon to an unprivileged user with CAP_NET_RAW alone. */
#ifndef EGRET_DAEMON_PRIVILEGES_H
#define EGRET_DAEMON_PRIVILEGES_H

#include <stdbool.h>

#include "base/error.h"

struct privileges_options {
	const char *user;  /* to become when started as root; NULL or "": stay */
	bool keep_net_raw; /* interfaces will be opened again when they come back */
};

/* Before threads are made, after what only root can open is open. As root: takes the user's ids and
 * groups; keeps CAP_NET_RAW in the permitted and effective sets if asked, nothing in the others,
 * nothing in the bounding set. Otherwise: gives up every capability but that one (inheritable it
 * may stay where a filter refuses capset(2)). Sets no_new_privs and makes the process not dumpable.
 * -1 and an error: do not go on. */
int privileges_drop(const struct privileges_options *o, struct error *e);

#endif
