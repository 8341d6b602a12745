/* A close look at one account: what each detector finds. Only the detectors include this. */
#ifndef EGRET_VOLUME_EVIDENCE_H
#define EGRET_VOLUME_EVIDENCE_H

#include "volume/detectors.h"
#include "volume/history.h"
#include "core/networks.h"
#include "volume/population.h"
#include "volume/sketch.h"
#include "volume/tenants.h"

/* What was told of an account, by detector. */
struct alert {
	uint32_t account;
	struct lru_link lru;
	struct told {
		uint64_t first, last; /* record time of its cause; 0: nothing told */
		uint64_t base;	      /* the account's total before the cause */
		uint64_t up;	      /* when last told */
		uint16_t day;	      /* of `last` */
	} told[DETECTORS];
};

struct detectors {
	struct detector_settings set;
	struct detection_sink sink;
	struct history history;
	struct tenants tenants;
	struct population population;
	struct sketch sketch; /* of names outside the lists, today */
	struct hash_key sketch_key;
	struct pool alerts;
	struct lru alert_lru;
	struct networks allowed_clients, allowed_servers;
	char **allowed_services;
	size_t allowed_service_count;
	uint32_t generation; /* of the allow-lists */
	uint64_t loss_time;
	double loss_share, loss_gap_s;
	struct detectors_stats stats;
};

struct evidence {
	bool on;
	double weight, value, threshold;
	enum unit unit;
	double up; /* bytes that the cause spans */
};

struct look {
	struct detectors *d;
	const struct detector_settings *set;
	const struct detector_use *use;
	struct client *client;
	struct account *account;
	struct label *label;
	uint32_t tenant; /* of d->tenants; POOL_NONE: none */
	struct tenant tenant_name;
	double tenant_up; /* this client's, 24 h */
	double hour_up, hour_down, up24, day_up;
	unsigned past; /* days */
	double own_max;
	bool has_base;
	struct baseline base; /* its spread not below what is believed */
	struct evidence found[DETECTORS];
	struct evidence_item items[DETECTION_ITEMS_MAX];
	unsigned item_count;
	/* Bytes more that may change the verdict: until then nobody looks again today. */
	double need;
};

/* Says that a detector's cause is there. */
void look_found(struct look *l, enum detector id, struct evidence e);
void look_item(struct look *l, enum detector id, const char *name, double value, enum unit unit);
void look_text(struct look *l, enum detector id, const char *name, struct str text);

static inline void look_need(struct look *l, double bytes)
{
	if (bytes < l->need)
		l->need = bytes;
}

/* What tier's hour counts as a burst. */
static inline double burst_bytes(const struct detector_settings *set, unsigned tier)
{
	return (double)(tier == TIER_A	 ? set->burst_a
			: tier == TIER_B ? set->burst_b
					 : set->burst_c);
}

/* detect_volume.c */
void detect_burst(struct look *l);
void detect_own_max(struct look *l);
void detect_robust(struct look *l);
/* detect_cusum.c */
void detect_cusum(struct look *l);
void cusum_day_over(const struct detector_settings *set, struct account *a);
/* detect_novelty.c */
void detect_new_service(struct look *l);
void detect_tenant(struct look *l);
/* detect_context.c: these look at what the others found */
void detect_fanout(struct look *l);
void detect_population(struct look *l);
void population_day_over(struct detectors *d, uint16_t day);
void detect_hoard(struct look *l);
void detect_tool(struct look *l);
bool detect_off_hours(const struct look *l);
/* judge.c */
struct alert *alert_of(struct detectors *d, struct account *a);
void judge(struct look *l);

#endif
