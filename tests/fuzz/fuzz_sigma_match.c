/* Wildcard texts and expressions as patterns: any pattern, held against any value. Wildcards find
 * what a simple matcher finds; expressions may be refused, and find or do not find.
 *
 * The first byte says what kind of pattern it is, the second how long it is; the rest is the value.
 */
#include <stdint.h>
#include <stdlib.h>

#include "../unit/sigma_slow.h"
#include "base/arena.h"
#include "base/utf8.h"
#include "sigma/scanner.h"
#include "sigma/text.h"

#define PATTERN_MAX 48
#define VALUE_MAX   64
#define STARS_MAX   4 /* the simple matcher tries all ways */

enum bits {
	BIT_REGEX = 1,
	BIT_CASED = 2, /* or, of an expression, caseless */
	BIT_WIRE = 4,
	BIT_MULTILINE = 8,
	BIT_DOTALL = 16,
	BIT_MORE = 32, /* among other patterns */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void note(void *context, uint32_t leaf)
{
	bool *found = context;

	if (leaf > 2)
		abort();
	found[leaf] = true;
}

/* Patterns that stand beside the one that is tested. */
static void add_others(struct scanner *s)
{
	static const bool wild[] = {false, false, true};
	static const struct sigma_leaf text = {.kind = LEAF_TEXT, .text = {"ab*", wild, 3}};
	static const struct sigma_leaf regex = {.kind = LEAF_REGEX,
						.regex = {.expression = "(?<!x)\xc3\xa9+"}};
	struct error e;

	if (scanner_add(s, &text, 1, &e) || scanner_add(s, &regex, 2, &e))
		abort();
}

static bool finds(const struct sigma_leaf *l, const struct event_value *v, bool others, bool *is)
{
	struct scanner *s = scanner_new();
	bool found[3] = {false};
	struct error e;
	int refused = scanner_add(s, l, 0, &e);

	if (others)
		add_others(s);
	if (!refused) {
		scanner_build(s, NULL);
		scanner_run(s, v, note, found);
	}
	scanner_free(s);
	*is = found[0];
	return !refused;
}

static unsigned stars(const struct sigma_text *t)
{
	unsigned count = 0;

	for (size_t i = 0; i < t->n; i++)
		count += t->wild[i] && t->text[i] == TEXT_MANY;
	return count;
}

static void check_text(struct str pattern, const struct event_value *v, unsigned bits)
{
	struct arena a;
	bool is;

	if (!utf8_valid(pattern)) /* the rule reader refuses it */
		return;
	arena_init(&a);
	struct sigma_leaf l = {.kind = LEAF_TEXT,
			       .cased = bits & BIT_CASED,
			       .text = sigma_text_squeeze(&a, sigma_text_parse(&a, pattern))};
	if (l.text.n > 0 && stars(&l.text) <= STARS_MAX &&
	    (!finds(&l, v, bits & BIT_MORE, &is) || is != slow_text(&l.text, l.cased, v)))
		abort();
	arena_fini(&a);
}

static void check_regex(struct str pattern, const struct event_value *v, unsigned bits)
{
	char expression[PATTERN_MAX + 1];
	bool is;

	memcpy(expression, pattern.p, pattern.n);
	expression[pattern.n] = '\0';
	struct sigma_leaf l = {.kind = LEAF_REGEX,
			       .regex = {.expression = expression,
					 .flags = (bits & BIT_CASED ? REGEX_CASELESS : 0) |
						  (bits & BIT_MULTILINE ? REGEX_MULTILINE : 0) |
						  (bits & BIT_DOTALL ? REGEX_DOTALL : 0)}};
	if (!utf8_valid(str_of(expression)))
		return;
	(void)finds(&l, v, bits & BIT_MORE, &is);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 2)
		return 0;
	size_t length = data[1] < n - 2 ? data[1] : n - 2;
	if (length > PATTERN_MAX || n - 2 - length > VALUE_MAX)
		return 0;
	struct str pattern = {(const char *)data + 2, length};
	struct event_value v = {.text = {pattern.p + length, n - 2 - length},
				.wire = data[0] & BIT_WIRE};

	if (data[0] & BIT_REGEX)
		check_regex(pattern, &v, data[0]);
	else
		check_text(pattern, &v, data[0]);
	return 0;
}
