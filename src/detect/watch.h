/* Feeds the volume detectors with what connections carry, and turns what they say into findings. */
#ifndef EGRET_DETECT_WATCH_H
#define EGRET_DETECT_WATCH_H

#include "base/budget.h"
#include "core/networks.h"
#include "detect/findings.h"
#include "volume/detectors.h"

struct watch;

struct watch_options {
	const struct detector_settings *settings; /* copied */
	struct findings *findings;		  /* outlives it */
	const struct networks *home;		  /* outlives it; NULL: the private addresses */
};

struct watch *watch_new(const struct watch_options *o);
void watch_free(struct watch *w);
/* Adds the most memory that it takes. */
void watch_memory(const struct watch *w, struct budget *b);

/* For allow-lists and for what outlives a restart. */
struct detectors *watch_detectors(const struct watch *w);

/* What it calls the findings of a detector. */
const struct rule_info *watch_rule(const struct watch *w, enum detector d);

/* Takes over what `old` has learned, under its own settings and lists. */
void watch_adopt(struct watch *w, struct watch *old);

/* Back to nothing learned; settings and allow-lists stay. */
void watch_forget(struct watch *w);

/* What a client said about the program that it is: heard before the bytes of the connection. */
void watch_tool(struct watch *w, const struct record *r);

struct watch_use {
	const struct record *r; /* RECORD_CONN or RECORD_FLOW */
	const struct service *service;
	enum tier tier;
	struct str name;
	enum name_source source;
	int64_t up, down; /* bytes since the last call for this connection; negative: taken back */
};

void watch_flow(struct watch *w, const struct watch_use *u);

/* A name of a service was looked up or spoken, whatever is sent. It counts only where a first use
 * needs no bytes (new-service.upload is 0): else a look-up days before would make the upload itself
 * no first use any more. */
void watch_name(struct watch *w, const struct record *r, const struct domain_entry *e,
		struct str name, enum name_source source);

/* Of the packets up to `time` that share was lost; `gap`: ns for which nothing at all was read. */
void watch_loss(struct watch *w, uint64_t time, double share, uint64_t gap);

/* Record time has come this far. */
void watch_tick(struct watch *w, uint64_t now);

#endif
