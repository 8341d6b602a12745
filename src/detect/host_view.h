/* Fills what a host told about a connection (detect/join.h) into what the wire knows of it: Image
 * and User of an event of the wire are then known, and rules that hang on them are decided. */
#ifndef EGRET_DETECT_HOST_VIEW_H
#define EGRET_DETECT_HOST_VIEW_H

#include "detect/findings.h"
#include "detect/join.h"
#include "event/event.h"

#define HOST_VIEW_WAITING  4096 /* records whose findings wait for their host */
#define HOST_VIEW_FINDINGS 4	/* of one record */

struct host_view {
	struct join *join;
	struct findings *findings;
	uint32_t image, user, initiated; /* fields; FIELD_NONE: no rule uses them */
	size_t words;			 /* of a set of fields */
	uint64_t *unknown;		 /* of the event that is filled in */
	struct event_value *values;
	bool joined; /* `host` is of the record at hand */
	struct join_host host;
	struct {
		uint64_t token;
		uint32_t finding[HOST_VIEW_FINDINGS];
		unsigned count;
	} * waiting;
};

struct host_view *host_view_new(const struct fields *fields, struct findings *findings);
void host_view_free(struct host_view *v);

/* The host that accepted a connection says nothing of who opened it: its event is passed over. */
void host_view_event(struct host_view *v, const struct event *e, const struct join_key *k,
		     const struct join_host *h);
/* Looks whether the host told of the record; `token` names the record from now on. */
void host_view_record(struct host_view *v, const struct join_key *k, uint64_t token);
/* A finding that rests on that record: it is completed when the host tells later. */
void host_view_note(struct host_view *v, uint64_t token, uint32_t finding);

/* Takes over what `old` heard of hosts and what waits for them; findings were taken over before, and
 * those that are no more wait no more. Tokens go on. */
void host_view_adopt(struct host_view *v, struct host_view *old);

/* The event with the host's words, if it told any. Valid until the next call. */
struct event host_view_fill(struct host_view *v, const struct event *e);

#endif
