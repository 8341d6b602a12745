/* The inside of the findings, for their own files. */
#ifndef EGRET_DETECT_FINDINGS_KEPT_H
#define EGRET_DETECT_FINDINGS_KEPT_H

#include "base/hindex.h"
#include "base/intern.h"
#include "base/pool.h"
#include "detect/findings.h"
#include "detect/telling.h"

/* What is kept of a finding; its texts are interned. */
struct kept {
	struct finding f;
	uint64_t key; /* of rule, service and client: findings of other windows share it */
	uint32_t name[FINDING_NAMES_MAX], host, user, image, tenant;
	uint32_t group[CORRELATION_GROUP_MAX];
	uint32_t evidence[FINDING_EVIDENCE_MAX]; /* their texts */
	bool tenants; /* several, or of some uses none: `tenant` says nothing */
	bool used;    /* is one */
	bool ended;   /* a later hit was another finding */
	struct told told;
	struct lru_link order;
};

struct findings {
	struct pool kept;
	struct hindex index; /* of those that have not ended */
	struct intern texts;
	finding_each *each;
	void *context;
	uint64_t window; /* ns; 0: the whole run */
	struct lru order;
	struct telling telling;
	uint64_t refused, told, evicted;
};

static inline struct kept *findings_at(const struct findings *t, uint32_t number)
{
	return pool_at(&t->kept, number);
}

/* As it is told. */
struct finding findings_whole(const struct findings *t, const struct kept *k);
/* Gives it back, wherever it is. */
void findings_put(struct findings *t, uint32_t number);
/* A new one, at no place of the index yet, used and at the end of the lists; FINDINGS_NONE at the
 * bound. */
uint32_t findings_make(struct findings *t);

#endif
