/* A pcap-filter(7) expression, compiled by libpcap for each link type that turns up.
 *
 * Some expressions make sense for some link types only ("wlan type data", "vlan 7"). Frames of a
 * link type for which the expression does not compile do not pass; that is reported once a type. */
#ifndef EGRET_CAPTURE_FILTER_H
#define EGRET_CAPTURE_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "capture/frame.h"

struct filter;

/* Whether the expression makes sense for a link type that is usual on interfaces; -1 and an error
 * about Ethernet when it does not. */
int filter_known(const char *expression, struct error *e);

/* The expression is copied. `problem` is told of link types the expression is not for. */
struct filter *filter_new(const char *expression,
			  void (*problem)(void *context, const char *text), void *context);
void filter_free(struct filter *f);

/* Compiles for frames like this one if that has not been done. */
void filter_prepare(struct filter *f, const struct frame *frame);
/* -1 and an error when the expression compiles for no frame prepared so far, or, before any was,
 * not for Ethernet. */
int filter_check(struct filter *f, struct error *e);

bool filter_pass(struct filter *f, const struct frame *frame);

#endif
