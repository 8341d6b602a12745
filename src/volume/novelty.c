/* N2 and V8: a service, or a part of one, that was not used before. */
#include "volume/evidence.h"

/* Whether everything has been watched for long enough to call something new here. */
static bool site_known(const struct look *l)
{
	uint16_t today = l->account->day, first = l->d->history.first_day;

	return today >= first && (unsigned)(today - first) >= l->set->learn_days;
}

/* Other clients that used the service within the last days. */
static unsigned others(const struct look *l)
{
	uint32_t self = history_print(&l->client->addr);
	unsigned n = 0;

	for (unsigned i = 0; i < LABEL_SEEN; i++)
		n += l->label->seen[i].print && l->label->seen[i].print != self &&
		     l->label->seen[i].day + l->set->new_service_days >= l->account->day;
	return n;
}

void detect_new_service(struct look *l)
{
	const struct account *a = l->account;
	double least = (double)l->set->new_service_up;

	if (!l->set->new_service || a->tier != TIER_B || !l->label->listed || !site_known(l) ||
	    a->day - a->since > 1)
		return;
	unsigned known = others(l);
	if (known >= l->set->new_service_clients)
		return;
	if (l->up24 < least) {
		look_need(l, least - l->up24);
		return;
	}
	look_found(l, DETECTOR_N2,
		   (struct evidence){.weight = l->set->new_service_weight,
				     .value = l->up24,
				     .threshold = least,
				     .unit = UNIT_BYTES,
				     .up = l->up24});
	look_item(l, DETECTOR_N2, "not used before within", l->set->new_service_days, UNIT_DAYS);
	look_item(l, DETECTOR_N2, "other clients that use it", known, UNIT_CLIENTS);
	look_item(l, DETECTOR_N2, "upload in 24 h", l->up24, UNIT_BYTES);
}

void detect_tenant(struct look *l)
{
	struct detectors *d = l->d;
	double least = (double)l->set->tenant_up;
	uint16_t today = l->account->day;

	if (!l->set->tenant || l->tenant == POOL_NONE || tenants_at(&d->tenants, l->tenant)->own)
		return;
	/* with a list of our own tenants, any other is foreign and new to the client is enough;
	 * without, it must be new to everybody, and long enough watched to say so */
	bool own_known = tenants_know_own(&d->tenants, l->tenant_name.kind);
	const struct tenant_use *first = tenants_at(&d->tenants, l->tenant);
	if (!own_known) {
		uint32_t n =
			tenants_find(&d->tenants, &l->tenant_name, 0, &d->history.clock, false);
		if (n == POOL_NONE || !site_known(l))
			return;
		first = tenants_at(&d->tenants, n);
		if (first->first_day < d->history.first_day + l->set->learn_days)
			return; /* it may have been in use long before */
	}
	if (today > first->first_day + l->set->tenant_days)
		return;
	if (l->tenant_up < least)
		return; /* the crossing itself makes a look */
	look_found(l, DETECTOR_V8,
		   (struct evidence){.weight = l->set->tenant_weight,
				     .value = l->tenant_up,
				     .threshold = least,
				     .unit = UNIT_BYTES,
				     .up = l->tenant_up});
	look_text(l, DETECTOR_V8, "tenant", l->tenant_name.label);
	look_item(l, DETECTOR_V8, "upload to it in 24 h", l->tenant_up, UNIT_BYTES);
	look_text(l, DETECTOR_V8, "new to",
		  own_known ? STR("the client, and none of the organisation's own")
			    : STR("everybody here"));
	look_item(l, DETECTOR_V8, "first used",
		  today > first->first_day ? today - first->first_day : 0, UNIT_DAYS);
}
