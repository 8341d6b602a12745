/* V4: somewhat more than usual, day after day (Page's cumulative sum of the robust z). */
#include "volume/evidence.h"

static double clipped(const struct detector_settings *set, double z)
{
	return z < set->cusum_low ? set->cusum_low : z > set->cusum_high ? set->cusum_high : z;
}

static double z_of(const struct detector_settings *set, const struct baseline *b, double up)
{
	double spread = b->spread > set->robust_spread ? b->spread : set->robust_spread;

	return (history_scale(up) - b->median) / spread;
}

/* A level that stays is a new job, not an exfiltration without end: it becomes the usual one. */
static void relearn(struct account *a)
{
	a->frozen = 0;
	a->frozen_days = 0;
	a->cusum = 0;
	a->alarmed = false;
}

void cusum_day_over(const struct detector_settings *set, struct account *a)
{
	struct baseline b;

	if (!set->cusum || !history_baseline(a, set->learn_days, &b)) {
		a->cusum = 0;
		return;
	}
	double s = (double)a->cusum + clipped(set, z_of(set, &b, (double)a->day_up)) -
		   set->cusum_slack;
	/* no higher than twice the alarm, so that it comes down again */
	s = s < 0 ? 0 : s > 2 * set->cusum_alarm ? 2 * set->cusum_alarm : s;
	a->cusum = (float)s;
	if (s <= set->cusum_freeze) {
		a->frozen_days = 0;
		a->alarmed = false;
		return;
	}
	a->frozen |= UINT32_C(1) << a->day % HISTORY_DAYS;
	if (++a->frozen_days >= set->cusum_relearn)
		relearn(a);
}

static double week_up(const struct look *l)
{
	double sum = l->day_up;

	for (unsigned i = 1; i < 7 && i <= l->past; i++)
		sum += history_day(l->account, i);
	return sum;
}

/* Today's part of the sum grows with today's bytes, so the alarm need not wait for the day's end.
 */
void detect_cusum(struct look *l)
{
	const struct detector_settings *set = l->set;
	double before = (double)l->account->cusum, floor = (double)set->cusum_floor;

	if (!set->cusum || !l->has_base)
		return;
	double sum = before + clipped(set, z_of(set, &l->base, l->day_up)) - set->cusum_slack;
	double week = week_up(l);
	if (sum <= set->cusum_alarm || week < floor) {
		double z = set->cusum_alarm - before + set->cusum_slack;
		if (z >= set->cusum_high)
			return; /* out of reach today */
		double at = expm1(l->base.median + z * l->base.spread) * 1e6;
		if (at < floor - (week - l->day_up))
			at = floor - (week - l->day_up);
		look_need(l, at - l->day_up);
		return;
	}
	look_found(l, DETECTOR_V4,
		   (struct evidence){.weight = set->cusum_weight,
				     .value = sum,
				     .threshold = set->cusum_alarm,
				     .up = week});
	look_item(l, DETECTOR_V4, "upload in seven days", week, UNIT_BYTES);
	look_item(l, DETECTOR_V4, "upload today", l->day_up, UNIT_BYTES);
	look_item(l, DETECTOR_V4, "cumulative sum of z", sum, UNIT_NONE);
	look_item(l, DETECTOR_V4, "median day", expm1(l->base.median) * 1e6, UNIT_BYTES);
}
