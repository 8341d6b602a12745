/* The inside of the ledger, for its own files. */
#ifndef EGRET_DETECT_LEDGER_ACCOUNT_H
#define EGRET_DETECT_LEDGER_ACCOUNT_H

#include "detect/ledger.h"

struct account {
	struct addr client;
	const struct service *service; /* NULL: not in use */
	uint64_t first, last;
	uint64_t up, down, missed;
	uint64_t other;	  /* of `up`, not known to be the tenant's */
	uint64_t largest; /* bytes of the connection in `tuple` */
	struct told told;
	struct tuple tuple;
	uint32_t connections, queries;
	uint32_t name[FINDING_NAMES_MAX];
	uint32_t tenant; /* text; 0: none yet */
	uint32_t serial;
	struct lru_link order;
	/* with a window */
	uint32_t slices; /* the newest; POOL_NONE: none */
	/* Numbers of slices: where the window of its upload begins (0: there is none, it slides),
	 * and that of its name's being seen (0: it is no finding by its name). */
	uint64_t start, seen;
	uint8_t source[FINDING_NAMES_MAX];
	uint8_t tier;
	bool has_server, more_names, ended, stays;
};

/* What of an account is of one slice of time. */
struct slice {
	uint64_t number; /* time / width */
	uint64_t first;	 /* ns */
	uint64_t up, down, missed, other;
	uint32_t connections, queries;
	uint32_t older;
};

static inline struct account *ledger_at(const struct ledger *l, uint32_t number)
{
	return pool_at(&l->accounts, number);
}

static inline struct slice *ledger_slice_at(const struct ledger *l, uint32_t number)
{
	return pool_at(&l->slices, number);
}

/* The list that it is on. */
static inline struct lru *ledger_list(struct ledger *l, const struct account *a)
{
	return a->ended || a->stays ? &l->ended : &l->live;
}

uint64_t ledger_hash(const struct ledger *l, const struct addr *client,
		     const struct service *service);
/* The number of the client's account that has not ended; LEDGER_NONE: there is none. */
uint32_t ledger_find(const struct ledger *l, const struct addr *client,
		     const struct service *service);
/* The same, made when new. */
uint32_t ledger_account(struct ledger *l, const struct addr *client, const struct service *service,
			uint64_t time);
/* An account at no place of the index and the lists yet; LEDGER_NONE at the bound. */
uint32_t ledger_make(struct ledger *l);
/* Gives an account back, wherever it is. */
void ledger_put(struct ledger *l, uint32_t number);

/* ledger_window.c */

/* The account's slice of that time; POOL_NONE without a window. */
uint32_t ledger_slice(struct ledger *l, uint32_t account, uint64_t time);
void ledger_drop_slices(struct ledger *l, struct account *a);
/* Takes off what has slid out. False: the account is over. */
bool ledger_slide(struct ledger *l, struct account *a, uint64_t time);
/* After a change: a finding's window stands. */
void ledger_settle(struct ledger *l, struct account *a);
/* Ends an account that is over: kept for a while if it was a finding, else given back. */
void ledger_end(struct ledger *l, uint32_t number);
/* Makes room for an account. */
void ledger_evict(struct ledger *l);
/* Sums of what is in the account's window at that time, without a change. */
struct slice ledger_sum(const struct ledger *l, const struct account *a, uint64_t time);

/* ledger_findings.c */

bool ledger_finding(const struct ledger *l, const struct account *a, struct finding *f);
bool ledger_is_finding(const struct ledger *l, const struct account *a);
bool ledger_is_upload(const struct ledger *l, const struct account *a);

#endif
