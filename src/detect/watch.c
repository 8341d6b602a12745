#include "detect/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "core/limits.h"
#include "detect/tool.h"

struct watch {
	struct detectors *detectors;
	struct findings *findings;
	const struct networks *home;
	struct hash_key key;
	bool names_alone; /* a use without bytes can be a first one */
	struct {
		uint64_t flow;
		struct str tool; /* static text */
	} * tools;
	struct rule_info rules[DETECTORS];
};

static const char *const exfiltration[] = {"attack.exfiltration", "attack.t1567.002", NULL};

static const char *const rule_ids[DETECTORS] = {
	[DETECTOR_N2] = "egret.new-service", [DETECTOR_V1] = "egret.burst",
	[DETECTOR_V2] = "egret.own-max",     [DETECTOR_V3] = "egret.robust",
	[DETECTOR_V4] = "egret.cusum",	     [DETECTOR_V5] = "egret.population",
	[DETECTOR_V6] = "egret.hoard",	     [DETECTOR_V7] = "egret.fanout",
	[DETECTOR_V8] = "egret.tenant",	     [DETECTOR_V9] = "egret.unnamed",
	[DETECTOR_T1] = "egret.tool",
};

static enum sigma_level level_of(enum severity s)
{
	return (enum sigma_level)(LEVEL_LOW + (int)s);
}

/* The detector's own evidence first, then what is of all (hours, loss), then that of the others
 * that are in the score. */
static unsigned pick(const struct detection *d, struct evidence *out, unsigned n)
{
	for (int round = 0; round < 3; round++)
		for (unsigned i = 0; i < d->item_count && n < FINDING_EVIDENCE_MAX; i++) {
			const struct evidence_item *x = &d->items[i];
			int of = x->detector == d->detector ? 0 : x->detector == DETECTORS ? 1 : 2;
			if (of == round)
				out[n++] = (struct evidence){
					.name = x->name,
					.unit = x->unit == UNIT_TEXT ? "" : unit_name(x->unit),
					.value = x->value,
					.text = x->text};
		}
	return n;
}

static void found(void *context, const struct detection *d)
{
	struct watch *w = context;
	struct evidence evidence[FINDING_EVIDENCE_MAX];
	struct finding_hit hit = {
		.kind = FINDING_DETECTOR,
		.rule = &w->rules[d->detector],
		.level = level_of(d->severity),
		.client = &d->client,
		.service = d->service,
		.tier = d->tier,
		.name = d->name,
		.time = d->last,
		.first = d->first,
		.matches = 1,
		.up = d->up,
		.evidence = evidence,
		.score = d->score,
		.group = &d->label,
		.group_count = d->service ? 0 : 1,
	};

	evidence[0] = (struct evidence){.name = detector_name(d->detector),
					.unit = unit_name(d->unit),
					.value = d->value,
					.threshold = d->threshold};
	hit.evidence_count = pick(d, evidence, 1);
	findings_add(w->findings, &hit);
}

struct watch *watch_new(const struct watch_options *o)
{
	struct watch *w = mem_zalloc(sizeof *w);

	w->findings = o->findings;
	w->home = o->home;
	w->names_alone = o->settings->new_service && !o->settings->new_service_up;
	hash_key_init(&w->key);
	w->tools = mem_array(LIMIT_TOOLS, sizeof *w->tools);
	for (int d = 0; d < DETECTORS; d++)
		w->rules[d] = (struct rule_info){.id = rule_ids[d],
						 .title = detector_title((enum detector)d),
						 .name = "",
						 .description = "",
						 .status = "stable",
						 .tags = exfiltration,
						 .file = ""};
	w->detectors = detectors_new(o->settings, (struct detection_sink){found, w});
	return w;
}

void watch_memory(const struct watch *w, struct budget *b)
{
	detectors_memory(w->detectors, b);
	budget_add(b, "detectors: the rest", "fixed",
		   mem_memory(sizeof *w) + mem_memory(LIMIT_TOOLS * sizeof *w->tools));
}

const struct rule_info *watch_rule(const struct watch *w, enum detector d)
{
	return &w->rules[d];
}

void watch_adopt(struct watch *w, struct watch *old)
{
	void *tools = w->tools;
	struct hash_key key = w->key;

	w->tools = old->tools;
	w->key = old->key;
	old->tools = tools;
	old->key = key;
	detectors_adopt(w->detectors, old->detectors);
}

void watch_forget(struct watch *w)
{
	detectors_reset(w->detectors);
}

struct detectors *watch_detectors(const struct watch *w)
{
	return w->detectors;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	detectors_free(w->detectors);
	free(w->tools);
	free(w);
}

static size_t slot_of(const struct watch *w, uint64_t flow)
{
	return hash_fold(flow ^ w->key.w[0], w->key.w[1]) % LIMIT_TOOLS;
}

void watch_tool(struct watch *w, const struct record *r)
{
	struct str tool = r->kind == RECORD_HTTP ? tool_of_agent(r->http.user_agent)
						 : tool_of_ja4(r->tls.ja4);
	size_t slot = slot_of(w, r->flow_id);

	if (!tool.n)
		return;
	w->tools[slot].flow = r->flow_id;
	w->tools[slot].tool = tool;
}

static bool is_ours(const struct watch *w, const struct addr *a)
{
	return w->home ? networks_have(w->home, a) : addr_is_private(a);
}

static void tell(struct watch *w, const struct watch_use *u, const struct detector_use *use)
{
	if (u->up < 0 || u->down < 0)
		detectors_retract(w->detectors, use);
	else if (!use->internal)
		detectors_upload(w->detectors, use);
	else if (use->down)
		detectors_download(w->detectors, use->time, &use->client, use->down);
}

void watch_flow(struct watch *w, const struct watch_use *u)
{
	const struct record *r = u->r;
	size_t slot = slot_of(w, r->flow_id);
	bool back = u->up < 0 || u->down < 0;
	struct detector_use use = {
		.time = r->time,
		.client = r->tuple.src,
		.server = r->tuple.dst,
		.service = u->service,
		.tier = u->tier,
		.name = u->name,
		.source = u->source,
		.hides = r->flow.hides,
		/* (a proxy of ours that stands for a service is none of ours) */
		.internal = !u->service &&
			    (is_ours(w, &r->tuple.dst) || addr_is_multicast(&r->tuple.dst)),
	};

	/* what is taken back and what is added do not mix: totals may shrink on one side only */
	if ((u->up < 0) == back)
		use.up = (uint64_t)(back ? -u->up : u->up);
	if ((u->down < 0) == back)
		use.down = (uint64_t)(back ? -u->down : u->down);
	if (w->tools[slot].flow == r->flow_id)
		use.tool = w->tools[slot].tool;
	tell(w, u, &use);
}

void watch_name(struct watch *w, const struct record *r, const struct domain_entry *e,
		struct str name, enum name_source source)
{
	if (!w->names_alone || e->tier == TIER_D)
		return;
	detectors_upload(w->detectors, &(struct detector_use){.time = r->time,
							      .client = r->tuple.src,
							      .service = e->service,
							      .tier = e->tier,
							      .name = name,
							      .source = source});
}

void watch_loss(struct watch *w, uint64_t time, double share, uint64_t gap)
{
	detectors_loss(w->detectors, time, share, gap);
}

void watch_tick(struct watch *w, uint64_t now)
{
	detectors_tick(w->detectors, now);
}
