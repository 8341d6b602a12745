/* What a service manager is told: sd_notify(3). Without one all of this does nothing. A manager
 * that does not read is waited for up to a second with what it must not miss, and not at all with
 * status and watchdog. From any thread. */
#ifndef EGRET_DAEMON_NOTIFY_H
#define EGRET_DAEMON_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* READY=1, with the pid. */
void notify_ready(void);
/* RELOADING=1 with MONOTONIC_USEC; followed by notify_ready. */
void notify_reloading(void);
void notify_stopping(void);
/* Shown by `systemctl status`; control characters become blanks, what is long is cut. */
void notify_status(const char *text);
/* WATCHDOG=1. */
void notify_alive(void);

#endif
