#include "volume/clock.h"

void clock_set(struct detect_clock *c, uint64_t now)
{
	int64_t s = (int64_t)(now / NS_PER_S) + c->offset_s;

	if (s < 0)
		s = 0;
	c->now = now;
	c->slot = (uint32_t)(s / SLOT_S);
	c->hour = (uint32_t)(s / HOUR_S);
	c->day = (uint16_t)(s / DAY_S);
	c->next = now - now % NS_PER_S + (uint64_t)(SLOT_S - s % SLOT_S) * NS_PER_S;
}

/* Whether a far time is to be believed by now. */
static bool believed(struct detect_clock *c, uint64_t time)
{
	uint64_t apart = time > c->candidate ? time - c->candidate : c->candidate - time;

	if (apart > LIMIT_CLOCK_BACK)
		c->agreed = 0;
	c->candidate = time;
	if (++c->agreed < LIMIT_CLOCK_FAR) {
		c->far++;
		return false;
	}
	c->jumps++;
	return true;
}

bool clock_take(struct detect_clock *c, uint64_t time)
{
	uint16_t before = c->day;

	if (time >= c->now && time < c->next) {
		c->now = time;
		c->agreed = 0;
		return false;
	}
	if (c->now && time < c->now && c->now - time <= LIMIT_CLOCK_BACK) {
		c->late++;
		c->agreed = 0;
		return false;
	}
	if (c->now && (time < c->now || time - c->now > LIMIT_CLOCK_AHEAD) && !believed(c, time))
		return false;
	bool first = c->now == 0;
	c->agreed = 0;
	clock_set(c, time);
	return !first && c->day != before;
}
