/* Which findings have something to say that was not said: those that were touched since the last
 * look, and those whose last telling is too fresh yet. A look costs what there is to look at, not
 * what is held.
 *
 * Members are numbers of a pool; each holds a struct told. */
#ifndef EGRET_DETECT_TELLING_H
#define EGRET_DETECT_TELLING_H

#include "base/bytes.h"
#include "base/cursor.h"
#include "base/wheel.h"
#include "detect/finding.h"
#include "volume/lru.h"

/* When a finding is told again. */
struct analyst_telling {
	uint64_t interval; /* ns since it was last told, if it has changed; 0: all that has */
	double growth;	   /* or at once, when its upload (else its matches) is this many times what
			      it was; amounts below TELLING_UP and TELLING_MATCHES count as these */
};

#define TELLING_UP	1000000 /* bytes: so that a hello after a name is no growth */
#define TELLING_MATCHES 8

/* What a finding was when it was last told. All zero: never yet. */
struct told {
	uint64_t time; /* of the telling, ns */
	uint64_t last, up, matches;
	uint32_t times;
	uint8_t kind; /* enum finding_kind */
	/* the list's own */
	bool touched;
	struct lru_link order;
	struct wheel_link wait;
};

/* What outlives a restart. False: damaged. */
void told_save(const struct told *t, struct bytes *out);
bool told_load(struct told *t, struct cursor *in);

struct telling {
	struct pool *pool; /* the owner's; does not move */
	size_t offset;	   /* of the struct told in its objects */
	struct lru touched;
	struct wheel due; /* ticks are seconds */
};

void telling_init(struct telling *t, struct pool *pool, size_t offset);
/* Sets the lists' part of a new member's struct told; what it was told stays. */
void telling_add(struct telling *t, uint32_t member);
/* Before it goes back to the pool. */
void telling_remove(struct telling *t, uint32_t member);
void telling_touch(struct telling *t, uint32_t member);

/* Whoever hears what is told. */
struct telling_to {
	uint64_t now;
	const struct analyst_telling *when;
	/* Fills in what others know of it. */
	void (*complete)(void *context, struct finding *f);
	/* Tells it. `due`: it is new or has grown enough. False: it was not told. */
	bool (*tell)(void *context, const struct finding *f, bool due);
	void *context;
};

/* Calls look() for each member that has perhaps something to say; it is not expected to change the
 * pool. */
void telling_look(struct telling *t, const struct telling_to *to,
		  void (*look)(void *owner, uint32_t member, const struct telling_to *to),
		  void *owner);
/* Tells the member's finding if it is time, else sees to it that it is looked at in time. `once`:
 * only growth is a reason to tell it again. True: it was told. */
bool telling_tell(struct telling *t, uint32_t member, struct finding *f, bool once,
		  const struct telling_to *to);

#endif
