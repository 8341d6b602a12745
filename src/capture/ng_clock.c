#include "capture/ng_clock.h"

#include "core/limits.h"

#define NANO 9
#define POWER_MAX 19 /* 10^19 is the largest in 64 bits */

static uint64_t power_of_ten(unsigned n)
{
	uint64_t v = 1;

	while (n--)
		v *= 10;
	return v;
}

struct ng_clock ng_clock_of(uint8_t resolution, int64_t offset)
{
	struct ng_clock c = {.multiply = 1, .divide = 1, .offset = offset};
	unsigned power = resolution & 0x7f;

	if (resolution & 0x80) {
		c.multiply = NS_PER_S;
		c.shift = power;
	} else if (power <= NANO) {
		c.multiply = power_of_ten(NANO - power);
	} else if (power - NANO <= POWER_MAX) {
		c.divide = power_of_ten(power - NANO);
	} else {
		c.multiply = 0; /* 64 bits of such units are less than a nanosecond */
	}
	return c;
}

uint64_t ng_clock_ns(const struct ng_clock *c, uint64_t units)
{
	__int128 ns = (__int128)units * c->multiply;

	ns >>= c->shift;
	if (c->divide > 1)
		ns /= c->divide;
	ns += (__int128)c->offset * (int64_t)NS_PER_S;
	if (ns < 0)
		return 0;
	return ns > UINT64_MAX ? UINT64_MAX : (uint64_t)ns;
}
