#include "sigma/scanner.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "match/match.h"
#include "match/regex.h"

struct pattern {
	struct match_pattern p; /* expression owned */
	uint32_t number;
};

/* A part of the patterns as one compiled set; `first` is where it begins. */
struct part {
	struct match_set *set;
	size_t first;
};

struct parts {
	struct part *part;
	size_t count;
};

struct scanner {
	struct pattern *patterns;
	size_t count, room;
	struct parts bytes, characters; /* the second is compiled when a text first needs it */
	bool characters_tried;
	bool non_ascii; /* some pattern is: then texts are always read as characters */
	const char *cache;
	struct {
		struct regex *bytes, *characters;
		uint32_t number;
	} * slow; /* what Hyperscan refuses */
	size_t slow_count, slow_room;
	struct number {
		double value;
		uint32_t number;
	} * numbers; /* sorted by value */
	size_t number_count, number_room;
	struct network {
		struct addr address;
		unsigned bits;
		uint32_t number;
	} * networks; /* sorted by bits, then address */
	size_t network_count, network_room;
	uint64_t limits;
};

struct scanner *scanner_new(void)
{
	return mem_zalloc(sizeof(struct scanner));
}

static void free_parts(struct parts *p)
{
	for (size_t i = 0; i < p->count; i++)
		match_free(p->part[i].set);
	free(p->part);
}

void scanner_free(struct scanner *s)
{
	if (!s)
		return;
	free_parts(&s->bytes);
	free_parts(&s->characters);
	for (size_t i = 0; i < s->count; i++)
		free((char *)s->patterns[i].p.expression);
	for (size_t i = 0; i < s->slow_count; i++) {
		regex_free(s->slow[i].bytes);
		regex_free(s->slow[i].characters);
	}
	free(s->patterns);
	free(s->slow);
	free(s->numbers);
	free(s->networks);
	free(s);
}

static void *more(void *array, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return array;
	*room = *room ? *room * 2 : 8;
	return mem_resize(array, *room * size);
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* The wildcards as an expression that spans the whole value; at its ends `*` needs no anchor. */
static char *expression_of(const struct sigma_text *t, bool *empty)
{
	static const char digits[] = "0123456789abcdef";
	size_t first = 0, last = t->n;
	char *out = mem_alloc(t->n * 4 + 8);
	char *p = out;

	while (first < last && t->wild[first] && t->text[first] == TEXT_MANY)
		first++;
	while (last > first && t->wild[last - 1] && t->text[last - 1] == TEXT_MANY)
		last--;
	*empty = first == last;
	if (!first)
		p = stpcpy(p, "\\A");
	for (size_t i = first; i < last; i++) {
		unsigned char c = (unsigned char)t->text[i];
		if (t->wild[i]) {
			*p++ = '.';
			if (c == TEXT_MANY)
				*p++ = '*';
		} else if (is_plain((char)c) || c >= 0x80) {
			*p++ = (char)c;
		} else {
			*p++ = '\\';
			*p++ = 'x';
			*p++ = digits[c >> 4];
			*p++ = digits[c & 15];
		}
	}
	if (last == t->n)
		p = stpcpy(p, "\\z");
	*p = '\0';
	return out;
}

static bool has_non_ascii(const char *text)
{
	for (; *text; text++)
		if (*text & 0x80)
			return true;
	return false;
}

static void add_pattern(struct scanner *s, char *expression, unsigned flags, uint32_t number)
{
	s->patterns = more(s->patterns, s->count, &s->room, sizeof *s->patterns);
	s->patterns[s->count++] = (struct pattern){{expression, flags}, number};
	s->non_ascii |= has_non_ascii(expression);
}

static int add_slow(struct scanner *s, const char *expression, unsigned flags, uint32_t number,
		    struct error *e)
{
	struct regex *bytes = regex_new(expression, flags, e);

	if (!bytes)
		return -1;
	s->slow = more(s->slow, s->slow_count, &s->slow_room, sizeof *s->slow);
	s->slow[s->slow_count].bytes = bytes;
	s->slow[s->slow_count].characters = regex_new(expression, flags | MATCH_UTF8, e);
	s->slow[s->slow_count++].number = number;
	return 0;
}

static int add_regex(struct scanner *s, const struct sigma_leaf *leaf, uint32_t number,
		     struct error *e)
{
	unsigned flags = MATCH_EMPTY | (leaf->regex.flags & REGEX_CASELESS ? MATCH_CASELESS : 0) |
			 (leaf->regex.flags & REGEX_DOTALL ? MATCH_DOTALL : 0) |
			 (leaf->regex.flags & REGEX_MULTILINE ? MATCH_MULTILINE : 0);
	struct match_pattern p = {leaf->regex.expression, flags};
	struct error why;

	if (match_check(&p, &why))
		return add_slow(s, leaf->regex.expression, flags & ~MATCH_EMPTY, number, e);
	add_pattern(s, mem_strndup(p.expression, strlen(p.expression)), flags, number);
	return 0;
}

int scanner_add(struct scanner *s, const struct sigma_leaf *leaf, uint32_t number, struct error *e)
{
	bool empty;
	char *expression;

	switch (leaf->kind) {
	case LEAF_TEXT:
		expression = expression_of(&leaf->text, &empty);
		add_pattern(s, expression,
			    MATCH_DOTALL | (leaf->cased ? 0 : MATCH_CASELESS) |
				    (empty ? MATCH_EMPTY : 0),
			    number);
		return 0;
	case LEAF_REGEX:
		return add_regex(s, leaf, number, e);
	case LEAF_NUMBER:
		s->numbers = more(s->numbers, s->number_count, &s->number_room, sizeof *s->numbers);
		s->numbers[s->number_count++] = (struct number){leaf->number.value, number};
		return 0;
	case LEAF_CIDR:
		s->networks =
			more(s->networks, s->network_count, &s->network_room, sizeof *s->networks);
		s->networks[s->network_count++] =
			(struct network){leaf->cidr.network, leaf->cidr.bits, number};
		return 0;
	default:
		return error_set(e, "is nothing to look for");
	}
}

/* One set for all, or, where Hyperscan finds that too large, one for each half. */
static void build_part(struct scanner *s, struct parts *out, size_t first, size_t n, unsigned flags,
		       scanner_refused *refused, void *context)
{
	struct match_pattern *p = mem_array(n, sizeof *p);
	struct match_set *set;
	struct error e;
	size_t bad;

	for (size_t i = 0; i < n; i++)
		p[i] = (struct match_pattern){s->patterns[first + i].p.expression,
					      s->patterns[first + i].p.flags | flags};
	set = match_cached(p, n, s->cache);
	if (!set)
		set = match_new(p, n, s->cache, &bad, &e);
	free(p);
	if (set) {
		out->part = mem_resize(out->part, (out->count + 1) * sizeof *out->part);
		out->part[out->count++] = (struct part){set, first};
	} else if (n > 1) {
		build_part(s, out, first, n / 2, flags, refused, context);
		build_part(s, out, first + n / 2, n - n / 2, flags, refused, context);
	} else if (refused) {
		refused(context, s->patterns[first].number, e.text);
	}
}

static int by_value(const void *x, const void *y)
{
	const struct number *a = x, *b = y;

	return a->value < b->value ? -1 : a->value > b->value;
}

static int by_network(const void *x, const void *y)
{
	const struct network *a = x, *b = y;

	return a->bits != b->bits ? (a->bits < b->bits ? -1 : 1)
				  : memcmp(a->address.b, b->address.b, sizeof a->address.b);
}

void scanner_build(struct scanner *s, const char *cache_folder, scanner_refused *refused,
		   void *context)
{
	s->cache = cache_folder;
	if (s->count)
		build_part(s, &s->bytes, 0, s->count, 0, refused, context);
	if (s->number_count)
		qsort(s->numbers, s->number_count, sizeof *s->numbers, by_value);
	if (s->network_count)
		qsort(s->networks, s->network_count, sizeof *s->networks, by_network);
}

struct scan {
	const struct scanner *s;
	size_t first;
	scanner_found *found;
	void *context;
};

static void on_pattern(void *context, unsigned number)
{
	const struct scan *c = context;

	c->found(c->context, c->s->patterns[c->first + number].number);
}

static bool is_ascii(struct str t)
{
	size_t i = 0;

	for (; i + 8 <= t.n; i += 8) {
		uint64_t word;
		memcpy(&word, t.p + i, 8);
		if (word & UINT64_C(0x8080808080808080))
			return false;
	}
	for (; i < t.n; i++)
		if (t.p[i] & 0x80)
			return false;
	return true;
}

/* Whether the text is to be read as characters, not bytes. */
static bool as_characters(const struct scanner *s, const struct event_value *v)
{
	if (v->wire)
		return false;
	return is_ascii(v->text) ? s->non_ascii : utf8_valid(v->text);
}

static void scan_text(struct scanner *s, const struct event_value *v, struct scan *c)
{
	struct str text = {v->text.p ? v->text.p : "", v->text.n};
	bool characters = as_characters(s, v);

	if (characters && !s->characters_tried && s->count) {
		s->characters_tried = true;
		build_part(s, &s->characters, 0, s->count, MATCH_UTF8, NULL, NULL);
	}
	const struct parts *parts = characters && s->characters.count ? &s->characters : &s->bytes;
	for (size_t i = 0; i < parts->count; i++) {
		c->first = parts->part[i].first;
		match_scan(parts->part[i].set, text, on_pattern, c);
	}
	for (size_t i = 0; i < s->slow_count; i++) {
		struct regex *r = characters && s->slow[i].characters ? s->slow[i].characters
								      : s->slow[i].bytes;
		switch (regex_search(r, text)) {
		case REGEX_YES:
			c->found(c->context, s->slow[i].number);
			break;
		case REGEX_LIMIT:
			s->limits++;
			break;
		case REGEX_NO:
			break;
		}
	}
}

static bool number_of(const struct event_value *v, double *out)
{
	char z[64], *end;

	if (v->kind == VALUE_NUMBER) {
		*out = v->number;
		return true;
	}
	if (v->kind != VALUE_TEXT || !v->text.n || v->text.n >= sizeof z ||
	    !strchr("+-.0123456789", v->text.p[0]) || memchr(v->text.p, 'x', v->text.n) ||
	    memchr(v->text.p, 'X', v->text.n))
		return false;
	memcpy(z, v->text.p, v->text.n);
	z[v->text.n] = '\0';
	*out = strtod(z, &end);
	return end == z + v->text.n && isfinite(*out);
}

static void find_number(const struct scanner *s, const struct event_value *v, const struct scan *c)
{
	size_t low = 0, high = s->number_count;
	double value;

	if (!number_of(v, &value))
		return;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (s->numbers[middle].value < value)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < s->number_count && s->numbers[low].value == value; low++)
		c->found(c->context, s->numbers[low].number);
}

static struct addr masked(const struct addr *a, unsigned bits)
{
	struct addr m = {{0}};

	memcpy(m.b, a->b, bits / 8);
	if (bits % 8)
		m.b[bits / 8] = (uint8_t)(a->b[bits / 8] & (0xff00u >> bits % 8));
	return m;
}

static void find_networks(const struct scanner *s, const struct event_value *v,
			  const struct scan *c)
{
	char z[ADDR_TEXT_MAX];
	struct addr a;

	if (!v->text.n || v->text.n >= sizeof z)
		return;
	memcpy(z, v->text.p, v->text.n);
	z[v->text.n] = '\0';
	if (strlen(z) != v->text.n || !addr_parse(z, &a))
		return;
	for (size_t i = 0; i < s->network_count;) {
		unsigned bits = s->networks[i].bits;
		struct network key = {masked(&a, bits), bits, 0};
		size_t low = i, high = s->network_count;
		while (low < high) {
			size_t middle = (low + high) / 2;
			if (by_network(&s->networks[middle], &key) < 0)
				low = middle + 1;
			else
				high = middle;
		}
		for (i = low; i < s->network_count && !by_network(&s->networks[i], &key); i++)
			c->found(c->context, s->networks[i].number);
		while (i < s->network_count &&
		       s->networks[i].bits == bits) { /* on to the next length */
			size_t step = 1;
			while (i + step < s->network_count && s->networks[i + step].bits == bits)
				step *= 2;
			i += step > 1 ? step / 2 : 1;
		}
	}
}

void scanner_run(struct scanner *s, const struct event_value *v, scanner_found *found,
		 void *context)
{
	struct scan c = {.s = s, .found = found, .context = context};

	if (v->kind == VALUE_NULL)
		return;
	if (s->count || s->slow_count)
		scan_text(s, v, &c);
	if (s->number_count)
		find_number(s, v, &c);
	if (s->network_count)
		find_networks(s, v, &c);
}

size_t scanner_patterns(const struct scanner *s)
{
	return s->count + s->slow_count;
}

size_t scanner_sets(const struct scanner *s)
{
	return s->bytes.count + s->characters.count;
}

uint64_t scanner_limits(const struct scanner *s)
{
	return s->limits;
}
