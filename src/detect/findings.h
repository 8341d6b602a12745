/* The findings of rules, correlations and detectors: many hits of one rule on one client and
 * service are one finding that grows. */
#ifndef EGRET_DETECT_FINDINGS_H
#define EGRET_DETECT_FINDINGS_H

#include "base/bytes.h"
#include "base/cursor.h"
#include "base/error.h"
#include "detect/finding.h"
#include "detect/known.h"
#include "detect/telling.h"

struct findings;

/* One hit, before it is merged. What is not known is zero. Copied by whoever takes it. */
struct finding_hit {
	enum finding_kind kind;
	const struct rule_info *rule;
	enum sigma_level level;
	const struct addr *client;
	struct str host, user, image;
	const struct service *service;
	enum tier tier;
	struct str name;
	enum name_source source;
	const struct tuple *tuple;
	uint64_t time, first; /* ns; first: 0 is `time` */
	uint64_t matches, up;
	bool possible;
	const char *const *hangs_on, *const *because;
	unsigned hangs_on_count, because_count;
	const struct str *group; /* tells apart findings of one correlation */
	unsigned group_count;
	const struct evidence *evidence; /* names and units are static texts */
	unsigned evidence_count;
	double score;
	const uint64_t *lines;
	unsigned line_count;
};

struct findings_options {
	/* Hears every hit as a finding of its own, at once, and nothing is kept; NULL: hits are
	 * merged. */
	finding_each *each;
	void *context;
	/* ns by the clock of records: a finding without a hit for so long is over, and the next hit
	 * is a new one, with an id that tells when. Those over for as long again are given back; at
	 * the bound the one that was not hit for longest makes room, and is counted. 0: none is
	 * ever over, and the bound refuses. */
	uint64_t window;
};

struct findings *findings_new(const struct findings_options *o);
void findings_free(struct findings *f);
/* The most memory that they take. */
size_t findings_memory(void);

#define FINDINGS_NONE UINT32_MAX

/* The number of the finding that took the hit; FINDINGS_NONE when none is kept. */
uint32_t findings_add(struct findings *f, const struct finding_hit *h);
/* Fills in what the host told later; texts that are there already stay. */
void findings_complete(struct findings *f, uint32_t number, struct str host, struct str user,
		       struct str image);

/* Time has come this far: gives back what is over. */
void findings_tick(struct findings *f, uint64_t now);

/* Tells those that are new or have grown. */
void findings_tell(struct findings *f, const struct telling_to *to);

/* The merged ones: the highest level first, then by time. */
void findings_list(const struct findings *f, finding_each *each, void *context);

/* False once it was dropped. */
bool findings_has(const struct findings *f, uint32_t number);

/* All findings, as a section of the state folder (core/state.h). */
#define FINDINGS_STATE_VERSION 1
void findings_save(const struct findings *f, struct bytes *out);
/* Into ones that have none yet. Those of rules or services that are not known any more are left
 * out; the others go on growing. 0, or -1 and an error: findings_forget is called for then. */
int findings_load(struct findings *f, struct cursor *in, const struct known *now, struct error *e);
void findings_forget(struct findings *f);
/* The same without bytes between: `f` has none yet, `old` has none afterwards. Numbers stay. */
void findings_adopt(struct findings *f, struct findings *old, const struct known *now);

uint64_t findings_refused(const struct findings *f); /* hits beyond LIMIT_FINDINGS */
uint64_t findings_evicted(const struct findings *f); /* findings that had to make room */
uint64_t findings_texts_refused(const struct findings *f); /* texts cut or left out */
uint64_t findings_count(const struct findings *f);

#endif
