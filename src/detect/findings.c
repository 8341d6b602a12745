#include "detect/findings.h"

#include <stdlib.h>

#include "base/mem.h"
#include "core/limits.h"
#include "detect/findings_part.h"

void findings_init(struct findings *f)
{
	pool_init(&f->kept, sizeof(struct kept), LIMIT_FINDINGS);
	hindex_init(&f->index, 64);
	intern_init(&f->texts, LIMIT_FINDINGS * 4);
}

struct findings *findings_new(finding_each *each, void *context)
{
	struct findings *f = mem_zalloc(sizeof *f);

	findings_init(f);
	f->each = each;
	f->context = context;
	return f;
}

void findings_free(struct findings *f)
{
	if (!f)
		return;
	intern_fini(&f->texts);
	hindex_fini(&f->index);
	pool_fini(&f->kept);
	free(f);
}

#define KEY_TEXTS (3 + CORRELATION_GROUP_MAX)

static void make_id(const struct finding_hit *h, char id[FINDING_ID_MAX])
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
	finding_id(id, texts, n, h->client ? h->client : &nobody);
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
	make_id(h, f.id);
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
		*number = intern_get(&t->texts, text);
}

const char *findings_own(struct findings *t, uint32_t *number, struct str text)
{
	intern_put(&t->texts, *number);
	*number = intern_get(&t->texts, text);
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
	uint32_t id = intern_get(&t->texts, h->name);
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

uint64_t findings_hash(const char id[FINDING_ID_MAX])
{
	return strtoull(id, NULL, 16);
}

static uint32_t find_or_make(struct findings *t, const struct finding_hit *h)
{
	char id[FINDING_ID_MAX];

	make_id(h, id);
	uint64_t hash = findings_hash(id);
	for (struct hprobe q = hindex_probe(&t->index, hash); hindex_next(&t->index, &q);) {
		struct kept *k = pool_at(&t->kept, q.ref);
		if (memcmp(k->f.id, id, FINDING_ID_MAX) == 0)
			return q.ref;
	}
	uint32_t n = pool_get(&t->kept);
	if (n == POOL_NONE) {
		t->refused++;
		return FINDINGS_NONE;
	}
	struct kept *k = pool_at(&t->kept, n);
	start(&k->f, h);
	memcpy(k->f.id, id, FINDING_ID_MAX);
	k->f.group_count = h->group_count;
	for (unsigned i = 0; i < h->group_count; i++)
		keep_text(t, &k->group[i], h->group[i]);
	hindex_add(&t->index, hash, n);
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
	struct kept *k = pool_at(&t->kept, n);
	if (grow(&k->f, h))
		own_texts(t, k);
	keep_name(t, k, h);
	findings_complete(t, n, h->host, h->user, h->image);
	return n;
}

void findings_complete(struct findings *t, uint32_t number, struct str host, struct str user,
		       struct str image)
{
	struct kept *k = pool_at(&t->kept, number);

	keep_text(t, &k->host, host);
	keep_text(t, &k->user, user);
	keep_text(t, &k->image, image);
}

bool findings_has(const struct findings *t, uint32_t number)
{
	return ((const struct kept *)pool_at(&t->kept, number))->f.rule != NULL;
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

	f.host = intern_text(&t->texts, k->host);
	f.user = intern_text(&t->texts, k->user);
	f.image = intern_text(&t->texts, k->image);
	for (f.name_count = 0; f.name_count < FINDING_NAMES_MAX && k->name[f.name_count];
	     f.name_count++)
		f.names[f.name_count].name = intern_text(&t->texts, k->name[f.name_count]);
	for (unsigned i = 0; i < f.group_count; i++)
		f.group[i] = intern_text(&t->texts, k->group[i]);
	return f;
}

void findings_list(const struct findings *t, finding_each *each, void *context)
{
	struct kept **sorted = mem_array(t->kept.made, sizeof *sorted);
	uint32_t count = 0;

	for (uint32_t i = 0; i < t->kept.made; i++)
		if (findings_has(t, i))
			sorted[count++] = pool_at(&t->kept, i);
	qsort(sorted, count, sizeof *sorted, order);
	for (uint32_t i = 0; i < count; i++) {
		struct finding f = whole(t, sorted[i]);
		each(context, &f);
	}
	free(sorted);
}

uint64_t findings_refused(const struct findings *t)
{
	return t->refused;
}

uint64_t findings_count(const struct findings *t)
{
	return t->told;
}
