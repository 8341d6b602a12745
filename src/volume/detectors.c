#include "volume/detectors.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/hostname.h"
#include "volume/evidence.h"

#define UNLISTED_LEAST                                                                             \
	1000000		      /* bytes a day from which a name outside the lists gets an account   \
			       */
#define POPULATION_LUMP 65536 /* bytes told to the population at a time */

static void day_over(void *owner, struct account *a)
{
	cusum_day_over(&((struct detectors *)owner)->set, a);
}

static void account_gone(void *owner, struct account *a)
{
	struct detectors *d = owner;

	if (a->alert == HISTORY_NONE)
		return;
	lru_remove(&d->alert_lru, a->alert);
	pool_put(&d->alerts, a->alert);
	a->alert = HISTORY_NONE;
}

/* All that is learned, empty. */
static void learned_init(struct detectors *d)
{
	const struct detector_settings *s = &d->set;

	history_init(&d->history, &(struct history_bounds){s->most_clients, s->most_accounts,
							   s->most_windows, s->most_labels});
	d->history.day_over = day_over;
	d->history.gone = account_gone;
	d->history.owner = d;
	d->history.fan_floor = s->fanout_up;
	d->history.clock.offset_s = (int64_t)s->utc_minutes * 60;
	population_init(&d->population);
	pool_init(&d->alerts, sizeof(struct alert), LIMIT_ALERTS);
	lru_init(&d->alert_lru, &d->alerts, offsetof(struct alert, lru));
}

static void learned_fini(struct detectors *d)
{
	history_fini(&d->history);
	population_fini(&d->population);
	pool_fini(&d->alerts);
}

struct detectors *detectors_new(const struct detector_settings *s, struct detection_sink sink)
{
	struct detectors *d = mem_zalloc(sizeof *d);

	d->set = *s;
	d->sink = sink;
	d->generation = 1;
	learned_init(d);
	tenants_init(&d->tenants, s->most_tenants);
	sketch_init(&d->sketch);
	/* what passes the sketch must not hang on chance: a replay gives the same */
	hash_key_fixed(&d->sketch_key, 1);
	networks_init(&d->allowed_clients);
	networks_init(&d->allowed_servers);
	return d;
}

void detectors_memory(const struct detectors *d, struct budget *b)
{
	const struct detector_settings *s = &d->set;

	budget_add(b, "detectors: clients", "detectors.clients",
		   history_clients_memory(s->most_clients));
	budget_add(b, "detectors: accounts", "detectors.accounts",
		   history_accounts_memory(s->most_accounts));
	budget_add(b, "detectors: windows", "detectors.windows",
		   history_windows_memory(s->most_windows));
	budget_add(b, "detectors: labels", "detectors.labels",
		   history_labels_memory(s->most_labels));
	budget_add(b, "detectors: tenants", "detectors.tenants", tenants_memory(s->most_tenants));
	budget_add(b, "detectors: the rest", "fixed",
		   mem_memory(sizeof(struct detectors)) + hindex_memory(LIMIT_TOP) +
			   pool_memory(sizeof(struct alert), LIMIT_ALERTS) + sketch_memory());
}

void detectors_free(struct detectors *d)
{
	if (!d)
		return;
	detectors_allow_none(d);
	learned_fini(d);
	tenants_fini(&d->tenants);
	sketch_fini(&d->sketch);
	free(d);
}

void detectors_reset(struct detectors *d)
{
	learned_fini(d);
	learned_init(d);
	tenants_forget(&d->tenants);
	sketch_clear(&d->sketch);
	d->loss_time = 0;
}

void detectors_configure(struct detectors *d, const struct detector_settings *s)
{
	struct detect_clock *c = &d->history.clock;

	if (!settings_same(&d->set, s))
		history_look_again(&d->history);
	d->set = *s;
	d->history.fan_floor = s->fanout_up;
	c->offset_s = (int64_t)s->utc_minutes * 60;
	if (c->now)
		clock_set(c, c->now);
}

/* allow-lists */

int detectors_allow(struct detectors *d, enum allow_list list, struct str text, struct error *e)
{
	d->generation++;
	switch (list) {
	case ALLOW_CLIENT:
		return networks_add(&d->allowed_clients, text, e);
	case ALLOW_SERVER:
		return networks_add(&d->allowed_servers, text, e);
	case ALLOW_SERVICE:
		if (!text.n || text.n > HOSTNAME_MAX)
			return error_set(e, "a service needs a name");
		d->allowed_services =
			mem_resize(d->allowed_services,
				   (d->allowed_service_count + 1) * sizeof *d->allowed_services);
		d->allowed_services[d->allowed_service_count++] = mem_strndup(text.p, text.n);
		return 0;
	case ALLOW_TENANT:
	case OWN_TENANT:
		if (tenants_allow(&d->tenants, text, list == OWN_TENANT))
			return 0;
		return error_set(e, "'%.*s' is no tenant: it is KIND:NAME or a name",
				 text.n < 100 ? (int)text.n : 100, text.p);
	}
	return error_set(e, "no such list");
}

void detectors_allow_none(struct detectors *d)
{
	networks_fini(&d->allowed_clients);
	networks_fini(&d->allowed_servers);
	for (size_t i = 0; i < d->allowed_service_count; i++)
		free(d->allowed_services[i]);
	free(d->allowed_services);
	d->allowed_services = NULL;
	d->allowed_service_count = 0;
	tenants_allow_none(&d->tenants);
	d->generation++;
}

static bool client_allowed(struct detectors *d, struct client *c)
{
	if (c->generation != d->generation) {
		c->generation = d->generation;
		c->allowed = networks_have(&d->allowed_clients, &c->addr);
	}
	return c->allowed;
}

static bool label_allowed(struct detectors *d, struct label *l)
{
	if (l->generation == d->generation)
		return l->allowed;
	struct str key = history_label_key(&d->history, l);
	if (!l->listed)
		key = (struct str){key.p + 1, key.n - 1};
	l->generation = d->generation;
	l->allowed = false;
	for (size_t i = 0; i < d->allowed_service_count && !l->unnamed; i++)
		if (str_ieq(key, str_of(d->allowed_services[i])))
			l->allowed = true;
	return l->allowed;
}

/* time */

static void take_time(struct detectors *d, uint64_t time)
{
	struct history *h = &d->history;
	bool first = h->clock.now == 0;
	uint16_t day = h->clock.day;

	if (clock_take(&h->clock, time)) {
		population_day_over(d, day);
		sketch_clear(&d->sketch);
	}
	if (first || h->first_day > h->clock.day)
		h->first_day = h->clock.day;
}

void detectors_tick(struct detectors *d, uint64_t now)
{
	take_time(d, now);
}

void detectors_services_changed(struct detectors *d)
{
	struct history *h = &d->history;

	free(h->by_service);
	h->by_service = NULL;
	h->service_room = 0;
}

/* where a use belongs */

/* The part of a host name that its owner registered: its last two labels, three below a country's
 * own categories (example.co.uk). Without a list of such suffixes it is but a good guess. */
static struct str site_of(struct str name)
{
	static const char *const second[] = {"co",  "com", "net", "org", "edu",
					     "gov", "ac",  "or",  "ne"};
	size_t at[3] = {0}, dots = 0;

	for (size_t i = name.n; i && dots < 3; i--)
		if (name.p[i - 1] == '.')
			at[dots++] = i;
	if (dots < 2)
		return name;
	struct str label = {name.p + at[1], at[0] - 1 - at[1]};
	if (name.n - at[0] == 2)
		for (unsigned i = 0; i < sizeof second / sizeof *second; i++)
			if (str_eq(label, str_of(second[i])))
				return (struct str){name.p + at[2], name.n - at[2]};
	return (struct str){name.p + at[1], name.n - at[1]};
}

static struct str label_key(const struct detector_use *u, bool unnamed)
{
	if (!unnamed)
		return site_of(u->name);
	return addr_is_v4(&u->server) ? (struct str){(const char *)u->server.b + 12, 3}
				      : (struct str){(const char *)u->server.b, 6};
}

/* Names outside the lists are without number, so only those that carry something get an account.
 * *before gets what it carried today before this use, roughly. */
static bool passes_sketch(struct detectors *d, const struct detector_use *u, struct str key,
			  uint64_t *before)
{
	uint64_t hash = hash_bytes(&d->sketch_key, key.p, key.n);

	hash = hash_step(&d->sketch_key, 2, hash, hash_load64(u->client.b),
			 hash_load64(u->client.b + 8));
	uint64_t sum = sketch_add(&d->sketch, hash, u->up);
	/* (the sketch may say too much, but what it held back was less than this) */
	uint64_t rounded = (u->up + SKETCH_UNIT - 1) / SKETCH_UNIT * SKETCH_UNIT;
	*before = sum > rounded ? sum - rounded : 0;
	if (*before >= UNLISTED_LEAST)
		*before = UNLISTED_LEAST - 1;
	return sum >= UNLISTED_LEAST;
}

struct place {
	uint32_t client, label, account, tenant;
	struct tenant tenant_name;
	uint64_t before; /* bytes that waited for the account to be made */
};

static bool find_unlisted(struct detectors *d, const struct detector_use *u, struct place *p)
{
	bool unnamed = u->name.n == 0;
	struct str key = label_key(u, unnamed);

	if (!d->set.unlisted && !(unnamed && d->set.unnamed))
		return false;
	p->label = history_label(&d->history, key, unnamed, false);
	p->account = p->label == HISTORY_NONE ? HISTORY_NONE
					      : history_account(&d->history, p->client, p->label);
	if (p->account != HISTORY_NONE)
		return true;
	if (!u->up || !passes_sketch(d, u, key, &p->before))
		return false;
	if (p->label == HISTORY_NONE)
		p->label = history_label(&d->history, key, unnamed, true);
	d->stats.refused += p->label == HISTORY_NONE;
	return p->label != HISTORY_NONE;
}

static bool find_listed(struct detectors *d, const struct detector_use *u, struct place *p)
{
	p->label = history_service(&d->history, u->service);
	if (p->label == HISTORY_NONE) {
		d->stats.refused++;
		return false;
	}
	p->account = history_account(&d->history, p->client, p->label);
	/* names alone (they cost the sender nothing) must not drive out what was learned */
	const struct pool *all = &d->history.accounts;
	return p->account != HISTORY_NONE || u->up || pool_live(all) < all->limit;
}

static bool tenant_allowed(struct detectors *d, const struct detector_use *u, struct place *p)
{
	p->tenant = POOL_NONE;
	p->tenant_name = tenant_of(u->name);
	if (!p->tenant_name.kind)
		return false;
	struct addr *client = &history_client_at(&d->history, p->client)->addr;
	const struct detect_clock *now = &d->history.clock;
	bool make = u->up != 0; /* a name alone costs nothing to say */
	p->tenant = tenants_find(&d->tenants, &p->tenant_name, history_print(client), now, make);
	return p->tenant != POOL_NONE && tenants_at(&d->tenants, p->tenant)->allowed;
}

/* False when the use counts nowhere. The account may still have to be made. */
static bool find_place(struct detectors *d, const struct detector_use *u, struct place *p)
{
	const struct pool *clients = &d->history.clients;

	if (u->internal || (u->service && u->tier == TIER_D))
		return false;
	if (d->allowed_servers.count && networks_have(&d->allowed_servers, &u->server)) {
		d->stats.allowed++;
		return false;
	}
	p->client = history_client(&d->history, &u->client,
				   u->up || pool_live(clients) < clients->limit);
	if (p->client == HISTORY_NONE)
		return false;
	if (client_allowed(d, history_client_at(&d->history, p->client))) {
		d->stats.allowed++;
		return false;
	}
	if (!(u->service ? find_listed : find_unlisted)(d, u, p))
		return false;
	if (label_allowed(d, history_label_at(&d->history, p->label)) || tenant_allowed(d, u, p)) {
		d->stats.allowed++;
		return false;
	}
	return true;
}

/* uses */

static void note_activity(struct detectors *d, struct client *c, uint64_t before)
{
	if (before == 0 && c->day_up)
		d->population.clients++;
	if (c->unsaid >= POPULATION_LUMP) {
		population_add(&d->population, &c->addr, c->unsaid);
		c->unsaid = 0;
	}
	if (c->hour_up >= d->set.off_hours_up)
		c->active |= UINT32_C(1) << d->history.clock.hour % 24;
}

static struct account *open_account(struct detectors *d, const struct detector_use *u,
				    struct place *p)
{
	if (p->account == HISTORY_NONE)
		p->account = history_account_new(&d->history, p->client, p->label);
	struct account *a = history_account_at(&d->history, p->account);
	uint16_t today = d->history.clock.day;
	unsigned tier = u->service ? u->tier : TIER_C;
	if (a->used && a->used != today && today >= a->used + d->set.new_service_days)
		a->since = today;
	if (tier < a->tier)
		a->tier = tier & 3;
	history_use(&d->history, p->account);
	return a;
}

static void look_closely(struct detectors *d, const struct detector_use *u, const struct place *p,
			 double tenant_up)
{
	struct account *a = history_account_at(&d->history, p->account);
	struct look l = {
		.d = d,
		.set = &d->set,
		.use = u,
		.client = history_client_at(&d->history, p->client),
		.account = a,
		.label = history_label_at(&d->history, p->label),
		.tenant = p->tenant,
		.tenant_name = p->tenant_name,
		.tenant_up = tenant_up,
	};

	d->stats.looks++;
	judge(&l);
}

void detectors_upload(struct detectors *d, const struct detector_use *u)
{
	uint64_t up = u->up < INT64_MAX ? u->up : INT64_MAX;
	double each = (double)d->set.fanout_each, tenant_up = 0;
	struct place p = {0};

	take_time(d, u->time);
	if (!find_place(d, u, &p))
		return;
	struct account *a = open_account(d, u, &p);
	struct client *c = history_client_at(&d->history, p.client);
	uint64_t client_before = c->day_up, before = a->day_up;
	bool look = false;
	d->stats.uses++;
	if (up || u->down)
		history_add(&d->history, p.account, up + p.before, u->down);
	if ((double)before < each && (double)a->day_up >= each && c->services < UINT8_MAX &&
	    history_label_at(&d->history, p.label)->listed)
		c->services++;
	note_activity(d, c, client_before);
	if (p.tenant != POOL_NONE) {
		double least = (double)d->set.tenant_up;
		tenant_up = tenants_add(&d->tenants, p.tenant, &d->history.clock, (int64_t)up);
		look = tenant_up >= least && tenant_up - (double)up < least;
	}
	if (look || a->day_up >= a->look)
		look_closely(d, u, &p, tenant_up);
}

void detectors_retract(struct detectors *d, const struct detector_use *u)
{
	uint64_t up = u->up < INT64_MAX ? u->up : INT64_MAX;
	struct detector_use nothing = *u;
	struct place p = {0};

	nothing.up = nothing.down = 0;
	take_time(d, u->time);
	if (!find_place(d, &nothing, &p) || p.account == HISTORY_NONE)
		return;
	history_use(&d->history, p.account);
	history_take(&d->history, p.account, u->up, u->down);
	if (p.tenant != POOL_NONE)
		tenants_add(&d->tenants, p.tenant, &d->history.clock, -(int64_t)up);
}

void detectors_download(struct detectors *d, uint64_t time, const struct addr *client,
			uint64_t down)
{
	take_time(d, time);
	if (!down)
		return;
	uint32_t n = history_client(&d->history, client, true);
	history_inbound(&d->history, history_client_at(&d->history, n), down);
}

void detectors_loss(struct detectors *d, uint64_t time, double share, uint64_t gap_ns)
{
	double gap = (double)gap_ns / (double)NS_PER_S;

	take_time(d, time);
	if (!d->set.loss || (share <= d->set.loss_share && gap <= d->set.loss_gap_s))
		return;
	d->loss_time = d->history.clock.now;
	d->loss_share = share;
	d->loss_gap_s = gap;
}

struct detectors_stats detectors_stats(const struct detectors *d)
{
	struct detectors_stats s = d->stats;
	const struct history *h = &d->history;

	s.clients = pool_live(&h->clients);
	s.accounts = pool_live(&h->accounts);
	s.windows = pool_live(&h->windows);
	s.labels = pool_live(&h->labels);
	s.tenants = pool_live(&d->tenants.uses);
	s.clients_evicted = h->clients_evicted;
	s.accounts_evicted = h->accounts_evicted;
	s.windows_evicted = h->windows_evicted;
	s.tenants_evicted = d->tenants.evicted;
	s.late = h->clock.late;
	s.far = h->clock.far;
	s.clock_jumps = h->clock.jumps;
	return s;
}
