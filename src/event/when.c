#include "event/when.h"

#include "core/limits.h"

#define YEAR_MAX 2553 /* the last whole one of 64 bits of ns */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Exactly n digits, which are taken. */
static bool take(struct str *s, unsigned n, unsigned *v)
{
	if (s->n < n)
		return false;
	*v = 0;
	for (unsigned i = 0; i < n; i++) {
		if (!is_digit(s->p[i]))
			return false;
		*v = *v * 10 + (unsigned)(s->p[i] - '0');
	}
	s->p += n;
	s->n -= n;
	return true;
}

static bool take_char(struct str *s, const char *any_of)
{
	if (s->n == 0 || s->p[0] == '\0' || !strchr(any_of, s->p[0]))
		return false;
	s->p++;
	s->n--;
	return true;
}

/* Digits behind the point, cut at ns. */
static bool take_fraction(struct str *s, uint64_t *ns)
{
	uint64_t unit = NS_PER_S / 10;

	if (s->n == 0 || !is_digit(s->p[0]))
		return false;
	for (*ns = 0; s->n && is_digit(s->p[0]); s->p++, s->n--) {
		*ns += unit * (uint64_t)(s->p[0] - '0');
		unit /= 10;
	}
	return true;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar; eras of 400 years that begin in March,
 * as output/date.c has them the other way round. */
static bool day_of(unsigned y, unsigned m, unsigned d, uint64_t *day)
{
	static const uint8_t length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

	if (y < 1970 || y > YEAR_MAX || m < 1 || m > 12 || d < 1 ||
	    d > (unsigned)length[m - 1] + (m == 2 && leap))
		return false;
	y -= m <= 2;
	unsigned era = y / 400, of_era = y % 400;
	unsigned of_year = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
	*day = (uint64_t)era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
	return true;
}

/* Seconds east of UTC. */
static bool take_offset(struct str *s, int64_t *offset)
{
	unsigned hours, minutes = 0;

	*offset = 0;
	s->n -= str_has_suffix(*s, STR(" UTC")) ? 4 : 0;
	if (s->n == 0)
		return true;
	if (take_char(s, "Zz"))
		return s->n == 0;
	bool west = s->p[0] == '-';
	if (!take_char(s, "+-") || !take(s, 2, &hours))
		return false;
	if (s->n) {
		take_char(s, ":");
		if (!take(s, 2, &minutes))
			return false;
	}
	*offset = (int64_t)(hours * 3600 + minutes * 60) * (west ? -1 : 1);
	return s->n == 0 && hours < 24 && minutes < 60;
}

static bool take_clock(struct str *s, uint64_t *seconds, uint64_t *ns)
{
	unsigned h, m, sec = 0;

	*ns = 0;
	if (!take(s, 2, &h) || !take_char(s, ":") || !take(s, 2, &m))
		return false;
	if (take_char(s, ":")) {
		if (!take(s, 2, &sec))
			return false;
		if (take_char(s, ".,") && !take_fraction(s, ns))
			return false;
	}
	if (h > 23 || m > 59 || sec > 60)
		return false;
	*seconds = h * 3600 + m * 60 + sec; /* a leap second is the next one's first */
	return true;
}

static bool read_date(struct str s, uint64_t *out)
{
	unsigned y, m, d;
	uint64_t day, seconds = 0, ns = 0;
	int64_t offset = 0;

	if (!take(&s, 4, &y) || !take_char(&s, "-/") || !take(&s, 2, &m) || !take_char(&s, "-/") ||
	    !take(&s, 2, &d) || !day_of(y, m, d, &day))
		return false;
	if (s.n && (!take_char(&s, "Tt ") || !take_clock(&s, &seconds, &ns) ||
		    !take_offset(&s, &offset)))
		return false;
	int64_t at = (int64_t)(day * 86400 + seconds) - offset;
	if (at < 0)
		return false;
	*out = (uint64_t)at * NS_PER_S + ns;
	return true;
}

/* Since 1970. Today's are ten digits of seconds, so each unit reaches from there on a thousand
 * times as far: seconds to the year 5138, of which 2554 has the bound. */
static bool read_number(struct str s, uint64_t *out)
{
	uint64_t v = 0, ns = 0, unit = NS_PER_S;
	size_t n = 0;

	while (n < s.n && is_digit(s.p[n]) && n < 19)
		v = v * 10 + (uint64_t)(s.p[n++] - '0');
	s.p += n;
	s.n -= n;
	if (n == 0 || (take_char(&s, ".") && !take_fraction(&s, &ns)) || s.n)
		return false;
	for (uint64_t most = UINT64_C(100000000000); v >= most && unit > 1; most *= 1000)
		unit /= 1000;
	if (v > (UINT64_MAX - NS_PER_S) / unit)
		return false;
	*out = v * unit + ns / (NS_PER_S / unit);
	return true;
}

bool when_read(struct str s, uint64_t *ns)
{
	s = str_trim(s);
	if (s.n == 0)
		return false;
	if (str_has_prefix(s, STR("/Date(")) && str_has_suffix(s, STR(")/"))) {
		uint64_t ms;
		if (!read_number((struct str){s.p + 6, s.n - 8}, &ms))
			return false;
		*ns = ms;
		return true;
	}
	return s.n > 4 && is_digit(s.p[0]) && !is_digit(s.p[4]) && s.p[4] != '.' ? read_date(s, ns)
										  : read_number(s, ns);
}
