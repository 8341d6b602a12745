#include "detect/loss.h"

#include "core/limits.h"

#define MINUTE (60 * NS_PER_S)

static void note_minute(struct loss *l, uint64_t number, uint64_t packets, uint64_t lost)
{
	unsigned i = (unsigned)(number % LOSS_MINUTES);

	if (l->minute[i].number != number) {
		l->minute[i].number = number;
		l->minute[i].packets = l->minute[i].lost = 0;
	}
	l->minute[i].packets += packets;
	l->minute[i].lost += lost;
	if (lost && (number > l->recent || l->newest < number))
		l->recent = number;
	l->newest = number;
}

void loss_note(struct loss *l, uint64_t start, uint64_t end, uint64_t packets, uint64_t lost)
{
	uint64_t first = start / MINUTE, last = end / MINUTE;

	if (lost > packets)
		packets = lost;
	if (first > last)
		first = last;
	if (last - first >= LOSS_MINUTES)
		first = last - LOSS_MINUTES + 1;
	/* (a share of what is left for each of the minutes that are left) */
	for (uint64_t m = first; m <= last; m++) {
		uint64_t left = last - m + 1, p = packets / left, x = lost / left;
		note_minute(l, m, p, x);
		packets -= p;
		lost -= x;
	}
}

double loss_share(const struct loss *l, uint64_t first, uint64_t last)
{
	uint64_t from = first / MINUTE, to = last / MINUTE, packets = 0, lost = 0;

	if (!l->recent || from > to || from > l->recent)
		return 0;
	if (to - from >= LOSS_MINUTES)
		from = to - LOSS_MINUTES + 1;
	for (uint64_t m = from; m <= to; m++) {
		unsigned i = (unsigned)(m % LOSS_MINUTES);
		if (l->minute[i].number != m)
			continue;
		packets += l->minute[i].packets;
		lost += l->minute[i].lost;
	}
	return packets ? (double)lost / (double)packets : 0;
}
