/* Bytes per (client, service): the base of every finding about volume. */
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

#define LEDGER_NONE POOL_NONE
#define LEDGER_MAX  (256u * 1024)

struct ledger {
	struct pool accounts; /* struct account */
	struct hindex index;
	struct hash_key key;
	struct intern *texts; /* the owner's */
	uint64_t refused;     /* accounts that the bound left out */
};

/* What a record says about a client's use of a service. */
struct ledger_use {
	const struct domain_entry *entry;
	struct str name;
	enum name_source source;
	uint64_t time;
};

void ledger_init(struct ledger *l, struct intern *texts);
void ledger_fini(struct ledger *l);

/* The number of the account, made when new; LEDGER_NONE at the bound. Notes name and time. */
uint32_t ledger_touch(struct ledger *l, const struct addr *client, const struct ledger_use *use);
void ledger_query(struct ledger *l, uint32_t account);
void ledger_connection(struct ledger *l, uint32_t account, const struct tuple *t);
/* Adds bytes, or takes them away again when a flow turns out to belong elsewhere. Names of tier D
 * serve downloads: their upload is not counted. */
void ledger_add(struct ledger *l, uint32_t account, enum tier tier, int64_t up, int64_t down,
		int64_t missed);
void ledger_note_server(struct ledger *l, uint32_t account, const struct tuple *t,
			uint64_t flow_up);

/* All accounts, as a section of the state folder (core/state.h). */
#define LEDGER_STATE_VERSION 1
void ledger_save(const struct ledger *l, struct bytes *out);
/* Into an empty ledger. `service` finds one by its name; accounts of services that are no more are
 * left out. 0, or -1 and an error. */
int ledger_load(struct ledger *l, struct cursor *in,
		const struct service *(*service)(void *context, struct str name), void *context,
		struct error *e);

/* Takes over the accounts of `old`; `l` has none. service[n]: what the old one's service of number n
 * is now, NULL: no more, and its accounts go. Returns the new numbers by the old ones (LEDGER_NONE:
 * gone), to be freed; NULL when all stay as they were. */
uint32_t *ledger_adopt(struct ledger *l, struct ledger *old, const struct service *const service[]);

/* Calls `each` with every finding there is now, by bytes uploaded, the most first. Thresholds are
 * bytes by tier; UINT64_MAX means never. */
void ledger_findings(const struct ledger *l, const uint64_t threshold[4], finding_each *each,
		     void *context);
/* Fills in what the client's use of the service sums up to; false when there was none. */
bool ledger_totals(const struct ledger *l, const struct addr *client, const struct service *service,
		   struct finding *f);

#endif
