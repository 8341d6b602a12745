/* What the detectors learned, to and from bytes. Everything goes by order of use, the oldest first,
 * so that what does not fit into smaller bounds is what would have been evicted. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "volume/evidence.h"

/* saving */

static void put_floats(struct bytes *out, const float *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		bytes_f32le(out, v[i]);
}

static void put_counts(struct bytes *out, const uint64_t *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		bytes_u64le(out, v[i]);
}

static void put_words(struct bytes *out, const uint16_t *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		bytes_u16le(out, v[i]);
}

static void save_label(const struct history *h, const struct label *l, struct bytes *out)
{
	bytes_u8(out, (uint8_t)(l->listed | l->storage << 1 | l->unnamed << 2));
	bytes_text(out, history_label_key(h, l));
	for (unsigned i = 0; i < LABEL_SEEN; i++) {
		bytes_u32le(out, l->seen[i].print);
		bytes_u16le(out, l->seen[i].day);
	}
}

/* Writes the labels, and into `place` (by pool number) where each stands. */
static void save_labels(const struct history *h, uint32_t *place, struct bytes *out)
{
	uint32_t count = 0;

	for (uint32_t n = 0; n < h->labels.made; n++)
		place[n] = HISTORY_NONE;
	/* those that nobody has an account of are services whose users are still known */
	for (uint32_t n = 0; n < h->labels.made; n++)
		if (history_label_at(h, n)->live)
			place[n] = count++;
	bytes_u32le(out, count);
	for (uint32_t n = 0; n < h->labels.made; n++)
		if (place[n] != HISTORY_NONE)
			save_label(h, history_label_at(h, n), out);
}

static void save_client(const struct client *c, struct bytes *out)
{
	bytes_add(out, c->addr.b, sizeof c->addr.b);
	bytes_u16le(out, c->first_day);
	bytes_u16le(out, c->day);
	bytes_u16le(out, c->top_day);
	bytes_u8(out, c->forgot);
	bytes_u8(out, c->services);
	bytes_u64le(out, c->day_up);
	bytes_u64le(out, c->unsaid);
	bytes_u64le(out, c->hour_up);
	bytes_u64le(out, c->day_in);
	bytes_u32le(out, c->hour);
	bytes_u32le(out, c->active);
	bytes_u32le(out, c->hour_in);
	bytes_add(out, c->fan, sizeof c->fan);
	bytes_add(out, c->active_days, sizeof c->active_days);
	bytes_add(out, c->active_hours, sizeof c->active_hours);
	put_floats(out, c->hours_in, HISTORY_HOURS);
	put_words(out, c->days_in, HISTORY_RECENT);
}

static void save_clients(const struct history *h, uint32_t *place, struct bytes *out)
{
	uint32_t count = 0;

	bytes_u32le(out, pool_live(&h->clients));
	for (uint32_t n = h->client_lru.oldest; n != POOL_NONE;
	     n = lru_at(&h->client_lru, n)->newer) {
		place[n] = count++;
		save_client(history_client_at(h, n), out);
	}
}

static void save_window(const struct window *given, struct bytes *out)
{
	struct window folded = *given, *w = &folded;

	history_window_fold(w);
	bytes_u32le(out, w->slot);
	bytes_u32le(out, w->hour);
	put_counts(out, w->up, SLOTS_HOUR);
	put_counts(out, w->down, SLOTS_HOUR);
	put_counts(out, w->hours, HISTORY_HOURS);
}

static void save_alert(const struct alert *x, struct bytes *out)
{
	uint32_t told = 0;

	for (unsigned i = 0; i < DETECTORS; i++)
		told |= (uint32_t)(x->told[i].last != 0) << i;
	bytes_u32le(out, told);
	for (unsigned i = 0; i < DETECTORS; i++) {
		const struct told *t = &x->told[i];
		if (!t->last)
			continue;
		bytes_u64le(out, t->first);
		bytes_u64le(out, t->last);
		bytes_u64le(out, t->base);
		bytes_u64le(out, t->up);
		bytes_u16le(out, t->day);
	}
}

static void save_account(const struct detectors *d, const struct account *a, struct bytes *out)
{
	const struct history *h = &d->history;

	bytes_u16le(out, a->day);
	bytes_u16le(out, a->first_day);
	bytes_u16le(out, a->since);
	bytes_u16le(out, a->used);
	bytes_u8(out, a->frozen_days);
	bytes_u8(out, a->tier);
	bytes_u8(out, (uint8_t)(a->alarmed | (a->window != HISTORY_NONE) << 1 |
				(a->alert != HISTORY_NONE) << 2));
	bytes_u64le(out, a->day_up);
	bytes_u64le(out, a->total);
	bytes_u64le(out, a->look);
	bytes_f32le(out, a->cusum);
	bytes_u32le(out, a->frozen);
	put_words(out, a->days, HISTORY_DAYS);
	if (a->window != HISTORY_NONE)
		save_window(pool_at(&h->windows, a->window), out);
	if (a->alert != HISTORY_NONE)
		save_alert(pool_at(&d->alerts, a->alert), out);
}

static void save_population(const struct population *p, struct bytes *out)
{
	bytes_u32le(out, p->clients);
	bytes_u32le(out, p->count);
	for (uint32_t i = 0; i < p->count; i++) {
		bytes_add(out, p->top[i].client.b, sizeof p->top[i].client.b);
		bytes_u64le(out, p->top[i].up);
		bytes_u64le(out, p->top[i].error);
	}
}

void detectors_save(const struct detectors *d, struct bytes *out)
{
	const struct history *h = &d->history;
	uint32_t *labels = mem_array(h->labels.made + 1u, sizeof *labels);
	uint32_t *clients = mem_array(h->clients.made + 1u, sizeof *clients);

	bytes_u64le(out, h->clock.now);
	bytes_u16le(out, h->first_day);
	save_labels(h, labels, out);
	save_clients(h, clients, out);
	bytes_u32le(out, pool_live(&h->accounts));
	for (uint32_t n = h->account_lru.oldest; n != POOL_NONE;
	     n = lru_at(&h->account_lru, n)->newer) {
		const struct account *a = history_account_at(h, n);
		bytes_u32le(out, clients[a->client]);
		bytes_u32le(out, labels[a->label]);
		save_account(d, a, out);
	}
	save_population(&d->population, out);
	tenants_save(&d->tenants, out);
	free(labels);
	free(clients);
}

/* loading */

static bool get_floats(struct cursor *in, float *v, unsigned n)
{
	bool good = true;

	for (unsigned i = 0; i < n; i++) {
		v[i] = cur_f32le(in);
		good &= isfinite(v[i]) && v[i] >= 0;
	}
	return good;
}

static void get_counts(struct cursor *in, uint64_t *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		v[i] = cur_u64le(in);
}

static void get_words(struct cursor *in, uint16_t *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		v[i] = cur_u16le(in);
}

static void get_bytes(struct cursor *in, void *to, size_t n)
{
	const uint8_t *p = cur_take(in, n);

	if (p)
		memcpy(to, p, n);
}

/* How many there are, each of at least `size` bytes; never more than there can be. */
static bool get_count(struct cursor *in, size_t size, uint32_t *count)
{
	*count = cur_u32le(in);
	return !in->bad && *count <= cur_left(in) / size;
}

#define LABEL_SIZE   (1 + 2 + 1 + 6 * LABEL_SEEN)
#define CLIENT_SIZE  256
#define ACCOUNT_SIZE 107

static bool load_label(struct history *h, struct cursor *in, uint32_t *number)
{
	uint8_t flags = cur_u8(in);
	size_t n = cur_u16le(in);
	const uint8_t *text = cur_take(in, n);

	*number = HISTORY_NONE;
	if (in->bad || !n || n > INTERN_TEXT_MAX || flags > 7)
		return false;
	struct str key = {(const char *)text, n};
	bool listed = flags & 1, unnamed = flags >> 2 & 1;
	/* as history_label and history_service make them */
	if (listed ? text[0] < ' ' || unnamed : text[0] != (unnamed ? 2 : 1) || n < 2)
		return false;
	if (unnamed && n != 4 && n != 7)
		return false;
	if (pool_live(&h->labels) < h->labels.limit) {
		*number = history_label_raw(h, key);
		if (*number == HISTORY_NONE)
			return false; /* twice */
		struct label *l = history_label_at(h, *number);
		l->listed = listed;
		l->storage = flags >> 1 & 1;
		l->unnamed = unnamed;
	}
	for (unsigned i = 0; i < LABEL_SEEN; i++) {
		uint32_t print = cur_u32le(in);
		uint16_t day = cur_u16le(in);
		if (*number == HISTORY_NONE)
			continue;
		history_label_at(h, *number)->seen[i].print = print;
		history_label_at(h, *number)->seen[i].day = day;
	}
	return !in->bad;
}

static bool load_client(struct history *h, struct cursor *in, bool keep, uint32_t *number)
{
	struct client skipped = {0}, *c = &skipped;
	struct addr a = {{0}};

	get_bytes(in, a.b, sizeof a.b);
	*number = HISTORY_NONE;
	if (in->bad || (keep && history_client(h, &a, false) != HISTORY_NONE))
		return false;
	if (keep) {
		*number = history_client(h, &a, true);
		c = history_client_at(h, *number);
	}
	c->first_day = cur_u16le(in);
	c->day = cur_u16le(in);
	c->top_day = cur_u16le(in);
	c->forgot = cur_u8(in) & 1;
	c->services = cur_u8(in);
	c->day_up = cur_u64le(in);
	c->unsaid = cur_u64le(in);
	c->hour_up = cur_u64le(in);
	c->day_in = cur_u64le(in);
	c->hour = cur_u32le(in);
	c->active = cur_u32le(in) & 0xffffff;
	c->hour_in = cur_u32le(in);
	get_bytes(in, c->fan, sizeof c->fan);
	get_bytes(in, c->active_days, sizeof c->active_days);
	get_bytes(in, c->active_hours, sizeof c->active_hours);
	bool good = get_floats(in, c->hours_in, HISTORY_HOURS);
	get_words(in, c->days_in, HISTORY_RECENT);
	return good && !in->bad && c->first_day <= c->day;
}

static bool load_window(struct history *h, struct cursor *in, uint32_t account)
{
	struct window skipped, *w = &skipped;

	if (account != HISTORY_NONE)
		w = history_window(h, account);
	w->slot = cur_u32le(in);
	w->hour = cur_u32le(in);
	get_counts(in, w->up, SLOTS_HOUR);
	get_counts(in, w->down, SLOTS_HOUR);
	get_counts(in, w->hours, HISTORY_HOURS);
	history_window_unfold(w);
	return !in->bad;
}

static bool load_alert(struct detectors *d, struct cursor *in, uint32_t account)
{
	struct alert skipped, *x = &skipped;
	uint32_t told = cur_u32le(in);

	if (told >> DETECTORS)
		return false;
	if (account != HISTORY_NONE) {
		x = alert_of(d, history_account_at(&d->history, account));
		x->account = account;
	}
	for (unsigned i = 0; i < DETECTORS; i++) {
		struct told *t = &x->told[i];
		if (!(told >> i & 1))
			continue;
		t->first = cur_u64le(in);
		t->last = cur_u64le(in);
		t->base = cur_u64le(in);
		t->up = cur_u64le(in);
		t->day = cur_u16le(in);
	}
	return !in->bad;
}

static bool load_account(struct detectors *d, struct cursor *in, uint32_t client, uint32_t label)
{
	struct history *h = &d->history;
	struct account skipped, *a = &skipped;
	uint32_t n = HISTORY_NONE;

	if (client != HISTORY_NONE && label != HISTORY_NONE) {
		if (history_account(h, client, label) != HISTORY_NONE)
			return false; /* twice */
		bool forgot = history_client_at(h, client)->forgot;
		n = history_account_new(h, client, label);
		history_client_at(h, client)->forgot = forgot;
		a = history_account_at(h, n);
	}
	a->day = cur_u16le(in);
	a->first_day = cur_u16le(in);
	a->since = cur_u16le(in);
	a->used = cur_u16le(in);
	a->frozen_days = cur_u8(in);
	uint8_t tier = cur_u8(in);
	uint8_t flags = cur_u8(in);
	a->tier = tier & 3;
	a->alarmed = flags & 1;
	a->day_up = cur_u64le(in);
	a->total = cur_u64le(in);
	a->look = cur_u64le(in);
	a->cusum = cur_f32le(in);
	a->frozen = cur_u32le(in);
	get_words(in, a->days, HISTORY_DAYS);
	if (in->bad || tier > TIER_D || flags > 7 || a->frozen >> HISTORY_DAYS ||
	    !isfinite(a->cusum) || a->cusum < 0)
		return false;
	return !((flags & 2 && !load_window(h, in, n)) || (flags & 4 && !load_alert(d, in, n)));
}

static bool load_labels(struct history *h, struct cursor *in, uint32_t **place, uint32_t *count)
{
	if (!get_count(in, LABEL_SIZE, count))
		return false;
	*place = mem_array(*count + 1u, sizeof **place);
	for (uint32_t i = 0; i < *count; i++)
		if (!load_label(h, in, &(*place)[i]))
			return false;
	return true;
}

static bool load_clients(struct history *h, struct cursor *in, uint32_t **place, uint32_t *count)
{
	if (!get_count(in, CLIENT_SIZE, count))
		return false;
	*place = mem_array(*count + 1u, sizeof **place);
	for (uint32_t i = 0; i < *count; i++)
		if (!load_client(h, in, *count - i <= h->clients.limit, &(*place)[i]))
			return false;
	return true;
}

static bool load_accounts(struct detectors *d, struct cursor *in, const uint32_t *labels,
			  uint32_t label_count, const uint32_t *clients, uint32_t client_count)
{
	uint32_t count;

	if (!get_count(in, ACCOUNT_SIZE, &count))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t client = cur_u32le(in), label = cur_u32le(in);
		if (in->bad || client >= client_count || label >= label_count)
			return false;
		client = count - i <= d->history.accounts.limit ? clients[client] : HISTORY_NONE;
		if (!load_account(d, in, client, labels[label]))
			return false;
	}
	return true;
}

static bool load_population(struct population *p, struct cursor *in)
{
	uint32_t count;

	p->clients = cur_u32le(in);
	if (!get_count(in, 32, &count) || count > LIMIT_TOP)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		struct addr a = {{0}};
		get_bytes(in, a.b, sizeof a.b);
		uint64_t up = cur_u64le(in), error = cur_u64le(in);
		if (in->bad || error > up || population_rank(p, &a))
			return false;
		population_restore(p, &a, up, error);
	}
	return true;
}

int detectors_load(struct detectors *d, struct cursor *in, unsigned version, struct error *e)
{
	struct history *h = &d->history;
	uint32_t *labels = NULL, *clients = NULL, label_count = 0, client_count = 0;
	const char *wrong = NULL;

	if (version != DETECTORS_STATE_VERSION)
		return error_set(e, "the detectors' state has version %u, not %u", version,
				 DETECTORS_STATE_VERSION);
	uint64_t now = cur_u64le(in);
	uint16_t first_day = cur_u16le(in);
	if (now)
		clock_set(&h->clock, now);
	h->first_day = first_day;
	if (!load_labels(h, in, &labels, &label_count))
		wrong = "service";
	else if (!load_clients(h, in, &clients, &client_count))
		wrong = "client";
	else if (!load_accounts(d, in, labels, label_count, clients, client_count))
		wrong = "account";
	else if (!load_population(&d->population, in))
		wrong = "largest sender";
	else if (!tenants_load(&d->tenants, in))
		wrong = "tenant";
	else if (in->bad || cur_left(in) || first_day > h->clock.day)
		wrong = "end";
	free(labels);
	free(clients);
	if (!wrong)
		history_trim(h);
	if (!wrong)
		return 0;
	detectors_reset(d);
	return error_set(e, "the detectors' state has a wrong %s", wrong);
}
