#include "base/yaml_read.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"

/* Line breaks of all kinds are one in YAML (section 5.4); so is what the parser sees. */
void yaml_open(struct yaml *y, struct str text)
{
	if (str_has_prefix(text, STR("\xef\xbb\xbf"))) {
		text.p += 3;
		text.n -= 3;
	}
	*y = (struct yaml){.text = mem_alloc(text.n + 1), .line = 1};
	for (size_t at = 0; at < text.n;) {
		const char *p = text.p + at, *cr = memchr(p, '\r', text.n - at);
		size_t run = cr ? (size_t)(cr - p) : text.n - at;

		memcpy(y->text + y->n, p, run);
		y->n += run;
		at += run + 1;
		if (cr && (at == text.n || text.p[at] != '\n'))
			y->text[y->n++] = '\n';
	}
	y->text[y->n] = '\0';
}

void yaml_close(struct yaml *y)
{
	free(y->text);
	*y = (struct yaml){0};
}

/* "---" or "..." at the start of a line, followed by blank or end (section 9.1.2: nothing else may
 * begin a line with them, not even inside of quotes). */
static bool is_marker(struct str line, const char *marker)
{
	return line.n >= 3 && memcmp(line.p, marker, 3) == 0 &&
	       (line.n == 3 || line.p[3] == ' ' || line.p[3] == '\t');
}

/* A comment, blank or directive: a document may have it before its "---". */
static bool is_prelude(struct str line)
{
	size_t i = 0;

	while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
		i++;
	return i == line.n || line.p[i] == '#' || line.p[0] == '%';
}

/* Cuts the next document out of the stream. False at the end, or when nothing but comments is
 * left. */
static bool next_source(struct yaml *y, struct yaml_document *d)
{
	bool content = false, directive = false, started = false, end = false;

	*d = (struct yaml_document){.line = y->line, .source = {y->text + y->at, 0}};
	while (y->at < y->n && !end) {
		struct str line = {y->text + y->at, 0};
		const char *feed = memchr(line.p, '\n', y->n - y->at);

		line.n = feed ? (size_t)(feed - line.p) : y->n - y->at;
		if (is_marker(line, "---")) {
			if (started || content)
				break;
			started = true;
			/* what follows on the same line is content; the rest is found out there */
		} else if (is_marker(line, "...")) {
			end = true;
		} else if (!is_prelude(line)) {
			content = true;
		} else if (line.n && line.p[0] == '%') {
			directive = true;
		}
		y->at += line.n + (feed != NULL);
		y->line += feed != NULL;
		if (!end)
			d->source.n = (size_t)(y->text + y->at - d->source.p);
	}
	return started || content || directive || end || y->at < y->n;
}

static bool check_text(struct yaml_document *d, struct error *e)
{
	const char *p = d->source.p, *end = p + d->source.n;

	while (p < end) {
		uint32_t c;
		if (*p >= 0x20 && *p < 0x7f) { /* nearly all */
			p++;
			continue;
		}
		size_t n = utf8_read(p, (size_t)(end - p), &c);

		if (n == 0) {
			error_set(e, "not UTF-8");
			return false;
		}
		if ((c < 0x20 && c != '\t' && c != '\n') || (c >= 0x7f && c < 0xa0 && c != 0x85) ||
		    c == 0xfffe || c == 0xffff) {
			error_set(e, "a control character (U+%04X)", (unsigned)c);
			return false;
		}
		d->line += c == '\n';
		p += n;
	}
	return true;
}

enum yaml_result yaml_next(struct yaml *y, struct arena *a, struct yaml_document *d,
			   struct error *e)
{
	if (!next_source(y, d))
		return YAML_END;
	unsigned first = d->line;
	if (!check_text(d, e))
		return YAML_BAD;
	d->line = first;
	return yaml_read_document(a, d, e) ? YAML_DOCUMENT : YAML_BAD;
}

const struct yaml_node *yaml_get(const struct yaml_node *n, const char *key)
{
	struct str wanted = str_of(key);

	if (n && n->kind == YAML_MAP)
		for (size_t i = 0; i < n->count; i++)
			if (str_eq(n->key[i]->text, wanted))
				return n->item[i];
	return NULL;
}

static bool is_one_of(struct str s, const char *const *words)
{
	for (; *words; words++)
		if (str_eq(s, str_of(*words)))
			return true;
	return false;
}

bool yaml_is_null(const struct yaml_node *n)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL", NULL};

	return !n || (n->kind == YAML_SCALAR && n->plain && is_one_of(n->text, words));
}

bool yaml_bool(const struct yaml_node *n, bool *value)
{
	static const char *const yes[] = {"true", "True", "TRUE", NULL};
	static const char *const no[] = {"false", "False", "FALSE", NULL};

	if (!n || n->kind != YAML_SCALAR || !n->plain)
		return false;
	*value = is_one_of(n->text, yes);
	return *value || is_one_of(n->text, no);
}

/* All digits of that base, at least one; octal and hexadecimal have no sign (section 10.3.2). */
static bool read_based(struct str s, const char *digits, double *value)
{
	size_t base = strlen(digits) > 8 ? 16 : 8;

	*value = 0;
	for (size_t i = 2; i < s.n; i++) {
		const char *d = s.p[i] ? strchr(digits, ascii_lower(s.p[i])) : NULL;
		if (!d)
			return false;
		*value = *value * (double)base + (double)(d - digits);
	}
	return s.n > 2 && isfinite(*value);
}

static size_t skip_digits(struct str s, size_t i)
{
	while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	return i;
}

/* [-+]? (digits (. digits*)? | . digits) ([eE] [-+]? digits)? */
static bool is_decimal(struct str s)
{
	size_t i = s.n && (s.p[0] == '-' || s.p[0] == '+'), start = i;

	i = skip_digits(s, i);
	size_t whole = i - start, fraction = 0;
	if (i < s.n && s.p[i] == '.') {
		size_t from = ++i;
		i = skip_digits(s, i);
		fraction = i - from;
	}
	if (whole + fraction == 0)
		return false;
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
			i++;
		size_t from = i;
		i = skip_digits(s, i);
		if (i == from)
			return false;
	}
	return i == s.n;
}

bool yaml_number(const struct yaml_node *n, double *value)
{
	if (!n || n->kind != YAML_SCALAR || !n->plain)
		return false;
	if (str_has_prefix(n->text, STR("0x")))
		return read_based(n->text, "0123456789abcdef", value);
	if (str_has_prefix(n->text, STR("0o")))
		return read_based(n->text, "01234567", value);
	if (!is_decimal(n->text))
		return false;
	*value = strtod(n->text.p, NULL); /* terminated */
	return isfinite(*value);
}
