/* The groups of one correlation, each with its timelines, within bounds.
 *
 * A cell is one group. As long as all its matches are certain it has one trail; with the first that
 * is only possible it gets a second: trail 0 then has the certain ones, trail 1 has all.
 *
 * When there is no room, marks go first that no window can want any more (their time plus the span
 * is before all recent arrivals): wherever they are, and not counted. Then the cell goes that was
 * not used for longest, or, if that is the one in use, its first marks; their items are counted.
 */
#ifndef EGRET_SIGMA_CELLS_H
#define EGRET_SIGMA_CELLS_H

#include "base/hash.h"
#include "base/hindex.h"
#include "base/str.h"
#include "sigma/rule.h"
#include "sigma/trail.h"

#define CELL_TRAILS 2u
#define CELL_NONE   UINT32_MAX

struct cell {
	uint32_t newer, older; /* by use */
	bool forked;
	struct trail trail[CELL_TRAILS];
	uint64_t first[CELL_TRAILS]; /* times of the trails' first marks */
	uint32_t place[CELL_TRAILS]; /* in the heap; CELL_NONE while a trail has no mark */
	uint64_t hash;
	char *text; /* of all groups, one after the other */
	uint32_t length[CORRELATION_GROUP_MAX];
	uint32_t text_bytes;
	/* the fact that was counted last, and whether as a certain one */
	uint64_t fact;
	bool fact_certain;
};

/* The least time of the last ARRIVALS_BLOCK to twice as many arrivals. */
#define ARRIVALS_BLOCK 1024
struct arrivals {
	uint64_t before, now;
	unsigned count;
};

struct cells_bounds {
	uint32_t items, groups;
	size_t text;
};

struct cells {
	struct trails trails;
	struct pool pool;
	struct hindex index;
	const struct hash_key *key;
	const struct arrivals *arrivals;
	uint32_t *heap; /* trails by their first mark: cell << 1 | trail */
	uint32_t heap_count, heap_room;
	uint32_t newest, oldest;
	size_t text_bytes;
	struct cells_bounds bounds;
	unsigned group_count;
	uint64_t evicted;
};

void arrivals_init(struct arrivals *a);
void arrivals_note(struct arrivals *a, uint64_t time);

/* Measure, key and arrivals outlive it. */
void cells_init(struct cells *c, const struct measure *m, uint64_t span,
		const struct cells_bounds *b, const struct hash_key *key,
		const struct arrivals *arrivals);
void cells_fini(struct cells *c);
/* The most memory that they take. */
size_t cells_memory(const struct measure *m, const struct cells_bounds *b);

static inline struct cell *cell_at(const struct cells *c, uint32_t cell)
{
	return pool_at(&c->pool, cell);
}

/* The cell of a group, made when new, with room for a match of this many values. */
uint32_t cells_get(struct cells *c, const struct str group[], unsigned values);
/* Gives it its second trail, a copy of the first, with room for a match in each. */
void cells_fork(struct cells *c, uint32_t cell, unsigned values);
/* Has to be called after a match was put into a trail. */
void cells_changed(struct cells *c, uint32_t cell, unsigned trail);

/* A new, empty one, which must not be there and must have room; CELL_NONE when it is there. */
uint32_t cells_add(struct cells *c, const struct str group[]);

/* Saving and loading, in sigma/cells_state.c. Into empty ones; what there is no room for is left
 * out, the least recently used groups first, and counted as evicted. False: damaged. */
void cells_save(const struct cells *c, struct bytes *out);
bool cells_load(struct cells *c, struct cursor *in);
/* Takes over what `old` holds, of a measure that says the same; `c` is empty. Bounds below what is
 * held rise to that. */
void cells_adopt(struct cells *c, struct cells *old);

struct str cell_group(const struct cell *x, unsigned group);
/* A hash of the text, upper and lower case alike: texts that Sigma holds for equal. */
uint64_t cells_hash(const struct hash_key *key, struct str text, uint64_t state);

#endif
