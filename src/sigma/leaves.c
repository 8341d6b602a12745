#include "sigma/leaves.h"

static uint64_t mix(const struct hash_key *k, uint64_t h, const void *p, size_t n)
{
	return hash_step(k, 0, h, hash_bytes(k, p, n), n);
}

static uint64_t mix_text(const struct hash_key *k, uint64_t h, const char *terminated)
{
	return mix(k, h, terminated, strlen(terminated));
}

uint64_t leaves_hash(const struct hash_key *k, const struct sigma_leaf *l)
{
	uint64_t h = (uint64_t)l->kind << 1 | l->cased;

	h = mix_text(k, h, l->field ? l->field : "");
	switch (l->kind) {
	case LEAF_TEXT:
		h = mix(k, h, l->text.text, l->text.n);
		return mix(k, h, l->text.wild, l->text.n * sizeof *l->text.wild);
	case LEAF_REGEX:
		return mix_text(k, h + l->regex.flags, l->regex.expression);
	case LEAF_CIDR:
		return mix(k, h + l->cidr.bits, l->cidr.network.b, sizeof l->cidr.network.b);
	case LEAF_NUMBER:
	case LEAF_COMPARE:
		return mix(k, h + (uint64_t)l->number.part, &l->number.value,
			   sizeof l->number.value);
	case LEAF_FIELDREF:
		return mix_text(k, h + (uint64_t)l->ref.fit, l->ref.other);
	default:
		return h;
	}
}

static bool same_value(const struct sigma_leaf *a, const struct sigma_leaf *b)
{
	switch (a->kind) {
	case LEAF_TEXT:
		return a->text.n == b->text.n &&
		       memcmp(a->text.text, b->text.text, a->text.n) == 0 &&
		       memcmp(a->text.wild, b->text.wild, a->text.n * sizeof *a->text.wild) == 0;
	case LEAF_REGEX:
		return a->regex.flags == b->regex.flags &&
		       strcmp(a->regex.expression, b->regex.expression) == 0;
	case LEAF_CIDR:
		return a->cidr.bits == b->cidr.bits && addr_eq(&a->cidr.network, &b->cidr.network);
	case LEAF_NUMBER:
		return a->number.value == b->number.value && a->number.part == b->number.part;
	case LEAF_COMPARE:
		return a->number.value == b->number.value && a->number.part == b->number.part &&
		       a->number.compare == b->number.compare;
	case LEAF_FIELDREF:
		return a->ref.fit == b->ref.fit && strcmp(a->ref.other, b->ref.other) == 0;
	default:
		return true;
	}
}

bool leaves_same(const struct sigma_leaf *a, const struct sigma_leaf *b)
{
	return a->kind == b->kind && a->cased == b->cased && !a->field == !b->field &&
	       (!a->field || strcmp(a->field, b->field) == 0) && same_value(a, b);
}
