/* The ledger in the state folder. */
#include <string.h>

#include "detect/ledger.h"
#include "detect/ledger_account.h"

static void save_tuple(const struct tuple *t, struct bytes *out)
{
	bytes_add(out, t->src.b, sizeof t->src.b);
	bytes_add(out, t->dst.b, sizeof t->dst.b);
	bytes_u16le(out, t->sport);
	bytes_u16le(out, t->dport);
	bytes_u8(out, t->proto);
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
	save_tuple(&a->tuple, out);
	bytes_u32le(out, a->connections);
	bytes_u32le(out, a->queries);
	bytes_u8(out, a->tier);
	bytes_u8(out, (uint8_t)(a->has_server | a->more_names << 1));
	for (int i = 0; i < FINDING_NAMES_MAX; i++) {
		bytes_u8(out, a->source[i]);
		bytes_text(out, intern_text(l->texts, a->name[i]));
	}
}

void ledger_save(const struct ledger *l, struct bytes *out)
{
	bytes_u32le(out, l->accounts.made);
	for (uint32_t i = 0; i < l->accounts.made; i++)
		save_account(l, pool_at(&l->accounts, i), out);
}

static struct str load_text(struct cursor *in)
{
	uint16_t n = cur_u16le(in);
	const uint8_t *p = cur_take(in, n);

	return (struct str){(const char *)p, p ? n : 0};
}

static void load_addr(struct cursor *in, struct addr *a)
{
	const uint8_t *p = cur_take(in, sizeof a->b);

	if (p)
		memcpy(a->b, p, sizeof a->b);
}

static void load_account(struct cursor *in, struct account *a)
{
	load_addr(in, &a->client);
	a->first = cur_u64le(in);
	a->last = cur_u64le(in);
	a->up = cur_u64le(in);
	a->down = cur_u64le(in);
	a->missed = cur_u64le(in);
	a->largest = cur_u64le(in);
	load_addr(in, &a->tuple.src);
	load_addr(in, &a->tuple.dst);
	a->tuple.sport = cur_u16le(in);
	a->tuple.dport = cur_u16le(in);
	a->tuple.proto = cur_u8(in);
	a->connections = cur_u32le(in);
	a->queries = cur_u32le(in);
	a->tier = cur_u8(in);
	uint8_t flags = cur_u8(in);
	a->has_server = flags & 1;
	a->more_names = flags & 2;
}

/* Names keep their places: there is none behind an empty one. */
static bool load_names(struct ledger *l, struct cursor *in, struct account *a)
{
	int kept = 0;

	for (int i = 0; i < FINDING_NAMES_MAX; i++) {
		uint8_t source = cur_u8(in);
		struct str name = load_text(in);
		if (source > NAME_CERT)
			return false;
		if (!a || !name.n)
			continue;
		a->source[kept] = source;
		a->name[kept] = intern_get(l->texts, name);
		kept += a->name[kept] != 0;
	}
	return !in->bad;
}

int ledger_load(struct ledger *l, struct cursor *in,
		const struct service *(*service)(void *context, struct str name), void *context,
		struct error *e)
{
	uint32_t count = cur_u32le(in);

	for (uint32_t i = 0; i < count && !in->bad; i++) {
		const struct service *s = service(context, load_text(in));
		struct account read = {.service = s}, *a = NULL;
		load_account(in, &read);
		if (in->bad || read.tier > TIER_D)
			break;
		if (s) {
			uint32_t n = ledger_account(l, &read.client, s, read.first);
			a = n == LEDGER_NONE ? NULL : pool_at(&l->accounts, n);
		}
		if (a)
			*a = read;
		if (!load_names(l, in, a))
			in->bad = true;
	}
	return in->bad || (count && cur_left(in)) ? error_set(e, "the ledger is damaged") : 0;
}
