#include "sigma/text.h"

/* While it is being written. */
struct draft {
	char *text;
	bool *wild;
	size_t n;
};

static struct draft draft_of(struct arena *a, size_t room)
{
	return (struct draft){arena_alloc(a, room + 1), arena_alloc(a, room + 1), 0};
}

static void put(struct draft *d, char c, bool wild)
{
	d->text[d->n] = c;
	d->wild[d->n++] = wild;
}

static struct sigma_text finish(const struct draft *d)
{
	return (struct sigma_text){d->text, d->wild, d->n};
}

static bool is_wildcard(char c)
{
	return c == TEXT_MANY || c == TEXT_ONE;
}

struct sigma_text sigma_text_parse(struct arena *a, struct str s)
{
	struct draft d = draft_of(a, s.n);

	for (size_t i = 0; i < s.n; i++) {
		bool escape = s.p[i] == '\\' && i + 1 < s.n &&
			      (is_wildcard(s.p[i + 1]) || s.p[i + 1] == '\\');
		if (escape)
			put(&d, s.p[++i], false);
		else
			put(&d, s.p[i], is_wildcard(s.p[i]));
	}
	return finish(&d);
}

struct sigma_text sigma_text_literal(struct arena *a, struct str s)
{
	struct draft d = draft_of(a, s.n);

	for (size_t i = 0; i < s.n; i++)
		put(&d, s.p[i], false);
	return finish(&d);
}

struct sigma_text sigma_text_join(struct arena *a, struct sigma_text x, struct sigma_text y)
{
	struct draft d = draft_of(a, x.n + y.n);

	for (size_t i = 0; i < x.n; i++)
		put(&d, x.text[i], x.wild[i]);
	for (size_t i = 0; i < y.n; i++)
		put(&d, y.text[i], y.wild[i]);
	return finish(&d);
}

static bool is_many(const struct sigma_text *t, size_t i)
{
	return t->wild[i] && t->text[i] == TEXT_MANY;
}

struct sigma_text sigma_text_open(struct arena *a, struct sigma_text t, bool before, bool behind)
{
	struct draft d = draft_of(a, t.n + 2);

	if (before && !(t.n && is_many(&t, 0)))
		put(&d, TEXT_MANY, true);
	for (size_t i = 0; i < t.n; i++)
		put(&d, t.text[i], t.wild[i]);
	if (behind && !(d.n && d.wild[d.n - 1] && d.text[d.n - 1] == TEXT_MANY))
		put(&d, TEXT_MANY, true);
	return finish(&d);
}

struct sigma_text sigma_text_squeeze(struct arena *a, struct sigma_text t)
{
	struct draft d = draft_of(a, t.n);

	for (size_t i = 0; i < t.n; i++)
		if (i == 0 || !is_many(&t, i) || !is_many(&t, i - 1))
			put(&d, t.text[i], t.wild[i]);
	return finish(&d);
}

bool sigma_text_wild(const struct sigma_text *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->wild[i])
			return true;
	return false;
}

char *sigma_text_print(struct arena *a, const struct sigma_text *t)
{
	char *out = arena_alloc(a, 2 * t->n + 1), *o = out;

	for (size_t i = 0; i < t->n; i++) {
		char c = t->text[i];
		/* a backslash needs one of its own only where the next character would take it */
		bool taken = c == '\\' && i + 1 < t->n &&
			     (t->text[i + 1] == '\\' || is_wildcard(t->text[i + 1]));
		if (!t->wild[i] && (is_wildcard(c) || taken))
			*o++ = '\\';
		*o++ = c;
	}
	return out;
}

char *sigma_text_regex(struct arena *a, const struct sigma_text *t)
{
	char *out = arena_alloc(a, 2 * t->n + 1), *o = out;

	for (size_t i = 0; i < t->n; i++) {
		char c = t->text[i];
		if (t->wild[i]) {
			*o++ = '.';
			if (c == TEXT_MANY)
				*o++ = '*';
			continue;
		}
		if (c && strchr("\\^$.|?*+()[]{}", c))
			*o++ = '\\';
		*o++ = c;
	}
	return out;
}
