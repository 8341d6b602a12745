/* V1 and V9, V2, V3: much within an hour, more than ever, far from usual. */
#include "volume/evidence.h"

/* Where there is no past to speak of, what came before still tells what is nothing new. */
static bool is_beyond_own(const struct look *l)
{
	/* (the hour may have begun before the day did) */
	double up = l->hour_up > l->day_up ? l->hour_up : l->day_up;

	return l->past < l->set->learn_days &&
	       (!l->past || up > l->set->own_max_factor * l->own_max);
}

static void found_burst(struct look *l, enum detector id, double weight, double least)
{
	if (!is_beyond_own(l) && l->set->burst_weight_past < weight)
		weight = l->set->burst_weight_past;
	look_found(l, id,
		   (struct evidence){.weight = weight,
				     .value = l->hour_up,
				     .threshold = least,
				     .unit = UNIT_BYTES,
				     .up = l->hour_up});
	look_item(l, id, "upload in an hour", l->hour_up, UNIT_BYTES);
	look_item(l, id, "threshold", least, UNIT_BYTES);
}

/* To a server without a name: no ratio is asked for, for what comes back says little there. */
static void detect_unnamed(struct look *l)
{
	double least = (double)l->set->unnamed_up;

	if (!l->set->unnamed)
		return;
	if (l->hour_up < least) {
		look_need(l, least - l->hour_up);
		return;
	}
	found_burst(l, DETECTOR_V9, l->set->unnamed_weight, least);
	if (l->use->hides & HIDES_ECH)
		look_text(l, DETECTOR_V9, "server name", STR("encrypted (ECH)"));
	else if (l->use->hides & HIDES_NO_SNI)
		look_text(l, DETECTOR_V9, "server name", STR("ClientHello without one"));
}

void detect_burst(struct look *l)
{
	double least = burst_bytes(l->set, l->account->tier);

	if (l->label->unnamed) {
		detect_unnamed(l);
		return;
	}
	if (!l->set->burst)
		return;
	if (l->hour_up < least) {
		look_need(l, least - l->hour_up);
		return;
	}
	double ratio = (l->hour_up - l->hour_down) / (l->hour_up + l->hour_down);
	if (ratio < l->set->burst_ratio) {
		look_need(l, l->hour_up / 16);
		return;
	}
	found_burst(l, DETECTOR_V1, l->set->burst_weight, least);
	look_item(l, DETECTOR_V1, "producer/consumer ratio", ratio, UNIT_NONE);
}

static double day_floor(const struct look *l, uint64_t floor)
{
	double least = burst_bytes(l->set, l->account->tier);

	return (double)floor > least ? (double)floor : least;
}

static void found_day(struct look *l, enum detector id, struct evidence e)
{
	e.up = l->day_up;
	look_found(l, id, e);
	look_item(l, id, "upload today", l->day_up, UNIT_BYTES);
	look_item(l, id, "past", l->past, UNIT_DAYS);
}

void detect_own_max(struct look *l)
{
	if (!l->set->own_max || l->past < l->set->learn_days)
		return;
	double least = day_floor(l, l->set->own_max_floor);
	double own = l->set->own_max_factor * l->own_max;
	if (own > least)
		least = own;
	if (l->day_up < least) {
		look_need(l, least - l->day_up);
		return;
	}
	found_day(l, DETECTOR_V2,
		  (struct evidence){.weight = l->set->own_max_weight,
				    .value = l->day_up,
				    .threshold = least,
				    .unit = UNIT_BYTES});
	look_item(l, DETECTOR_V2, "largest of the last 14 days", l->own_max, UNIT_BYTES);
}

void detect_robust(struct look *l)
{
	if (!l->set->robust || !l->has_base)
		return;
	double least = day_floor(l, l->set->robust_floor);
	double z = (history_scale(l->day_up) - l->base.median) / l->base.spread;
	if (z <= l->set->robust_z || l->day_up < least) {
		double at = expm1(l->base.median + l->set->robust_z * l->base.spread) * 1e6;
		look_need(l, (at > least ? at : least) - l->day_up);
		return;
	}
	found_day(l, DETECTOR_V3,
		  (struct evidence){.weight = l->set->robust_weight,
				    .value = z,
				    .threshold = l->set->robust_z});
	look_item(l, DETECTOR_V3, "median day", expm1(l->base.median) * 1e6, UNIT_BYTES);
	look_item(l, DETECTOR_V3, "spread of ln(1 + MB)", l->base.spread, UNIT_NONE);
	look_item(l, DETECTOR_V3, "days compared with", l->base.days, UNIT_DAYS);
}
