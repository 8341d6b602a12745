/* Which tenants, accounts and buckets have been used, by whom, since when. */
#ifndef EGRET_VOLUME_TENANTS_H
#define EGRET_VOLUME_TENANTS_H

#include "base/bytes.h"
#include "base/cursor.h"
#include "base/hash.h"
#include "base/hindex.h"
#include "base/intern.h"
#include "base/pool.h"
#include "volume/clock.h"
#include "volume/lru.h"
#include "volume/tenant.h"

#define TENANT_PARTS 6 /* of four hours each */

/* One client's use of a tenant, or (client 0) everybody's. */
struct tenant_use {
	uint32_t text;	 /* interned "sharepoint:contoso" */
	uint32_t client; /* history_print */
	struct lru_link lru;
	uint32_t moved;	     /* five minutes in which it was last brought to the front */
	uint32_t generation; /* of the lists that the next two are of */
	bool allowed, own;
	uint16_t first_day;
	uint32_t part;		/* the current four hours, since 1970 */
	float up[TENANT_PARTS]; /* by part modulo TENANT_PARTS */
};

/* A sorted list of "kind:label" or "label". */
struct tenant_list {
	char **text;
	size_t count;
};

struct tenants {
	struct pool uses;
	struct lru lru;
	struct hindex index;
	struct intern texts;
	struct hash_key key;
	struct tenant_list allowed, own;
	uint32_t generation;
	uint64_t evicted;
};

void tenants_init(struct tenants *t, uint32_t limit);
void tenants_fini(struct tenants *t);
/* The most memory that they take, lists aside. */
size_t tenants_memory(uint32_t limit);
/* Forgets all uses; the lists stay. */
void tenants_forget(struct tenants *t);

/* Whether it is KIND:LABEL of a known kind, or a bare label. */
bool tenants_is_text(struct str text);
/* False when it is neither. */
bool tenants_allow(struct tenants *t, struct str text, bool own);
void tenants_allow_none(struct tenants *t);
/* Whether the organisation's own tenants of this kind are known. */
bool tenants_know_own(const struct tenants *t, enum tenant_kind kind);

/* The entry of a client's use; POOL_NONE when it is not there and not to be made, or the text did
 * not fit. Everybody's is made and kept with it. */
uint32_t tenants_find(struct tenants *t, const struct tenant *x, uint32_t client,
		      const struct detect_clock *now, bool make);

/* Takes over the uses of `old`; the lists stay. */
void tenants_adopt(struct tenants *t, struct tenants *old);

void tenants_save(const struct tenants *t, struct bytes *out);
/* Into empty ones. False when malformed; what was read stays. */
bool tenants_load(struct tenants *t, struct cursor *in);

static inline struct tenant_use *tenants_at(const struct tenants *t, uint32_t n)
{
	return pool_at(&t->uses, n);
}

/* Adds upload (or takes it off), and returns the sum of about the last 24 hours. */
double tenants_add(struct tenants *t, uint32_t n, const struct detect_clock *now, int64_t up);

#endif
