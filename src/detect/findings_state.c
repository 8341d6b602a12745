/* Findings over a restart, and over a reload of rules and lists. */
#include <math.h>

#include "core/tuple_state.h"
#include "detect/findings_part.h"

enum {
	KEPT_CLIENT = 1,
	KEPT_SERVER = 2,
	KEPT_NAMES = 4, /* more than are kept */
	KEPT_LINES = 8,
	KEPT_POSSIBLE = 16,
	KEPT_FLAGS = 31,
};

enum {
	SUMS_ENDED = 1,
	SUMS_TENANTS = 2,
	SUMS_FLAGS = 3,
};

/* saving */

static void save_texts(const char *const text[], unsigned count, struct bytes *out)
{
	bytes_u8(out, (uint8_t)count);
	for (unsigned i = 0; i < count; i++)
		bytes_text(out, str_of(text[i]));
}

static void save_evidence(const struct findings *t, const struct kept *k, struct bytes *out)
{
	const struct finding *f = &k->f;

	bytes_u8(out, (uint8_t)f->evidence_count);
	for (unsigned i = 0; i < f->evidence_count; i++) {
		bytes_text(out, str_of(f->evidence[i].name));
		bytes_text(out, str_of(f->evidence[i].unit));
		bytes_f64le(out, f->evidence[i].value);
		bytes_f64le(out, f->evidence[i].threshold);
		bytes_text(out, intern_text(&t->texts, k->evidence[i]));
	}
}

static void save_names(const struct findings *t, const struct kept *k, struct bytes *out)
{
	unsigned count = 0;

	while (count < FINDING_NAMES_MAX && k->name[count])
		count++;
	bytes_u8(out, (uint8_t)count);
	for (unsigned i = 0; i < count; i++) {
		bytes_text(out, intern_text(&t->texts, k->name[i]));
		bytes_u8(out, (uint8_t)k->f.names[i].source);
	}
}

static void save_numbers(const struct finding *f, struct bytes *out)
{
	bytes_u64le(out, f->first);
	bytes_u64le(out, f->last);
	bytes_u64le(out, f->matches);
	bytes_f64le(out, f->score);
}

/* What was told, of which window, and what it summed up to then. */
static void save_sums(const struct findings *t, const struct kept *k, struct bytes *out)
{
	const struct finding *f = &k->f;

	bytes_u64le(out, k->key);
	bytes_u64le(out, f->window);
	bytes_u8(out, (uint8_t)((k->ended ? SUMS_ENDED : 0) | (k->tenants ? SUMS_TENANTS : 0)));
	bytes_text(out, intern_text(&t->texts, k->tenant));
	bytes_u64le(out, f->up);
	bytes_u64le(out, f->down);
	bytes_u64le(out, f->up_missed);
	bytes_u32le(out, f->connections);
	bytes_u32le(out, f->queries);
	told_save(&k->told, out);
}

/* Input lines are not saved: they are of an input that is over. */
static void save_one(const struct findings *t, const struct kept *k, struct bytes *out)
{
	const struct finding *f = &k->f;

	bytes_u8(out, (uint8_t)f->kind);
	bytes_text(out, known_name(f->rule));
	bytes_text(out, str_of(f->service ? f->service->name : ""));
	bytes_add(out, f->id, FINDING_ID_MAX - 1);
	bytes_u8(out, (uint8_t)f->level);
	bytes_u8(out, (uint8_t)f->tier);
	bytes_u8(out,
		 (uint8_t)((f->has_client ? KEPT_CLIENT : 0) | (f->has_server ? KEPT_SERVER : 0) |
			   (f->more_names ? KEPT_NAMES : 0) |
			   (f->more_lines || f->line_count ? KEPT_LINES : 0) |
			   (f->possible ? KEPT_POSSIBLE : 0)));
	if (f->has_client)
		bytes_add(out, f->client.b, sizeof f->client.b);
	if (f->has_server)
		tuple_save(&f->tuple, out);
	save_numbers(f, out);
	bytes_text(out, intern_text(&t->texts, k->host));
	bytes_text(out, intern_text(&t->texts, k->user));
	bytes_text(out, intern_text(&t->texts, k->image));
	save_names(t, k, out);
	bytes_u8(out, (uint8_t)f->group_count);
	for (unsigned i = 0; i < f->group_count; i++)
		bytes_text(out, intern_text(&t->texts, k->group[i]));
	save_texts(f->hangs_on, f->hangs_on_count, out);
	save_texts(f->because, f->because_count, out);
	save_evidence(t, k, out);
	save_sums(t, k, out);
}

/* Each with its length in front. What a later version adds stands behind what this one knows. */
void findings_save(const struct findings *t, struct bytes *out)
{
	bytes_u64le(out, t->told);
	bytes_u64le(out, t->refused);
	bytes_u32le(out, pool_live(&t->kept));
	/* in order of their last hits, for so they make room */
	for (uint32_t n = t->order.oldest; n != POOL_NONE; n = findings_at(t, n)->order.newer) {
		bytes_u32le(out, 0);
		size_t from = out->n;
		save_one(t, findings_at(t, n), out);
		for (unsigned i = 0; i < 4 && !out->full; i++)
			out->p[from - 4 + i] = (uint8_t)((out->n - from) >> 8 * i);
	}
}

/* loading */

/* As finding_id writes it. */
static bool load_id(struct cursor *in, char id[FINDING_ID_MAX])
{
	const uint8_t *p = cur_take(in, FINDING_ID_MAX - 1);

	for (unsigned i = 0; p && i < FINDING_ID_MAX - 1; i++) {
		if (!memchr("0123456789abcdef", p[i], 16))
			return false;
		id[i] = (char)p[i];
	}
	id[FINDING_ID_MAX - 1] = '\0';
	return p != NULL;
}

static bool load_numbers(struct cursor *in, struct finding *f)
{
	f->first = cur_u64le(in);
	f->last = cur_u64le(in);
	f->matches = cur_u64le(in);
	f->score = cur_f64le(in);
	return f->score >= 0 && f->score <= 1;
}

/* The fixed part. Rule and service are NULL when they are no more; *lost says that of a service. */
static bool load_head(struct cursor *in, const struct known *now, struct finding *f, bool *lost)
{
	uint8_t kind = cur_u8(in);
	struct str rule = cur_text(in), service = cur_text(in);

	if (in->bad || kind > FINDING_DETECTOR || !load_id(in, f->id))
		return false;
	f->kind = (enum finding_kind)kind;
	f->rule = known_rule(now, f->kind, rule);
	f->service = service.n ? known_service(now, service) : NULL;
	*lost = service.n && !f->service;
	uint8_t level = cur_u8(in), tier = cur_u8(in), flags = cur_u8(in);
	if (level > LEVEL_CRITICAL || tier > TIER_D || flags > KEPT_FLAGS)
		return false;
	f->level = (enum sigma_level)level;
	f->tier = (enum tier)tier;
	f->has_client = flags & KEPT_CLIENT;
	f->has_server = flags & KEPT_SERVER;
	f->more_names = flags & KEPT_NAMES;
	f->more_lines = flags & KEPT_LINES;
	f->possible = flags & KEPT_POSSIBLE;
	if (f->has_client)
		addr_load(&f->client, in);
	if (f->has_server)
		tuple_load(&f->tuple, in);
	return load_numbers(in, f) && !in->bad;
}

static bool load_names(struct findings *t, struct kept *k, struct cursor *in)
{
	uint8_t count = cur_u8(in);
	unsigned at = 0;

	if (count > FINDING_NAMES_MAX)
		return false;
	for (unsigned i = 0; i < count; i++) {
		struct str name = cur_text(in);
		uint8_t source = cur_u8(in);
		if (in->bad || !name.n || source > NAME_CERT)
			return false;
		k->f.names[at].source = (enum name_source)source;
		k->name[at] = intern_get(&t->texts, name);
		at += k->name[at] != 0;
	}
	return true;
}

static bool load_texts(struct findings *t, const char *text[], uint32_t number[], unsigned *count,
		       unsigned most, struct cursor *in)
{
	*count = cur_u8(in);
	if (*count > most) {
		*count = 0;
		return false;
	}
	for (unsigned i = 0; i < *count; i++) {
		const char *z = findings_own(t, &number[i], cur_text(in));
		if (text)
			text[i] = z;
	}
	return !in->bad;
}

/* Names and units of evidence are few: each stays for good once it was loaded. */
static bool load_evidence(struct findings *t, struct kept *k, struct cursor *in)
{
	struct finding *f = &k->f;
	uint8_t count = cur_u8(in);

	if (count > FINDING_EVIDENCE_MAX)
		return false;
	for (unsigned i = 0; i < count; i++) {
		uint32_t name = 0, unit = 0;
		struct evidence *e = &f->evidence[i];
		e->name = findings_own(t, &name, cur_text(in));
		e->unit = findings_own(t, &unit, cur_text(in));
		e->value = cur_f64le(in);
		e->threshold = cur_f64le(in);
		findings_own(t, &k->evidence[i], cur_text(in));
		if (in->bad || !isfinite(e->value) || !isfinite(e->threshold))
			return false;
		f->evidence_count++;
	}
	return true;
}

/* A rule says itself how bad it is, and may say otherwise than it did. */
static void take_level(struct finding *f)
{
	if (f->kind == FINDING_RULE || f->kind == FINDING_CORRELATION)
		f->level = f->rule->level;
}

static bool is_there(const struct findings *t, uint64_t key)
{
	for (struct hprobe q = hindex_probe(&t->index, key); hindex_next(&t->index, &q);)
		if (findings_at(t, q.ref)->key == key)
			return true;
	return false;
}

static bool load_sums(struct findings *t, struct kept *k, struct cursor *in)
{
	struct finding *f = &k->f;

	k->key = cur_u64le(in);
	f->window = cur_u64le(in);
	uint8_t flags = cur_u8(in);
	k->ended = flags & SUMS_ENDED;
	k->tenants = flags & SUMS_TENANTS;
	findings_own(t, &k->tenant, cur_text(in));
	f->up = cur_u64le(in);
	f->down = cur_u64le(in);
	f->up_missed = cur_u64le(in);
	f->connections = cur_u32le(in);
	f->queries = cur_u32le(in);
	return flags <= SUMS_FLAGS && !in->bad;
}

static bool load_told(struct findings *t, uint32_t n, struct cursor *in)
{
	if (!told_load(&findings_at(t, n)->told, in))
		return false;
	telling_touch(&t->telling, n);
	return true;
}

static bool load_one(struct findings *t, const struct known *now, struct cursor *in)
{
	struct finding f = {.first = 0};
	bool lost;

	if (!load_head(in, now, &f, &lost))
		return false;
	if (!f.rule || lost)
		return true;
	uint32_t n = findings_make(t);
	if (n == FINDINGS_NONE) {
		t->refused++;
		return true;
	}
	struct kept *k = findings_at(t, n);
	k->f = f;
	k->ended = true; /* until it is in the index */
	take_level(&k->f);
	findings_complete(t, n, cur_text(in), (struct str){0}, (struct str){0});
	findings_complete(t, n, (struct str){0}, cur_text(in), (struct str){0});
	findings_complete(t, n, (struct str){0}, (struct str){0}, cur_text(in));
	if (!load_names(t, k, in) ||
	    !load_texts(t, NULL, k->group, &k->f.group_count, CORRELATION_GROUP_MAX, in) ||
	    !load_texts(t, k->f.hangs_on, k->hangs_on, &k->f.hangs_on_count, FINDING_FIELDS_MAX,
			in) ||
	    !load_texts(t, k->f.because, k->because, &k->f.because_count, FINDING_FIELDS_MAX, in) ||
	    !load_evidence(t, k, in) || !load_sums(t, k, in) || !load_told(t, n, in))
		return false;
	if (k->ended)
		return true;
	if (is_there(t, k->key))
		return false;
	hindex_add(&t->index, k->key, n);
	return true;
}

int findings_load(struct findings *t, struct cursor *in, const struct known *now, struct error *e)
{
	t->told = cur_u64le(in);
	t->refused = cur_u64le(in);
	uint32_t count = cur_u32le(in);
	for (uint32_t i = 0; i < count && !in->bad; i++) {
		struct cursor one = cur_sub(in, cur_u32le(in));
		if (in->bad || !load_one(t, now, &one))
			return error_set(e, "the findings are damaged");
	}
	return in->bad ? error_set(e, "the findings are damaged") : 0;
}

void findings_forget(struct findings *t)
{
	findings_fini(t);
	findings_init(t);
	t->refused = t->told = t->evicted = 0;
}

/* adopting */

static void adopt_one(struct findings *t, uint32_t n, const struct known *now)
{
	struct kept *k = findings_at(t, n);
	const struct service *service = k->f.service;

	telling_add(&t->telling, n);
	telling_touch(&t->telling, n);
	k->f.rule = known_rule(now, k->f.kind, known_name(k->f.rule));
	if (service)
		k->f.service = known_service(now, str_of(service->name));
	if (!k->f.rule || (service && !k->f.service))
		findings_drop(t, n);
	else
		take_level(&k->f);
}

void findings_adopt(struct findings *t, struct findings *old, const struct known *now)
{
	findings_fini(t);
	t->kept = old->kept;
	t->index = old->index;
	t->texts = old->texts;
	t->order.newest = old->order.newest;
	t->order.oldest = old->order.oldest;
	t->refused = old->refused;
	t->told = old->told;
	t->evicted = old->evicted;
	findings_init(old);
	for (uint32_t n = 0; n < t->kept.made; n++)
		if (findings_has(t, n))
			adopt_one(t, n, now);
}
