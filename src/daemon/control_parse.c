#include "daemon/control.h"

/* A quoted word, unescaped in place; `from` is behind its first quote. Returns where it goes on,
 * NULL when it does not end. */
static char *quoted(char *from, char *end, struct str *out)
{
	char *to = from;

	out->p = from;
	for (; from < end; from++) {
		if (*from == '"') {
			out->n = (size_t)(to - out->p);
			return from + 1;
		}
		if (*from == '\\') {
			from++;
			if (from == end || (*from != '"' && *from != '\\'))
				return NULL;
		}
		*to++ = *from;
	}
	return NULL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static char *bare(char *from, char *end, struct str *out)
{
	out->p = from;
	while (from < end && !is_blank(*from))
		from++;
	out->n = (size_t)(from - out->p);
	return from;
}

static int words(char *p, char *end, struct control_request *out, struct error *e)
{
	for (;;) {
		struct str word;

		while (p < end && is_blank(*p))
			p++;
		if (p == end)
			return 0;
		if (out->count == CONTROL_WORDS_MAX)
			return error_set(e, "more than %d words", CONTROL_WORDS_MAX);
		p = *p == '"' ? quoted(p + 1, end, &word) : bare(p, end, &word);
		if (!p || (p < end && !is_blank(*p)))
			return error_set(e, "word %zu is not quoted well", out->count + 1);
		out->word[out->count++] = word;
	}
}

int control_parse(char *line, size_t n, struct control_request *out, struct error *e)
{
	*out = (struct control_request){0};
	if (n && line[n - 1] == '\r')
		n--;
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
			return error_set(e, "a control character in the request");
	if (words(line, line + n, out, e))
		return -1;
	if (out->count && str_eq(out->word[0], STR("json"))) {
		out->json = true;
		out->count--;
		memmove(out->word, out->word + 1, out->count * sizeof *out->word);
	}
	return out->count ? 0 : error_set(e, "no command");
}
