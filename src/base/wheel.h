/* Timer wheel on packet time: one coarse list a tick, for many objects with rough deadlines.
 *
 * Members are objects of a pool, each with a struct wheel_link in it. A member stays in its slot when its deadline moves later; when the slot comes
 * up the owner looks at the true deadline and arms it again. So touching a member costs nothing.
 */
#ifndef EGRET_BASE_WHEEL_H
#define EGRET_BASE_WHEEL_H

#include <stdint.h>

#include "base/pool.h"

#define WHEEL_SLOTS 1024 /* ticks ahead; later deadlines wait in the last slot and are armed again */

struct wheel_link {
	uint32_t next, prev; /* POOL_NONE at the ends */
	uint16_t slot;       /* WHEEL_IDLE when not armed */
};

#define WHEEL_IDLE UINT16_MAX

struct wheel {
	uint32_t head[WHEEL_SLOTS];
	uint64_t now; /* tick up to which everything has fired */
	const struct pool *pool;
	size_t offset; /* of the link in its objects */
};

/* The pool is the owner's. */
void wheel_init(struct wheel *w, const struct pool *pool, size_t offset);
/* Sets the clock without firing: for the first packet. */
void wheel_start(struct wheel *w, uint64_t tick);
/* The member must be idle: new ones have slot = WHEEL_IDLE. A past deadline fires at the next tick. */
void wheel_arm(struct wheel *w, uint32_t member, uint64_t tick);
void wheel_disarm(struct wheel *w, uint32_t member);
/* Advances to `tick` (never back). Each member whose slot comes up is disarmed and given to fire,
 * which may arm, disarm or free any member, itself included. */
void wheel_advance(struct wheel *w, uint64_t tick, void (*fire)(void *owner, uint32_t member),
		   void *owner);

#endif
