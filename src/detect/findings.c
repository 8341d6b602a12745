#include "detect/findings.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/mem.h"
#include "core/limits.h"
#include "detect/findings_part.h"
#include "volume/tenant.h"

#define TEXTS_MAX (4 * LIMIT_FINDINGS)

void findings_init(struct findings *f)
{
	pool_init(&f->kept, sizeof(struct kept), LIMIT_FINDINGS);
	hindex_init(&f->index, 64);
	intern_init(&f->texts, TEXTS_MAX);
	lru_init(&f->order, &f->kept, offsetof(struct kept, order));
	telling_init(&f->telling, &f->kept, offsetof(struct kept, told));
}

void findings_fini(struct findings *f)
{
	intern_fini(&f->texts);
	hindex_fini(&f->index);
	pool_fini(&f->kept);
}

size_t findings_memory(void)
{
	return mem_memory(sizeof(struct findings)) +
	       pool_memory(sizeof(struct kept), LIMIT_FINDINGS) + hindex_memory(LIMIT_FINDINGS) +
	       intern_memory(TEXTS_MAX);
}

struct findings *findings_new(const struct findings_options *o)
{
	struct findings *f = mem_zalloc(sizeof *f);

	findings_init(f);
	f->each = o->each;
	f->context = o->context;
	f->window = o->window;
	return f;
}

void findings_free(struct findings *f)
{
	if (!f)
		return;
	findings_fini(f);
	free(f);
}

#define KEY_TEXTS (3 + CORRELATION_GROUP_MAX)

static uint64_t key_of(const struct finding_hit *h)
{
	static const struct addr nobody;
	struct str texts[KEY_TEXTS] = {
		known_name(h->rule),
		str_of(h->service ? h->service->name : ""),
		h->client ? STR("") : h->host,
	};
	size_t n = 3;

	for (unsigned i = 0; i < h->group_count; i++)
		texts[n++] = h->group[i];
	return finding_key(texts, n, h->client ? h->client : &nobody);
}

static void start(struct finding *f, const struct finding_hit *h)
{
	f->kind = h->kind;
	f->rule = h->rule;
	f->level = h->level;
	f->has_client = h->client != NULL;
	if (h->client)
		f->client = *h->client;
	f->service = h->service;
	f->tier = h->service ? h->tier : TIER_D;
	f->first = h->first ? h->first : h->time;
	f->possible = true; /* until a hit is certain */
}

static void copy_texts(const char *to[FINDING_FIELDS_MAX], unsigned *n, const char *const *from,
		       unsigned count)
{
	*n = count < FINDING_FIELDS_MAX ? count : FINDING_FIELDS_MAX;
	for (unsigned i = 0; i < *n; i++)
		to[i] = from[i];
}

static void take_lines(struct finding *f, const struct finding_hit *h)
{
	for (unsigned i = 0; i < h->line_count; i++) {
		bool there = false;
		for (unsigned k = 0; k < f->line_count && !there; k++)
			there = f->lines[k] == h->lines[i];
		if (there)
			continue;
		if (f->line_count == FINDING_LINES_MAX)
			f->more_lines = true;
		else
			f->lines[f->line_count++] = h->lines[i];
	}
}

/* All but the texts that somebody has to own. True when those of the rule are new. */
static bool grow(struct finding *f, const struct finding_hit *h)
{
	uint64_t first = h->first ? h->first : h->time;
	bool tells_more = f->possible && (!h->possible || !f->because_count);

	if (first && (!f->first || first < f->first))
		f->first = first;
	if (h->time > f->last)
		f->last = h->time;
	if (h->up > f->up)
		f->up = h->up;
	if (h->level > f->level)
		f->level = h->level;
	if (h->service && h->tier < f->tier)
		f->tier = h->tier;
	f->matches += h->kind == FINDING_RULE ? 1 : 0;
	if (h->kind != FINDING_RULE && h->matches > f->matches)
		f->matches = h->matches;
	if (h->tuple) {
		f->tuple = *h->tuple;
		f->has_server = true;
	}
	if (tells_more) {
		f->possible = h->possible;
		copy_texts(f->hangs_on, &f->hangs_on_count, h->hangs_on, h->hangs_on_count);
		copy_texts(f->because, &f->because_count, h->because, h->because_count);
	}
	if (h->evidence_count) {
		f->evidence_count = h->evidence_count < FINDING_EVIDENCE_MAX ? h->evidence_count
									     : FINDING_EVIDENCE_MAX;
		for (unsigned i = 0; i < f->evidence_count; i++)
			f->evidence[i] = h->evidence[i];
	}
	if (h->score > f->score)
		f->score = h->score;
	take_lines(f, h);
	return tells_more;
}

static void tell_alone(struct findings *t, const struct finding_hit *h)
{
	struct finding f = {0};

	start(&f, h);
	grow(&f, h);
	finding_id(f.id, key_of(h), 0);
	f.host = h->host;
	f.user = h->user;
	f.image = h->image;
	if (h->name.n) {
		f.names[0].name = h->name;
		f.names[0].source = h->source;
		f.name_count = 1;
	}
	f.group_count = h->group_count;
	for (unsigned i = 0; i < h->group_count; i++)
		f.group[i] = h->group[i];
	t->told++;
	t->each(t->context, &f);
}

static void keep_text(struct findings *t, uint32_t *number, struct str text)
{
	if (!*number && text.n)
		*number = intern_get_part(&t->texts, text);
}

const char *findings_own(struct findings *t, uint32_t *number, struct str text)
{
	intern_put(&t->texts, *number);
	*number = intern_get_part(&t->texts, text);
	return *number ? intern_text(&t->texts, *number).p : "";
}

/* They are the rule's, and may go with it. */
static void own_texts(struct findings *t, struct kept *k)
{
	for (unsigned i = 0; i < k->f.hangs_on_count; i++)
		k->f.hangs_on[i] = findings_own(t, &k->hangs_on[i], str_of(k->f.hangs_on[i]));
	for (unsigned i = 0; i < k->f.because_count; i++)
		k->f.because[i] = findings_own(t, &k->because[i], str_of(k->f.because[i]));
}

static void keep_name(struct findings *t, struct kept *k, const struct finding_hit *h)
{
	if (!h->name.n)
		return;
	uint32_t id = intern_get_part(&t->texts, h->name);
	for (int i = 0; i < FINDING_NAMES_MAX && id; i++) {
		if (k->name[i] && k->name[i] != id)
			continue;
		if (k->name[i] == id)
			intern_put(&t->texts, id);
		k->name[i] = id;
		if (h->source && (!k->f.names[i].source || h->source < k->f.names[i].source))
			k->f.names[i].source = h->source;
		return;
	}
	if (id)
		intern_put(&t->texts, id);
	k->f.more_names = true;
}

static void put_text(struct findings *t, uint32_t *number)
{
	if (*number)
		intern_put(&t->texts, *number);
	*number = 0;
}

/* A finding is of one tenant if every use was, as far as is known: what a correlation counted is
 * not. */
static void keep_tenant(struct findings *t, struct kept *k, const struct finding_hit *h)
{
	struct tenant tenant = tenant_of(h->name);
	char room[TENANT_TEXT_MAX];
	struct str text = {room, 0};

	if (k->tenants)
		return;
	if (tenant.kind && h->kind != FINDING_CORRELATION)
		text.n = tenant_text(&tenant, room);
	keep_text(t, &k->tenant, text);
	if (k->tenant && str_eq(intern_text(&t->texts, k->tenant), text))
		return;
	put_text(t, &k->tenant);
	k->tenants = true;
}

static void keep_evidence(struct findings *t, struct kept *k)
{
	for (unsigned i = 0; i < FINDING_EVIDENCE_MAX; i++) {
		struct evidence *e = &k->f.evidence[i];
		put_text(t, &k->evidence[i]);
		if (i < k->f.evidence_count && e->text.n)
			keep_text(t, &k->evidence[i], e->text);
		e->text = (struct str){0};
	}
}

void findings_drop(struct findings *t, uint32_t number)
{
	struct kept *k = findings_at(t, number);

	telling_remove(&t->telling, number);
	lru_remove(&t->order, number);
	if (!k->ended)
		hindex_remove(&t->index, k->key, number);
	put_text(t, &k->host);
	put_text(t, &k->user);
	put_text(t, &k->image);
	put_text(t, &k->tenant);
	for (unsigned i = 0; i < FINDING_NAMES_MAX; i++)
		put_text(t, &k->name[i]);
	for (unsigned i = 0; i < CORRELATION_GROUP_MAX; i++)
		put_text(t, &k->group[i]);
	for (unsigned i = 0; i < FINDING_EVIDENCE_MAX; i++)
		put_text(t, &k->evidence[i]);
	for (unsigned i = 0; i < FINDING_FIELDS_MAX; i++) {
		put_text(t, &k->hangs_on[i]);
		put_text(t, &k->because[i]);
	}
	*k = (struct kept){.name = {0}};
	pool_put(&t->kept, number);
}

uint32_t findings_make(struct findings *t)
{
	if (t->window && pool_live(&t->kept) == t->kept.limit) {
		t->evicted += !findings_at(t, t->order.oldest)->ended;
		findings_drop(t, t->order.oldest);
	}
	uint32_t n = pool_get(&t->kept);
	if (n == POOL_NONE)
		return FINDINGS_NONE;
	lru_add(&t->order, n);
	telling_add(&t->telling, n);
	return n;
}

/* Whether a hit of that time comes too late to be of this finding. */
static bool is_over(const struct findings *t, const struct kept *k, uint64_t time)
{
	return t->window && time > k->f.last && time - k->f.last > t->window;
}

static uint32_t find(struct findings *t, uint64_t key, uint64_t time)
{
	for (struct hprobe q = hindex_probe(&t->index, key); hindex_next(&t->index, &q);) {
		struct kept *k = findings_at(t, q.ref);
		if (k->key != key)
			continue;
		if (!is_over(t, k, time))
			return q.ref;
		k->ended = true;
		hindex_remove(&t->index, key, q.ref);
		break;
	}
	return FINDINGS_NONE;
}

static uint32_t find_or_make(struct findings *t, const struct finding_hit *h)
{
	uint64_t key = key_of(h), width = finding_slice(t->window);
	uint32_t n = find(t, key, h->time);

	if (n != FINDINGS_NONE) {
		if (t->window)
			lru_use(&t->order, n);
		return n;
	}
	n = findings_make(t);
	if (n == FINDINGS_NONE) {
		t->refused++;
		return n;
	}
	struct kept *k = findings_at(t, n);
	start(&k->f, h);
	k->key = key;
	if (width) {
		/* (not of `first`: what a later one reaches back to may be of the one before) */
		k->f.window = h->time / width * width;
		finding_id(k->f.id, key, h->time / width);
	} else {
		finding_id(k->f.id, key, 0);
	}
	k->f.group_count = h->group_count;
	for (unsigned i = 0; i < h->group_count; i++)
		keep_text(t, &k->group[i], h->group[i]);
	hindex_add(&t->index, key, n);
	t->told++;
	return n;
}

uint32_t findings_add(struct findings *t, const struct finding_hit *h)
{
	if (t->each) {
		tell_alone(t, h);
		return FINDINGS_NONE;
	}
	uint32_t n = find_or_make(t, h);
	if (n == FINDINGS_NONE)
		return n;
	struct kept *k = findings_at(t, n);
	keep_tenant(t, k, h);
	if (grow(&k->f, h))
		own_texts(t, k);
	if (h->evidence_count)
		keep_evidence(t, k);
	keep_name(t, k, h);
	findings_complete(t, n, h->host, h->user, h->image);
	telling_touch(&t->telling, n);
	return n;
}

void findings_complete(struct findings *t, uint32_t number, struct str host, struct str user,
		       struct str image)
{
	struct kept *k = findings_at(t, number);

	if (!k->f.rule)
		return;
	keep_text(t, &k->host, host);
	keep_text(t, &k->user, user);
	keep_text(t, &k->image, image);
}

bool findings_has(const struct findings *t, uint32_t number)
{
	return findings_at(t, number)->f.rule != NULL;
}

static int order(const void *x, const void *y)
{
	const struct finding *a = &(*(struct kept *const *)x)->f,
			     *b = &(*(struct kept *const *)y)->f;

	if (a->level != b->level)
		return a->level < b->level ? 1 : -1;
	if (a->possible != b->possible)
		return a->possible ? 1 : -1;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return memcmp(a->id, b->id, FINDING_ID_MAX);
}

static struct finding whole(const struct findings *t, const struct kept *k)
{
	struct finding f = k->f;

	f.told = k->told.times;
	f.host = intern_text(&t->texts, k->host);
	f.user = intern_text(&t->texts, k->user);
	f.image = intern_text(&t->texts, k->image);
	f.tenant = intern_text(&t->texts, k->tenant);
	for (f.name_count = 0; f.name_count < FINDING_NAMES_MAX && k->name[f.name_count];
	     f.name_count++)
		f.names[f.name_count].name = intern_text(&t->texts, k->name[f.name_count]);
	for (unsigned i = 0; i < f.group_count; i++)
		f.group[i] = intern_text(&t->texts, k->group[i]);
	for (unsigned i = 0; i < f.evidence_count; i++)
		f.evidence[i].text = intern_text(&t->texts, k->evidence[i]);
	return f;
}

void findings_list(const struct findings *t, finding_each *each, void *context)
{
	struct kept **sorted = mem_array(t->kept.made + 1u, sizeof *sorted);
	uint32_t count = 0;

	for (uint32_t i = 0; i < t->kept.made; i++)
		if (findings_has(t, i))
			sorted[count++] = findings_at(t, i);
	qsort(sorted, count, sizeof *sorted, order);
	for (uint32_t i = 0; i < count; i++) {
		struct finding f = whole(t, sorted[i]);
		each(context, &f);
	}
	free(sorted);
}

void findings_tick(struct findings *t, uint64_t now)
{
	while (t->window && t->order.oldest != POOL_NONE) {
		uint64_t last = findings_at(t, t->order.oldest)->f.last;
		if (now <= last || now - last <= 2 * t->window)
			break;
		findings_drop(t, t->order.oldest);
	}
}

static void look(void *owner, uint32_t number, const struct telling_to *to)
{
	struct findings *t = owner;
	struct kept *k = findings_at(t, number);
	struct finding f = whole(t, k);

	if (!telling_tell(&t->telling, number, &f, false, to))
		return;
	/* what it summed up to stays, though the ledger forgets it */
	k->f.up = f.up;
	k->f.down = f.down;
	k->f.up_missed = f.up_missed;
	k->f.connections = f.connections;
	k->f.queries = f.queries;
}

void findings_tell(struct findings *t, const struct telling_to *to)
{
	telling_look(&t->telling, to, look, t);
}

uint64_t findings_refused(const struct findings *t)
{
	return t->refused;
}

uint64_t findings_evicted(const struct findings *t)
{
	return t->evicted;
}

uint64_t findings_texts_refused(const struct findings *f)
{
	return f->texts.refused;
}

uint64_t findings_count(const struct findings *t)
{
	return t->told;
}
