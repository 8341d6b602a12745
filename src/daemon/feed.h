/* Runs the analyst on lines of JSON: records of ours, events of hosts and clouds. */
#ifndef EGRET_DAEMON_FEED_H
#define EGRET_DAEMON_FEED_H

#include "daemon/options.h"

/* The exit status. A line that cannot be read is told with its number, and the rest still runs. */
int feed_run(const struct options *o);

#endif
