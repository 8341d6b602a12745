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
/* Which part of the limit a class may have; no fewer than fill a chunk of its pool. */
static const uint8_t class_part[INTERN_CLASSES] = {1, 2, 8, 32};
#define CLASS_LEAST (UINT32_C(1) << POOL_CHUNK_SHIFT)

static uint32_t class_limit(int class, uint32_t limit)
{
	uint32_t part = limit / class_part[class];

	if (part < CLASS_LEAST)
		return limit < CLASS_LEAST ? limit : CLASS_LEAST;
	return part;
}

size_t intern_memory(uint32_t limit)
{
	size_t sum = 0;
	uint32_t all = 0;

	for (int c = 0; c < INTERN_CLASSES; c++) {
		sum += pool_memory(class_size[c], class_limit(c, limit));
		all += class_limit(c, limit);
	}
	return sum + hindex_memory(all);
}

void intern_init(struct intern *t, uint32_t limit)
{
	for (int c = 0; c < INTERN_CLASSES; c++)
		pool_init(&t->pool[c], class_size[c], class_limit(c, limit));
	t->refused = 0;
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

/* INTERN_NONE without room. */
static uint32_t get(struct intern *t, struct str text)
{
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

uint32_t intern_get(struct intern *t, struct str text)
{
	text = cut(text);
	if (text.n == 0)
		return INTERN_NONE;
	uint32_t number = get(t, text);
	t->refused += number == INTERN_NONE;
	return number;
}

uint32_t intern_get_part(struct intern *t, struct str text)
{
	uint32_t number = intern_get(t, text);

	for (int c = INTERN_CLASSES - 1; c >= 0 && text.n && number == INTERN_NONE; c--) {
		size_t most = class_size[c] - sizeof(struct entry);
		if (text.n <= most)
			continue;
		text.n = most;
		number = get(t, text);
	}
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
