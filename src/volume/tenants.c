#include "volume/tenants.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define PART_HOURS (24 / TENANT_PARTS)

static void uses_init(struct tenants *t, uint32_t limit)
{
	pool_init(&t->uses, sizeof(struct tenant_use), limit);
	lru_init(&t->lru, &t->uses, offsetof(struct tenant_use, lru));
	hindex_init(&t->index, 64);
	intern_init(&t->texts, limit);
}

static void uses_fini(struct tenants *t)
{
	pool_fini(&t->uses);
	hindex_fini(&t->index);
	intern_fini(&t->texts);
}

void tenants_init(struct tenants *t, uint32_t limit)
{
	*t = (struct tenants){.generation = 1};
	hash_key_init(&t->key);
	uses_init(t, limit);
}

void tenants_fini(struct tenants *t)
{
	tenants_allow_none(t);
	uses_fini(t);
}

size_t tenants_memory(uint32_t limit)
{
	return pool_memory(sizeof(struct tenant_use), limit) + hindex_memory(limit) +
	       intern_memory(limit);
}

void tenants_forget(struct tenants *t)
{
	uint32_t limit = t->uses.limit;

	uses_fini(t);
	uses_init(t, limit);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool has(const struct tenant_list *l, const char *text)
{
	return l->count && bsearch(&text, l->text, l->count, sizeof *l->text, compare);
}

static bool known_kind(struct str kind)
{
	for (unsigned k = TENANT_NONE + 1; k < TENANT_KINDS; k++)
		if (str_ieq(kind, str_of(tenant_kind_name(k))))
			return true;
	return false;
}

bool tenants_is_text(struct str text)
{
	const char *colon = text.n ? memchr(text.p, ':', text.n) : NULL;

	if (!text.n || text.n >= TENANT_TEXT_MAX || memchr(text.p, '\0', text.n))
		return false;
	return !colon || (known_kind((struct str){text.p, (size_t)(colon - text.p)}) &&
			  colon != text.p + text.n - 1);
}

bool tenants_allow(struct tenants *t, struct str text, bool own)
{
	struct tenant_list *l = own ? &t->own : &t->allowed;

	if (!tenants_is_text(text))
		return false;
	char *z = mem_strndup(text.p, text.n);
	for (char *p = z; *p; p++)
		*p = ascii_lower(*p);
	l->text = mem_resize(l->text, (l->count + 1) * sizeof *l->text);
	l->text[l->count++] = z;
	qsort(l->text, l->count, sizeof *l->text, compare);
	t->generation++;
	return true;
}

static void empty(struct tenant_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->text[i]);
	free(l->text);
	*l = (struct tenant_list){0};
}

void tenants_allow_none(struct tenants *t)
{
	empty(&t->allowed);
	empty(&t->own);
	t->generation++;
}

bool tenants_know_own(const struct tenants *t, enum tenant_kind kind)
{
	struct str name = str_of(tenant_kind_name(kind));

	for (size_t i = 0; i < t->own.count; i++) {
		const char *colon = strchr(t->own.text[i], ':');
		if (!colon ||
		    str_eq((struct str){t->own.text[i], (size_t)(colon - t->own.text[i])}, name))
			return true;
	}
	return false;
}

static void judge(const struct tenants *t, struct tenant_use *u, const char *text)
{
	const char *bare = strchr(text, ':') + 1;

	u->allowed = has(&t->allowed, text) || has(&t->allowed, bare);
	u->own = has(&t->own, text) || has(&t->own, bare);
	u->generation = t->generation;
}

static uint64_t hash_of(const struct tenants *t, uint32_t text, uint32_t client)
{
	return hash_fold(((uint64_t)text << 32 | client) ^ t->key.w[0], t->key.w[1]);
}

static void evict(struct tenants *t)
{
	uint32_t n = t->lru.oldest;
	struct tenant_use *u = tenants_at(t, n);

	hindex_remove(&t->index, hash_of(t, u->text, u->client), n);
	lru_remove(&t->lru, n);
	intern_put(&t->texts, u->text);
	pool_put(&t->uses, n);
	t->evicted++;
}

static uint32_t find(struct tenants *t, uint32_t id, uint32_t client)
{
	for (struct hprobe q = hindex_probe(&t->index, hash_of(t, id, client));
	     hindex_next(&t->index, &q);) {
		const struct tenant_use *u = tenants_at(t, q.ref);
		if (u->text == id && u->client == client)
			return q.ref;
	}
	return POOL_NONE;
}

/* Makes an entry, which takes a reference of the text. */
static uint32_t add(struct tenants *t, struct str text, uint32_t client)
{
	if (pool_live(&t->uses) == t->uses.limit)
		evict(t);
	uint32_t id = intern_get(&t->texts, text);
	if (id == INTERN_NONE)
		return POOL_NONE;
	uint32_t n = pool_get(&t->uses);
	struct tenant_use *u = tenants_at(t, n);
	u->text = id;
	u->client = client;
	hindex_add(&t->index, hash_of(t, id, client), n);
	lru_add(&t->lru, n);
	return n;
}

/* As tenants_find, of one entry by itself. */
static uint32_t find_or_add(struct tenants *t, struct str text, uint32_t client,
			    const struct detect_clock *now, bool make)
{
	uint32_t id = intern_find(&t->texts, text);
	uint32_t n = id != INTERN_NONE ? find(t, id, client) : POOL_NONE;

	if (n == POOL_NONE) {
		n = make ? add(t, text, client) : POOL_NONE;
		if (n == POOL_NONE)
			return n;
		tenants_at(t, n)->first_day = now->day;
		tenants_at(t, n)->part = now->hour / PART_HOURS;
	}
	struct tenant_use *u = tenants_at(t, n);
	if (u->generation != t->generation)
		judge(t, u, text.p);
	return n;
}

uint32_t tenants_find(struct tenants *t, const struct tenant *x, uint32_t client,
		      const struct detect_clock *now, bool make)
{
	char z[TENANT_TEXT_MAX];
	struct str text = {z, tenant_text(x, z)};
	uint32_t n = find_or_add(t, text, client, now, make);

	if (n == POOL_NONE || tenants_at(t, n)->moved == now->slot)
		return n;
	if (client) {
		/* first, so that the client's own entry is the newer one */
		uint32_t all = find_or_add(t, text, 0, now, make);
		if (all != POOL_NONE) {
			tenants_at(t, all)->moved = now->slot;
			lru_use(&t->lru, all);
		}
		n = find_or_add(t, text, client, now, make); /* making it may have evicted */
		if (n == POOL_NONE)
			return n;
	}
	tenants_at(t, n)->moved = now->slot;
	lru_use(&t->lru, n);
	return n;
}

double tenants_add(struct tenants *t, uint32_t n, const struct detect_clock *now, int64_t up)
{
	struct tenant_use *u = tenants_at(t, n);
	uint32_t part = now->hour / PART_HOURS;
	unsigned steps =
		part >= u->part && part - u->part < TENANT_PARTS ? part - u->part : TENANT_PARTS;
	double sum = 0;

	for (unsigned i = 0; i < steps; i++)
		u->up[(part - i) % TENANT_PARTS] = 0;
	u->part = part;
	float *at = &u->up[part % TENANT_PARTS];
	*at += (float)up;
	if (*at < 0)
		*at = 0;
	for (unsigned i = 0; i < TENANT_PARTS; i++)
		sum += (double)u->up[i];
	return sum;
}

void tenants_save(const struct tenants *t, struct bytes *out)
{
	bytes_u32le(out, pool_live(&t->uses));
	for (uint32_t n = t->lru.oldest; n != POOL_NONE; n = lru_at(&t->lru, n)->newer) {
		const struct tenant_use *u = tenants_at(t, n);
		bytes_text(out, intern_text(&t->texts, u->text));
		bytes_u32le(out, u->client);
		bytes_u16le(out, u->first_day);
		bytes_u32le(out, u->part);
		for (unsigned i = 0; i < TENANT_PARTS; i++)
			bytes_f32le(out, u->up[i]);
	}
}

static bool load_one(struct tenants *t, struct cursor *in)
{
	size_t length = cur_u16le(in);
	struct str text = {(const char *)cur_take(in, length), length};
	uint32_t client = cur_u32le(in);
	struct tenant_use u = {.first_day = cur_u16le(in)};

	u.part = cur_u32le(in);
	for (unsigned i = 0; i < TENANT_PARTS; i++) {
		u.up[i] = cur_f32le(in);
		if (!isfinite(u.up[i]) || u.up[i] < 0)
			return false;
	}
	if (in->bad || !length || length >= TENANT_TEXT_MAX || !memchr(text.p, ':', length))
		return false;
	uint32_t id = intern_find(&t->texts, text);
	if (id != INTERN_NONE && find(t, id, client) != POOL_NONE)
		return false; /* twice */
	uint32_t n = add(t, text, client);
	if (n == POOL_NONE)
		return false;
	struct tenant_use *at = tenants_at(t, n);
	at->first_day = u.first_day;
	at->part = u.part;
	memcpy(at->up, u.up, sizeof u.up);
	return true;
}

bool tenants_load(struct tenants *t, struct cursor *in)
{
	uint32_t count = cur_u32le(in);

	for (uint32_t i = 0; i < count; i++)
		if (in->bad || !load_one(t, in))
			return false;
	return !in->bad;
}
