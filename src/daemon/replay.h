/* Replays capture files: source → sensor → analyst → output, in one thread. */
#ifndef EGRET_DAEMON_REPLAY_H
#define EGRET_DAEMON_REPLAY_H

#include "daemon/options.h"

/* The exit status. */
int replay_run(const struct options *o);

#endif
