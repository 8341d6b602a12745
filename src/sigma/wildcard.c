#include "sigma/wildcard.h"

#include <string.h>

#include "base/mem.h"

static bool is_many(const struct sigma_text *t, size_t i)
{
	return t->wild[i] && t->text[i] == TEXT_MANY;
}

static bool stands_for_itself(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c & 0x80);
}

static char *put(char *o, const struct sigma_text *t, size_t i)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char c = (unsigned char)t->text[i];

	if (t->wild[i]) {
		*o++ = '.';
		if (c == TEXT_MANY)
			*o++ = '*';
	} else if (stands_for_itself((char)c)) {
		*o++ = (char)c;
	} else {
		*o++ = '\\';
		*o++ = 'x';
		*o++ = hex[c >> 4];
		*o++ = hex[c & 15];
	}
	return o;
}

char *wildcard_expression(const struct sigma_text *t, bool *empty)
{
	size_t first = 0, last = t->n;
	char *out = mem_alloc(4 * t->n + sizeof "\\A\\z"), *o = out;

	while (first < last && is_many(t, first))
		first++;
	while (last > first && is_many(t, last - 1))
		last--;
	*empty = first == last;
	if (first == 0)
		o = stpcpy(o, "\\A");
	for (size_t i = first; i < last; i++)
		o = put(o, t, i);
	if (last == t->n)
		o = stpcpy(o, "\\z");
	*o = '\0';
	return out;
}
