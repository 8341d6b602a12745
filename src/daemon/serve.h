/* The daemon: captures on interfaces until it is told to stop.
 *
 * The calling thread becomes the control thread (signals, interfaces, reload, what others ask);
 * workers, the analyst, and the background (reloads, saving of state) have threads of their own. */
#ifndef EGRET_DAEMON_SERVE_H
#define EGRET_DAEMON_SERVE_H

#include "daemon/options.h"

/* The exit status. */
int serve_run(const struct options *o);

/* Whether the options ask for it: an interface, or a configuration and nothing to read. */
bool serve_wanted(const struct options *o);

#endif
