#include "sigma/time_part.h"

struct date {
	int64_t year;
	unsigned month, day; /* from 1 */
	bool timed;
	unsigned hour, minute;
};

/* Exactly n digits. */
static bool take(struct str *s, size_t n, unsigned *value)
{
	*value = 0;
	if (s->n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return false;
		*value = *value * 10 + (unsigned)(s->p[i] - '0');
	}
	s->p += n;
	s->n -= n;
	return true;
}

static bool skip(struct str *s, char c)
{
	if (!s->n || s->p[0] != c)
		return false;
	s->p++;
	s->n--;
	return true;
}

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_of(int64_t year, unsigned month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Seconds, a fraction and a zone: anything may follow, but not another digit or letter at once. */
static bool read_tail(struct str *s)
{
	unsigned seconds;

	if (skip(s, ':') && (!take(s, 2, &seconds) || seconds > 60))
		return false;
	if (skip(s, '.') || skip(s, ',')) {
		size_t digits = 0;
		while (digits < s->n && s->p[digits] >= '0' && s->p[digits] <= '9')
			digits++;
		if (digits == 0)
			return false;
		s->p += digits;
		s->n -= digits;
	}
	return !s->n || s->p[0] == 'Z' || s->p[0] == 'z' || s->p[0] == '+' || s->p[0] == '-' ||
	       s->p[0] == ' ';
}

static bool read_calendar(struct str s, struct date *d)
{
	unsigned year;

	if (!take(&s, 4, &year) || !(skip(&s, '-') || skip(&s, '/')) || !take(&s, 2, &d->month) ||
	    !(skip(&s, '-') || skip(&s, '/')) || !take(&s, 2, &d->day))
		return false;
	d->year = year;
	if (d->month < 1 || d->month > 12 || d->day < 1 || d->day > days_of(year, d->month))
		return false;
	if (!s.n)
		return true;
	if (!(skip(&s, 'T') || skip(&s, 't') || skip(&s, ' ')) || !take(&s, 2, &d->hour) ||
	    !skip(&s, ':') || !take(&s, 2, &d->minute) || d->hour > 23 || d->minute > 59)
		return false;
	d->timed = true;
	return read_tail(&s);
}

#define DAY 86400

/* Beyond the year 5138 in seconds, a number is taken as milliseconds. */
#define LARGEST_SECONDS 100000000000

static bool read_epoch(struct str s, struct date *d)
{
	int64_t v = 0;
	size_t i = 0;

	for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9' && i < 16; i++)
		v = v * 10 + (s.p[i] - '0');
	if (i == 0)
		return false;
	if (i < s.n && s.p[i] == '.')
		for (i++; i < s.n && s.p[i] >= '0' && s.p[i] <= '9';)
			i++;
	if (i != s.n)
		return false;
	if (v > LARGEST_SECONDS)
		v /= 1000;
	int64_t day = v / DAY, year = 1970;
	/* a few thousand steps at most */
	for (int64_t n; day >= (n = is_leap(year) ? 366 : 365); year++)
		day -= n;
	d->year = year;
	d->month = 1;
	for (unsigned n; day >= (n = days_of(year, d->month)); d->month++)
		day -= n;
	d->day = (unsigned)day + 1;
	d->timed = true;
	d->hour = (unsigned)(v % DAY / 3600);
	d->minute = (unsigned)(v % 3600 / 60);
	return true;
}

static unsigned day_of_year(const struct date *d)
{
	unsigned day = d->day;

	for (unsigned m = 1; m < d->month; m++)
		day += days_of(d->year, m);
	return day;
}

/* 0: Monday. */
static unsigned weekday_of_new_year(int64_t year)
{
	int64_t y = year - 1;

	return (unsigned)((y + y / 4 - y / 100 + y / 400) % 7);
}

/* A year has 53 weeks if it begins on a Thursday, or, as a leap year, on a Wednesday. */
static unsigned weeks_of(int64_t year)
{
	unsigned first = weekday_of_new_year(year);

	return first == 3 || (first == 2 && is_leap(year)) ? 53 : 52;
}

/* ISO 8601: the week that holds the year's first Thursday is the first. */
static unsigned week_of(const struct date *d)
{
	unsigned day = day_of_year(d), weekday = (weekday_of_new_year(d->year) + day - 1) % 7;
	unsigned week = (day + 9 - weekday) / 7;

	if (week == 0)
		return weeks_of(d->year - 1);
	return week > weeks_of(d->year) ? 1 : week;
}

bool time_part_read(struct str text, enum time_part part, double *value)
{
	struct date d = {0};

	if (!read_calendar(text, &d)) {
		d = (struct date){0};
		if (!read_epoch(text, &d))
			return false;
	}
	switch (part) {
	case PART_NONE:
		return false;
	case PART_MINUTE:
		*value = d.minute;
		return d.timed;
	case PART_HOUR:
		*value = d.hour;
		return d.timed;
	case PART_DAY:
		*value = d.day;
		return true;
	case PART_WEEK:
		*value = week_of(&d);
		return true;
	case PART_MONTH:
		*value = d.month;
		return true;
	case PART_YEAR:
		*value = (double)d.year;
		return true;
	}
	return false;
}
