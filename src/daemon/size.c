#include "daemon/size.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/limits.h"

#define DURATION_MAX 315360000u /* seconds: ten years */

static bool unit_of(const char *text, double *factor)
{
	static const char letters[] = "kmgt";
	const char *at = *text ? strchr(letters, *text | 0x20) : NULL;
	double base = 1000;

	*factor = 1;
	if (at) {
		text++;
		if (*text == 'i' || *text == 'I') {
			base = 1024;
			text++;
		}
		*factor = pow(base, (double)(at - letters + 1));
	}
	return *text == '\0' || strcasecmp(text, "b") == 0;
}

bool size_parse(const char *text, uint64_t *out)
{
	char *end;
	double factor;

	if (strcmp(text, "never") == 0) {
		*out = UINT64_MAX;
		return true;
	}
	if (*text < '0' || *text > '9')
		return false;
	double v = strtod(text, &end);
	if (end == text || !unit_of(end, &factor) || !(v * factor < 0x1p63))
		return false;
	*out = (uint64_t)(v * factor + 0.5); /* 1.005k is 1005 */
	return true;
}

bool size_duration(const char *text, uint64_t *ns)
{
	static const struct {
		char letter;
		uint64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	uint64_t sum = 0;

	*ns = 0;
	if (strcmp(text, "never") == 0)
		return true;
	do {
		char *end;
		unsigned i = 0;
		if (*text < '0' || *text > '9')
			return false;
		unsigned long long v = strtoull(text, &end, 10);
		while (i < 5 && units[i].letter != *end)
			i++;
		if (i == 5 || v > DURATION_MAX / units[i].seconds)
			return false;
		sum += v * units[i].seconds;
		text = end + 1;
	} while (*text);
	if (sum > DURATION_MAX)
		return false;
	*ns = sum * NS_PER_S;
	return true;
}

bool size_thresholds(const char *text, uint64_t threshold[4])
{
	uint64_t one, parsed[4];

	if (size_parse(text, &one)) {
		threshold[0] = threshold[1] = threshold[2] = one;
		return true;
	}
	memcpy(parsed, threshold, sizeof parsed);
	do {
		char item[32];
		size_t n = strcspn(text, ",");
		if (n < 3 || n >= sizeof item || text[1] != '=' || (text[0] | 0x20) < 'a' ||
		    (text[0] | 0x20) > 'd')
			return false;
		memcpy(item, text + 2, n - 2);
		item[n - 2] = '\0';
		if (!size_parse(item, &parsed[(text[0] | 0x20) - 'a']))
			return false;
		text += n;
	} while (*text++ == ',');
	memcpy(threshold, parsed, sizeof parsed);
	return true;
}
