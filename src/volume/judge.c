/* Joins the evidence on one account, and tells what of it is new. */
#include "volume/evidence.h"

#include <math.h>
#include <string.h>

#define GROWTH 16 /* another look, or an update, after this part more */

void look_found(struct look *l, enum detector id, struct evidence e)
{
	e.on = true;
	l->found[id] = e;
	look_need(l, l->day_up / GROWTH);
}

static struct evidence_item *next_item(struct look *l, enum detector id, const char *name)
{
	static struct evidence_item spare; /* never read */
	struct evidence_item *i =
		l->item_count < DETECTION_ITEMS_MAX ? &l->items[l->item_count++] : &spare;

	*i = (struct evidence_item){.detector = id, .name = name};
	return i;
}

void look_item(struct look *l, enum detector id, const char *name, double value, enum unit unit)
{
	struct evidence_item *i = next_item(l, id, name);

	i->value = value;
	i->unit = unit;
}

void look_text(struct look *l, enum detector id, const char *name, struct str text)
{
	struct evidence_item *i = next_item(l, id, name);

	i->text = text;
	i->unit = UNIT_TEXT;
}

static enum severity severity_of(enum detector id, bool tool)
{
	static const enum severity of[DETECTORS] = {
		[DETECTOR_N2] = SEVERITY_LOW,	 [DETECTOR_V1] = SEVERITY_MEDIUM,
		[DETECTOR_V2] = SEVERITY_MEDIUM, [DETECTOR_V3] = SEVERITY_MEDIUM,
		[DETECTOR_V4] = SEVERITY_MEDIUM, [DETECTOR_V5] = SEVERITY_LOW,
		[DETECTOR_V6] = SEVERITY_HIGH,	 [DETECTOR_V7] = SEVERITY_HIGH,
		[DETECTOR_V8] = SEVERITY_HIGH,	 [DETECTOR_V9] = SEVERITY_MEDIUM,
		[DETECTOR_T1] = SEVERITY_MEDIUM,
	};

	return tool && of[id] < SEVERITY_CRITICAL ? of[id] + 1 : of[id];
}

static void gather(struct look *l)
{
	const struct history *h = &l->d->history;

	l->need = INFINITY;
	l->day_up = (double)l->account->day_up;
	history_hour(h, l->account, &l->hour_up, &l->hour_down);
	l->up24 = history_24h(h, l->account);
	l->past = history_past(l->account);
	l->own_max = history_max(l->account);
	l->has_base = history_baseline(l->account, l->set->learn_days, &l->base);
	if (l->base.spread < l->set->robust_spread)
		l->base.spread = l->set->robust_spread;
}

static bool any_found(const struct look *l)
{
	for (unsigned i = 0; i < DETECTORS; i++)
		if (l->found[i].on)
			return true;
	return false;
}

static double joint_score(const struct look *l, bool off_hours)
{
	double none = 1;

	for (unsigned i = 0; i < DETECTORS; i++)
		if (l->found[i].on)
			none *= 1 - l->found[i].weight;
	double score = 1 - none;
	if (off_hours)
		score *= l->set->off_hours_factor;
	return score < 1 ? score : 1;
}

/* The alerts of the account, made when there are none yet. */
struct alert *alert_of(struct detectors *d, struct account *a)
{
	if (a->alert != HISTORY_NONE) {
		lru_use(&d->alert_lru, a->alert);
		return pool_at(&d->alerts, a->alert);
	}
	if (pool_live(&d->alerts) == d->alerts.limit) {
		uint32_t oldest = d->alert_lru.oldest;
		struct alert *old = pool_at(&d->alerts, oldest);
		history_account_at(&d->history, old->account)->alert = HISTORY_NONE;
		lru_remove(&d->alert_lru, oldest);
		pool_put(&d->alerts, oldest);
	}
	a->alert = pool_get(&d->alerts);
	lru_add(&d->alert_lru, a->alert);
	return pool_at(&d->alerts, a->alert);
}

static bool loss_matters(const struct look *l, uint64_t now)
{
	return l->set->loss && l->d->loss_time && now - l->d->loss_time < DAY_S * NS_PER_S;
}

static void note_context(struct look *l, bool off_hours, bool loss)
{
	const struct history *h = &l->d->history;

	if (off_hours)
		look_item(l, DETECTORS, "outside the client's hours", h->clock.hour % 24,
			  UNIT_HOURS);
	if (loss) {
		look_item(l, DETECTORS, "share of packets lost", l->d->loss_share, UNIT_NONE);
		look_item(l, DETECTORS, "longest gap in seconds", l->d->loss_gap_s, UNIT_NONE);
	}
}

/* A prefix in binary form is printed here; other keys bear one byte before their text. */
static struct str label_text(const struct look *l, char out[ADDR_TEXT_MAX + 4])
{
	struct str key = history_label_key(&l->d->history, l->label);

	if (l->label->listed)
		return key;
	if (!l->label->unnamed)
		return (struct str){key.p + 1, key.n - 1};
	bool v4 = key.n == 4;
	struct addr a = {{0}};
	if (v4)
		a = addr_v4((const uint8_t[4]){0});
	memcpy(a.b + (v4 ? 12 : 0), key.p + 1, key.n - 1);
	struct writer w = wr_of(out, ADDR_TEXT_MAX + 4);
	addr_write(&w, &a);
	wr_text(&w, v4 ? "/24" : "/48");
	return (struct str){out, wr_length(&w)};
}

static void tell(struct look *l, struct detection *f, enum detector id, struct told *t)
{
	const struct evidence *e = &l->found[id];

	f->detector = id;
	f->severity =
		severity_of(id, l->found[DETECTOR_T1].on && id >= DETECTOR_V1 && id <= DETECTOR_V3);
	f->first = t->first;
	f->up = l->account->total > t->base ? l->account->total - t->base : 0;
	f->value = e->value;
	f->threshold = e->threshold;
	f->unit = e->unit;
	t->up = f->up;
	if (f->update)
		l->d->stats.updates++;
	else
		l->d->stats.detections++;
	if (l->d->sink.take)
		l->d->sink.take(l->d->sink.context, f);
}

/* Whether the same cause was told already: it lasts for the quiet hours, V2's and V3's for its day,
 * V4's for as long as its sum stays high. */
static bool is_told(const struct look *l, enum detector id, const struct told *t, uint64_t now)
{
	if (!t->last || now < t->last) /* (the clock was set back) */
		return false;
	if (id == DETECTOR_V4 && l->account->alarmed)
		return true;
	if ((id == DETECTOR_V2 || id == DETECTOR_V3) && t->day == l->account->day)
		return true;
	return now - t->last <= (uint64_t)l->set->quiet_hours * HOUR_S * NS_PER_S;
}

static void tell_all(struct look *l, struct detection *f)
{
	struct alert *alert = alert_of(l->d, l->account);
	uint64_t now = f->last, total = l->account->total;

	alert->account = history_account(&l->d->history, l->account->client, l->account->label);
	for (unsigned id = 0; id < DETECTORS; id++) {
		struct told *t = &alert->told[id];
		const struct evidence *e = &l->found[id];

		if (!e->on)
			continue;
		f->update = is_told(l, id, t, now);
		if (!f->update) {
			t->first = now;
			t->base = e->up < (double)total ? total - (uint64_t)e->up : 0;
		}
		t->last = now;
		t->day = l->account->day;
		if (id == DETECTOR_V4)
			l->account->alarmed = true;
		if (!f->update || total - t->base >= t->up + t->up / GROWTH)
			tell(l, f, id, t);
	}
}

static void emit(struct look *l, double score, bool off_hours)
{
	const struct detector_use *u = l->use;
	uint64_t now = l->d->history.clock.now;
	char label[ADDR_TEXT_MAX + 4], tenant[TENANT_TEXT_MAX];
	struct detection f = {
		.score = score,
		.client = u->client,
		.server = u->server,
		.service = u->service,
		.label = label_text(l, label),
		.tier = l->account->tier,
		.name = u->name,
		.last = now,
		.off_hours = off_hours,
		.loss = loss_matters(l, now),
	};

	if (l->tenant_name.kind)
		f.tenant = (struct str){tenant, tenant_text(&l->tenant_name, tenant)};
	for (unsigned id = 0; id < DETECTORS; id++)
		if (l->found[id].on)
			f.with |= UINT32_C(1) << id;
	note_context(l, off_hours, f.loss);
	f.items = l->items;
	f.item_count = l->item_count;
	tell_all(l, &f);
}

void judge(struct look *l)
{
	gather(l);
	detect_burst(l);
	detect_own_max(l);
	detect_robust(l);
	detect_cusum(l);
	detect_new_service(l);
	detect_tenant(l);
	detect_fanout(l);
	if (any_found(l)) {
		detect_population(l);
		detect_hoard(l);
		detect_tool(l);
		bool off_hours = detect_off_hours(l);
		double score = joint_score(l, off_hours);
		if (score >= l->set->score)
			emit(l, score, off_hours);
	}
	/* (the day's first look cannot be put off beyond the day: the next one begins at 0) */
	double at = l->day_up + (l->need > 1 ? l->need : 1);
	l->account->look = at < 0x1p63 ? (uint64_t)ceil(at) : UINT64_MAX;
}
