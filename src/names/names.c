#include "names/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/prefetch.h"
#include "core/limits.h"

/* Clients keep an address longer than its TTL says: resolvers and browsers round small ones up, and
 * a connection attempt may follow late. */
#define TTL_MIN 60
#define TTL_SLACK 120
/* An answer a moment later than the flow's start may still be the one that it follows: captures of
 * several interfaces are not in perfect order. */
#define EARLY_S 1

#define RING_BYTES ((uint64_t)LIMIT_NAMES_BYTES)
#define RING_SIZE (RING_BYTES + 2 + TEXT_MAX)
#define RECENT LIMIT_NAMES_RECENT
#define TEXT_MAX 1024

static const struct addr nobody;

#define QUEUE 32

/* What was learned last, oldest first. Whoever asks takes it all in before: to callers, what waits
 * is known already, so that this may change behind a const. */
struct name_queue {
	struct name_put {
		struct name_use *set;
		struct name_use use;
	} put[QUEUE];
	unsigned next, count;
	uint64_t evicted;
};

static size_t table_size(const struct name_table *t)
{
	return ((size_t)t->mask + 1) * NAMES_WAYS * sizeof *t->uses;
}

static void table_shape(struct name_table *t, uint32_t limit)
{
	uint32_t sets = 1;

	while (sets * NAMES_WAYS < limit)
		sets *= 2;
	t->mask = sets - 1;
}

static void table_init(struct name_table *t, uint32_t limit)
{
	table_shape(t, limit);
	t->uses = mem_lines(table_size(t));
}

void names_init(struct names *n, uint32_t limit)
{
	*n = (struct names){0};
	hash_key_init(&n->key);
	table_init(&n->own, limit);
	table_init(&n->any, limit / 4);
	n->ring = mem_lines(RING_SIZE);
	n->recent = mem_lines(RECENT * sizeof *n->recent);
	n->queue = mem_zalloc(sizeof *n->queue);
}

size_t names_memory(uint32_t limit)
{
	struct name_table own, any;

	table_shape(&own, limit);
	table_shape(&any, limit / 4);
	return mem_lines_memory(table_size(&own)) + mem_lines_memory(table_size(&any)) +
	       mem_lines_memory(RING_SIZE) + mem_lines_memory(RECENT * sizeof(struct name_place)) +
	       mem_memory(sizeof(struct name_queue));
}

void names_fini(struct names *n)
{
	mem_lines_free(n->own.uses, table_size(&n->own));
	mem_lines_free(n->any.uses, table_size(&n->any));
	mem_lines_free(n->ring, RING_SIZE);
	mem_lines_free(n->recent, RECENT * sizeof *n->recent);
	free(n->queue);
}

static uint64_t key_of(const struct names *n, const struct addr *client,
		       const struct addr *address)
{
	const struct hash_key *k = &n->key;
	uint64_t h = hash_step(k, 0, 0, hash_load64(client->b), hash_load64(client->b + 8));

	return hash_step(k, 2, h, hash_load64(address->b), hash_load64(address->b + 8)) | 1;
}

static struct name_use *set_of(const struct name_table *t, uint64_t key)
{
	return t->uses + (size_t)(key >> 32 & t->mask) * NAMES_WAYS;
}

static void prefetch_set(const struct name_use *set)
{
	prefetch(set);
	prefetch(set + NAMES_WAYS / 2);
}

static bool is_kept(const struct names *n, uint64_t place)
{
	return place && n->head - (place - 1) <= RING_BYTES;
}

/* Texts never wrap: one that would pass the end starts at the ring's beginning. */
static uint64_t append(struct names *n, struct str text)
{
	uint64_t at = n->head % RING_BYTES;

	if (at + 2 + text.n > RING_BYTES) {
		n->head += RING_BYTES - at;
		at = 0;
	}
	uint16_t length = (uint16_t)text.n;
	memcpy(n->ring + at, &length, 2);
	memcpy(n->ring + at + 2, text.p, text.n);
	uint64_t place = n->head + 1;
	n->head += 2 + text.n;
	return place;
}

static struct str text_at(const struct names *n, uint64_t place)
{
	uint16_t length;

	if (!is_kept(n, place))
		return (struct str){0};
	const uint8_t *p = n->ring + (place - 1) % RING_BYTES;
	memcpy(&length, p, 2);
	return (struct str){(const char *)p + 2, length};
}

/* Where the name stands, its alias right before it. A place in the older half of the ring is not
 * used again, so that what refers to it stays good for a while. */
static uint64_t place_of(struct names *n, uint64_t hash, struct str name, struct str via,
			 uint16_t *distance)
{
	struct name_place *r = &n->recent[hash % RECENT];

	*distance = 0;
	if (via.n) {
		uint64_t alias = append(n, via), place = append(n, name);
		*distance = (uint16_t)(place - alias); /* two texts, and what is left at the ring's end */
		return place;
	}
	if (r->hash == hash && r->place && n->head - (r->place - 1) < RING_BYTES / 2)
		return r->place;
	*r = (struct name_place){hash, append(n, name)};
	return r->place;
}

/* Spares looking at most of the texts that are not the same, which are in memory far away. */
static uint16_t mark_of(struct str name)
{
	uint64_t first = 0, last = 0;
	size_t part = name.n < sizeof first ? name.n : sizeof first;

	memcpy(&first, name.p, part);
	memcpy(&last, name.p + name.n - part, part);
	return (uint16_t)((first + name.n) * UINT64_C(0x9e3779b97f4a7c15) >> 48 ^
			  last * UINT64_C(0xbf58476d1ce4e5b9) >> 48);
}

static bool is_same(const struct names *n, const struct name_use *a, const struct name_use *b)
{
	return a->key == b->key &&
	       (a->name == b->name ||
		(a->mark == b->mark && str_eq(text_at(n, a->name), text_at(n, b->name))));
}

static void put(const struct names *n, struct name_use *set, struct name_use u)
{
	struct name_use *victim = set;

	for (int i = 0; i < NAMES_WAYS; i++) {
		struct name_use *w = &set[i];
		if (is_same(n, w, &u)) {
			/* told again while it held: it has held since it was told first. (A later
			 * time than now is of a clock that was wrong.) */
			if (w->expires >= u.learned && w->learned <= u.learned)
				u.learned = w->learned;
			if (w->expires > u.expires && w->told <= u.told)
				u.expires = w->expires;
			victim = w;
			*victim = u;
			return;
		}
		if (w->expires < victim->expires)
			victim = w;
	}
	n->queue->evicted += victim->key && victim->expires >= u.learned;
	*victim = u;
}

static void put_oldest(const struct names *n)
{
	struct name_queue *q = n->queue;
	const struct name_put *p = &q->put[(q->next - q->count--) % QUEUE];

	put(n, p->set, p->use);
}

static void put_all(const struct names *n)
{
	while (n->queue->count)
		put_oldest(n);
}

/* One that has waited for half of its time, so that its set is there: has the texts fetched that it
 * will be compared with. */
static void prepare_put(const struct names *n, const struct name_put *p)
{
	for (int i = 0; i < NAMES_WAYS; i++) {
		const struct name_use *w = &p->set[i];
		if (w->key == p->use.key && w->mark == p->use.mark && w->name != p->use.name)
			prefetch(n->ring + (w->name - 1) % RING_BYTES);
	}
}

static void enqueue(const struct names *n, const struct name_table *t, const struct name_use *u)
{
	struct name_queue *q = n->queue;

	if (q->count > QUEUE / 2)
		prepare_put(n, &q->put[(q->next - QUEUE / 2) % QUEUE]);
	if (q->count == QUEUE)
		put_oldest(n);
	q->put[q->next++ % QUEUE] = (struct name_put){set_of(t, u->key), *u};
	q->count++;
}

uint64_t names_evicted(const struct names *n)
{
	put_all(n);
	return n->queue->evicted;
}

void names_prepare(const struct names *n, struct name_lesson *l)
{
	prefetch(&n->recent[l->hash % RECENT]);
	for (unsigned i = 0; i < l->count; i++) {
		const struct addr *address = &l->item[i].address;
		l->item[i].own = key_of(n, &l->client, address);
		l->item[i].any = key_of(n, &nobody, address);
		prefetch_set(set_of(&n->own, l->item[i].own));
		prefetch_set(set_of(&n->any, l->item[i].any));
	}
}

void names_learn(struct names *n, const struct name_lesson *l)
{
	uint32_t now = (uint32_t)(l->time / NS_PER_S);
	uint16_t distance;

	if (l->name.n == 0 || l->name.n > TEXT_MAX || l->via.n > TEXT_MAX)
		return;
	uint64_t place = place_of(n, l->hash, l->name, l->via, &distance);
	uint16_t mark = mark_of(l->name);
	for (unsigned i = 0; i < l->count; i++) {
		uint32_t ttl = l->item[i].ttl;
		uint64_t hold = (uint64_t)(ttl < TTL_MIN ? TTL_MIN : ttl) + TTL_SLACK;
		struct name_use u = {.name = place,
				     .via = distance,
				     .mark = mark,
				     .learned = now,
				     .told = now};
		u.expires = hold > UINT32_MAX - now ? UINT32_MAX : now + (uint32_t)hold;
		u.key = l->item[i].own;
		enqueue(n, &n->own, &u);
		u.key = l->item[i].any;
		enqueue(n, &n->any, &u);
	}
}

static bool held(const struct name_use *u, uint64_t key, uint32_t when)
{
	return u->key == key && u->learned <= when + EARLY_S && when <= u->expires;
}

/* When it was told last, as far as that is known at `when`: a flow is named as of its start. */
static uint32_t told_by(const struct name_use *u, uint32_t when)
{
	return u->told <= when + EARLY_S ? u->told : u->learned;
}

static bool later(const struct name_use *a, const struct name_use *b, uint32_t when)
{
	uint32_t x = told_by(a, when), y = told_by(b, when);

	return x != y ? x > y : a->name > b->name;
}

static bool answer(const struct names *n, const struct name_table *t, uint64_t key, uint32_t when,
		   struct name_answer *out)
{
	const struct name_use *set = set_of(t, key), *best = NULL;

	for (int i = 0; i < NAMES_WAYS; i++)
		if (held(&set[i], key, when) && is_kept(n, set[i].name) &&
		    (!best || later(&set[i], best, when)))
			best = &set[i];
	if (!best)
		return false;
	out->name = text_at(n, best->name);
	if (best->via)
		out->via = text_at(n, best->name - best->via);
	for (int i = 0; i < NAMES_WAYS; i++)
		if (&set[i] != best && held(&set[i], key, when) && is_kept(n, set[i].name))
			out->other[out->others++] = text_at(n, set[i].name);
	return true;
}

struct name_answer names_find(const struct names *n, const struct addr *client,
			      const struct addr *address, uint64_t time)
{
	uint32_t when = (uint32_t)(time / NS_PER_S);
	struct name_answer a = {.source = NAME_NONE};

	uint64_t own = key_of(n, client, address), any = key_of(n, &nobody, address);

	prefetch_set(set_of(&n->own, own));
	prefetch_set(set_of(&n->any, any));
	put_all(n);
	if (answer(n, &n->own, own, when, &a))
		a.source = NAME_DNS_CLIENT;
	else if (answer(n, &n->any, any, when, &a))
		a.source = NAME_DNS_ANY;
	return a;
}

static void save_table(const struct names *n, const struct name_table *t, struct bytes *out)
{
	size_t count = ((size_t)t->mask + 1) * NAMES_WAYS;

	for (size_t i = 0; i < count; i++) {
		const struct name_use *u = &t->uses[i];
		if (!u->key || !is_kept(n, u->name))
			continue;
		bytes_u64le(out, u->key);
		bytes_u32le(out, u->learned);
		bytes_u32le(out, u->told);
		bytes_u32le(out, u->expires);
		bytes_text(out, text_at(n, u->name));
		bytes_text(out, u->via ? text_at(n, u->name - u->via) : (struct str){0});
	}
	bytes_u64le(out, 0); /* no key is 0 */
}

void names_save(const struct names *n, struct bytes *out)
{
	put_all(n);
	for (int i = 0; i < HASH_KEY_WORDS; i++)
		bytes_u64le(out, n->key.w[i]);
	save_table(n, &n->own, out);
	save_table(n, &n->any, out);
}

static bool load_table(struct names *n, struct name_table *t, struct cursor *in)
{
	uint64_t key;

	while ((key = cur_u64le(in))) {
		struct name_use u = {.key = key,
				     .learned = cur_u32le(in),
				     .told = cur_u32le(in),
				     .expires = cur_u32le(in)};
		struct str name = cur_text(in), via = cur_text(in);
		if (in->bad || !name.n || name.n > TEXT_MAX || via.n > TEXT_MAX)
			return false;
		u.name = place_of(n, hash_bytes(&n->key, name.p, name.n), name, via, &u.via);
		u.mark = mark_of(name);
		put(n, set_of(t, key), u);
	}
	return !in->bad;
}

int names_load(struct names *n, struct cursor *in, struct error *e)
{
	for (int i = 0; i < HASH_KEY_WORDS; i++)
		n->key.w[i] = cur_u64le(in) | 1;
	if (!load_table(n, &n->own, in) || !load_table(n, &n->any, in))
		return error_set(e, "the names are damaged");
	n->queue->evicted = 0;
	return 0;
}
