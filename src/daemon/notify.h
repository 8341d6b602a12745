/* What a service manager is told: sd_notify(3). Without one, all of this does nothing. */
#ifndef EGRET_DAEMON_NOTIFY_H
#define EGRET_DAEMON_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* READY=1, with the pid. */
void notify_ready(void);
/* RELOADING=1 with MONOTONIC_USEC; followed by notify_ready. */
void notify_reloading(void);
void notify_stopping(void);
void notify_status(const char *text);
/* WATCHDOG=1. */
void notify_alive(void);
/* ns between two of these that the manager wants at most; 0: it does not watch. */
uint64_t notify_interval(void);

#endif
