/* What hosts tell about their connections and look-ups (Sysmon events 3 and 22 and their like),
 * joined with what the wire saw of the same: so that a finding of the wire has the process and the
 * user that only the host knows.
 *
 * The same connection: the same 5-tuple in either direction, or the same Community ID (version 1,
 * seed 0), its start at most LIMIT_JOIN_TIME before or after the event. The same look-up: the same
 * name within that time, by an address that is known to be the host's. Addresses of hosts are
 * learned from their connections; before the first one, a look-up is joined with nothing rather
 * than with somebody else's.
 *
 * Either may come first. Of several that fit, the nearest in time is taken. Bounded: of hosts and
 * of the wire the latest LIMIT_JOIN_FACTS each, whatever their times.
 */
#ifndef EGRET_DETECT_JOIN_H
#define EGRET_DETECT_JOIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "core/tuple.h"

struct join;

/* What an event or a record is about; zeroed: not told. */
struct join_key {
	uint64_t time; /* when the connection or look-up began, ns; 0 joins with nothing */
	const struct tuple *tuple;
	struct str community_id;   /* used where there is no tuple */
	struct str name;	   /* looked up: used where there is neither */
	const struct addr *client; /* of the wire: who looked the name up */
};

struct join_host {
	struct str image, user, host;
	uint64_t line; /* of the input; 0: none */
};

/* The host's side of a record that was taken before. Texts are valid during the call. */
typedef void join_completed(void *context, uint64_t token, const struct join_host *h);

struct join *join_new(join_completed *completed, void *context);
void join_free(struct join *j);
/* The most memory that it takes. */
size_t join_memory(void);

/* An event of the host that opened the connection (Initiated, tuple->src is its address) or looked
 * the name up; the one that accepted knows nothing of who opened, and must not be handed in. Calls
 * completed() for the records that wait for it, each once. Texts are copied (1024 bytes each). */
void join_event(struct join *j, const struct join_key *k, const struct join_host *h);

/* A record of the wire. True: `h` has what the host told, its texts valid until the next event.
 * False: nothing yet; the record waits under the caller's token. */
bool join_record(struct join *j, const struct join_key *k, uint64_t token, struct join_host *h);

/* Takes over all that `old` holds; `j` is new. */
void join_adopt(struct join *j, struct join *old);

struct join_stats {
	uint64_t events, records, addresses; /* held */
	uint64_t joined;		     /* records, at once or later */
};
struct join_stats join_stats(const struct join *j);

#endif
