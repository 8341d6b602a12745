/* Connections: their names, and which account their bytes are on. */
#include <stddef.h>
#include <string.h>

#include "core/limits.h"
#include "detect/analyst_inner.h"
#include "names/resolvers.h"

#define PORT_HTTPS 443

/* Its first records came before it was evicted: what they told is on its account already. */
static void resume(struct open_flow *o, const struct record_flow *x)
{
	o->resumed = true;
	o->up = o->before = x->up.bytes - x->delta_up;
	o->down = x->down.bytes - x->delta_down;
	o->missed = x->up.missed > x->delta_up ? x->up.missed - x->delta_up : 0;
}

static uint64_t flow_hash(const struct analyst *a, uint64_t id)
{
	return hash_fold(id ^ a->key.w[0], a->key.w[1]);
}

static void close_flow(struct analyst *a, uint32_t number)
{
	struct open_flow *o = pool_at(&a->flows, number);

	hindex_remove(&a->flow_index, flow_hash(a, o->id), number);
	if (a->window)
		lru_remove(&a->flow_order, number);
	if (o->name)
		intern_put(&a->flow_names, o->name);
	*o = (struct open_flow){.account = LEDGER_NONE}; /* (analyst_adopt goes through all) */
	pool_put(&a->flows, number);
}

static struct open_flow *find_flow(struct analyst *a, uint64_t id, uint64_t hash, uint32_t *number)
{
	for (struct hprobe q = hindex_probe(&a->flow_index, hash);
	     hindex_next(&a->flow_index, &q);) {
		struct open_flow *o = pool_at(&a->flows, q.ref);
		if (o->id != id)
			continue;
		*number = q.ref;
		if (a->window)
			lru_use(&a->flow_order, q.ref);
		return o;
	}
	return NULL;
}

static struct open_flow *open_flow_of(struct analyst *a, const struct record *r, uint32_t *number)
{
	uint64_t hash = flow_hash(a, r->flow_id);
	struct open_flow *o = find_flow(a, r->flow_id, hash, number);

	if (o)
		return o;
	if (a->window && pool_live(&a->flows) == a->flows.limit)
		close_flow(a, a->flow_order.oldest);
	*number = pool_get(&a->flows);
	if (*number == POOL_NONE) {
		a->sum.flows_untracked++;
		return NULL;
	}
	o = pool_at(&a->flows, *number);
	o->id = r->flow_id;
	o->account = LEDGER_NONE;
	o->start = r->start;
	o->tuple = r->tuple;
	o->in_use = true;
	o->generation = a->generation;
	if (r->flow.sequence)
		resume(o, &r->flow);
	hindex_add(&a->flow_index, hash, *number);
	if (a->window)
		lru_add(&a->flow_order, *number);
	return o;
}

/* Fills in the best name of a connection; `via` gets its telling alias. */
static void attribute(struct analyst *a, struct record *r, struct str *via,
		      struct name_answer *found)
{
	struct record_flow *x = &r->flow;
	bool own = x->name_source != NAME_NONE && x->name_source < NAME_DNS_CLIENT;

	*via = (struct str){0};
	*found = (struct name_answer){0};
	if (own && r->kind == RECORD_FLOW)
		return; /* the other names were told with the conn record */
	*found = names_find(&a->names, &r->tuple.src, &r->tuple.dst, r->start);
	if (!own && found->source && (!x->name_source || found->source < x->name_source)) {
		struct str cert = x->name;
		x->name = found->name;
		x->name_source = found->source;
		*via = found->via;
		if (cert.n && x->other_names.count < RECORD_LIST_MAX)
			x->other_names.item[x->other_names.count++] = cert;
	} else if (found->source == NAME_DNS_CLIENT && !str_eq(found->name, x->name)) {
		x->other_names.item[x->other_names.count++] = found->name;
	}
	if (found->source != NAME_DNS_CLIENT && found->source != x->name_source)
		return;
	for (unsigned i = 0; i < found->others && x->other_names.count < RECORD_LIST_MAX; i++)
		if (!str_eq(found->other[i], x->name))
			x->other_names.item[x->other_names.count++] = found->other[i];
}

static void mark_hiding(struct analyst *a, struct record *r)
{
	struct record_flow *x = &r->flow;

	if (r->tuple.dport != PORT_HTTPS || (x->app != APP_TLS && x->app != APP_QUIC))
		return;
	const struct domain_entry *e = verdict_of(&a->verdicts, x->name);
	if ((e && !analyst_is_service(e)) || resolvers_has(&r->tuple.dst))
		x->hides |= HIDES_DOH;
}

/* Whether one source may give a connection several names in turn, each for what is sent under it.
 */
static bool is_own(unsigned source)
{
	return source == NAME_SNI || source == NAME_HTTP || source == NAME_PROXY;
}

/* Of two names that a connection claims to deceive, a service's counts, whichever came first. The
 * entry of the name that the record has then. */
static const struct domain_entry *keep_service(struct analyst *a, struct record *r,
					       const struct open_flow *o, const struct domain_entry *e)
{
	struct record_flow *x = &r->flow;

	if (e || !(x->evades & (EVADES_OVERLAP | EVADES_NAMES)) || !o || !o->entry)
		return e;
	if (x->name.n && x->other_names.count < RECORD_LIST_MAX)
		x->other_names.item[x->other_names.count++] = x->name;
	x->name = intern_text(&a->flow_names, o->name);
	x->name_source = o->source;
	return o->entry;
}

/* The detectors hear of bytes beside the ledger. Names of tier D serve downloads. */
static void watch(struct analyst *a, const struct record *r, const struct domain_entry *e,
		  struct str name, int64_t up, int64_t down)
{
	struct watch_use use = {.r = r,
				.service = e ? e->service : NULL,
				.tier = e ? e->tier : TIER_C,
				.name = name,
				.source = name.n ? r->flow.name_source : NAME_NONE,
				.up = up,
				.down = down};

	if (a->watch && (!e || e->tier != TIER_D))
		watch_flow(a->watch, &use);
}

/* The bytes of the connection that are on its account, less or once more. */
static void add_held(struct analyst *a, const struct record *r, const struct open_flow *o,
		     uint32_t account, enum tier tier, bool off)
{
	int64_t sign = off ? -1 : 1;

	ledger_add(&a->ledger, account,
		   &(struct ledger_bytes){.tier = tier,
					  .up = sign * (int64_t)o->account_up,
					  .down = sign * (int64_t)o->account_down,
					  .missed = sign * (int64_t)o->account_missed,
					  .time = r->time,
					  .name = off ? (struct str){0} : r->flow.name});
}

static void move_account(struct analyst *a, const struct record *r, struct open_flow *o,
			 const struct domain_entry *e, uint32_t account)
{
	enum name_source source = r->flow.name_source;
	/* the lists say something else of the same name: so they do of all that was sent under it
	 */
	bool relisted = o->generation != a->generation &&
			str_eq(intern_text(&a->flow_names, o->name), r->flow.name);
	/* another request's host on the same connection takes nothing from the one before */
	bool next_host = !relisted && source == o->source && is_own(source);

	if (!next_host && o->entry != e && o->account_up + o->account_down) {
		watch(a, r, o->entry, relisted && !o->entry ? r->flow.name : (struct str){0},
		      -(int64_t)o->account_up, -(int64_t)o->account_down);
		watch(a, r, e, r->flow.name, (int64_t)o->account_up, (int64_t)o->account_down);
	}

	if (o->account != LEDGER_NONE && !next_host)
		add_held(a, r, o, o->account, o->tier, true);
	if (next_host)
		o->account_up = o->account_down = o->account_missed = 0;
	else if (account != LEDGER_NONE)
		add_held(a, r, o, account, e->tier, false);
	o->account = account;
	o->serial = ledger_serial(&a->ledger, account);
	o->entry = e;
	o->tier = e ? (uint8_t)e->tier : TIER_D;
}

static void count(struct analyst *a, const struct record *r, struct open_flow *o)
{
	const struct record_flow *x = &r->flow;
	int64_t up = (int64_t)(x->up.bytes - o->up), down = (int64_t)(x->down.bytes - o->down);
	int64_t missed = (int64_t)(x->up.missed - o->missed);

	o->up = x->up.bytes;
	o->down = x->down.bytes;
	o->missed = x->up.missed;
	o->account_up += (uint64_t)up;
	o->account_down += (uint64_t)down;
	o->account_missed += (uint64_t)missed;
	watch(a, r, o->entry, r->flow.name, up, down);
	if (o->account == LEDGER_NONE)
		return;
	ledger_add(&a->ledger, o->account,
		   &(struct ledger_bytes){.tier = o->tier,
					  .up = up,
					  .down = down,
					  .missed = missed,
					  .time = r->time,
					  .name = r->flow.name});
	ledger_note_server(&a->ledger, o->account, &r->tuple, x->up.bytes);
}

/* An account that is over keeps what it holds: the connection goes on on a new one. Of one that had
 * to make room the connection's part comes back, so that many others cannot keep it from growing;
 * unless nothing was heard of the connection for a window: then it was over. */
static void renew_account(struct analyst *a, const struct record *r, struct open_flow *o,
			  uint64_t before)
{
	if (o->account == LEDGER_NONE)
		return;
	bool gone = ledger_gone(&a->ledger, o->account, o->serial) &&
		    (!a->window || r->time < before + a->window);
	if (ledger_current(&a->ledger, o->account, o->serial, r->time))
		return;
	struct ledger_use use = {.entry = o->entry,
				 .name = intern_text(&a->flow_names, o->name),
				 .source = o->source,
				 .time = r->time};
	o->account = ledger_touch(&a->ledger, &r->tuple.src, &use);
	o->serial = ledger_serial(&a->ledger, o->account);
	if (gone && o->account != LEDGER_NONE)
		add_held(a, r, o, o->account, o->tier, false);
	else
		o->account_up = o->account_down = o->account_missed = 0;
	if (o->account != LEDGER_NONE)
		ledger_connection(&a->ledger, o->account, &r->tuple);
}

/* The name that it is listed under. */
static void keep_name(struct analyst *a, struct open_flow *o, struct str name)
{
	if (str_eq(name, intern_text(&a->flow_names, o->name)))
		return;
	if (o->name)
		intern_put(&a->flow_names, o->name);
	o->name = intern_get(&a->flow_names, name);
}

static void summarise(struct analyst *a, const struct record_flow *x, const struct open_flow *o,
		      bool service)
{
	uint64_t up = x->up.bytes - (o && o->before < x->up.bytes ? o->before : 0);

	if (!o || !o->resumed) {
		a->sum.connections++;
		a->sum.named += x->name.n != 0;
	}
	a->sum.up += up;
	a->sum.up_by_source[x->name_source] += up;
	if (service)
		a->sum.up_to_services += up;
}

/* The account of a record's name, LEDGER_NONE when it is no service's. */
static uint32_t account_of(struct analyst *a, const struct record *r, const struct domain_entry *e)
{
	if (!e)
		return LEDGER_NONE;
	struct ledger_use use = {
		.entry = e, .name = r->flow.name, .source = r->flow.name_source, .time = r->time};
	return ledger_touch(&a->ledger, &r->tuple.src, &use);
}

/* Counts the record of a connection that there is no room to know. */
static void take_untracked(struct analyst *a, const struct record *r, const struct domain_entry *e)
{
	const struct record_flow *x = &r->flow;
	uint32_t account = account_of(a, r, e);

	if (account != LEDGER_NONE)
		ledger_add(&a->ledger, account,
			   &(struct ledger_bytes){.tier = e->tier,
						  .up = (int64_t)x->delta_up,
						  .down = (int64_t)x->delta_down,
						  .time = r->time,
						  .name = x->name});
	watch(a, r, e, x->name, (int64_t)x->delta_up, (int64_t)x->delta_down);
}

static void take_tracked(struct analyst *a, const struct record *r, const struct domain_entry *e,
			 struct open_flow *o)
{
	const struct record_flow *x = &r->flow;

	renew_account(a, r, o, o->last);
	o->last = r->time;
	/* (what was learned of addresses may have been forgotten since: that takes nothing back) */
	if (o->source == NAME_NONE || (x->name_source && x->name_source <= o->source)) {
		uint32_t account = account_of(a, r, e);
		if (account != LEDGER_NONE &&
		    ((r->kind == RECORD_CONN && !x->end) || account != o->account))
			ledger_connection(&a->ledger, account, &r->tuple);
		if (account != o->account || x->name_source != o->source ||
		    (e && e->tier != o->tier))
			move_account(a, r, o, e, account);
		o->source = (uint8_t)x->name_source;
		o->generation = a->generation;
		keep_name(a, o, x->name);
	}
	count(a, r, o);
}

void analyst_take_flow(struct analyst *a, struct record *r)
{
	struct record_flow *x = &r->flow;
	struct name_answer found;
	struct str via;
	uint32_t number;

	attribute(a, r, &via, &found);
	mark_hiding(a, r);
	const struct domain_entry *e = analyst_service_of(a, x->name, via);
	struct open_flow *o = open_flow_of(a, r, &number);
	e = keep_service(a, r, o, e);
	if (o)
		take_tracked(a, r, e, o);
	else
		take_untracked(a, r, e);
	analyst_hunt(a, r, e, x->name, verdict_key(&a->verdicts, x->name), x->name_source);
	if (r->kind != RECORD_CONN || !x->end)
		return;
	summarise(a, x, o, e || (o && o->account != LEDGER_NONE));
	if (o) /* an evicted one may go on: what was told is in its totals then */
		close_flow(a, number);
}

void analyst_flows_init(struct analyst *a)
{
	pool_init(&a->flows, sizeof(struct open_flow), LIMIT_FLOWS);
	hindex_init(&a->flow_index, 1024);
	lru_init(&a->flow_order, &a->flows, offsetof(struct open_flow, order));
	intern_init(&a->flow_names, LIMIT_FLOW_NAMES);
}

size_t analyst_flows_memory(void)
{
	return pool_memory(sizeof(struct open_flow), LIMIT_FLOWS) + hindex_memory(LIMIT_FLOWS) +
	       intern_memory(LIMIT_FLOW_NAMES);
}

void analyst_flows_fini(struct analyst *a)
{
	intern_fini(&a->flow_names);
	hindex_fini(&a->flow_index);
	pool_fini(&a->flows);
}

void analyst_flows_adopt(struct analyst *a, struct analyst *old)
{
	SWAP(a->flows, old->flows);
	SWAP(a->flow_index, old->flow_index);
	SWAP(a->flow_names, old->flow_names);
	SWAP(a->key, old->key);
	lru_init(&a->flow_order, &a->flows, offsetof(struct open_flow, order));
	if (!a->window)
		return;
	if (old->window) {
		a->flow_order.newest = old->flow_order.newest;
		a->flow_order.oldest = old->flow_order.oldest;
		return;
	}
	for (uint32_t n = 0; n < a->flows.made; n++)
		if (((const struct open_flow *)pool_at(&a->flows, n))->in_use)
			lru_add(&a->flow_order, n);
}

/* Records may be lost, that of its end too; one that goes on after all is taken up again. */
void analyst_flows_tick(struct analyst *a, uint64_t now)
{
	uint64_t idle = a->window > LIMIT_FLOW_IDLE ? a->window : LIMIT_FLOW_IDLE;

	while (a->window && a->flow_order.oldest != POOL_NONE) {
		const struct open_flow *o = pool_at(&a->flows, a->flow_order.oldest);
		if (now <= o->last || now - o->last <= idle)
			break;
		close_flow(a, a->flow_order.oldest);
	}
}
