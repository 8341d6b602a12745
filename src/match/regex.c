#include "match/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h> /* nowhere else */
#include <stdlib.h>

#include "base/mem.h"
#include "match/match.h"

struct regex {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

/* An expression must not choose by itself, by "(*UTF)", how texts are read: they are not checked.
 */
static uint32_t options_of(unsigned flags)
{
	return PCRE2_NEVER_BACKSLASH_C | PCRE2_NEVER_UCP |
	       (flags & MATCH_CASELESS ? PCRE2_CASELESS : 0) |
	       (flags & MATCH_DOTALL ? PCRE2_DOTALL : 0) |
	       /* 10.42 does not find "(?=y)^y" in a second line by way of its optimizations */
	       (flags & MATCH_MULTILINE ? PCRE2_MULTILINE | PCRE2_NO_START_OPTIMIZE : 0) |
	       (flags & MATCH_UTF8 ? PCRE2_UTF : PCRE2_NEVER_UTF);
}

struct regex *regex_new(const char *expression, unsigned flags, struct error *e)
{
	PCRE2_UCHAR text[200];
	PCRE2_SIZE where;
	int why;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)expression, PCRE2_ZERO_TERMINATED,
					 options_of(flags), &why, &where, NULL);

	if (why == PCRE2_ERROR_HEAP_FAILED)
		mem_exhausted("PCRE2");
	if (!code) {
		pcre2_get_error_message(why, text, sizeof text);
		error_set(e, "%s (at character %zu)", (const char *)text, (size_t)where + 1);
		return NULL;
	}
	struct regex *r = mem_zalloc(sizeof *r);
	r->code = code;
	r->data = pcre2_match_data_create(1, NULL);
	r->limits = pcre2_match_context_create(NULL);
	if (!r->data || !r->limits)
		mem_exhausted("PCRE2");
	pcre2_set_match_limit(r->limits, REGEX_STEPS_MAX);
	pcre2_set_depth_limit(r->limits, REGEX_DEPTH_MAX);
	return r;
}

void regex_free(struct regex *r)
{
	if (!r)
		return;
	pcre2_match_context_free(r->limits);
	pcre2_match_data_free(r->data);
	pcre2_code_free(r->code);
	free(r);
}

enum regex_result regex_search(struct regex *r, struct str text)
{
	const char *p = text.p ? text.p : "";
	int n = pcre2_match(r->code, (PCRE2_SPTR)p, text.n, 0, PCRE2_NO_UTF_CHECK, r->data,
			    r->limits);

	if (n >= 0)
		return REGEX_YES;
	return n == PCRE2_ERROR_NOMATCH ? REGEX_NO : REGEX_LIMIT;
}
