/* Bytes per (client, service): the base of every finding about volume.
 *
 * An account is one client's use of one service: of the whole run, or of a window of record time.
 * With a window, what an account holds slides: it is kept in slices of 1/24 of the window, and the
 * oldest is dropped when the slice 24 after it is over. Once the account is worth a finding its
 * window stands still: the finding grows until its window is over, which ends the account; what the
 * client does then is on a new one. So no byte counts for two findings; and what is sent within any
 * one window, midnight or not, is seen together, unless a part of it was told already.
 *
 * Bounded: the account that was not used for longest makes room, and is counted. With a window,
 * ended ones go first. Without, uploads that reach their threshold stay to the end: new accounts
 * are refused when there is nothing else. */
#ifndef EGRET_DETECT_LEDGER_H
#define EGRET_DETECT_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/hindex.h"
#include "base/intern.h"
#include "base/pool.h"
#include "detect/finding.h"
#include "detect/telling.h"

#define LEDGER_NONE	  POOL_NONE
#define LEDGER_MAX	  (256u * 1024)
#define LEDGER_SLICES_MAX (4 * LEDGER_MAX)
/* What may go to names that name no tenant (sign-on, shared fronts) while all is still called one
 * tenant's. */
#define LEDGER_TENANT_SLACK (256 * 1024)

struct ledger_options {
	uint64_t threshold[4]; /* bytes by tier; UINT64_MAX: never */
	uint64_t window;       /* ns; 0: the whole run */
};

struct ledger {
	struct pool accounts; /* struct account */
	struct pool slices;   /* struct slice */
	struct hindex index;  /* of accounts that have not ended */
	struct hash_key key;
	struct intern *texts; /* the owner's */
	uint64_t threshold[4];
	uint64_t width; /* of a slice, ns; 0: no window */
	uint64_t now;	/* the latest time heard of, ns */
	uint32_t serial;
	struct lru live, ended; /* without a window, `ended` has those that stay */
	struct telling telling;
	uint64_t refused;	   /* accounts that the bound left out */
	uint64_t evicted;	   /* accounts in use that had to make room */
	uint64_t evicted_findings; /* of these, worth a finding */
};

/* What a record says about a client's use of a service. */
struct ledger_use {
	const struct domain_entry *entry;
	struct str name;
	enum name_source source;
	uint64_t time;
};

/* The ledger does not move until ledger_fini. */
void ledger_init(struct ledger *l, struct intern *texts, const struct ledger_options *o);
void ledger_fini(struct ledger *l);
/* The most memory that it takes; its texts are the owner's. */
size_t ledger_memory(bool window);

/* The number of the account, made when new; LEDGER_NONE at the bound. Notes name and time. */
uint32_t ledger_touch(struct ledger *l, const struct addr *client, const struct ledger_use *use);
/* Tells an account from a later one of the same number. */
uint32_t ledger_serial(const struct ledger *l, uint32_t account);
/* Whether it is no more: it had to make room, or was over long ago. */
bool ledger_gone(const struct ledger *l, uint32_t account, uint32_t serial);
/* Whether it is that account still, and its window not over. */
bool ledger_current(struct ledger *l, uint32_t account, uint32_t serial, uint64_t time);

void ledger_query(struct ledger *l, uint32_t account);
void ledger_connection(struct ledger *l, uint32_t account, const struct tuple *t);

struct ledger_bytes {
	enum tier tier; /* names of tier D serve downloads: their upload is not counted */
	int64_t up, down, missed;
	uint64_t time;
	struct str name; /* that they went to */
};
/* Adds bytes, or takes them away again when a flow turns out to belong elsewhere. The account is
 * current. */
void ledger_add(struct ledger *l, uint32_t account, const struct ledger_bytes *b);
void ledger_note_server(struct ledger *l, uint32_t account, const struct tuple *t,
			uint64_t flow_up);

/* Time has come this far: gives back what is over. */
void ledger_tick(struct ledger *l, uint64_t now);

/* All accounts, as a section of the state folder (core/state.h). */
#define LEDGER_STATE_VERSION 2
void ledger_save(const struct ledger *l, struct bytes *out);
/* Into an empty ledger. `service` finds one by its name; accounts of services that are no more are
 * left out. 0, or -1 and an error. */
typedef const struct service *ledger_service(void *context, struct str name);
int ledger_load(struct ledger *l, struct cursor *in, unsigned version, ledger_service *service,
		void *context, struct error *e);
/* Takes over the accounts of `old`, which has none afterwards; `l` has none, but the same `texts`.
 * service[n]: what the old one's service of number n is now, NULL: no more, and its accounts go.
 * Numbers and serials stay, or are not current any more. */
void ledger_adopt(struct ledger *l, struct ledger *old, const struct service *const service[]);

/* Calls `each` with every finding there is now, by bytes uploaded, the most first. */
void ledger_findings(const struct ledger *l, finding_each *each, void *context);
/* Fills in what the client's use of the service sums up to, where that is more; false when there
 * was none. */
bool ledger_totals(const struct ledger *l, const struct addr *client, const struct service *service,
		   struct finding *f);
/* Tells findings that are new or have grown. */
void ledger_tell(struct ledger *l, const struct telling_to *to);

#endif
