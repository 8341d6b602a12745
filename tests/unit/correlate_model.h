/* Correlations by brute force: every match is kept, and every window is looked at anew. What
 * sigma/correlate.h promises, written down in the plainest way; and hand-made correlations and
 * streams of matches to hold both against each other. */
#ifndef EGRET_TESTS_CORRELATE_MODEL_H
#define EGRET_TESTS_CORRELATE_MODEL_H

#include "sigma/correlate.h"

/* Fields are numbered: "g0", "g1", "v". A value below 0: the event does not have the field. */
enum { PLAY_G0, PLAY_G1, PLAY_V, PLAY_FIELDS };
extern const char *const play_name[PLAY_FIELDS];

struct play {
	size_t rule;
	uint64_t time, line, token;
	int field[PLAY_FIELDS];
	bool possible;
	bool same; /* the same fact as the one before */
};

/* A hit as both tell it. */
struct play_hit {
	size_t correlation;
	bool possible;
	double value;
	uint64_t first, last, matches, token;
};

struct play_hits {
	struct play_hit *hit;
	size_t count, room;
};

void play_hits_add(struct play_hits *h, struct play_hit x);
/* Sorts both, and says whether they are the same. */
bool play_hits_equal(struct play_hits *a, struct play_hits *b);
void play_hits_clear(struct play_hits *h);
void play_hits_free(struct play_hits *h);

/* Hands it to the real one. `out` is the context of found: correlator_new(…, play_found, out). */
void play_take(struct correlator *c, struct fields *f, const struct play *p);
void play_found(void *context, const struct correlation_hit *h);

struct model;

struct model *model_new(const struct sigma_rules *rules);
void model_free(struct model *m);
void model_take(struct model *m, const struct play *p, struct play_hits *out);

/* Makes correlations at random, over `rules` rules and those made before; chains, aliases and odd
 * conditions among them. `monotone`: only such that more matches cannot undo. */
struct made {
	struct sigma_rules rules;
	struct sigma_rule rule[8], *rule_at[8];
	struct sigma_correlation *correlation[16];
	struct sigma_logic *logic; /* all of them */
	size_t logic_count;
};
typedef uint32_t made_below(void *context, uint32_t n);
void made_init(struct made *m, size_t rules, size_t correlations, bool monotone, made_below *below,
	       void *context);
void made_fini(struct made *m);

#endif
