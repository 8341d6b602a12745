#include "sigma_slow.h"

#include <locale.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include "base/utf8.h"
#include "sigma/weight.h"

static uint32_t fold(uint32_t c, bool cased, bool characters)
{
	static locale_t utf8; /* of the test process */

	if (cased)
		return c;
	if (c < 0x80 || !characters)
		return (uint32_t)(uint8_t)ascii_lower((char)c) | (c & ~0xffu);
	if (!utf8)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
	return (uint32_t)towlower_l(towupper_l(c, utf8), utf8);
}

static size_t next(const char *p, size_t n, bool characters, uint32_t *c)
{
	size_t length = characters ? utf8_read(p, n, c) : 0;

	if (length)
		return length;
	*c = (uint8_t)*p;
	return 1;
}

bool slow_wildcards(const struct sigma_text *x, bool cased, struct str text, bool characters)
{
	uint32_t a, b;

	if (x->n == 0)
		return text.n == 0;
	struct sigma_text rest = {x->text + 1, x->wild + 1, x->n - 1};
	if (x->wild[0] && x->text[0] == TEXT_MANY) {
		if (slow_wildcards(&rest, cased, text, characters))
			return true;
		if (text.n == 0)
			return false;
		size_t n = next(text.p, text.n, characters, &b);
		return slow_wildcards(x, cased, (struct str){text.p + n, text.n - n}, characters);
	}
	if (text.n == 0)
		return false;
	size_t m = x->wild[0] ? 1 : next(x->text, x->n, characters, &a);
	size_t n = next(text.p, text.n, characters, &b);
	if (!x->wild[0] && fold(a, cased, characters) != fold(b, cased, characters))
		return false;
	rest = (struct sigma_text){x->text + m, x->wild + m, x->n - m};
	return slow_wildcards(&rest, cased, (struct str){text.p + n, text.n - n}, characters);
}

bool slow_text(const struct sigma_text *pattern, bool cased, const struct event_value *v)
{
	bool ascii = true;

	for (size_t i = 0; i < v->text.n; i++)
		ascii &= !(v->text.p[i] & 0x80);
	return slow_wildcards(pattern, cased, v->text, ascii || (!v->wire && utf8_valid(v->text)));
}

/* By the C library, for simple expressions and texts without zero bytes and line feeds. */
static bool slow_regex(const struct sigma_leaf *l, struct str text)
{
	regex_t r;
	char *z = strndup(text.p ? text.p : "", text.n);

	if (regcomp(&r, l->regex.expression,
		    REG_EXTENDED | REG_NOSUB | (l->regex.flags & REGEX_CASELESS ? REG_ICASE : 0)))
		abort();
	bool is = regexec(&r, z, 0, NULL, 0) == 0;
	regfree(&r);
	free(z);
	return is;
}

static bool slow_number(const struct event_value *v, double *out)
{
	char *z, *end;

	if (v->kind == VALUE_NUMBER) {
		*out = v->number;
		return true;
	}
	if (v->kind != VALUE_TEXT || v->text.n == 0 ||
	    strspn(v->text.p, "+-.0123456789eE") < v->text.n)
		return false;
	z = strndup(v->text.p, v->text.n);
	*out = strtod(z, &end);
	bool is = *end == '\0';
	free(z);
	return is;
}

static bool slow_cidr(const struct sigma_leaf *l, struct str text)
{
	char *z = strndup(text.p ? text.p : "", text.n);
	struct addr a;
	bool is = addr_parse(z, &a) && !(addr_is_v4(&a) && l->cidr.bits < 96);

	free(z);
	for (unsigned i = 0; i < l->cidr.bits && is; i++)
		is = !((a.b[i / 8] ^ l->cidr.network.b[i / 8]) >> (7 - i % 8) & 1);
	return is;
}

static bool slow_compare(const struct sigma_leaf *l, double v)
{
	return l->number.compare == COMPARE_LT	  ? v < l->number.value
	       : l->number.compare == COMPARE_LTE ? v <= l->number.value
	       : l->number.compare == COMPARE_GT  ? v > l->number.value
						  : v >= l->number.value;
}

static bool slow_fit(struct str a, struct str b, enum fit fit, bool cased)
{
	for (size_t i = 0; i + b.n <= a.n; i++) {
		bool starts = i == 0, ends = i + b.n == a.n;
		struct str part = {a.p + i, b.n};
		if ((fit == FIT_EQUAL && !(starts && ends)) || (fit == FIT_STARTS && !starts) ||
		    (fit == FIT_ENDS && !ends))
			continue;
		if (cased ? str_eq(part, b) : str_ieq(part, b))
			return true;
	}
	return false;
}

static uint32_t number_of_field(const struct slow_event *e, const char *name)
{
	return fields_find(e->fields, str_of(name));
}

static bool unknown(const struct slow_event *e, const char *name)
{
	uint32_t f = number_of_field(e, name);

	return e->unknown && (e->unknown[f / 64] >> f % 64 & 1);
}

static bool fits(const struct sigma_leaf *l, const struct event_value *v,
		 const struct slow_event *e)
{
	double number;

	if (v->kind == VALUE_NULL)
		return l->kind == LEAF_EXISTS;
	switch (l->kind) {
	case LEAF_TEXT:
		return slow_text(&l->text, l->cased, v);
	case LEAF_REGEX:
		return slow_regex(l, v->text);
	case LEAF_CIDR:
		return slow_cidr(l, v->text);
	case LEAF_NUMBER:
		return slow_number(v, &number) && number == l->number.value;
	case LEAF_COMPARE:
		return slow_number(v, &number) && slow_compare(l, number);
	case LEAF_EMPTY:
		return v->text.n == 0;
	case LEAF_FIELDREF:
		for (size_t i = 0; i < e->count; i++)
			if (e->values[i].field == number_of_field(e, l->ref.other) &&
			    e->values[i].kind != VALUE_NULL &&
			    slow_fit(v->text, e->values[i].text, l->ref.fit, l->cased))
				return true;
		return false;
	default: /* present, exists, and not null */
		return true;
	}
}

enum slow slow_leaf(const struct sigma_leaf *l, const struct slow_event *e)
{
	if (l->field && unknown(e, l->field))
		return SLOW_POSSIBLE;
	if (l->kind == LEAF_FIELDREF && unknown(e, l->ref.other))
		return SLOW_POSSIBLE;
	for (size_t i = 0; i < e->count; i++)
		if ((!l->field || e->values[i].field == number_of_field(e, l->field)) &&
		    fits(l, &e->values[i], e))
			return l->kind == LEAF_NULL ? SLOW_NO : SLOW_YES;
	return l->kind == LEAF_NULL ? SLOW_YES : SLOW_NO;
}

enum slow slow_tree(const struct sigma_node *n, const struct slow_event *e)
{
	enum slow t = n->kind == NODE_AND ? SLOW_YES : SLOW_NO;

	if (n->kind == NODE_LEAF)
		return slow_leaf(n->leaf, e);
	if (n->kind == NODE_NOT)
		return (enum slow)(SLOW_YES - slow_tree(n->child[0], e));
	for (size_t i = 0; i < n->count; i++) {
		enum slow x = slow_tree(n->child[i], e);
		if (n->kind == NODE_AND ? x < t : x > t)
			t = x;
	}
	return t;
}

bool slow_telling(const struct sigma_node *n, const struct slow_event *e)
{
	if (slow_tree(n, e) == SLOW_NO || n->kind == NODE_NOT)
		return false;
	if (n->kind == NODE_LEAF)
		return slow_leaf(n->leaf, e) == SLOW_YES && weight_telling(n->leaf);
	for (size_t i = 0; i < n->count; i++)
		if (slow_telling(n->child[i], e))
			return true;
	return false;
}
