/* What is usual for an account: the figures that its past days make. */
#include <stdlib.h>

#include "volume/history.h"
#include "volume/quantum.h"

#define LEAST_DAYS 4 /* fewer make no median worth the name */

unsigned history_past(const struct account *a)
{
	unsigned days = a->day > a->first_day ? a->day - (unsigned)a->first_day : 0;

	return days < HISTORY_DAYS ? days : HISTORY_DAYS;
}

double history_day(const struct account *a, unsigned ago)
{
	return quantum_bytes(a->days[(a->day - ago) % HISTORY_DAYS]);
}

double history_max(const struct account *a)
{
	unsigned past = history_past(a);
	uint16_t most = 0;

	for (unsigned i = 1; i <= past && i <= HISTORY_RECENT; i++)
		if (a->days[(a->day - i) % HISTORY_DAYS] > most)
			most = a->days[(a->day - i) % HISTORY_DAYS];
	return quantum_bytes(most);
}

/* Few and often nearly sorted: insertion beats qsort. */
static double median(double *v, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		double x = v[i];
		unsigned k = i;

		for (; k && v[k - 1] > x; k--)
			v[k] = v[k - 1];
		v[k] = x;
	}
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static unsigned collect(const struct account *a, unsigned past, bool by_kind, double *v)
{
	bool weekend = clock_weekend(a->day);
	unsigned n = 0;

	for (unsigned i = 1; i <= past; i++) {
		unsigned at = (a->day - i) % HISTORY_DAYS;

		if (a->frozen >> at & 1)
			continue;
		if (by_kind && clock_weekend((uint16_t)(a->day - i)) != weekend)
			continue;
		v[n++] = history_scale(quantum_bytes(a->days[at]));
	}
	return n;
}

bool history_baseline(const struct account *a, unsigned days, struct baseline *b)
{
	unsigned past = history_past(a), n = 0;
	double v[HISTORY_DAYS];

	if (past < days)
		return false;
	if (past == HISTORY_DAYS)
		n = collect(a, past, true, v);
	if (n < LEAST_DAYS)
		n = collect(a, past < HISTORY_RECENT ? past : HISTORY_RECENT, false, v);
	if (n < LEAST_DAYS)
		n = collect(a, past, false, v);
	if (n < LEAST_DAYS && n < days)
		return false;
	if (!n)
		return false;
	b->days = n;
	b->median = median(v, n);
	for (unsigned i = 0; i < n; i++)
		v[i] = v[i] > b->median ? v[i] - b->median : b->median - v[i];
	b->spread = 1.4826 * median(v, n);
	return true;
}
