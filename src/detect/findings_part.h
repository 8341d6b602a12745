/* The inside of the findings, for their own files. */
#ifndef EGRET_DETECT_FINDINGS_PART_H
#define EGRET_DETECT_FINDINGS_PART_H

#include "base/hindex.h"
#include "base/intern.h"
#include "base/pool.h"
#include "detect/findings.h"
#include "detect/telling.h"

/* What is kept of a finding; its texts are interned. */
struct kept {
	struct finding f; /* its rule is NULL: it is no more */
	uint64_t key;	  /* of rule, service and client: findings of other windows share it */
	uint32_t name[FINDING_NAMES_MAX], host, user, image, tenant;
	uint32_t group[CORRELATION_GROUP_MAX];
	uint32_t hangs_on[FINDING_FIELDS_MAX], because[FINDING_FIELDS_MAX];
	uint32_t evidence[FINDING_EVIDENCE_MAX]; /* their texts */
	bool tenants; /* several, or of some uses none: `tenant` says nothing */
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

/* Empty tables. */
void findings_init(struct findings *t);
void findings_fini(struct findings *t);
/* A text that the findings own from here on, terminated, "" when there is no room for it. */
const char *findings_own(struct findings *t, uint32_t *number, struct str text);
/* A new one at the end of the lists, at no place of the index yet; FINDINGS_NONE at the bound. */
uint32_t findings_make(struct findings *t);
/* Gives back its place and its texts. */
void findings_drop(struct findings *t, uint32_t number);

#endif
