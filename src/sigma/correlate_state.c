/* What outlives a restart or a reload of the rules: the windows of correlations that are the same
 * after it. */
#include <stdlib.h>

#include "base/digest.h"
#include "base/mem.h"
#include "sigma/correlate_part.h"

typedef uint8_t print[DIGEST_SIZE];

static void add_text(struct digest *d, const char *z)
{
	digest_add_field(d, z ? z : "", z ? strlen(z) : 0);
}

static void add_name(struct digest *d, const struct rule_info *i)
{
	add_text(d, i->id && *i->id ? i->id : i->title);
}

static void add_real(struct digest *d, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof bits);
	digest_add_u64(d, bits);
}

static void add_logic(struct digest *d, const struct sigma_logic *l)
{
	digest_add_u64(d, l->kind);
	digest_add_u64(d, l->kind == NODE_LEAF ? l->ref : l->count);
	for (size_t i = 0; l->kind != NODE_LEAF && i < l->count; i++)
		add_logic(d, l->child[i]);
}

static void add_refs(struct digest *d, const struct correlator *c,
		     const struct sigma_correlation *x, const print before[])
{
	digest_add_u64(d, x->ref_count);
	for (size_t r = 0; r < x->ref_count; r++) {
		const struct sigma_ref *ref = &x->ref[r];
		digest_add_u64(d, ref->correlation);
		if (ref->correlation)
			digest_add(d, before[ref->number], sizeof(print));
		else
			add_name(d, &c->all->rule[ref->number]->info);
		for (size_t g = 0; x->group_field && g < x->group_count; g++)
			add_text(d, x->group_field[r][g] ? x->group_field[r][g] : x->group[g]);
		for (size_t f = 0; x->counted_field && f < x->field_count; f++)
			add_text(d, x->counted_field[r][f]);
	}
}

static void take_print(const struct correlator *c, size_t number, const print before[], print out)
{
	const struct sigma_correlation *x = c->state[number].rule;
	struct digest *d = digest_new();

	add_name(d, &x->info);
	digest_add_u64(d, x->type);
	digest_add_u64(d, x->timespan);
	add_refs(d, c, x, before);
	digest_add_u64(d, x->group_count);
	for (size_t g = 0; g < x->group_count; g++)
		add_text(d, x->group[g]);
	digest_add_u64(d, x->field_count);
	for (size_t f = 0; f < x->field_count; f++)
		add_text(d, x->field[f]);
	if (x->type == CORRELATE_VALUE_PERCENTILE)
		add_real(d, x->percentile);
	digest_add_u64(d, x->bound_count);
	for (size_t b = 0; b < x->bound_count; b++) {
		digest_add_u64(d, x->bound[b].kind);
		add_real(d, x->bound[b].value);
	}
	if (x->logic)
		add_logic(d, x->logic);
	digest_end(d, out);
}

/* Prints of all, to be freed. */
static print *take_prints(const struct correlator *c)
{
	print *p = mem_array(c->count + 1, sizeof *p);

	for (size_t i = 0; i < c->count; i++)
		take_print(c, i, p, p[i]);
	return p;
}

/* Finds correlations by their prints, each once: of equal ones the first first. */
struct finder {
	print *prints;
	struct hindex index;
};

static uint64_t hash_of(const print p)
{
	return hash_load64(p); /* a digest is as good as any hash */
}

static void finder_init(struct finder *f, const struct correlator *c)
{
	f->prints = take_prints(c);
	hindex_init(&f->index, (uint32_t)c->count);
	for (size_t i = 0; i < c->count; i++)
		hindex_add(&f->index, hash_of(f->prints[i]), (uint32_t)i);
}

static void finder_fini(struct finder *f)
{
	free(f->prints);
	hindex_fini(&f->index);
}

static struct state *finder_take(struct finder *f, struct correlator *c, const uint8_t *wanted)
{
	uint32_t best = HINDEX_NONE;

	for (struct hprobe q = hindex_probe(&f->index, hash_of(wanted));
	     hindex_next(&f->index, &q);)
		if (memcmp(f->prints[q.ref], wanted, sizeof(print)) == 0 && q.ref < best)
			best = q.ref;
	if (best == HINDEX_NONE)
		return NULL;
	hindex_remove(&f->index, hash_of(wanted), best);
	return &c->state[best];
}

static void put_u64(uint8_t *to, uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		to[i] = (uint8_t)(v >> 8 * i);
}

void correlator_save(const struct correlator *c, struct bytes *out)
{
	print *prints = take_prints(c);

	for (int i = 0; i < HASH_KEY_WORDS; i++)
		bytes_u64le(out, c->key.w[i]); /* values are told apart by it */
	bytes_u64le(out, c->latest);
	bytes_u64le(out, c->serial);
	bytes_u64le(out, c->no_number);
	bytes_u64le(out, c->arrivals.before);
	bytes_u64le(out, c->arrivals.now);
	bytes_u32le(out, c->arrivals.count);
	bytes_u32le(out, (uint32_t)c->count);
	for (size_t i = 0; i < c->count; i++) {
		bytes_add(out, prints[i], sizeof *prints);
		bytes_u64le(out, 0);
		size_t from = out->n;
		cells_save(&c->state[i].cells, out);
		if (!out->full)
			put_u64(out->p + from - 8, out->n - from);
	}
	free(prints);
}

static void load_head(struct correlator *c, struct cursor *in)
{
	for (int i = 0; i < HASH_KEY_WORDS; i++)
		c->key.w[i] = cur_u64le(in) | 1;
	c->latest = cur_u64le(in);
	c->serial = cur_u64le(in);
	c->no_number = cur_u64le(in);
	c->arrivals.before = cur_u64le(in);
	c->arrivals.now = cur_u64le(in);
	c->arrivals.count = cur_u32le(in);
}

int correlator_load(struct correlator *c, struct cursor *in, struct error *e)
{
	struct finder f;

	load_head(c, in);
	uint32_t count = cur_u32le(in);
	if (in->bad || c->latest > TRAIL_TIME_MOST || c->arrivals.count >= ARRIVALS_BLOCK)
		return error_set(e, "the correlations are damaged");
	bool good = true;
	finder_init(&f, c);
	for (uint32_t i = 0; i < count && good; i++) {
		const uint8_t *wanted = cur_take(in, sizeof(print));
		uint64_t length = cur_u64le(in);
		struct cursor body = cur_sub(in, length < cur_left(in) ? (size_t)length
								       : cur_left(in));
		good = !in->bad && (uint64_t)cur_left(&body) == length;
		struct state *s = good ? finder_take(&f, c, wanted) : NULL;
		if (s) /* else it is no more, or not what it was */
			good = cells_load(&s->cells, &body) && !body.bad && cur_left(&body) == 0;
	}
	finder_fini(&f);
	return good ? 0 : error_set(e, "the correlations are damaged");
}

void correlator_adopt(struct correlator *c, struct correlator *old)
{
	print *prints = take_prints(old);
	struct finder f;

	c->key = old->key;
	c->latest = old->latest;
	c->serial = old->serial;
	c->no_number = old->no_number;
	c->arrivals = old->arrivals;
	finder_init(&f, c);
	for (size_t i = 0; i < old->count; i++) {
		struct state *s = finder_take(&f, c, prints[i]);
		if (s)
			cells_adopt(&s->cells, &old->state[i].cells);
	}
	finder_fini(&f);
	free(prints);
}
