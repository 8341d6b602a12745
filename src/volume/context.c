/* V5, V6, V7, V10 and T1: what stands around an upload. */
#include "volume/evidence.h"

void detect_population(struct look *l)
{
	struct detectors *d = l->d;
	struct client *c = l->client;
	uint16_t today = l->account->day;

	if (c->unsaid) {
		population_add(&d->population, &c->addr, c->unsaid);
		c->unsaid = 0;
	}
	if (!l->set->population || d->population.clients < l->set->population_clients ||
	    today < d->history.first_day + l->set->learn_days)
		return;
	if (c->top_day && c->top_day + l->set->population_days >= today)
		return;
	uint32_t largest = population_share(&d->population, l->set->population_share);
	uint32_t rank = population_rank(&d->population, &c->addr);
	if (!rank || rank > largest)
		return;
	look_found(l, DETECTOR_V5,
		   (struct evidence){.weight = l->set->population_weight,
				     .value = rank,
				     .threshold = largest,
				     .unit = UNIT_CLIENTS,
				     .up = (double)c->day_up});
	look_item(l, DETECTOR_V5, "upload today to all services", (double)c->day_up, UNIT_BYTES);
	look_item(l, DETECTOR_V5, "clients active today", d->population.clients, UNIT_CLIENTS);
}

/* Those among the day's largest are no news for a while. */
void population_day_over(struct detectors *d, uint16_t day)
{
	struct population *p = &d->population;
	uint32_t largest = population_share(p, d->set.population_share);

	for (uint32_t i = 0; i < p->count; i++) {
		uint32_t n = HISTORY_NONE;

		if (population_rank(p, &p->top[i].client) <= largest)
			n = history_client(&d->history, &p->top[i].client, false);
		if (n != HISTORY_NONE)
			history_client_at(&d->history, n)->top_day = day;
	}
	population_clear(p);
}

void detect_hoard(struct look *l)
{
	double median, in, least = (double)l->set->hoard_floor;

	if (!l->set->hoard || (!l->found[DETECTOR_V1].on && !l->found[DETECTOR_V2].on))
		return;
	in = history_inbound_24h(&l->d->history, l->client);
	if (in < least ||
	    !history_inbound_median(&l->d->history, l->client, l->set->learn_days, &median))
		return;
	if (l->set->hoard_factor * median > least)
		least = l->set->hoard_factor * median;
	if (in < least)
		return;
	look_found(l, DETECTOR_V6,
		   (struct evidence){.weight = l->set->hoard_weight,
				     .value = in,
				     .threshold = least,
				     .unit = UNIT_BYTES,
				     .up = l->day_up});
	look_item(l, DETECTOR_V6, "from internal servers in 24 h", in, UNIT_BYTES);
	look_item(l, DETECTOR_V6, "median day of that", median, UNIT_BYTES);
}

struct fan {
	unsigned storage, tier_a;
	double up, up_a;
};

static struct fan fan_of(const struct look *l)
{
	const struct history *h = &l->d->history;
	struct fan f = {0};

	for (uint32_t n = l->client->accounts; n != HISTORY_NONE;) {
		const struct account *a = history_account_at(h, n);
		const struct label *x = history_label_at(h, a->label);
		double up = x->listed ? history_24h(h, a) : 0;

		n = a->next;
		if (up <= 0 || up < (double)l->set->fanout_each)
			continue;
		if (x->storage) {
			f.storage++;
			f.up += up;
		}
		if (a->tier == TIER_A) {
			f.tier_a++;
			f.up_a += up;
		}
	}
	return f;
}

/* Some do use several services every day: the number must be more than of late. */
static unsigned usual_services(const struct client *c)
{
	unsigned most = 0;

	for (unsigned i = 1; i <= HISTORY_RECENT; i++)
		if (c->fan[(c->day - i) % HISTORY_RECENT] > most)
			most = c->fan[(c->day - i) % HISTORY_RECENT];
	return most;
}

static void found_fan(struct look *l, unsigned services, unsigned least, double up)
{
	look_found(l, DETECTOR_V7,
		   (struct evidence){.weight = l->set->fanout_weight,
				     .value = services,
				     .threshold = least,
				     .unit = UNIT_SERVICES,
				     .up = l->up24});
	look_item(l, DETECTOR_V7, "upload to them in 24 h", up, UNIT_BYTES);
}

void detect_fanout(struct look *l)
{
	const struct detector_settings *set = l->set;
	const struct client *c = l->client;
	unsigned yesterday = c->fan[(c->day - 1u) % HISTORY_RECENT];
	double least = (double)set->fanout_up;

	if (!set->fanout || !l->label->listed)
		return;
	if (l->up24 < (double)set->fanout_each) {
		look_need(l, (double)set->fanout_each - l->up24);
		return;
	}
	/* (the count of today may include what no longer counts, never less than does) */
	if (c->services + yesterday < (unsigned)(set->fanout_tier_a < set->fanout_services
							 ? set->fanout_tier_a
							 : set->fanout_services))
		return;
	struct fan f = fan_of(l);
	if (f.tier_a >= set->fanout_tier_a && l->account->tier == TIER_A) {
		if (f.up_a >= least)
			found_fan(l, f.tier_a, set->fanout_tier_a, f.up_a);
		else
			look_need(l, (least - f.up_a) / f.tier_a);
	}
	if (l->found[DETECTOR_V7].on || f.storage < set->fanout_services || !l->label->storage)
		return;
	if (f.storage <= usual_services(c))
		return;
	if (f.up >= least)
		found_fan(l, f.storage, set->fanout_services, f.up);
	else
		look_need(l, (least - f.up) / f.storage);
}

void detect_tool(struct look *l)
{
	if (!l->set->tool || !l->use->tool.n ||
	    (!l->found[DETECTOR_V1].on && !l->found[DETECTOR_V2].on && !l->found[DETECTOR_V3].on))
		return;
	look_found(l, DETECTOR_T1,
		   (struct evidence){.weight = l->set->tool_weight,
				     .value = l->day_up,
				     .unit = UNIT_BYTES,
				     .up = l->day_up});
	look_text(l, DETECTOR_T1, "tool", l->use->tool);
}

#define LEARNED_DAYS 10 /* active ones, of any kind */

bool detect_off_hours(const struct look *l)
{
	const struct client *c = l->client;
	unsigned hour = l->d->history.clock.hour % 24, kind = clock_weekend(c->day);

	if (!l->set->off_hours || c->day < c->first_day + l->set->off_hours_days ||
	    c->active_days[0] + c->active_days[1] < LEARNED_DAYS)
		return false;
	double most = l->set->off_hours_share * (c->active_days[kind] ? c->active_days[kind] : 1);
	for (unsigned i = 23; i <= 25; i++)
		if (c->active_hours[kind][(hour + i) % 24] > most)
			return false;
	return true;
}
