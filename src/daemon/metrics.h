/* /metrics in Prometheus' text format (0.0.4) and /healthz, through libevent's evhttp.
 *
 * Names: a counter NAME of group GROUP, of stats.def or figures.def, is egret_GROUP_NAME_total; a
 * first word "packets" or "bytes" of NAME goes to its end, so that the unit stands there:
 * packets_cut of capture is egret_capture_cut_packets_total.
 *
 * The process ignores SIGPIPE: libevent writes to connections that may be gone. */
#ifndef EGRET_DAEMON_METRICS_H
#define EGRET_DAEMON_METRICS_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"
#include "daemon/overview.h"

#define METRICS_CLIENTS_MAX 16		  /* connections at one time */
#define METRICS_HEAD_MAX    8192	  /* bytes of a request's head */
#define METRICS_TEXT_MAX    (1024 * 1024) /* bytes */
#define METRICS_DEADLINE    10		  /* seconds without a byte either way */
#define METRICS_CONNECTION  300		  /* seconds that a connection lasts */

struct metrics;
struct event_base;

struct metrics_options {
	const char *listen; /* "127.0.0.1:9823", "[::1]:9823"; port 0: any free one */
	/* In the control thread. */
	void (*overview)(void *context, struct overview *out);
	/* NULL: healthy; else what is wrong (static text). */
	const char *(*health)(void *context);
	void *context;
	unsigned deadline; /* seconds; 0: METRICS_DEADLINE */
	unsigned lasts;	   /* seconds; 0: METRICS_CONNECTION */
};

/* NULL and an error when the address is none or taken. Takes GET and HEAD alone, bounds heads,
 * clients and their time. */
struct metrics *metrics_open(struct event_base *base, const struct metrics_options *o,
			     struct error *e);
/* 0, or -1 and an error: it is nothing to listen at. */
int metrics_address(const char *text, struct error *e);
unsigned metrics_port(const struct metrics *m);
void metrics_close(struct metrics *m);

/* Adds the text of /metrics: every counter of stats.def and figures.def, with its help; per
 * interface, worker, sink; the process. */
void metrics_text(const struct overview *o, struct bytes *out);

/* The name of a counter's metric without "egret_GROUP_" and "_total". */
#define METRIC_NAME_MAX 96
void metrics_name(const char *name, char out[METRIC_NAME_MAX]);

#endif
