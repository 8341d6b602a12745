/* The ledger in the state folder, and its way from one generation of lists to the next. */
#include <stddef.h>
#include <string.h>

#include "core/limits.h"
#include "core/tuple_state.h"
#include "detect/ledger_account.h"

enum {
	HAS_SERVER = 1,
	MORE_NAMES = 2,
	ENDED = 4, /* version 2 */
};

static void save_slices(const struct ledger *l, const struct account *a, struct bytes *out)
{
	uint8_t count = 0;

	for (uint32_t n = a->slices; n != POOL_NONE; n = ledger_slice_at(l, n)->older)
		count++;
	bytes_u8(out, count);
	for (uint32_t n = a->slices; n != POOL_NONE; n = ledger_slice_at(l, n)->older) {
		const struct slice *s = ledger_slice_at(l, n);
		bytes_u64le(out, s->number);
		bytes_u64le(out, s->first);
		bytes_u64le(out, s->up);
		bytes_u64le(out, s->down);
		bytes_u64le(out, s->missed);
		bytes_u64le(out, s->other);
		bytes_u32le(out, s->connections);
		bytes_u32le(out, s->queries);
	}
}

static void save_account(const struct ledger *l, const struct account *a, struct bytes *out)
{
	bytes_text(out, str_of(a->service->name));
	bytes_add(out, a->client.b, sizeof a->client.b);
	bytes_u64le(out, a->first);
	bytes_u64le(out, a->last);
	bytes_u64le(out, a->up);
	bytes_u64le(out, a->down);
	bytes_u64le(out, a->missed);
	bytes_u64le(out, a->largest);
	tuple_save(&a->tuple, out);
	bytes_u32le(out, a->connections);
	bytes_u32le(out, a->queries);
	bytes_u8(out, a->tier);
	bytes_u8(out, (uint8_t)((a->has_server ? HAS_SERVER : 0) |
				(a->more_names ? MORE_NAMES : 0) | (a->ended ? ENDED : 0)));
	for (int i = 0; i < FINDING_NAMES_MAX; i++) {
		bytes_u8(out, a->source[i]);
		bytes_text(out, intern_text(l->texts, a->name[i]));
	}
	bytes_u64le(out, a->other);
	bytes_text(out, intern_text(l->texts, a->tenant));
	told_save(&a->told, out);
	bytes_u64le(out, a->start);
	bytes_u64le(out, a->seen);
	save_slices(l, a, out);
}

void ledger_save(const struct ledger *l, struct bytes *out)
{
	bytes_u32le(out, pool_live(&l->accounts));
	bytes_u64le(out, l->width);
	/* in order of use, for what does not fit is what would have been evicted */
	for (uint32_t i = l->ended.oldest; i != POOL_NONE; i = ledger_at(l, i)->order.newer)
		save_account(l, ledger_at(l, i), out);
	for (uint32_t i = l->live.oldest; i != POOL_NONE; i = ledger_at(l, i)->order.newer)
		save_account(l, ledger_at(l, i), out);
}

/* What is read of an account before there is one. */
struct reading {
	struct account a;
	struct str name[FINDING_NAMES_MAX], tenant;
	struct slice slice[FINDING_SLICES + 1]; /* the newest first */
	unsigned slices;
	uint64_t width; /* that slices were counted by; 0: they were not */
};

static bool load_account(struct cursor *in, struct account *a)
{
	addr_load(&a->client, in);
	a->first = cur_u64le(in);
	a->last = cur_u64le(in);
	a->up = cur_u64le(in);
	a->down = cur_u64le(in);
	a->missed = cur_u64le(in);
	a->largest = cur_u64le(in);
	tuple_load(&a->tuple, in);
	a->connections = cur_u32le(in);
	a->queries = cur_u32le(in);
	a->tier = cur_u8(in);
	uint8_t flags = cur_u8(in);
	a->has_server = flags & HAS_SERVER;
	a->more_names = flags & MORE_NAMES;
	a->ended = flags & ENDED;
	return !in->bad && a->tier <= TIER_D;
}

static bool load_names(struct cursor *in, struct reading *r)
{
	for (int i = 0; i < FINDING_NAMES_MAX; i++) {
		r->a.source[i] = cur_u8(in);
		r->name[i] = cur_text(in);
		if (r->a.source[i] > NAME_CERT)
			return false;
	}
	return !in->bad;
}

static bool load_slices(struct cursor *in, struct reading *r)
{
	r->slices = cur_u8(in);
	if (r->slices > FINDING_SLICES + 1)
		return false;
	for (unsigned i = 0; i < r->slices; i++) {
		struct slice *s = &r->slice[i];
		s->number = cur_u64le(in);
		s->first = cur_u64le(in);
		s->up = cur_u64le(in);
		s->down = cur_u64le(in);
		s->missed = cur_u64le(in);
		s->other = cur_u64le(in);
		s->connections = cur_u32le(in);
		s->queries = cur_u32le(in);
		if (i && s->number >= s[-1].number)
			return false;
	}
	return !in->bad;
}

static bool load_rest(struct cursor *in, struct reading *r, unsigned version)
{
	r->a.other = r->a.up; /* of no tenant that is known */
	if (version < 2)
		return true;
	r->a.other = cur_u64le(in);
	r->tenant = cur_text(in);
	if (!told_load(&r->a.told, in))
		return false;
	r->a.start = cur_u64le(in);
	r->a.seen = cur_u64le(in);
	return load_slices(in, r);
}

/* Counted by no window, or by another one: all of it as of its last use. */
static void count_anew(const struct ledger *l, struct reading *r)
{
	struct account *a = &r->a;

	if (l->width && r->width == l->width)
		return;
	r->slices = 0;
	if (!l->width) {
		a->start = a->seen = 0;
		return;
	}
	a->start = a->start * r->width / l->width;
	a->seen = a->seen * r->width / l->width;
	r->slice[r->slices++] = (struct slice){.number = a->last / l->width,
					       .first = a->first,
					       .up = a->up,
					       .down = a->down,
					       .missed = a->missed,
					       .other = a->other,
					       .connections = a->connections,
					       .queries = a->queries};
}

static void fill_slices(struct ledger *l, struct account *a, const struct reading *r)
{
	for (unsigned i = r->slices; i > 0; i--) {
		uint32_t n = pool_get(&l->slices);
		if (n == POOL_NONE)
			return;
		struct slice *s = ledger_slice_at(l, n);
		*s = r->slice[i - 1];
		s->older = a->slices;
		a->slices = n;
	}
}

/* Names keep their places: there is none behind an empty one. */
static void fill_names(struct ledger *l, struct account *a, const struct reading *r)
{
	int kept = 0;

	for (int i = 0; i < FINDING_NAMES_MAX; i++) {
		if (!r->name[i].n)
			continue;
		a->source[kept] = r->a.source[i];
		a->name[kept] = intern_get(l->texts, r->name[i]);
		kept += a->name[kept] != 0;
	}
	for (; kept < FINDING_NAMES_MAX; kept++)
		a->source[kept] = 0;
	a->tenant = intern_get(l->texts, r->tenant);
}

/* Puts an account that was filled in where it belongs. */
static void place(struct ledger *l, uint32_t n)
{
	struct account *a = ledger_at(l, n);

	if (!a->ended)
		hindex_add(&l->index, ledger_hash(l, &a->client, a->service), n);
	lru_add(ledger_list(l, a), n);
	telling_add(&l->telling, n);
	telling_touch(&l->telling, n);
	if (l->width && !a->ended)
		ledger_settle(l, a);
}

static void take(struct ledger *l, struct reading *r)
{
	count_anew(l, r);
	if (!r->a.ended && ledger_find(l, &r->a.client, r->a.service) != LEDGER_NONE)
		return; /* (twice in the state: the first one holds) */
	if (r->a.ended && !l->width)
		return;
	uint32_t n = ledger_make(l);
	if (n == LEDGER_NONE)
		return;
	struct account *a = ledger_at(l, n);
	uint32_t serial = a->serial;
	*a = r->a;
	a->serial = serial;
	a->slices = POOL_NONE;
	a->stays = false;
	fill_names(l, a, r);
	if (!a->ended)
		fill_slices(l, a, r);
	place(l, n);
}

int ledger_load(struct ledger *l, struct cursor *in, unsigned version, ledger_service *service,
		void *context, struct error *e)
{
	uint32_t count = cur_u32le(in);
	uint64_t width = version < 2 ? 0 : cur_u64le(in);
	bool good = true;

	for (uint32_t i = 0; i < count && good && !in->bad; i++) {
		struct reading r = {.width = width};
		r.a.service = service(context, cur_text(in));
		good = load_account(in, &r.a) && load_names(in, &r) && load_rest(in, &r, version);
		if (good && r.a.service)
			take(l, &r);
	}
	return !good || in->bad || (count && cur_left(in)) ? error_set(e, "the ledger is damaged")
							   : 0;
}

/* Adopting. Under another window what was counted is put back in, account by account. */
static void adopt_anew(struct ledger *l, const struct ledger *old, uint32_t number)
{
	const struct account *a = ledger_at(old, number);
	struct reading r = {.a = *a, .width = old->width};

	for (uint32_t n = a->slices; n != POOL_NONE; n = ledger_slice_at(old, n)->older)
		r.slice[r.slices++] = *ledger_slice_at(old, n);
	for (int i = 0; i < FINDING_NAMES_MAX; i++)
		r.name[i] = intern_text(l->texts, a->name[i]);
	r.tenant = intern_text(l->texts, a->tenant);
	memset(r.a.name, 0, sizeof r.a.name);
	r.a.tenant = 0;
	take(l, &r);
}

static void adopt_as_it_is(struct ledger *l, uint32_t n)
{
	struct account *a = ledger_at(l, n);

	telling_add(&l->telling, n);
	telling_touch(&l->telling, n);
	if (!a->ended)
		hindex_add(&l->index, ledger_hash(l, &a->client, a->service), n);
}

/* In order of use. */
static void adopt_all_anew(struct ledger *l, struct ledger *old)
{
	for (uint32_t i = old->ended.oldest; i != POOL_NONE; i = ledger_at(old, i)->order.newer)
		adopt_anew(l, old, i);
	for (uint32_t i = old->live.oldest; i != POOL_NONE; i = ledger_at(old, i)->order.newer)
		adopt_anew(l, old, i);
	for (uint32_t i = 0; i < old->accounts.made; i++)
		if (ledger_at(old, i)->service)
			ledger_put(old, i);
}

static void take_pools(struct ledger *l, struct ledger *old)
{
	struct pool accounts = l->accounts, slices = l->slices;

	l->accounts = old->accounts;
	l->slices = old->slices;
	old->accounts = accounts;
	old->slices = slices;
	l->live.newest = old->live.newest;
	l->live.oldest = old->live.oldest;
	l->ended.newest = old->ended.newest;
	l->ended.oldest = old->ended.oldest;
	for (uint32_t i = 0; i < l->accounts.made; i++)
		if (ledger_at(l, i)->service)
			adopt_as_it_is(l, i);
}

void ledger_adopt(struct ledger *l, struct ledger *old, const struct service *const service[])
{
	l->serial = old->serial;
	l->now = old->now;
	l->refused = old->refused;
	l->evicted = old->evicted;
	l->evicted_findings = old->evicted_findings;
	old->texts = l->texts; /* (those of both were swapped) */
	for (uint32_t i = 0; i < old->accounts.made; i++) {
		struct account *a = ledger_at(old, i);
		if (a->service && !service[a->service->number])
			ledger_put(old, i);
	}
	/* (from here on the old one's index is of no use) */
	for (uint32_t i = 0; i < old->accounts.made; i++) {
		struct account *a = ledger_at(old, i);
		if (a->service)
			a->service = service[a->service->number];
	}
	if (l->width == old->width)
		take_pools(l, old);
	else
		adopt_all_anew(l, old);
}
