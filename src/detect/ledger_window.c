/* The ledger's windows: what slides out, what stands, and what makes room. */
#include "detect/ledger_account.h"

static void take_off(struct account *a, const struct slice *s)
{
	/* (what was taken back may have been taken off twice) */
	a->up -= s->up < a->up ? s->up : a->up;
	a->down -= s->down < a->down ? s->down : a->down;
	a->missed -= s->missed < a->missed ? s->missed : a->missed;
	a->other -= s->other < a->other ? s->other : a->other;
	a->connections -= s->connections < a->connections ? s->connections : a->connections;
	a->queries -= s->queries < a->queries ? s->queries : a->queries;
}

void ledger_drop_slices(struct ledger *l, struct account *a)
{
	while (a->slices != POOL_NONE) {
		uint32_t n = a->slices;
		a->slices = ledger_slice_at(l, n)->older;
		pool_put(&l->slices, n);
	}
}

static void join_slices(struct slice *to, const struct slice *from)
{
	to->up += from->up;
	to->down += from->down;
	to->missed += from->missed;
	to->other += from->other;
	to->connections += from->connections;
	to->queries += from->queries;
}

/* Slices in the future are of a clock that was wrong: they count as of now, as one. */
static void set_back(struct ledger *l, struct account *a, uint64_t number)
{
	if (a->slices == POOL_NONE ||
	    ledger_slice_at(l, a->slices)->number <= number + FINDING_SLICES)
		return;
	struct slice *newest = ledger_slice_at(l, a->slices);
	while (newest->older != POOL_NONE && ledger_slice_at(l, newest->older)->number >= number) {
		uint32_t n = newest->older;
		join_slices(newest, ledger_slice_at(l, n));
		newest->older = ledger_slice_at(l, n)->older;
		pool_put(&l->slices, n);
	}
	newest->number = number;
	newest->first = number * l->width;
	a->first = a->first > newest->first ? newest->first : a->first;
	a->start = a->start > number ? number : a->start;
	a->seen = a->seen > number ? number : a->seen;
	if (a->last > (number + 1) * l->width)
		a->last = (number + 1) * l->width - 1;
}

bool ledger_slide(struct ledger *l, struct account *a, uint64_t time)
{
	uint64_t number = time / l->width;

	set_back(l, a, number);
	if (a->start && number <= a->start + FINDING_SLICES)
		return true;
	if (a->start) {
		if (a->told.times || ledger_is_finding(l, a))
			return false;
		a->start = 0; /* its bytes turned out to belong elsewhere */
	}
	if (a->slices == POOL_NONE ||
	    ledger_slice_at(l, a->slices)->number + FINDING_SLICES < number)
		return false; /* (it ends as it was when it was used last) */
	uint32_t *link = &a->slices;
	while (*link != POOL_NONE && ledger_slice_at(l, *link)->number + FINDING_SLICES >= number) {
		a->first = ledger_slice_at(l, *link)->first;
		link = &ledger_slice_at(l, *link)->older;
	}
	while (*link != POOL_NONE) {
		uint32_t n = *link;
		*link = ledger_slice_at(l, n)->older;
		take_off(a, ledger_slice_at(l, n));
		pool_put(&l->slices, n);
	}
	return true;
}

static void evict_live(struct ledger *l)
{
	l->evicted++;
	l->evicted_findings += ledger_is_finding(l, ledger_at(l, l->live.oldest));
	ledger_put(l, l->live.oldest);
}

/* Nothing is told before the end, so uploads that are findings have to stay: passed over once, and
 * then never again. */
static void evict_small(struct ledger *l)
{
	while (l->live.oldest != POOL_NONE) {
		uint32_t n = l->live.oldest;
		struct account *a = ledger_at(l, n);
		if (!ledger_is_upload(l, a)) {
			evict_live(l);
			return;
		}
		lru_remove(&l->live, n);
		a->stays = true;
		lru_add(&l->ended, n);
	}
}

void ledger_evict(struct ledger *l)
{
	if (!l->width)
		evict_small(l);
	else if (l->ended.oldest != POOL_NONE)
		ledger_put(l, l->ended.oldest);
	else if (l->live.oldest != POOL_NONE)
		evict_live(l);
}

uint32_t ledger_slice(struct ledger *l, uint32_t account, uint64_t time)
{
	struct account *a = ledger_at(l, account);

	if (!l->width)
		return POOL_NONE;
	uint64_t number = time / l->width;
	if (a->slices != POOL_NONE && ledger_slice_at(l, a->slices)->number >= number)
		return a->slices; /* (what comes late counts as of the latest) */
	uint32_t n = pool_get(&l->slices);
	if (n == POOL_NONE) {
		lru_use(&l->live, account);
		if (l->live.oldest == account)
			return a->slices;
		evict_live(l); /* (nearly each has a slice) */
		n = pool_get(&l->slices);
		if (n == POOL_NONE)
			return a->slices;
	}
	struct slice *s = ledger_slice_at(l, n);
	s->number = number;
	s->first = time;
	s->older = a->slices;
	a->slices = n;
	return n;
}

void ledger_settle(struct ledger *l, struct account *a)
{
	if (a->start || a->slices == POOL_NONE || !ledger_is_finding(l, a))
		return;
	uint32_t n = a->slices;
	uint64_t newest = ledger_slice_at(l, n)->number;
	if (ledger_is_upload(l, a)) {
		while (ledger_slice_at(l, n)->older != POOL_NONE)
			n = ledger_slice_at(l, n)->older;
		a->start = ledger_slice_at(l, n)->number;
		return;
	}
	if (a->seen && newest <= a->seen + FINDING_SLICES)
		return;
	if (a->seen && a->told.kind == FINDING_NAME)
		a->told.times = 0; /* another window's */
	a->seen = newest;
}

void ledger_end(struct ledger *l, uint32_t number)
{
	struct account *a = ledger_at(l, number);

	if (!ledger_is_finding(l, a)) {
		ledger_put(l, number);
		return;
	}
	hindex_remove(&l->index, ledger_hash(l, &a->client, a->service), number);
	lru_remove(&l->live, number);
	ledger_drop_slices(l, a);
	a->ended = true;
	lru_add(&l->ended, number);
}

/* Ended ones are kept for one more window, so that they can be asked for. */
void ledger_tick(struct ledger *l, uint64_t now)
{
	uint64_t kept = 2 * (FINDING_SLICES + 1) * l->width;

	l->now = now > l->now ? now : l->now;
	/* (what is late by up to a slice finds its account still) */
	if (!l->width || now <= l->width)
		return;
	now -= l->width;
	while (l->live.oldest != POOL_NONE && !ledger_slide(l, ledger_at(l, l->live.oldest), now))
		ledger_end(l, l->live.oldest);
	while (l->ended.oldest != POOL_NONE) {
		const struct account *a = ledger_at(l, l->ended.oldest);
		uint64_t over = (a->start ? a->start : a->seen) * l->width + kept;
		if (now < over && over - now < 2 * kept) /* (else the clock was set back) */
			break;
		ledger_put(l, l->ended.oldest);
	}
}

struct slice ledger_sum(const struct ledger *l, const struct account *a, uint64_t time)
{
	struct slice sum = {
		.first = a->first, .up = a->up, .down = a->down, .connections = a->connections};
	uint64_t number = l->width ? time / l->width : 0;

	if (!l->width || (a->start && number <= a->start + FINDING_SLICES))
		return sum;
	sum = (struct slice){0};
	for (uint32_t n = a->slices; !a->start && n != POOL_NONE;) {
		const struct slice *s = ledger_slice_at(l, n);
		if (s->number + FINDING_SLICES < number)
			break;
		sum.first = s->first;
		sum.up += s->up;
		sum.down += s->down;
		sum.connections += s->connections;
		n = s->older;
	}
	return sum;
}
