/* Bytes as a state file: as they are, and as one section with a right head, so that what is behind
 * the digest is reached, too: the first byte says which, 0 to 5. What loads must save, and load the
 * same again; and go on. */
#include <stdlib.h>
#include <string.h>

#include "../unit/correlate_model.h"
#include "../unit/services.h"
#include "base/mem.h"
#include "core/limits.h"
#include "core/state.h"
#include "detect/findings.h"
#include "detect/ledger.h"
#include "detect/triage.h"
#include "names/names.h"
#include "volume/detectors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define SECTIONS 6

struct raw {
	const uint8_t *p;
	size_t n;
};

static void save_raw(const void *owner, struct bytes *out)
{
	const struct raw *r = owner;

	bytes_add(out, r->p, r->n);
}

/* the detectors */

static void save_detectors(const void *owner, struct bytes *out)
{
	detectors_save(owner, out);
}

static int load_detectors(void *owner, struct cursor *in, unsigned version, struct error *e)
{
	return detectors_load(owner, in, version, e);
}

static void reset_detectors(void *owner)
{
	detectors_reset(owner);
}

static struct detectors *fresh_detectors(void)
{
	struct detector_settings s;

	settings_default(&s);
	s.most_clients = 40;
	s.most_accounts = 60;
	s.most_windows = 20;
	s.most_labels = 64;
	s.most_tenants = 20;
	return detectors_new(&s, (struct detection_sink){0});
}

static void use_detectors(void *owner)
{
	static const struct service services[] = {{"Mega", "file-sharing", 0}, {"S3", "paste", 1}};
	struct detector_use u = {.name = STR("a.sharepoint.com"), .up = 200000000, .tier = TIER_B};

	for (unsigned i = 0; i < 12; i++) {
		u.time = (UINT64_C(1772409600) + i * 30000) * NS_PER_S;
		u.client = addr_v4((const uint8_t[]){10, 0, 0, (uint8_t)(i % 5)});
		u.service = i % 3 < 2 ? &services[i % 3] : NULL;
		detectors_upload(owner, &u);
		detectors_download(owner, u.time, &u.client, 2000000000);
	}
}

/* the correlations: all types, chains among them; always the same */

#define RULES	     3
#define CORRELATIONS 12

static struct made made;
static struct fields *fields;
static struct play_hits hits;

static uint32_t below(void *context, uint32_t n)
{
	uint64_t *state = context;

	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((*state >> 33) % n);
}

static struct correlator *fresh_correlator(void)
{
	static char ids[CORRELATIONS][8];
	uint64_t seed = 10; /* (that gives all types, and chains) */

	if (!fields) {
		fields = fields_new();
		for (int i = 0; i < PLAY_FIELDS; i++)
			fields_add(fields, str_of(play_name[i]));
		made_init(&made, RULES, CORRELATIONS, false, below, &seed);
		for (int i = 0; i < CORRELATIONS; i++) {
			snprintf(ids[i], sizeof ids[i], "c%d", i);
			made.correlation[i]->info.id = ids[i];
		}
	}
	struct correlator *c = correlator_new(&made.rules, fields, play_found, &hits);
	correlator_bound(c, 40, 6, 64);
	return c;
}

static void save_correlations(const void *owner, struct bytes *out)
{
	correlator_save(owner, out);
}

static int load_correlations(void *owner, struct cursor *in, unsigned version, struct error *e)
{
	(void)version;
	return correlator_load(owner, in, e);
}

static void reset_correlations(void *owner)
{
	correlator_forget(owner);
}

static void use_correlations(void *owner)
{
	uint64_t r = 3;

	for (unsigned i = 0; i < 40; i++) {
		struct play p = {.rule = below(&r, RULES),
				 .time = 1000 + below(&r, 30),
				 .line = i + 1,
				 .token = i,
				 .possible = below(&r, 3) == 0};
		for (int f = 0; f < PLAY_FIELDS; f++)
			p.field[f] = (int)below(&r, 3);
		play_take(owner, fields, &p);
	}
	play_hits_clear(&hits);
}

/* the findings */

static const struct rule_info rules[] = {{.id = "a", .title = "A", .level = LEVEL_LOW},
					 {.id = "", .title = "b", .level = LEVEL_HIGH}};
static struct domain_set *set;
static struct known known;

static struct findings *fresh_findings(void)
{
	if (!set) {
		set = services_new();
		known_init(&known, set, 2);
		known_add(&known, FINDING_RULE, &rules[0]);
		known_add(&known, FINDING_CORRELATION, &rules[1]);
	}
	return findings_new(&(struct findings_options){0});
}

static void save_findings(const void *owner, struct bytes *out)
{
	findings_save(owner, out);
}

static int load_findings(void *owner, struct cursor *in, unsigned version, struct error *e)
{
	(void)version;
	return findings_load(owner, in, &known, e);
}

static void reset_findings(void *owner)
{
	findings_forget(owner);
}

static void tell(void *context, const struct finding *f)
{
	size_t *sum = context;

	for (unsigned i = 0; i < f->hangs_on_count; i++)
		*sum += strlen(f->hangs_on[i]);
	for (unsigned i = 0; i < f->because_count; i++)
		*sum += strlen(f->because[i]);
	for (unsigned i = 0; i < f->evidence_count; i++)
		*sum += strlen(f->evidence[i].name) + strlen(f->evidence[i].unit);
	for (unsigned i = 0; i < f->name_count; i++)
		*sum += f->names[i].name.n;
}

static void use_findings(void *owner)
{
	static const char *const texts[] = {"Image", "User"};
	struct str group[] = {STR("g"), STR("h")};
	struct evidence evidence = {.name = "events", .unit = "", .value = 3, .threshold = 2};
	size_t sum = 0;

	for (unsigned i = 0; i < 8; i++) {
		struct addr client = addr_v4((const uint8_t[]){10, 0, 0, (uint8_t)(i % 3)});
		struct finding_hit h = {.kind = i % 2 ? FINDING_CORRELATION : FINDING_RULE,
					.rule = &rules[i % 2],
					.level = rules[i % 2].level,
					.client = i < 6 ? &client : NULL,
					.host = STR("host"),
					.service = i % 4 < 2 ? domain_set_service(set, i % 2)
							     : NULL,
					.name = STR("drop.example"),
					.source = NAME_SNI,
					.time = 1000 + i,
					.matches = 1,
					.possible = i % 3 == 0,
					.hangs_on = texts,
					.hangs_on_count = i % 3 == 0 ? 2 : 0,
					.because = texts,
					.because_count = 1,
					.group = group,
					.group_count = i % 2 ? 2 : 0,
					.evidence = &evidence,
					.evidence_count = i % 2};
		findings_add(owner, &h);
	}
	findings_list(owner, tell, &sum);
}

/* the ledger, with windows */

struct books {
	struct intern texts;
	struct ledger ledger;
};

static void open_books(struct books *b)
{
	intern_init(&b->texts, 1000);
	ledger_init(&b->ledger, &b->texts,
		    &(struct ledger_options){.threshold = {1000, 1000, 1000, UINT64_MAX},
					     .window = 24 * NS_PER_S});
}

static struct books *fresh_ledger(void)
{
	struct books *b = mem_zalloc(sizeof *b);

	open_books(b);
	return b;
}

static void save_ledger(const void *owner, struct bytes *out)
{
	ledger_save(&((const struct books *)owner)->ledger, out);
}

static const struct service *service_called(void *context, struct str name)
{
	(void)context;
	return domain_set_service_called(set, name);
}

static int load_ledger(void *owner, struct cursor *in, unsigned version, struct error *e)
{
	return ledger_load(&((struct books *)owner)->ledger, in, version, service_called, NULL, e);
}

static void reset_ledger(void *owner)
{
	struct books *b = owner;

	ledger_fini(&b->ledger);
	intern_fini(&b->texts);
	open_books(b);
}

static void use_ledger(void *owner)
{
	struct ledger *l = &((struct books *)owner)->ledger;
	size_t sum = 0;

	for (unsigned i = 0; i < 12; i++) {
		struct addr client = addr_v4((const uint8_t[]){10, 0, 0, (uint8_t)(i % 3)});
		struct domain_entry entry = {.service = domain_set_service(set, i % 4),
					     .tier = (enum tier)(i % 3)};
		struct ledger_use u = {.entry = &entry,
				       .name = STR("drop.example"),
				       .source = NAME_SNI,
				       .time = (100 + i * 5) * NS_PER_S};
		uint32_t n = ledger_touch(l, &client, &u);
		if (n == LEDGER_NONE)
			continue;
		ledger_query(l, n);
		ledger_add(l, n,
			   &(struct ledger_bytes){.tier = entry.tier,
						  .up = 600,
						  .time = u.time,
						  .name = u.name});
		ledger_tick(l, u.time);
	}
	ledger_findings(l, tell, &sum);
}

/* what defenders said */

static struct triage *triage[2];

static void save_triage(const void *owner, struct bytes *out)
{
	triage_save(*(struct triage *const *)owner, out);
}

static int load_triage(void *owner, struct cursor *in, unsigned version, struct error *e)
{
	return triage_load(*(struct triage **)owner, in, version, e);
}

static void reset_triage(void *owner)
{
	struct triage **t = owner;

	triage_free(*t);
	*t = triage_new();
}

static void use_triage(void *owner)
{
	struct triage *t = *(struct triage **)owner;
	struct triage_who who = {.time = 5 * NS_PER_S, .user = 7, .reason = STR("why")};
	struct sanction s = {.service = STR("Drop"), .clients = STR("10.0.0.0/8"), .until = 900};
	struct finding f = {.kind = FINDING_RULE, .rule = &rules[0], .up = 500};
	char id[FINDING_ID_MAX] = "0123456789abcdef";
	struct error e;
	uint32_t number;

	for (unsigned i = 0; i < 4; i++) {
		id[3] = (char)('0' + i);
		(void)triage_ack(t, id, i, i, &who, &e);
		id[3]++;
		(void)triage_mute(t, id, i, i, 100 * NS_PER_S, &who, &e);
		memcpy(f.id, id, sizeof id);
		(void)triage_of(t, &f, 50 * NS_PER_S);
		(void)triage_sanction(t, &s, &who, &number, &e);
	}
	(void)triage_unmute(t, id, &who, &e);
	(void)triage_revoke(t, 1, &who, &e);
	triage_tick(t, 60 * NS_PER_S);
}

/* names */

static struct names *fresh_names(void)
{
	struct names *n = mem_zalloc(sizeof *n);

	names_init(n, 256);
	return n;
}

static void save_names(const void *owner, struct bytes *out)
{
	names_save(owner, out);
}

static int load_names(void *owner, struct cursor *in, unsigned version, struct error *e)
{
	(void)version;
	return names_load(owner, in, e);
}

static void reset_names(void *owner)
{
	names_fini(owner);
	names_init(owner, 256);
}

static void use_names(void *owner)
{
	for (unsigned i = 0; i < 6; i++) {
		struct name_lesson l = {.client = addr_v4((const uint8_t[]){10, 0, 0, 1}),
					.name = STR("drop.example"),
					.via = i % 2 ? STR("alias.example") : (struct str){0},
					.time = (1000 + i) * NS_PER_S,
					.count = 1};
		l.item[0].address = addr_v4((const uint8_t[]){203, 0, 113, (uint8_t)(i % 4)});
		l.item[0].ttl = 60;
		names_prepare(owner, &l);
		names_learn(owner, &l);
		(void)names_find(owner, &l.client, &l.item[0].address, l.time);
	}
}

/* each twice: one to be loaded, and one to hold against it */
static struct section {
	struct state_section s, other;
	bool rough; /* of the same length; what stands where is left open */
	void (*use)(void *owner);
} sections[SECTIONS];

static void make_sections(void)
{
	sections[0] = (struct section){
		.s = {"detectors", DETECTORS_STATE_VERSION, fresh_detectors(), save_detectors,
		      load_detectors, reset_detectors},
		.use = use_detectors,
	};
	sections[1] = (struct section){
		.s = {"correlations", CORRELATOR_STATE_VERSION, fresh_correlator(),
		      save_correlations, load_correlations, reset_correlations},
		.use = use_correlations,
	};
	sections[2] = (struct section){
		.s = {"findings", FINDINGS_STATE_VERSION, fresh_findings(), save_findings,
		      load_findings, reset_findings},
		.use = use_findings,
	};
	sections[3] = (struct section){
		.s = {"ledger", LEDGER_STATE_VERSION, fresh_ledger(), save_ledger, load_ledger,
		      reset_ledger},
		.use = use_ledger,
	};
	triage[0] = triage_new();
	triage[1] = triage_new();
	sections[4] = (struct section){
		.s = {"triage", TRIAGE_STATE_VERSION, &triage[0], save_triage, load_triage,
		      reset_triage},
		.use = use_triage,
	};
	sections[5] = (struct section){
		.s = {"names", NAMES_STATE_VERSION, fresh_names(), save_names, load_names,
		      reset_names},
		.use = use_names,
		.rough = true,
	};
	for (int i = 0; i < SECTIONS; i++)
		sections[i].other = sections[i].s;
	sections[3].other.owner = fresh_ledger();
	sections[4].other.owner = &triage[1];
	sections[5].other.owner = fresh_names();
	sections[0].other.owner = fresh_detectors();
	sections[1].other.owner = fresh_correlator();
	sections[2].other.owner = fresh_findings();
}

static void again(const struct section *x)
{
	struct bytes one, two;
	struct error e;

	if (state_encode(&x->s, 1, &one, &e) || state_decode(&x->other, 1, one.p, one.n, &e) ||
	    state_encode(&x->other, 1, &two, &e))
		abort();
	if (one.n != two.n || (!x->rough && memcmp(one.p, two.p, one.n) != 0))
		abort();
	bytes_fini(&one);
	bytes_fini(&two);
	x->other.reset(x->other.owner);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct state_section all[SECTIONS];
	struct error e;
	bool good;

	if (!sections[0].use)
		make_sections();
	for (int i = 0; i < SECTIONS; i++)
		all[i] = sections[i].s;
	if (n && data[0] < SECTIONS) {
		struct raw r = {data + 1, n - 1};
		struct state_section wrap = {
			all[data[0]].name, all[data[0]].version, &r, save_raw, NULL, NULL};
		struct bytes file;

		if (state_encode(&wrap, 1, &file, &e))
			abort();
		good = state_decode(all, SECTIONS, file.p, file.n, &e) == 0;
		bytes_fini(&file);
	} else {
		good = state_decode(all, SECTIONS, data, n, &e) == 0;
	}
	for (int i = 0; good && i < SECTIONS; i++) {
		if (n && data[0] < SECTIONS && data[0] != i)
			continue;
		again(&sections[i]);
		sections[i].use(sections[i].s.owner);
		again(&sections[i]);
	}
	/* (those that one section is not about are as they were) */
	for (int i = 0; i < SECTIONS; i++)
		if (!n || data[0] >= SECTIONS || data[0] == i)
			all[i].reset(all[i].owner);
	return 0;
}
