#include "volume/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/limits.h"
#include "volume/quantum.h"

void history_init(struct history *h, const struct history_bounds *b)
{
	*h = (struct history){0};
	pool_init(&h->clients, sizeof(struct client), b->clients);
	pool_init(&h->accounts, sizeof(struct account), b->accounts);
	pool_init(&h->windows, sizeof(struct window), b->windows);
	pool_init(&h->labels, sizeof(struct label), b->labels);
	lru_init(&h->client_lru, &h->clients, offsetof(struct client, lru));
	lru_init(&h->account_lru, &h->accounts, offsetof(struct account, lru));
	lru_init(&h->window_lru, &h->windows, offsetof(struct window, lru));
	hindex_init(&h->client_index, 256);
	hindex_init(&h->account_index, 256);
	intern_init(&h->texts, b->labels);
	hash_key_init(&h->key);
}

void history_fini(struct history *h)
{
	pool_fini(&h->clients);
	pool_fini(&h->accounts);
	pool_fini(&h->windows);
	pool_fini(&h->labels);
	hindex_fini(&h->client_index);
	hindex_fini(&h->account_index);
	intern_fini(&h->texts);
	free(h->by_service);
	*h = (struct history){0};
}

size_t history_clients_memory(uint32_t clients)
{
	return pool_memory(sizeof(struct client), clients) + hindex_memory(clients);
}

size_t history_accounts_memory(uint32_t accounts)
{
	return pool_memory(sizeof(struct account), accounts) + hindex_memory(accounts);
}

size_t history_windows_memory(uint32_t windows)
{
	return pool_memory(sizeof(struct window), windows);
}

size_t history_labels_memory(uint32_t labels)
{
	/* (services are labels as well: a number for each of theirs) */
	return pool_memory(sizeof(struct label), labels) + intern_memory(labels) +
	       mem_memory((labels + 256) * sizeof(uint32_t));
}

/* labels */

static bool is_storage(const char *category)
{
	static const char *const names[] = {"cloud-storage", "object-storage", "file-sharing",
					    "backup", "paste"};

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(category, names[i]) == 0)
			return true;
	return false;
}

struct str history_label_key(const struct history *h, const struct label *l)
{
	return intern_text(&h->texts, l->key);
}

/* Listed names and others do not meet: theirs begin with a byte that no text has. */
static uint32_t label_of(struct history *h, struct str key, bool make)
{
	uint32_t text = intern_find(&h->texts, key);

	if (text != INTERN_NONE)
		return *intern_mark(&h->texts, text);
	if (!make)
		return HISTORY_NONE;
	uint32_t n = pool_get(&h->labels);
	if (n == HISTORY_NONE)
		return n;
	text = intern_get(&h->texts, key);
	if (text == INTERN_NONE) {
		pool_put(&h->labels, n);
		return HISTORY_NONE;
	}
	*intern_mark(&h->texts, text) = n;
	*history_label_at(h, n) = (struct label){.key = text, .live = true};
	return n;
}

uint32_t history_label(struct history *h, struct str key, bool unnamed, bool make)
{
	char z[INTERN_TEXT_MAX];

	if (key.n + 1 > sizeof z)
		key.n = sizeof z - 1;
	z[0] = unnamed ? 2 : 1;
	memcpy(z + 1, key.p, key.n);
	uint32_t n = label_of(h, (struct str){z, key.n + 1}, make);
	if (n != HISTORY_NONE)
		history_label_at(h, n)->unnamed = unnamed;
	return n;
}

uint32_t history_service(struct history *h, const struct service *s)
{
	if (s->number >= h->service_room) {
		uint32_t room = (s->number + 256) & ~255u;

		h->by_service = mem_resize(h->by_service, room * sizeof *h->by_service);
		memset(h->by_service + h->service_room, 0xff,
		       (room - h->service_room) * sizeof *h->by_service);
		h->service_room = room;
	}
	uint32_t n = h->by_service[s->number];
	if (n != HISTORY_NONE)
		return n;
	n = label_of(h, str_of(s->name), true);
	if (n != HISTORY_NONE) {
		history_label_at(h, n)->listed = true;
		history_label_at(h, n)->storage = is_storage(s->category);
		h->by_service[s->number] = n;
	}
	return n;
}

static void label_free(struct history *h, uint32_t n)
{
	struct label *l = history_label_at(h, n);

	l->live = false;
	intern_put(&h->texts, l->key);
	pool_put(&h->labels, n);
}

uint32_t history_label_raw(struct history *h, struct str key)
{
	return intern_find(&h->texts, key) == INTERN_NONE ? label_of(h, key, true) : HISTORY_NONE;
}

void history_trim(struct history *h)
{
	for (uint32_t n = 0; n < h->labels.made; n++) {
		const struct label *l = history_label_at(h, n);
		if (l->live && !l->listed && !l->accounts)
			label_free(h, n);
	}
}

static void label_put(struct history *h, uint32_t n)
{
	struct label *l = history_label_at(h, n);

	if (--l->accounts || l->listed)
		return;
	label_free(h, n);
}

/* accounts */

static uint64_t account_hash(const struct history *h, uint32_t client, uint32_t label)
{
	return hash_fold(((uint64_t)client << 32 | label) ^ h->key.w[2], h->key.w[3]);
}

uint32_t history_account(const struct history *h, uint32_t client, uint32_t label)
{
	for (struct hprobe q = hindex_probe(&h->account_index, account_hash(h, client, label));
	     hindex_next(&h->account_index, &q);) {
		const struct account *a = history_account_at(h, q.ref);
		if (a->client == client && a->label == label)
			return q.ref;
	}
	return HISTORY_NONE;
}

void history_drop_account(struct history *h, uint32_t n)
{
	struct account *a = history_account_at(h, n);
	struct client *c = history_client_at(h, a->client);
	uint32_t *at = &c->accounts;

	if (h->gone)
		h->gone(h->owner, a);
	while (*at != n)
		at = &history_account_at(h, *at)->next;
	*at = a->next;
	c->account_count--;
	c->forgot = true;
	history_drop_window(h, a);
	hindex_remove(&h->account_index, account_hash(h, a->client, a->label), n);
	lru_remove(&h->account_lru, n);
	label_put(h, a->label);
	pool_put(&h->accounts, n);
}

/* Makes room: first within a client that has very many, so that one cannot drive out the rest. */
static void make_room(struct history *h, uint32_t client)
{
	const struct client *c = history_client_at(h, client);

	if (c->account_count >= LIMIT_CLIENT_ACCOUNTS) {
		uint32_t oldest = c->accounts;
		for (uint32_t n = c->accounts; n != HISTORY_NONE;
		     n = history_account_at(h, n)->next)
			if (history_account_at(h, n)->used < history_account_at(h, oldest)->used)
				oldest = n;
		history_drop_account(h, oldest);
		h->accounts_evicted++;
	} else if (pool_live(&h->accounts) == h->accounts.limit) {
		history_drop_account(h, h->account_lru.oldest);
		h->accounts_evicted++;
	}
}

uint32_t history_account_new(struct history *h, uint32_t client, uint32_t label)
{
	struct client *c = history_client_at(h, client);

	history_label_at(h, label)->accounts++; /* stays while room is made */
	make_room(h, client);
	uint32_t n = pool_get(&h->accounts);
	struct account *a = history_account_at(h, n);
	a->client = client;
	a->label = label;
	a->window = a->alert = HISTORY_NONE;
	a->day = a->since = h->clock.day;
	a->moved = (uint16_t)h->clock.slot;
	/* a client that is known, and was not seen here, has a past without use */
	a->first_day = c->forgot ? h->clock.day : c->first_day;
	a->tier = TIER_D;
	a->next = c->accounts;
	c->accounts = n;
	c->account_count++;
	hindex_add(&h->account_index, account_hash(h, client, label), n);
	lru_add(&h->account_lru, n);
	return n;
}

/* Notes the client among those that used the label last. */
static void label_seen(struct history *h, const struct account *a)
{
	struct label *l = history_label_at(h, a->label);
	uint32_t print = history_print(&history_client_at(h, a->client)->addr);
	unsigned at = 0;

	for (unsigned i = 0; i < LABEL_SEEN; i++) {
		if (l->seen[i].print == print) {
			at = i;
			break;
		}
		if (l->seen[i].day < l->seen[at].day)
			at = i;
	}
	l->seen[at].print = print;
	l->seen[at].day = h->clock.day;
}

static void account_today(struct history *h, struct account *a)
{
	uint16_t today = h->clock.day;

	if (a->first_day > today)
		a->first_day = today;
	if (a->day > today) { /* the clock was set back: what the future held is the past now */
		a->day = today;
		a->day_up = 0;
	}
	for (unsigned i = 0; a->day < today && i < HISTORY_DAYS; i++) {
		a->frozen &= ~(UINT32_C(1) << a->day % HISTORY_DAYS);
		if (h->day_over)
			h->day_over(h->owner, a);
		a->days[a->day % HISTORY_DAYS] = quantum_of(a->day_up);
		a->day_up = 0;
		a->day++;
	}
	if (a->day < today) { /* longer than anything is remembered */
		memset(a->days, 0, sizeof a->days);
		a->day = today;
		a->frozen = 0;
		a->cusum = 0;
		a->alarmed = false;
	}
	a->look = 0;
}

void history_use(struct history *h, uint32_t n)
{
	struct account *a = history_account_at(h, n);

	if (a->day != h->clock.day)
		account_today(h, a);
	if (a->used != h->clock.day) {
		label_seen(h, a);
		a->used = h->clock.day;
	}
	if (a->moved != (uint16_t)h->clock.slot) {
		a->moved = (uint16_t)h->clock.slot;
		lru_use(&h->account_lru, n);
	}
}
