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
static struct intern texts;
static struct known known;

#define HOUR (3600 * NS_PER_S)

static void make_known(void)
{
	if (set)
		return;
	set = services_new();
	known_init(&known, set, 2);
	known_add(&known, FINDING_RULE, &rules[0]);
	known_add(&known, FINDING_CORRELATION, &rules[1]);
	intern_init(&texts, 4 * LEDGER_MAX);
}

static struct findings *fresh_findings(void)
{
	make_known();
	return findings_new(&(struct findings_options){.window = 24 * HOUR});
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
		*sum += strlen(f->evidence[i].name) + strlen(f->evidence[i].unit) +
			f->evidence[i].text.n;
	for (unsigned i = 0; i < f->name_count; i++)
		*sum += f->names[i].name.n;
}

static const struct telling_to telling;

static void use_findings(void *owner)
{
	static const char *const words[] = {"Image", "User"};
	struct str group[] = {STR("g"), STR("h")};
	struct evidence evidence[] = {{.name = "events", .unit = "", .value = 3, .threshold = 2},
				      {.name = "tool", .unit = "", .text = STR("rclone")}};
	size_t sum = 0;

	for (unsigned i = 0; i < 8; i++) {
		struct addr client = addr_v4((const uint8_t[]){10, 0, 0, (uint8_t)(i % 3)});
		struct finding_hit h = {.kind = i % 2 ? FINDING_CORRELATION : FINDING_RULE,
					.rule = &rules[i % 2],
					.level = rules[i % 2].level,
					.client = i < 6 ? &client : NULL,
					.host = STR("host"),
					.service =
						i % 4 < 2 ? domain_set_service(set, i % 2) : NULL,
					.name = STR("drop.example"),
					.source = NAME_SNI,
					.time = (1000 + i * 20 % 70) * HOUR,
					.matches = 1,
					.possible = i % 3 == 0,
					.hangs_on = words,
					.hangs_on_count = i % 3 == 0 ? 2 : 0,
					.because = words,
					.because_count = 1,
					.group = group,
					.group_count = i % 2 ? 2 : 0,
					.evidence = evidence,
					.evidence_count = i % 3};
		findings_add(owner, &h);
	}
	findings_list(owner, tell, &sum);
	findings_tell(owner, &telling);
	findings_tick(owner, 1060 * HOUR);
}

/* the ledger */

static const struct analyst_telling when = {.interval = HOUR, .growth = 2};

static void complete(void *context, struct finding *f)
{
	(void)context;
	(void)f;
}

static bool tell_it(void *context, const struct finding *f, bool due)
{
	size_t sum = 0;

	(void)context;
	tell(&sum, f);
	return due;
}

static const struct telling_to telling = {
	.now = 1000 * HOUR, .when = &when, .complete = complete, .tell = tell_it};

static const struct ledger_options ledger_options = {.threshold = {10, 100, 500, UINT64_MAX},
						     .window = 24 * HOUR};

static struct ledger *fresh_ledger(void)
{
	struct ledger *l = calloc(1, sizeof *l);

	make_known();
	ledger_init(l, &texts, &ledger_options);
	return l;
}

static void save_ledger(const void *owner, struct bytes *out)
{
	ledger_save(owner, out);
}

static const struct service *service_called(void *context, struct str name)
{
	(void)context;
	return domain_set_service_called(set, name);
}

static int load_ledger(void *owner, struct cursor *in, unsigned version, struct error *e)
{
	return ledger_load(owner, in, version, service_called, NULL, e);
}

static void reset_ledger(void *owner)
{
	ledger_fini(owner);
	ledger_init(owner, &texts, &ledger_options);
}

static void use_ledger(void *owner)
{
	static const char *const name[] = {"drop.example", "shelf.example",
					   "contoso.sharepoint.com"};
	size_t sum = 0;

	for (unsigned i = 0; i < 30; i++) {
		struct addr client = addr_v4((const uint8_t[]){10, 0, 0, (uint8_t)(i % 4)});
		struct ledger_use use = {.name = str_of(name[i % 3]),
					 .source = NAME_SNI,
					 .time = (1000 + i * 7 % 60) * HOUR};
		use.entry = domain_set_match(set, use.name);
		uint32_t n = ledger_touch(owner, &client, &use);
		if (n == LEDGER_NONE)
			continue;
		ledger_query(owner, n);
		ledger_add(owner, n,
			   &(struct ledger_bytes){.tier = use.entry->tier,
						  .up = i % 5 ? 40 : -30,
						  .down = 5,
						  .time = use.time,
						  .name = use.name});
		if (i % 10 == 9)
			ledger_tick(owner, use.time);
		if (i % 8 == 7)
			ledger_tell(owner, &telling);
	}
	ledger_findings(owner, tell, &sum);
}

/* what was said of findings */

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

static struct triage *said[2];

static void use_triage(void *owner)
{
	struct triage *t = *(struct triage **)owner;
	struct triage_who who = {.time = 1000, .user = 7, .reason = STR("because")};
	struct sanction s = {.service = STR("Share"),
			     .tenant = STR("contoso"),
			     .clients = STR("10.0.0.0/8"),
			     .until = 2000};
	struct finding f = {.kind = FINDING_UPLOAD,
			    .rule = &rules[0],
			    .service = domain_set_service(set, 0),
			    .has_client = true,
			    .up = 5000000,
			    .window = HOUR,
			    .id = "0123456789abcdef"};
	uint32_t number;
	struct error e;

	triage_ack(t, "0123456789abcdef", 1, 1, &who, &e);
	triage_mute(t, "0123456789ab0000", 1, 1, 5000, &who, &e);
	triage_mute(t, "f123456789ab0000", 1, 1, 1500, &who, &e);
	triage_sanction(t, &s, &who, &number, &e);
	if (triage_of(t, &f, 1000) == TRIAGE_REOPENED)
		triage_reopen(t, &f, 1000);
	triage_tick(t, 1600);
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
		l.hash = hash_bytes(&((struct names *)owner)->key, l.name.p, l.name.n);
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
	sections[4] = (struct section){
		.s = {"triage", TRIAGE_STATE_VERSION, &said[0], save_triage, load_triage,
		      reset_triage},
		.use = use_triage,
	};
	sections[5] = (struct section){
		.s = {"names", NAMES_STATE_VERSION, fresh_names(), save_names, load_names,
		      reset_names},
		.use = use_names,
		.rough = true,
	};
	said[0] = triage_new();
	said[1] = triage_new();
	for (int i = 0; i < SECTIONS; i++)
		sections[i].other = sections[i].s;
	sections[0].other.owner = fresh_detectors();
	sections[1].other.owner = fresh_correlator();
	sections[2].other.owner = fresh_findings();
	sections[3].other.owner = fresh_ledger();
	sections[4].other.owner = &said[1];
	sections[5].other.owner = fresh_names();
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
