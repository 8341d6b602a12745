#include "services/domain_near.h"

#include <stdlib.h>

#include "base/mem.h"

#define SHOWN_MAX 8
#define LABEL_MIN 4 /* shorter ones are in too many names to mean anything */

/* From near to far. */
enum nearness {
	NEAR_BELOW_EXACT,
	NEAR_END,
	NEAR_INSIDE,
	NEAR_INSIDE_LABEL,
	NEAR_ABOVE,
	NEAR_TAIL,
	NEAR_LABEL,
	NEAR_NOT,
};

static const char *const reasons[] = {
	[NEAR_BELOW_EXACT] = "is for exactly that name, and this one is below it",
	[NEAR_END] = "the name ends in it, but not on a label boundary",
	[NEAR_INSIDE] = "the name contains it, but not at its end",
	[NEAR_INSIDE_LABEL] = "the name contains it, neither on a label boundary nor at its end",
	[NEAR_ABOVE] = "is below the name, not the other way round",
	[NEAR_TAIL] = "has the same last labels, but the expression does not cover the name",
	[NEAR_LABEL] = "the name has its label, but in another domain",
};

struct near {
	const struct domain_entry *entry;
	enum nearness how;
	size_t length; /* of what both have in common */
};

static struct str before(struct str s, size_t n)
{
	return (struct str){s.p, s.n - n};
}

static bool ends_below(struct str name, struct str domain)
{
	return name.n > domain.n && str_has_suffix(name, domain) &&
	       name.p[name.n - domain.n - 1] == '.';
}

static const char *find(struct str in, struct str what)
{
	return in.n && what.n ? memmem(in.p, in.n, what.p, what.n) : NULL;
}

/* The last label, two when the second is short as in co.nz, and the label before them. */
static struct str registered_label(struct str domain)
{
	const char *dot = memrchr(domain.p, '.', domain.n);
	if (!dot)
		return (struct str){0};
	struct str rest = {domain.p, (size_t)(dot - domain.p)};
	bool country = domain.n - rest.n == 3;

	dot = memrchr(rest.p, '.', rest.n);
	size_t n = dot ? rest.n - (size_t)(dot + 1 - rest.p) : rest.n;
	if (dot && country && n <= 3) {
		rest.n = (size_t)(dot - rest.p);
		dot = memrchr(rest.p, '.', rest.n);
		n = dot ? rest.n - (size_t)(dot + 1 - rest.p) : rest.n;
	}
	return (struct str){rest.p + rest.n - n, n};
}

static bool has_label(struct str name, struct str label)
{
	if (label.n < LABEL_MIN)
		return false;
	for (size_t start = 0, i = 0; i <= name.n; i++)
		if (i == name.n || name.p[i] == '.' || name.p[i] == '-') {
			if (str_eq((struct str){name.p + start, i - start}, label))
				return true;
			start = i + 1;
		}
	return false;
}

/* The domain that an expression plainly ends with: ...\.example\.com. False when it is fewer than
 * two labels, or the name does not end with it. Compared from the end on, dot by escaped dot. */
static bool same_tail(struct str body, struct str name, size_t *length)
{
	size_t b = body.n, n = name.n, dots = 0;

	while (b && n) {
		char c = body.p[b - 1];
		bool escaped = b > 1 && body.p[b - 2] == '\\';

		if (c == '.' && escaped) {
			if (name.p[n - 1] != '.')
				break;
			dots++, b -= 2, n--;
			*length = name.n - n - 1;
		} else if (!escaped && (c == '-' || (c >= 'a' && c <= 'z') ||
					(c >= '0' && c <= '9'))) {
			if (c != name.p[n - 1])
				break;
			b--, n--;
		} else {
			break;
		}
	}
	return dots >= 2;
}

static struct near judge(const struct domain_entry *d, struct str name)
{
	struct str p = domain_body(d);
	struct near x = {.entry = d, .how = NEAR_NOT, .length = p.n};

	if (domain_kind(d) == DOMAIN_REGEX) {
		if (same_tail(p, name, &x.length))
			x.how = NEAR_TAIL;
		return x;
	}
	if (ends_below(name, p)) {
		x.how = NEAR_BELOW_EXACT;
	} else if (name.n > p.n && str_has_suffix(name, p)) {
		x.how = NEAR_END;
	} else if (ends_below(p, name)) {
		x.how = NEAR_ABOVE;
		x.length = name.n;
	} else {
		const char *at = find(before(name, 1), p);
		if (at && (at == name.p || at[-1] == '.') && at[p.n] == '.')
			x.how = NEAR_INSIDE;
		else if (at)
			x.how = NEAR_INSIDE_LABEL;
		else if (has_label(name, registered_label(p)))
			x.how = NEAR_LABEL;
	}
	return x;
}

/* A longer common part is nearer; where only a label is common, the plainer pattern is. */
static bool nearer(const struct near *a, const struct near *b)
{
	if (a->how != b->how)
		return a->how < b->how;
	return a->how == NEAR_LABEL ? a->length < b->length : a->length > b->length;
}

static int nearest_first(const void *a, const void *b)
{
	return nearer(a, b) ? -1 : nearer(b, a) ? 1 : 0;
}

void domain_near_print(const struct domain_list *l, struct str name, FILE *out)
{
	/* the nearest entry of each service */
	struct near *best = mem_array(l->service_count, sizeof *best);
	size_t count = 0, entries = name.n ? l->entry_count : 0; /* nothing is near to no name */

	for (size_t i = 0; i < l->service_count; i++)
		best[i].how = NEAR_NOT;
	for (size_t i = 0; i < entries; i++) {
		struct near x = judge(&l->entries[i], name);
		struct near *b = &best[x.entry->service->number];

		if (x.how != NEAR_NOT && nearer(&x, b)) {
			count += b->how == NEAR_NOT;
			*b = x;
		}
	}
	if (count)
		qsort(best, l->service_count, sizeof *best, nearest_first);
	for (size_t i = 0; i < count && i < SHOWN_MAX; i++) {
		const struct domain_entry *d = best[i].entry;

		fprintf(out, "    near     %s  (%s, %s:%u)  %s: %s\n", d->pattern,
			domain_kind_name(domain_kind(d)), d->file, d->line, d->service->name,
			reasons[best[i].how]);
	}
	if (count > SHOWN_MAX)
		fprintf(out, "    near     %zu more services\n", count - SHOWN_MAX);
	free(best);
}
