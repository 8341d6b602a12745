#include "sigma/number.h"

#include <math.h>
#include <stdlib.h>

#define TEXT_MAX     63
#define DIGITS_EXACT 15 /* of an integer that a double holds exactly */

static size_t digits(struct str s, size_t i)
{
	size_t n = 0;

	while (i + n < s.n && s.p[i + n] >= '0' && s.p[i + n] <= '9')
		n++;
	return n;
}

static bool is_number(struct str s)
{
	size_t i = s.n && (s.p[0] == '-' || s.p[0] == '+');
	size_t whole = digits(s, i), fraction = 0;

	i += whole;
	if (i < s.n && s.p[i] == '.') {
		fraction = digits(s, i + 1);
		i += 1 + fraction;
	}
	if (whole + fraction == 0)
		return false;
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
			i++;
		size_t exponent = digits(s, i);
		if (exponent == 0)
			return false;
		i += exponent;
	}
	return i == s.n;
}

bool number_read(struct str text, double *out)
{
	char z[TEXT_MAX + 1];

	if (text.n == 0 || text.n > TEXT_MAX)
		return false;
	if (text.n <= DIGITS_EXACT && digits(text, 0) == text.n) {
		uint64_t v = 0;
		for (size_t i = 0; i < text.n; i++)
			v = v * 10 + (uint64_t)(text.p[i] - '0');
		*out = (double)v;
		return true;
	}
	if (!is_number(text))
		return false;
	memcpy(z, text.p, text.n);
	z[text.n] = '\0';
	*out = strtod(z, NULL);
	return isfinite(*out);
}

bool number_of(const struct event_value *v, double *out)
{
	if (v->kind == VALUE_TEXT)
		return number_read(v->text, out);
	*out = v->number;
	return v->kind == VALUE_NUMBER;
}
