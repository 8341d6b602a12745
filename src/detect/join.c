#include "detect/join.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/hindex.h"
#include "base/intern.h"
#include "base/mem.h"
#include "core/limits.h"
#include "volume/lru.h"

/* One event, or one record that waits. Two about the same thing have the same keyed hash. */
struct fact {
	struct lru_link lru;
	uint64_t hash, time;
	uint64_t line;		    /* of events */
	uint32_t image, user, host; /* of events, interned */
	uint64_t token;		    /* of records */
};

struct owner {
	struct lru_link lru;
	struct addr addr;
	uint32_t host; /* interned */
};

struct table {
	struct pool pool;
	struct hindex index;
	struct lru lru;
};

struct join {
	struct table events, records, owners;
	struct intern texts;
	struct hash_key key;
	join_completed *completed;
	void *context;
	uint64_t joined;
};

/* three texts an event and one an address, if all are different */
#define TEXTS_MAX (3 * LIMIT_JOIN_FACTS + LIMIT_JOIN_ADDRESSES)

static void table_init(struct table *t, size_t size, size_t lru, uint32_t limit)
{
	pool_init(&t->pool, size, limit);
	hindex_init(&t->index, 64);
	lru_init(&t->lru, &t->pool, lru);
}

static void table_fini(struct table *t)
{
	pool_fini(&t->pool);
	hindex_fini(&t->index);
}

struct join *join_new(join_completed *completed, void *context)
{
	struct join *j = mem_zalloc(sizeof *j);

	j->completed = completed;
	j->context = context;
	table_init(&j->events, sizeof(struct fact), offsetof(struct fact, lru), LIMIT_JOIN_FACTS);
	table_init(&j->records, sizeof(struct fact), offsetof(struct fact, lru), LIMIT_JOIN_FACTS);
	table_init(&j->owners, sizeof(struct owner), offsetof(struct owner, lru),
		   LIMIT_JOIN_ADDRESSES);
	intern_init(&j->texts, TEXTS_MAX);
	hash_key_init(&j->key);
	return j;
}

static size_t table_memory(size_t size, uint32_t limit)
{
	return pool_memory(size, limit) + hindex_memory(limit);
}

size_t join_memory(void)
{
	return mem_memory(sizeof(struct join)) +
	       2 * table_memory(sizeof(struct fact), LIMIT_JOIN_FACTS) +
	       table_memory(sizeof(struct owner), LIMIT_JOIN_ADDRESSES) + intern_memory(TEXTS_MAX);
}

void join_free(struct join *j)
{
	if (!j)
		return;
	table_fini(&j->events);
	table_fini(&j->records);
	table_fini(&j->owners);
	intern_fini(&j->texts);
	free(j);
}

/* Texts: equal but for upper and lower case have one hash. */
static uint64_t hash_text(const struct join *j, struct str s)
{
	char folded[INTERN_TEXT_MAX];
	size_t n = s.n < sizeof folded ? s.n : sizeof folded;

	for (size_t i = 0; i < n; i++)
		folded[i] = ascii_lower(s.p[i]);
	return hash_bytes(&j->key, folded, n);
}

static uint64_t hash_addr(const struct join *j, const struct addr *a)
{
	return hash_bytes(&j->key, a->b, sizeof a->b);
}

static struct owner *find_owner(const struct join *j, const struct addr *a, uint32_t *number)
{
	for (struct hprobe q = hindex_probe(&j->owners.index, hash_addr(j, a));
	     hindex_next(&j->owners.index, &q);) {
		struct owner *o = pool_at(&j->owners.pool, q.ref);
		*number = q.ref;
		if (addr_eq(&o->addr, a))
			return o;
	}
	return NULL;
}

static void drop_owner(struct join *j, uint32_t n)
{
	struct owner *o = pool_at(&j->owners.pool, n);

	hindex_remove(&j->owners.index, hash_addr(j, &o->addr), n);
	lru_remove(&j->owners.lru, n);
	intern_put(&j->texts, o->host);
	pool_put(&j->owners.pool, n);
}

/* The address is this host's; the last one to say so is right. */
static void learn(struct join *j, const struct addr *a, struct str host)
{
	uint32_t n;
	struct owner *o = find_owner(j, a, &n);

	if (o) {
		lru_use(&j->owners.lru, n);
	} else {
		if (pool_live(&j->owners.pool) == j->owners.pool.limit)
			drop_owner(j, j->owners.lru.oldest);
		n = pool_get(&j->owners.pool);
		o = pool_at(&j->owners.pool, n);
		o->addr = *a;
		hindex_add(&j->owners.index, hash_addr(j, a), n);
		lru_add(&j->owners.lru, n);
	}
	uint32_t before = o->host;
	o->host = intern_get(&j->texts, host);
	intern_put(&j->texts, before);
}

/* One number for what the key is about; false when it joins with nothing. `host` is who looked the
 * name up. */
static bool key_hash(const struct join *j, const struct join_key *k, struct str host,
		     uint64_t *hash)
{
	char id[COMMUNITY_ID_MAX];
	struct str text = k->community_id;

	if (!k->time)
		return false;
	if (k->tuple) {
		tuple_community_id(k->tuple, id);
		text = str_of(id);
	}
	if (text.n) {
		*hash = hash_bytes(&j->key, text.p, text.n); /* base64: case matters */
		return true;
	}
	if (!k->name.n || !host.n)
		return false;
	*hash = hash_fold(hash_text(j, k->name) ^ j->key.w[0], hash_text(j, host) ^ j->key.w[1]);
	return true;
}

static uint64_t apart(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static void drop_fact(struct join *j, struct table *t, uint32_t n)
{
	struct fact *f = pool_at(&t->pool, n);

	hindex_remove(&t->index, f->hash, n);
	lru_remove(&t->lru, n);
	intern_put(&j->texts, f->image);
	intern_put(&j->texts, f->user);
	intern_put(&j->texts, f->host);
	pool_put(&t->pool, n);
}

/* The nearest fact about the same within the time; POOL_NONE when there is none. */
static uint32_t nearest(const struct table *t, uint64_t hash, uint64_t time)
{
	uint32_t best = POOL_NONE;
	uint64_t least = LIMIT_JOIN_TIME;

	for (struct hprobe q = hindex_probe(&t->index, hash); hindex_next(&t->index, &q);) {
		const struct fact *f = pool_at(&t->pool, q.ref);
		uint64_t far = apart(f->time, time);
		if (f->hash != hash || far > least)
			continue;
		least = far;
		best = q.ref;
	}
	return best;
}

/* Makes room for one more fact about the same. */
static void thin(struct join *j, struct table *t, uint64_t hash)
{
	uint32_t worst = POOL_NONE;
	unsigned count = 0;

	if (pool_live(&t->pool) == t->pool.limit)
		drop_fact(j, t, t->lru.oldest);
	for (struct hprobe q = hindex_probe(&t->index, hash); hindex_next(&t->index, &q);) {
		const struct fact *f = pool_at(&t->pool, q.ref);
		if (f->hash != hash)
			continue;
		count++;
		if (worst == POOL_NONE ||
		    f->time < ((const struct fact *)pool_at(&t->pool, worst))->time)
			worst = q.ref;
	}
	if (count >= LIMIT_JOIN_SAME)
		drop_fact(j, t, worst);
}

static struct fact *add_fact(struct join *j, struct table *t, uint64_t hash, uint64_t time)
{
	thin(j, t, hash);
	uint32_t n = pool_get(&t->pool);
	struct fact *f = pool_at(&t->pool, n);
	f->hash = hash;
	f->time = time;
	hindex_add(&t->index, hash, n);
	lru_add(&t->lru, n);
	return f;
}

void join_event(struct join *j, const struct join_key *k, const struct join_host *h)
{
	uint64_t hash;

	if (k->tuple && h->host.n)
		learn(j, &k->tuple->src, h->host);
	if (!key_hash(j, k, h->host, &hash))
		return;
	struct fact *f = add_fact(j, &j->events, hash, k->time);
	f->line = h->line;
	f->image = intern_get(&j->texts, h->image);
	f->user = intern_get(&j->texts, h->user);
	f->host = intern_get(&j->texts, h->host);
	for (uint32_t n; (n = nearest(&j->records, hash, k->time)) != POOL_NONE;) {
		uint64_t token = ((const struct fact *)pool_at(&j->records.pool, n))->token;
		drop_fact(j, &j->records, n);
		j->joined++;
		j->completed(j->context, token, h);
	}
}

bool join_record(struct join *j, const struct join_key *k, uint64_t token, struct join_host *h)
{
	const struct owner *o = NULL;
	uint64_t hash;
	uint32_t n;

	*h = (struct join_host){.line = 0};
	if (!k->tuple && !k->community_id.n && k->client)
		o = find_owner(j, k->client, &n);
	if (!key_hash(j, k, o ? intern_text(&j->texts, o->host) : (struct str){0}, &hash))
		return false;
	n = nearest(&j->events, hash, k->time);
	if (n == POOL_NONE) {
		add_fact(j, &j->records, hash, k->time)->token = token;
		return false;
	}
	const struct fact *f = pool_at(&j->events.pool, n);
	*h = (struct join_host){.image = intern_text(&j->texts, f->image),
				.user = intern_text(&j->texts, f->user),
				.host = intern_text(&j->texts, f->host),
				.line = f->line};
	j->joined++;
	return true;
}

static void at_home(struct table *t)
{
	t->lru.pool = &t->pool;
}

void join_adopt(struct join *j, struct join *old)
{
	struct join fresh = *j;

	*j = *old;
	j->completed = fresh.completed;
	j->context = fresh.context;
	*old = fresh;
	for (int i = 0; i < 2; i++) {
		struct join *x = i ? old : j;
		at_home(&x->events);
		at_home(&x->records);
		at_home(&x->owners);
	}
}

struct join_stats join_stats(const struct join *j)
{
	return (struct join_stats){.events = pool_live(&j->events.pool),
				   .records = pool_live(&j->records.pool),
				   .addresses = pool_live(&j->owners.pool),
				   .joined = j->joined};
}
