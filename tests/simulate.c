/* The detectors against made-up clients: how often they cry wolf, and what they miss.
 *
 * "simulate" runs the whole, with its limits asserted (`make check`). "simulate V1 V2" runs the
 * same with these detectors alone, each with full weight, and asserts nothing. "simulate settings"
 * prints the table of settings as doc/detectors.md has it; "simulate bench" what a use costs that
 * nothing is to be said of.
 *
 * 2,000 clients for 60 days: hourly uploads, zero-inflated and log-normal (median 0.3 MB, sigma 1.2
 * to 2.2 by client), by day and week; 4 % of clients back up 2 to 20 GB every night and are on no
 * allow-list; on 0.2 % of days a client sends 0.2 to 3 GB for a good reason; on 0.1 % one tries a
 * service that hardly anybody uses. Then the same world again with uploads put in. A fixed seed:
 * the same figures every time. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "volume/detectors.h"

enum {
	CLIENTS = 2000,
	DAYS = 60,
	LEARN = 7,    /* days whose alarms are told apart */
	BACKUPS = 80, /* 4 % */
	USUAL = 12,   /* services that many use */
	RARE = 2000,
	EACH = 300,	   /* injections of a kind */
	START = 1772409600 /* Monday, 2026-03-02, UTC */
};

#define MB 1e6

static const struct pattern {
	const char *name;
	double up;	/* in a day */
	unsigned hours; /* of a day, from `from` on */
	unsigned days;
} patterns[] = {
	{"1 GB in 1 h", 1000 * MB, 1, 1},     {"10 GB in 3 h", 10000 * MB, 3, 1},
	{"200 MB in 1 h", 200 * MB, 1, 1},    {"150 MB a day x 10", 150 * MB, 8, 10},
	{"40 MB a day x 14", 40 * MB, 8, 14},
};

enum { PATTERNS = sizeof patterns / sizeof *patterns };

enum target { TO_NOBODY, TO_USUAL, TO_POPULAR, TO_RARE };

struct host {
	struct addr addr;
	double sigma, busy, backup;
	unsigned usual;
	/* the injection */
	int pattern; /* -1: none */
	unsigned day, from, service;
	bool found;
	unsigned found_day;
};

struct world {
	struct host host[CLIENTS];
	struct service service[USUAL + RARE];
	char names[USUAL + RARE][32], hosts[USUAL + RARE][48];
	struct detectors *d;
	enum target target;
	uint64_t uses;
	unsigned day;
	/* alarms without cause */
	unsigned alarms[2], by_detector[2][DETECTORS];
	unsigned flagged[CLIENTS]; /* day + 1 of the last alarm */
	unsigned host_days[2];
};

/* xorshift64* */
static uint64_t state;

static double uniform(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (double)(state * 0x2545f4914f6cdd1du >> 11) * 0x1p-53;
}

static double normal(void)
{
	double u = uniform(), v = uniform();

	return sqrt(-2 * log(1 - u)) * cos(6.283185307179586 * v);
}

static unsigned below(unsigned n)
{
	return (unsigned)(uniform() * n);
}

static void take(void *context, const struct detection *f)
{
	struct world *w = context;
	unsigned n = (unsigned)(f->client.b[13] << 16 | f->client.b[14] << 8 | f->client.b[15]);
	struct host *h = &w->host[n];
	bool learned = w->day >= LEARN;

	if (h->pattern >= 0 && w->day >= h->day && w->day < h->day + patterns[h->pattern].days &&
	    f->service->number == h->service) {
		if (!h->found)
			h->found_day = w->day - h->day;
		h->found = true;
		return;
	}
	if (f->update || h->pattern >= 0)
		return;
	w->by_detector[learned][f->detector]++;
	/* one alarm tells of one client and service, by however many detectors; here a client's
	 * alarms of one hour are one */
	if (w->flagged[n] != w->day + 1)
		w->host_days[learned]++;
	w->flagged[n] = w->day + 1;
	if (f->detector == (enum detector)__builtin_ctz(f->with))
		w->alarms[learned]++;
}

static void send(struct world *w, struct host *h, unsigned service, double up, double down,
		 uint64_t hour)
{
	unsigned parts = up > 64 * MB ? 64 : up > MB ? (unsigned)(up / MB) : 1;
	struct detector_use u = {
		.client = h->addr,
		.server = addr_v4((const uint8_t[]){198, 51, 100, (uint8_t)service}),
		.service = &w->service[service],
		.tier = TIER_B,
		.name = str_of(w->hosts[service]),
		.source = NAME_SNI,
		.up = (uint64_t)(up / parts),
		.down = (uint64_t)(down / parts),
	};

	for (unsigned i = 0; i < parts; i++) {
		u.time = (hour * 3600 + 3599 * i / parts) * UINT64_C(1000000000);
		detectors_upload(w->d, &u);
		w->uses++;
	}
}

/* How likely an hour is to see any upload. */
static double activity(const struct host *h, unsigned day, unsigned hour)
{
	bool weekend = day % 7 >= 5, work = hour >= 8 && hour < 18;

	return h->busy * (work ? 0.7 : hour >= 6 && hour < 23 ? 0.12 : 0.03) * (weekend ? 0.2 : 1);
}

static void usual_hour(struct world *w, struct host *h, unsigned day, unsigned hour, uint64_t at)
{
	if (uniform() < activity(h, day, hour)) {
		double up = 0.3 * MB * exp(h->sigma * normal());
		send(w, h, h->usual, up < 20e9 ? up : 20e9, up * exp(1 + 1.5 * normal()), at);
	}
	if (h->backup > 0 && hour == 2) {
		double up = h->backup * exp(0.2 * normal());
		send(w, h, h->usual, up, up * 0.01, at);
	}
	bool one_off = uniform() < 0.002 / 10, rare = uniform() < 0.001 / 10;
	if (hour < 8 || hour >= 18)
		return;
	if (one_off)
		send(w, h, h->usual, 0.2e9 * pow(15, uniform()), 5 * MB, at);
	if (rare)
		send(w, h, USUAL + below(RARE), MB * exp(1.7 * normal()), 2 * MB, at);
}

static void inject(struct world *w, struct host *h, unsigned day, unsigned hour, uint64_t at)
{
	if (h->pattern < 0 || day < h->day)
		return;
	const struct pattern *p = &patterns[h->pattern];
	if (day >= h->day + p->days || hour < h->from || hour >= h->from + p->hours)
		return;
	send(w, h, h->service, p->up / p->hours, p->up / p->hours * 0.005, at);
}

static void make_host(struct world *w, unsigned n)
{
	struct host *h = &w->host[n];

	*h = (struct host){.pattern = -1};
	h->addr = addr_v4((const uint8_t[]){10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n});
	h->sigma = 1.2 + uniform();
	h->busy = 0.5 + 0.5 * uniform();
	h->usual = below(USUAL);
	if (n < BACKUPS)
		h->backup = 2e9 * pow(10, uniform());
	if (w->target == TO_NOBODY || n < BACKUPS || n >= BACKUPS + EACH * PATTERNS)
		return;
	h->pattern = (int)(n % PATTERNS);
	h->day = 30 + below(14);
	h->from = 8 + below(11 - patterns[h->pattern].hours);
	h->service = w->target == TO_USUAL     ? h->usual
		     : w->target == TO_POPULAR ? (h->usual + 1 + below(USUAL - 1)) % USUAL
					       : USUAL + below(RARE);
}

static void run(struct world *w, const struct detector_settings *set, enum target target)
{
	memset(w, 0, sizeof *w);
	state = 0x9e3779b97f4a7c15u + target; /* other days in every world */
	w->target = target;
	w->d = detectors_new(set, (struct detection_sink){take, w});
	for (unsigned i = 0; i < USUAL + RARE; i++) {
		snprintf(w->names[i], sizeof w->names[i], "Service %04u", i);
		snprintf(w->hosts[i], sizeof w->hosts[i], "upload.service%04u.example", i);
		w->service[i] = (struct service){w->names[i], "cloud-storage", i};
	}
	for (unsigned n = 0; n < CLIENTS; n++)
		make_host(w, n);
	for (unsigned hour = 0; hour < DAYS * 24; hour++) {
		w->day = hour / 24;
		for (unsigned n = 0; n < CLIENTS; n++) {
			uint64_t at = START / 3600 + hour;
			usual_hour(w, &w->host[n], w->day, hour % 24, at);
			inject(w, &w->host[n], w->day, hour % 24, at);
		}
	}
	detectors_free(w->d);
	w->d = NULL;
}

static double recall(const struct world *w, unsigned pattern, double *days)
{
	unsigned all = 0, found = 0, sum = 0;

	for (unsigned n = 0; n < CLIENTS; n++) {
		const struct host *h = &w->host[n];
		if (h->pattern != (int)pattern)
			continue;
		all++;
		found += h->found;
		sum += h->found ? h->found_day : 0;
	}
	*days = found ? (double)sum / found : 0;
	return all ? (double)found / all : 0;
}

static void print_false(const struct world *w)
{
	double early = (double)CLIENTS * LEARN / 1000,
	       later = (double)CLIENTS * (DAYS - LEARN) / 1000;

	printf("False positives per 1,000 client days:\n");
	printf("| | first %d days | afterwards | all %d days |\n|---|---|---|---|\n", LEARN, DAYS);
	printf("| days with an alarm | %.2f | %.2f | %.2f |\n", w->host_days[0] / early,
	       w->host_days[1] / later, (w->host_days[0] + w->host_days[1]) / (early + later));
	printf("| alarms | %.2f | %.2f | %.2f |\n", w->alarms[0] / early, w->alarms[1] / later,
	       (w->alarms[0] + w->alarms[1]) / (early + later));
	for (unsigned i = 0; i < DETECTORS; i++)
		if (w->by_detector[0][i] + w->by_detector[1][i])
			printf("| of %s | %.2f | %.2f | %.2f |\n", detector_code(i),
			       w->by_detector[0][i] / early, w->by_detector[1][i] / later,
			       (w->by_detector[0][i] + w->by_detector[1][i]) / (early + later));
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The detectors named, each enough by itself. */
static void only(struct detector_settings *set, int n, char **names)
{
	static const char *const keys[] = {"new-service", "burst",	"own-max", "robust",
					   "cusum",	  "population", "fanout",  "tenant",
					   "unnamed",	  "off-hours"};
	struct error e;

	for (unsigned i = 0; i < sizeof keys / sizeof *keys; i++) {
		char key[64];
		snprintf(key, sizeof key, "%s.enabled", keys[i]);
		settings_set(set, str_of(key), STR("no"), &e);
	}
	for (int i = 0; i < n; i++)
		for (unsigned k = 0; k < DETECTORS; k++) {
			char key[64];
			if (strcmp(names[i], detector_code(k)))
				continue;
			snprintf(key, sizeof key, "%s.enabled", detector_name(k));
			settings_set(set, str_of(key), STR("yes"), &e);
			snprintf(key, sizeof key, "%s.weight", detector_name(k));
			settings_set(set, str_of(key), STR("1"), &e);
		}
	set->burst_weight_past = set->burst_weight;
}

static bool hold(const char *what, double is, double limit, bool most)
{
	bool good = most ? is <= limit : is >= limit;

	printf("%s: %s is %.3f, %s %.3f\n", good ? "ok" : "FAILED", what, is,
	       most ? "at most" : "at least", limit);
	return good;
}

/* Small uploads of many clients to many services, in an order that no cache likes. */
static int bench(const struct detector_settings *set, const char *what, const char *host,
		 bool listed)
{
	enum { USES = 4000000, PER_S = 20000, BENCH_CLIENTS = 1000 };
	struct service service[8];
	char names[8][16];
	struct detectors *d = detectors_new(set, (struct detection_sink){0});
	struct detector_use u = {.tier = TIER_B, .name = str_of(host), .up = 1400, .down = 60};

	for (unsigned i = 0; i < 8; i++) {
		snprintf(names[i], sizeof names[i], "Service %u", i);
		service[i] = (struct service){names[i], "cloud-storage", i};
	}
	state = 1;
	double start = 0;
	for (unsigned i = 0; i < 2 * USES; i++) {
		unsigned n = below(BENCH_CLIENTS);
		if (i == USES) /* all are there by now */
			start = seconds();
		u.time = START * UINT64_C(1000000000) + i * (UINT64_C(1000000000) / PER_S);
		u.client = addr_v4((const uint8_t[]){10, 1, (uint8_t)(n >> 8), (uint8_t)n});
		u.service = listed ? &service[below(8)] : NULL;
		detectors_upload(d, &u);
	}
	double ns = (seconds() - start) / USES * 1e9;
	struct detectors_stats s = detectors_stats(d);
	printf("%s: %.0f ns a use; %llu accounts, %llu looks in %llu uses\n", what, ns,
	       (unsigned long long)s.accounts, (unsigned long long)s.looks,
	       (unsigned long long)s.uses);
	detectors_free(d);
	return 0;
}

static int print_settings(void)
{
	printf("| key | default | least | most | what it is |\n|---|---|---|---|---|\n");
	for (unsigned i = 0; i < setting_count; i++) {
		const struct setting_info *s = &setting_infos[i];
		if (s->type == SETTING_SWITCH)
			printf("| `%s` | %s | | | %s |\n", s->key, s->value != 0 ? "yes" : "no",
			       s->help);
		else
			printf("| `%s` | %.15g | %.15g | %.15g | %s |\n", s->key, s->value,
			       s->least, s->most, s->help);
	}
	return 0;
}

/* As what `make check` runs it. */
static int run_all(const struct detector_settings *set, bool assert_limits)
{
	static const char *const targets[] = {"", "its usual service", "another that many use",
					      "one that hardly anybody uses"};
	static struct world w;
	double got[4][PATTERNS], days, start = seconds();
	uint64_t uses = 0;

	run(&w, set, TO_NOBODY);
	uses += w.uses;
	print_false(&w);
	double false_days = (w.host_days[0] + w.host_days[1]) / (CLIENTS * DAYS / 1000.0);
	double alarms = (w.alarms[0] + w.alarms[1]) / (CLIENTS * DAYS / 1000.0);
	double after = w.alarms[1] / (CLIENTS * (DAYS - LEARN) / 1000.0);
	printf("\nRecall of uploads put in (mean day of the first alarm), %d each:\n| to", EACH);
	for (unsigned i = 0; i < PATTERNS; i++)
		printf(" | %s", patterns[i].name);
	printf(" |\n|---|---|---|---|---|---|\n");
	for (enum target t = TO_USUAL; t <= TO_RARE; t++) {
		run(&w, set, t);
		uses += w.uses;
		printf("| %s", targets[t]);
		for (unsigned i = 0; i < PATTERNS; i++) {
			got[t][i] = recall(&w, i, &days);
			printf(" | %.3f (%.1f)", got[t][i], days + 1);
		}
		printf(" |\n");
	}
	printf("\n%.1f million uses in %.1f s, the making of them included\n", (double)uses / 1e6,
	       seconds() - start);
	if (!assert_limits)
		return 0;
	bool good = hold("false positives, client days", false_days, 8, true);
	good &= hold("false positives, alarms", alarms, 8, true);
	good &= hold("false positives after the first week, alarms", after, 8, true);
	for (enum target t = TO_USUAL; t <= TO_RARE; t++) {
		good &= hold(patterns[0].name, got[t][0], 0.98, false);
		good &= hold(patterns[3].name, got[t][3], 0.95, false);
	}
	return good ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct detector_settings set;

	settings_default(&set);
	if (argc == 2 && strcmp(argv[1], "settings") == 0)
		return print_settings();
	if (argc == 2 && strcmp(argv[1], "bench") == 0)
		return bench(&set, "a service of the lists", "www.example.com", true) |
		       bench(&set, "its tenant told by the name", "contoso.sharepoint.com", true) |
		       bench(&set, "a name outside the lists", "www.example.com", false) |
		       bench(&set, "without a name", "", false);
	if (argc > 1)
		only(&set, argc - 1, argv + 1);
	return run_all(&set, argc == 1);
}
