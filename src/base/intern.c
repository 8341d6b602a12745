#include "base/intern.h"

#include <stddef.h>
#include <string.h>

struct entry {
	uint32_t refs;
	uint32_t mark;
	uint16_t length;
	char text[];
};

_Static_assert(sizeof(struct entry) > offsetof(struct entry, text), "room for the NUL");

static const uint16_t class_size[INTERN_CLASSES] = {64, 128, 320, 1088};

void intern_init(struct intern *t, uint32_t limit)
{
	for (int c = 0; c < INTERN_CLASSES; c++)
		pool_init(&t->pool[c], class_size[c], limit);
	hindex_init(&t->index, 64);
	hash_key_init(&t->key);
}

void intern_fini(struct intern *t)
{
	for (int c = 0; c < INTERN_CLASSES; c++)
		pool_fini(&t->pool[c]);
	hindex_fini(&t->index);
}

/* A number is (slot + 1) << 2 | class. */
static struct entry *entry_of(const struct intern *t, uint32_t number)
{
	return pool_at(&t->pool[number & 3], (number >> 2) - 1);
}

static struct str cut(struct str s)
{
	if (s.n > INTERN_TEXT_MAX)
		s.n = INTERN_TEXT_MAX;
	return s;
}

static uint32_t find(const struct intern *t, uint64_t hash, struct str text)
{
	for (struct hprobe q = hindex_probe(&t->index, hash); hindex_next(&t->index, &q);) {
		const struct entry *e = entry_of(t, q.ref);
		if (e->length == text.n && memcmp(e->text, text.p, text.n) == 0)
			return q.ref;
	}
	return INTERN_NONE;
}

uint32_t intern_find(const struct intern *t, struct str text)
{
	text = cut(text);
	return text.n ? find(t, hash_bytes(&t->key, text.p, text.n), text) : INTERN_NONE;
}

uint32_t intern_get(struct intern *t, struct str text)
{
	text = cut(text);
	if (text.n == 0)
		return INTERN_NONE;
	uint64_t hash = hash_bytes(&t->key, text.p, text.n);
	uint32_t number = find(t, hash, text);
	if (number) {
		entry_of(t, number)->refs++;
		return number;
	}
	uint32_t class = 0;
	while (text.n + sizeof(struct entry) > class_size[class])
		class++;
	uint32_t slot = pool_get(&t->pool[class]);
	if (slot == POOL_NONE || slot >= UINT32_MAX >> 2)
		return INTERN_NONE;
	number = (slot + 1) << 2 | class;
	struct entry *e = entry_of(t, number);
	e->refs = 1;
	e->length = (uint16_t)text.n;
	memcpy(e->text, text.p, text.n);
	e->text[text.n] = '\0'; /* (sizeof struct entry is more than the offset of text) */
	hindex_add(&t->index, hash, number);
	return number;
}

void intern_ref(struct intern *t, uint32_t number)
{
	if (number)
		entry_of(t, number)->refs++;
}

void intern_put(struct intern *t, uint32_t number)
{
	if (!number)
		return;
	struct entry *e = entry_of(t, number);
	if (--e->refs)
		return;
	hindex_remove(&t->index, hash_bytes(&t->key, e->text, e->length), number);
	pool_put(&t->pool[number & 3], (number >> 2) - 1);
}

struct str intern_text(const struct intern *t, uint32_t number)
{
	if (!number)
		return (struct str){0};
	const struct entry *e = entry_of(t, number);
	return (struct str){e->text, e->length};
}

uint32_t *intern_mark(const struct intern *t, uint32_t number)
{
	return &entry_of(t, number)->mark;
}
