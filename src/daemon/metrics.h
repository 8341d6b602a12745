/* /metrics in Prometheus' text format and /healthz, through libevent's evhttp. */
#ifndef EGRET_DAEMON_METRICS_H
#define EGRET_DAEMON_METRICS_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"
#include "daemon/overview.h"

struct metrics;
struct event_base;

struct metrics_options {
	const char *listen; /* "127.0.0.1:9823", "[::1]:9823" */
	/* In the control thread. */
	void (*overview)(void *context, struct overview *out);
	/* NULL: healthy; else what is wrong (static text). */
	const char *(*health)(void *context);
	void *context;
};

/* NULL and an error when the address is none or taken. Takes GET alone, bounds heads and clients. */
struct metrics *metrics_open(struct event_base *base, const struct metrics_options *o,
			     struct error *e);
void metrics_close(struct metrics *m);

/* Adds the text of /metrics: every counter of stats.def, with its help; per interface, worker, sink. */
void metrics_text(const struct overview *o, struct bytes *out);

#endif
