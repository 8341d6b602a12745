#include "services/domain_stem.h"

#include <stdlib.h>

#include "base/mem.h"

#define BITS_EACH UINT64_C(16)
#define STEM_MAX  256

/* The last two labels; all of a name that has no more. */
static struct str stem_of(struct str name)
{
	const char *p = name.p + name.n;
	unsigned dots = 0;

	while (p > name.p && !(p[-1] == '.' && ++dots == 2))
		p--;
	return (struct str){p, (size_t)(name.p + name.n - p)};
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Whether all names of an expression end as it ends: it has no alternatives but in groups, and no
 * options, quotes or comments, which read the rest in another way. */
static bool is_simple(struct str x)
{
	unsigned depth = 0;
	bool set = false;

	for (size_t i = 0; i < x.n; i++) {
		char c = x.p[i];
		if (c == '\\') {
			if (++i < x.n && x.p[i] == 'Q')
				return false;
		} else if (set) {
			set = c != ']';
		} else if (c == '[') {
			set = true;
			/* a bracket in front is one of the set */
			if (i + 1 < x.n && x.p[i + 1] == '^')
				i++;
			if (i + 1 < x.n && x.p[i + 1] == ']')
				i++;
		} else if (c == '(') {
			depth++;
			if (i + 1 < x.n && (x.p[i + 1] == '*' ||
					    (x.p[i + 1] == '?' && !(i + 2 < x.n && x.p[i + 2] == ':'))))
				return false;
		} else if (c == ')') {
			if (depth-- == 0)
				return false;
		} else if (c == '|' && depth == 0) {
			return false;
		}
	}
	return depth == 0 && !set;
}

/* The labels that an expression ends in, as far as they are written out: "\.example\.com" at the end
 * of one. Empty when they are not two, whole. */
static struct str stem_of_expression(struct str x, char room[STEM_MAX])
{
	const struct str none = {room, 0};
	size_t i = x.n;
	char *p = room + STEM_MAX;
	unsigned dots = 0;

	if (!is_simple(x))
		return none;
	while (i && p > room) {
		bool escaped = i >= 2 && x.p[i - 2] == '\\';
		if (is_plain(x.p[i - 1]) && !escaped) {
			*--p = x.p[--i];
		} else if (x.p[i - 1] == '.' && escaped && !(i >= 3 && x.p[i - 3] == '\\')) {
			if (++dots == 2)
				break;
			*--p = '.';
			i -= 2;
		} else {
			break;
		}
	}
	bool whole = dots == 2 || (dots == 1 && i == 0);
	return whole ? (struct str){p, (size_t)(room + STEM_MAX - p)} : none;
}

static uint32_t bit_of(const struct domain_stems *s, struct str stem)
{
	return (uint32_t)hash_bytes(&s->key, stem.p, stem.n) & s->mask;
}

void domain_stems_init(struct domain_stems *s, const struct domain_list *l)
{
	uint64_t bits = 1024;

	while (bits < l->entry_count * BITS_EACH)
		bits *= 2;
	*s = (struct domain_stems){.mask = (uint32_t)(bits - 1),
				   .bits = mem_array(bits / 64, sizeof *s->bits)};
	hash_key_init(&s->key);
	for (size_t i = 0; i < l->entry_count; i++) {
		const struct domain_entry *d = &l->entries[i];
		char room[STEM_MAX];
		struct str body = domain_body(d);
		struct str stem = domain_kind(d) == DOMAIN_REGEX ? stem_of_expression(body, room)
								 : stem_of(body);
		uint32_t bit = bit_of(s, stem);
		s->bits[bit / 64] |= UINT64_C(1) << bit % 64;
		s->any |= stem.n == 0;
	}
}

void domain_stems_fini(struct domain_stems *s)
{
	free(s->bits);
	*s = (struct domain_stems){0};
}

bool domain_stems_may(const struct domain_stems *s, struct str name)
{
	uint32_t bit = bit_of(s, stem_of(name));

	return s->any || (s->bits[bit / 64] >> bit % 64 & 1);
}
