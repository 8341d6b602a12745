/* The ledger goes on under other lists of services. */
#include <stdlib.h>

#include "base/mem.h"
#include "detect/ledger_account.h"

static struct account *at(const struct ledger *l, uint32_t number)
{
	return pool_at(&l->accounts, number);
}

/* Closes the gaps that services leave which are no more. Order and all else stay. */
static void close_gaps(struct ledger *l, uint32_t *number)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < l->accounts.made; i++) {
		struct account *a = at(l, i);
		number[i] = a->service ? kept : LEDGER_NONE;
		for (int n = 0; !a->service && n < FINDING_NAMES_MAX; n++)
			intern_put(l->texts, a->name[n]);
		if (!a->service)
			continue;
		if (kept != i)
			*at(l, kept) = *a;
		kept++;
	}
	pool_cut(&l->accounts, kept);
}

static void index_again(struct ledger *l)
{
	hindex_fini(&l->index);
	hindex_init(&l->index, l->accounts.made);
	for (uint32_t i = 0; i < l->accounts.made; i++)
		hindex_add(&l->index, ledger_hash(l, &at(l, i)->client, at(l, i)->service), i);
}

uint32_t *ledger_adopt(struct ledger *l, struct ledger *old, const struct service *const service[])
{
	struct ledger fresh = *l;
	bool gaps = false, renumbered = false;
	uint32_t *number = NULL;

	*l = *old;
	*old = fresh;
	old->texts = l->texts;
	l->texts = fresh.texts;
	for (uint32_t i = 0; i < l->accounts.made; i++) {
		struct account *a = at(l, i);
		unsigned before = a->service->number;
		a->service = service[before];
		gaps |= !a->service;
		renumbered |= a->service && a->service->number != before;
	}
	if (gaps) {
		number = mem_array(l->accounts.made + 1u, sizeof *number);
		close_gaps(l, number);
	}
	if (gaps || renumbered)
		index_again(l);
	return number;
}
