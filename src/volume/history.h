/* What is remembered of each client's use of each service: bytes by day for four weeks, by hour for
 * a day, by five minutes for an hour.
 *
 * An account is a (client, label) pair; a label is a service of the lists, a site outside them
 * ("example.com"), or the network of a server without a name. Only the detectors include this. */
#ifndef EGRET_VOLUME_HISTORY_H
#define EGRET_VOLUME_HISTORY_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/hindex.h"
#include "base/intern.h"
#include "base/pool.h"
#include "core/addr.h"
#include "volume/clock.h"
#include "volume/lru.h"
#include "services/domain_list.h"

#define HISTORY_NONE   POOL_NONE
#define HISTORY_DAYS   28 /* whole days before today */
#define HISTORY_RECENT 14 /* of these, what is compared with as long as there are fewer */
#define HISTORY_HOURS  24
#define LABEL_SEEN     5

/* Days are counted since 1970 in local time and fit 16 bits until 2149. What every use touches
 * stands in the first 64 bytes of each struct. `moved` is the five minutes in which it was last
 * brought to the front of its order: more often would only cost. */
struct account {
	_Alignas(64) uint32_t client;
	uint32_t label;
	uint32_t window, alert; /* HISTORY_NONE: none */
	uint16_t moved;		/* (its low bits) */
	uint16_t day;		/* that day_up is of */
	uint16_t used;		/* last day of use, names included */
	uint8_t alarmed : 1;	/* the cusum alarm was told and is not over */
	uint8_t tier : 2;
	uint8_t frozen_days; /* that followed one another up to now */
	uint64_t day_up;
	uint64_t total;	    /* uploaded since the account was made */
	uint64_t look;	    /* day_up from which it must be looked at closely */
	uint16_t first_day; /* since when the past is known */
	uint16_t since;	    /* first day of use after a long pause, or at all */
	struct lru_link lru;
	uint32_t next; /* of the client's accounts */
	float cusum;
	uint32_t frozen;	     /* bit per slot of `days`: not learned as usual */
	uint16_t days[HISTORY_DAYS]; /* quantum.h, by day modulo HISTORY_DAYS */
};

_Static_assert(sizeof(struct account) == 128, "two cache lines: there are many of them");

struct window {
	_Alignas(64) uint32_t account;
	uint32_t slot, hour; /* the current ones */
	uint32_t moved;
	uint64_t slot_up, slot_down, hour_up; /* of these two; the rest is in the rings */
	struct lru_link lru;
	uint64_t up[SLOTS_HOUR], down[SLOTS_HOUR]; /* by slot modulo SLOTS_HOUR */
	uint64_t hours[HISTORY_HOURS];		   /* upload, by hour modulo 24 */
};

struct client {
	_Alignas(64) struct addr addr;
	uint32_t moved;
	uint32_t generation;   /* of the allow-lists that `allowed` is of */
	uint32_t hour, active; /* the hour of hour_up; bit per hour of today that was active */
	uint64_t day_up;
	uint64_t unsaid; /* of it, not yet told to the population */
	uint64_t hour_up;
	uint16_t day;
	bool allowed;
	bool forgot;	  /* an account was evicted: new ones cannot claim a past without use */
	uint8_t services; /* used today to some extent */
	uint16_t first_day;
	uint16_t top_day; /* it was last among the day's largest; 0: never */
	struct lru_link lru;
	uint32_t accounts; /* the first of a chain */
	uint32_t account_count;
	uint8_t fan[HISTORY_RECENT]; /* `services` of past days with much upload, by day modulo … */
	uint8_t active_days[2];	     /* learned from, weekdays and weekends */
	uint8_t active_hours[2][24]; /* of these, days on which the hour was active */
	uint32_t hour_in;	     /* of the newest of hours_in */
	uint64_t day_in;
	float hours_in[HISTORY_HOURS];	  /* from internal servers, by hour modulo 24 */
	uint16_t days_in[HISTORY_RECENT]; /* quantum.h */
};

struct label {
	uint32_t key; /* interned: the service's or site's name, or a prefix in binary form */
	uint32_t accounts;
	uint32_t generation;
	bool live; /* in use: the pool does not say */
	bool listed, storage, unnamed, allowed;
	struct {
		uint32_t print; /* of a client's address */
		uint16_t day;	/* of its last use */
	} seen[LABEL_SEEN];	/* the clients that used it last */
};

struct history {
	struct detect_clock clock;
	uint16_t first_day; /* when it began; 0: not yet */
	struct pool clients, accounts, windows, labels;
	struct lru client_lru, account_lru, window_lru;
	struct hindex client_index, account_index;
	struct intern texts;
	struct hash_key key;
	uint32_t *by_service; /* label of a service number; HISTORY_NONE: not looked up */
	uint32_t service_room;
	uint64_t fan_floor; /* upload of a day that makes its services a habit */
	uint64_t clients_evicted, accounts_evicted, windows_evicted;
	/* the owner's: an account's day is over (day_up and day are still of it), and an account
	 * goes */
	void (*day_over)(void *owner, struct account *a);
	void (*gone)(void *owner, struct account *a);
	void *owner;
};

struct history_bounds {
	uint32_t clients, accounts, windows, labels;
};

void history_init(struct history *h, const struct history_bounds *b);
void history_fini(struct history *h);
/* The most memory that each of the four takes. */
size_t history_clients_memory(uint32_t clients);
size_t history_accounts_memory(uint32_t accounts);
size_t history_windows_memory(uint32_t windows);
size_t history_labels_memory(uint32_t labels);

static inline struct client *history_client_at(const struct history *h, uint32_t n)
{
	return pool_at(&h->clients, n);
}

static inline struct account *history_account_at(const struct history *h, uint32_t n)
{
	return pool_at(&h->accounts, n);
}

static inline struct label *history_label_at(const struct history *h, uint32_t n)
{
	return pool_at(&h->labels, n);
}

/* The client's number, brought to today; made when missing and `make`. */
uint32_t history_client(struct history *h, const struct addr *a, bool make);
/* A stable number of an address. */
uint32_t history_print(const struct addr *a);

uint32_t history_service(struct history *h, const struct service *s);
/* Of a text outside the lists; HISTORY_NONE when missing and not to be made, or the table is full.
 */
uint32_t history_label(struct history *h, struct str key, bool unnamed, bool make);
/* Makes one of a key as history_label_key gave it; HISTORY_NONE when it is there already, or the
 * table is full. For loading; what then has no account is dropped by history_trim. */
uint32_t history_label_raw(struct history *h, struct str key);
void history_trim(struct history *h);
struct str history_label_key(const struct history *h, const struct label *l);

uint32_t history_account(const struct history *h, uint32_t client, uint32_t label);
/* Makes one. May evict another, of any client, but no client. */
uint32_t history_account_new(struct history *h, uint32_t client, uint32_t label);
/* Brings it to today, and to the front. */
void history_use(struct history *h, uint32_t account);
/* The account's hours, brought to now; made when missing. */
struct window *history_window(struct history *h, uint32_t account);
/* Enters what is current into the rings, as saving needs it; and takes it out again. */
void history_window_fold(struct window *w);
void history_window_unfold(struct window *w);
/* Adds bytes to an account that was brought to today, and to its client. */
void history_add(struct history *h, uint32_t account, uint64_t up, uint64_t down);
/* Takes them off again, the newest first, as far as they are there. */
void history_take(struct history *h, uint32_t account, uint64_t up, uint64_t down);
void history_drop_window(struct history *h, struct account *a);
/* Forgets an account, a client with all of its accounts. */
void history_drop_account(struct history *h, uint32_t account);
void history_drop_client(struct history *h, uint32_t client);

/* Inbound bytes of a client from internal servers. */
void history_inbound(struct history *h, struct client *c, uint64_t down);
double history_inbound_24h(const struct history *h, const struct client *c);
/* The median of its past days' inbound bytes; false with less than `days` of a past. */
bool history_inbound_median(const struct history *h, const struct client *c, unsigned days,
			    double *median);

/* Bytes up and down within the last hour, up within the last 24. */
void history_hour(const struct history *h, const struct account *a, double *up, double *down);
double history_24h(const struct history *h, const struct account *a);

/* Days of a known past before the account's current day, at most HISTORY_DAYS. */
unsigned history_past(const struct account *a);
/* Bytes of the day `ago` days before the account's current one, 1 … history_past. */
double history_day(const struct account *a, unsigned ago);
double history_max(const struct account *a); /* of the last HISTORY_RECENT days */

/* Median and spread (1.4826 MAD) of ln(1 + MB) of the past days that are learned from: with four
 * weeks of past those of the same kind (weekday or weekend), else the last 14. False with fewer
 * than `days` of past, or too few days to learn from. */
struct baseline {
	double median, spread;
	unsigned days; /* it was made of */
};
bool history_baseline(const struct account *a, unsigned days, struct baseline *b);

/* All accounts are to be looked at closely at their next use: thresholds are others now. */
void history_look_again(struct history *h);
/* Swaps two, owners and bounds left where they are. Bounds below what is held rise to that. */
void history_swap(struct history *a, struct history *b);

static inline double history_scale(double bytes)
{
	return log1p(bytes / 1e6);
}

#endif
