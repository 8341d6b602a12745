/* The inside of the findings, for their own files. */
#ifndef EGRET_DETECT_FINDINGS_PART_H
#define EGRET_DETECT_FINDINGS_PART_H

#include "base/hindex.h"
#include "base/intern.h"
#include "base/pool.h"
#include "detect/findings.h"

/* What is kept of a finding; its texts are interned. */
struct kept {
	struct finding f; /* its rule is NULL: it is no more */
	uint32_t name[FINDING_NAMES_MAX], host, user, image;
	uint32_t group[CORRELATION_GROUP_MAX];
	uint32_t hangs_on[FINDING_FIELDS_MAX], because[FINDING_FIELDS_MAX];
};

struct findings {
	struct pool kept;
	struct hindex index;
	struct intern texts;
	finding_each *each;
	void *context;
	uint64_t refused, told;
};

/* Empty tables. */
void findings_init(struct findings *t);
/* A text that the findings own from here on, terminated, "" when there is no room for it. */
const char *findings_own(struct findings *t, uint32_t *number, struct str text);
uint64_t findings_hash(const char id[FINDING_ID_MAX]);
/* Gives back its place and its texts; it is in the index. */
void findings_drop(struct findings *t, uint32_t number);

#endif
