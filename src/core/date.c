#include "core/date.h"

#include "core/limits.h"

static const char pairs[] = "0001020304050607080910111213141516171819"
			    "2021222324252627282930313233343536373839"
			    "4041424344454647484950515253545556575859"
			    "6061626364656667686970717273747576777879"
			    "8081828384858687888990919293949596979899";

static char *two(char *p, unsigned v)
{
	memcpy(p, pairs + v * 2, 2);
	return p + 2;
}

/* Gregorian date of a day number by 400-year eras that begin on 1 March, so that the leap day is
 * the last of its year (the proleptic calendar of RFC 3339; no table, no loop). */
static void calendar(uint64_t day, char out[11])
{
	uint64_t z = day + 719468; /* days from 0000-03-01 to 1970-01-01 */
	uint64_t era = z / 146097;
	unsigned doe = (unsigned)(z - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned mp = (5 * doy + 2) / 153; /* months since March */
	unsigned d = doy - (153 * mp + 2) / 5 + 1;
	unsigned m = mp < 10 ? mp + 3 : mp - 9;
	unsigned y = (unsigned)(era * 400) + yoe + (m <= 2);
	char *p = two(two(out, y / 100 % 100), y % 100);

	*p++ = '-';
	p = two(p, m);
	*p++ = '-';
	p = two(p, d);
	*p = 'T';
}

void date_write(struct writer *w, struct date_cache *cache, uint64_t ns)
{
	uint64_t seconds = ns / NS_PER_S;
	unsigned fraction = (unsigned)(ns % NS_PER_S);
	unsigned of_day = (unsigned)(seconds % 86400);
	uint64_t day = seconds / 86400;
	char out[DATE_LENGTH], *p = out + sizeof cache->text;

	if (cache->day != day + 1) {
		calendar(day, cache->text);
		cache->day = day + 1;
	}
	memcpy(out, cache->text, sizeof cache->text);
	p = two(p, of_day / 3600);
	*p++ = ':';
	p = two(p, of_day / 60 % 60);
	*p++ = ':';
	p = two(p, of_day % 60);
	*p++ = '.';
	*p++ = (char)('0' + fraction / 100000000);
	p = two(p, fraction / 1000000 % 100);
	p = two(p, fraction / 10000 % 100);
	p = two(p, fraction / 100 % 100);
	p = two(p, fraction % 100);
	*p = 'Z';
	wr_bytes(w, out, sizeof out);
}
