/* Thresholds hold within a window of time, and months of running stay bounded. */
#include <sys/resource.h>
#include <unistd.h>

#include "office.h"
#include "volume/settings.h"

static struct office o;

#define WINDOW (24 * HOURS)

static void begin(void)
{
	office_open(&o, WINDOW);
}

static void end(void)
{
	office_close(&o);
}

TestSuite(window, .init = begin, .fini = end);

Test(window, midnight_hides_nothing)
{
	o.time = OFFICE_START + 24 * HOURS - 10 * MINUTES;
	office_upload(&o, 1, "shelf.example", 60 * MB);
	cr_expect_eq(office_tell(&o), 0);
	o.time += 20 * MINUTES;
	office_upload(&o, 1, "shelf.example", 60 * MB);
	cr_assert_eq(office_tell(&o), 1);
	cr_expect_eq(o.heard[0].up, 120 * MB);
	cr_expect_eq(o.heard[0].window, OFFICE_START + 23 * HOURS);
}

Test(window, what_is_within_it_counts_and_what_is_not_does_not)
{
	o.time = OFFICE_START + 59 * MINUTES;
	office_upload(&o, 1, "shelf.example", 60 * MB);
	office_upload(&o, 2, "shelf.example", 60 * MB);
	o.time += WINDOW;
	office_upload(&o, 1, "shelf.example", 60 * MB);
	cr_expect_eq(office_tell(&o), 1);
	o.time += HOURS + MINUTES; /* 1/24 is what it may err */
	office_upload(&o, 2, "shelf.example", 60 * MB);
	cr_expect_eq(office_tell(&o), 0);
	cr_assert_eq(office_list(&o), 1);
	cr_expect_eq(o.heard[0].client, 1);
}

Test(window, the_next_days_upload_is_another_finding)
{
	char first[FINDING_ID_MAX];

	office_upload(&o, 1, "shelf.example", 100 * MB);
	cr_assert_eq(office_tell(&o), 1);
	strcpy(first, o.heard[0].id);
	o.time += 26 * HOURS;
	office_upload(&o, 1, "shelf.example", 50 * MB);
	cr_expect_eq(office_tell(&o), 0);
	office_upload(&o, 1, "shelf.example", 50 * MB);
	cr_assert_eq(office_tell(&o), 1);
	cr_expect_eq(o.heard[0].told, 0);
	cr_expect_eq(o.heard[0].up, 100 * MB);
	cr_expect_str_neq(o.heard[0].id, first);
	cr_expect_eq(memcmp(o.heard[0].id, first, FINDING_SERIES), 0);
	/* the one that is over can be asked for, for a while */
	cr_expect_eq(office_list(&o), 2);
	cr_expect(analyst_finding(o.analyst, first, office_hear, &o));
	for (unsigned day = 0; day < 3; day++) {
		o.time += 24 * HOURS;
		analyst_tick(o.analyst, o.time);
	}
	cr_expect_eq(office_list(&o), 0);
}

Test(window, a_connection_goes_on_from_window_to_window)
{
	struct upload u = {.client = 1, .name = "shelf.example"};
	uint64_t told = 0;
	unsigned findings = 0;

	office_send(&o, &u, 0, END_NOT);
	for (unsigned hour = 0; hour < 5 * 25; hour++) {
		office_send(&o, &u, 10 * MB, END_NOT);
		o.time += HOURS;
		if (office_tell_by(&o, &(struct analyst_telling){.interval = 1, .growth = 1})) {
			cr_assert_eq(o.count, 1);
			findings += o.heard[0].told == 0;
			told += o.heard[0].told ? 10 * MB : o.heard[0].up;
		}
	}
	cr_expect_eq(findings, 5);
	cr_expect_eq(told, u.up);
}

Test(window, bytes_that_move_take_their_slices_along)
{
	struct upload u = {.client = 1, .name = "shelf.example"};

	office_send(&o, &u, 0, END_NOT);
	for (unsigned hour = 0; hour < 9; hour++) {
		office_send(&o, &u, 10 * MB, END_NOT);
		o.time += HOURS;
	}
	office_send(&o, &u, 20 * MB, END_NOT);
	cr_assert_eq(office_tell(&o), 1);
	/* a certificate's name would not have been believed; another SNI is another request */
	office_upload(&o, 2, "shelf.example", 90 * MB);
	o.time += 20 * HOURS;
	office_upload(&o, 2, "shelf.example", 9 * MB);
	cr_expect_eq(office_tell(&o), 0);
	o.time += 10 * HOURS;
	office_upload(&o, 2, "shelf.example", 90 * MB);
	cr_expect_eq(office_tell(&o), 0);
	office_upload(&o, 2, "shelf.example", MB);
	cr_assert_eq(office_tell(&o), 1);
	cr_expect_eq(o.heard[0].up, 100 * MB);
}

/* Against the definition: one client, any times and amounts. */
#define UPLOADS 300

static void against_definition(unsigned seed)
{
	static uint64_t time[UPLOADS], up[UPLOADS];
	uint64_t told_until = 0, all = 0, told = 0;
	unsigned findings = 0;

	srand(seed);
	for (unsigned i = 0; i < UPLOADS; i++) {
		o.time += (uint64_t)(rand() % 600) * MINUTES * (uint64_t)(1 + rand() % 2);
		time[i] = o.time;
		up[i] = (uint64_t)(rand() % 40) * MB;
		if (rand() % 5 == 0)
			analyst_tick(o.analyst, o.time);
		office_upload(&o, 1, "shelf.example", up[i]);
		all += up[i];
		office_tell_by(&o, &(struct analyst_telling){.interval = 1, .growth = 1});
		cr_assert_leq(o.count, 1);
		/* sums of what came within the window, and within what it may err */
		uint64_t least = 0, most = 0;
		for (unsigned k = 0; k <= i; k++) {
			least += time[k] > told_until && time[i] - time[k] <= WINDOW ? up[k] : 0;
			most += time[i] - time[k] <= WINDOW + WINDOW / 24 ? up[k] : 0;
		}
		if (o.count && o.heard[0].told == 0) {
			findings++;
			cr_expect_geq(most, 100 * MB, "seed %u: nothing to tell at %u", seed, i);
			cr_expect_geq(o.heard[0].up, 100 * MB);
		}
		if (!o.count)
			cr_expect_lt(least, 100 * MB, "seed %u: nothing told at %u", seed, i);
		if (o.count) {
			told_until = o.time;
			told += o.heard[0].told ? up[i] : o.heard[0].up;
		}
	}
	cr_expect_gt(findings, 3);
	cr_expect_leq(told, all);
}

Test(window, any_times_and_amounts)
{
	for (unsigned seed = 0; seed < 40; seed++) {
		against_definition(seed);
		end();
		begin();
	}
}

/* When it was looked at and ticked changes nothing of what is found. */
static void play(unsigned every, bool restart)
{
	srand(7);
	for (unsigned i = 0; i < 2000; i++) {
		o.time += (uint64_t)(rand() % 20) * MINUTES;
		uint32_t client = 1 + (uint32_t)rand() % 5;
		uint64_t up = (uint64_t)(rand() % 20) * MB;
		if (i % every == 0) {
			analyst_tick(o.analyst, o.time);
			office_tell(&o);
			if (restart && i % (20 * every) == 0)
				office_restart(&o);
		}
		office_upload(&o, client, rand() % 2 ? "shelf.example" : "drop.example", up);
	}
	office_list(&o);
}

Test(window, the_same_data_give_the_same_ids)
{
	char ids[256][FINDING_ID_MAX];
	uint64_t up[256];

	play(10000, false);
	unsigned count = o.count;
	cr_assert(count > 5 && count < 256, "%u", count);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; !round && i < count; i++) {
			strcpy(ids[i], o.heard[i].id);
			up[i] = o.heard[i].up;
		}
		end();
		begin();
		play(3, round);
		/* (what was over for long is given back only by ticks) */
		for (unsigned i = 0; i < o.count; i++) {
			unsigned k = 0;
			while (k < count && strcmp(ids[k], o.heard[i].id) != 0)
				k++;
			cr_assert_lt(k, count, "%s is new", o.heard[i].id);
			cr_expect_eq(up[k], o.heard[i].up);
		}
		cr_expect_geq(o.count, 5);
	}
}

Test(window, none_is_the_whole_run)
{
	end();
	office_open(&o, 0);
	office_upload(&o, 1, "shelf.example", 60 * MB);
	o.time += 300 * 24 * HOURS;
	office_upload(&o, 1, "shelf.example", 60 * MB);
	analyst_tick(o.analyst, o.time);
	cr_assert_eq(office_tell(&o), 1);
	cr_expect_eq(o.heard[0].window, 0);
	cr_expect_eq(o.heard[0].up, 120 * MB);
}

Test(window, a_clock_that_was_wrong_does_no_lasting_harm)
{
	office_upload(&o, 1, "shelf.example", 60 * MB);
	o.time += 4000 * 24 * HOURS;
	office_upload(&o, 1, "shelf.example", 30 * MB);
	o.time -= 4000 * 24 * HOURS - MINUTES;
	office_upload(&o, 1, "shelf.example", 60 * MB);
	o.time += MINUTES;
	office_upload(&o, 1, "shelf.example", 20 * MB);
	cr_assert_eq(office_tell(&o), 1);
	o.time += 30 * HOURS;
	office_upload(&o, 1, "shelf.example", 60 * MB);
	cr_expect_eq(office_tell(&o), 0);
}

Test(window, another_window_after_a_restart)
{
	office_upload(&o, 1, "shelf.example", 60 * MB);
	office_upload(&o, 2, "shelf.example", 160 * MB);
	o.time += 2 * HOURS;
	o.options.window = HOURS;
	office_restart(&o);
	office_upload(&o, 3, "shelf.example", 60 * MB);
	office_upload(&o, 1, "shelf.example", 60 * MB);
	cr_expect_geq(office_list(&o), 1);
	o.options.window = 0;
	office_restart(&o);
	office_upload(&o, 3, "shelf.example", 60 * MB);
	office_list(&o);
	cr_expect_geq(o.count, 1);
	cr_expect_eq(o.heard[o.count - 1].window, 0);
	o.options.window = WINDOW;
	office_restart(&o);
	cr_expect_geq(office_list(&o), 1);
}

/* findings of detectors */

static void with_detectors(void)
{
	static struct detector_settings settings;

	settings_default(&settings);
	settings.burst_weight_past = settings.burst_weight; /* each day alike */
	end();
	office_open(&o, WINDOW);
	analyst_free(o.analyst);
	o.options.detectors = &settings;
	office_start(&o);
}

Test(window, a_detectors_finding_is_over_when_nothing_comes_for_so_long)
{
	char first[FINDING_ID_MAX] = "";
	unsigned bursts = 0;

	with_detectors();
	for (unsigned day = 0; day < 3; day++) {
		office_upload(&o, 1, "shelf.example", 200 * MB);
		office_tell(&o);
		for (unsigned i = 0; i < o.count; i++) {
			if (strcmp(o.heard[i].rule, "egret.burst") != 0)
				continue;
			bursts++;
			cr_expect_eq(o.heard[i].told, 0);
			cr_expect_eq(o.heard[i].up, 200 * MB);
			if (*first)
				cr_expect_eq(memcmp(first, o.heard[i].id, FINDING_SERIES), 0);
			cr_expect_str_neq(first, o.heard[i].id);
			strcpy(first, o.heard[i].id);
		}
		o.time += 30 * HOURS;
		analyst_tick(o.analyst, o.time);
		if (day == 1)
			office_restart(&o);
	}
	cr_expect_eq(bursts, 3);
	o.time += 60 * HOURS;
	analyst_tick(o.analyst, o.time);
	cr_expect_eq(office_list(&o), 0);
}

static void expect_evidence(void *context, const struct finding *f)
{
	bool *lost = context;

	if (f->kind != FINDING_DETECTOR)
		return;
	for (unsigned i = 0; i < f->evidence_count; i++) {
		cr_expect(*f->evidence[i].name);
		*lost |= strcmp(f->evidence[i].name, "share of packets lost") == 0;
	}
}

Test(window, detectors_hear_of_loss)
{
	bool lost = false;

	with_detectors();
	analyst_note_loss(o.analyst, &(struct analyst_loss){o.time, o.time + MINUTES, 1000, 50});
	o.time += MINUTES;
	office_upload(&o, 1, "shelf.example", 200 * MB);
	analyst_findings(o.analyst, expect_evidence, &lost);
	cr_expect(lost);
}

/* memory */

static size_t resident(void)
{
	unsigned long all = 0, here = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	cr_assert_eq(fscanf(f, "%lu %lu", &all, &here), 2);
	fclose(f);
	return here * (size_t)sysconf(_SC_PAGESIZE);
}

Test(window, a_million_clients_are_bounded)
{
	with_detectors();
	size_t before = 0;

	for (uint32_t i = 0; i < 1000000; i++) {
		office_upload(&o, 1 + i, i % 2 ? "drop.example" : "shelf.example",
			      i % 100 ? 1000 : 120 * MB);
		o.time += NS_PER_S / 10;
		if (i % 1000 == 0) {
			analyst_tick(o.analyst, o.time);
			office_tell(&o);
		}
		if (i == 500000)
			before = resident();
	}
	struct analyst_summary s = analyst_summary(o.analyst);
	cr_expect_eq(s.accounts_refused, 0);
	cr_expect_eq(s.findings_refused, 0);
	cr_expect_gt(s.accounts_evicted, 700000);
	/* all tables were full at half time */
	cr_expect_lt(resident(), before + before / 4, "%zu after %zu", resident(), before);
	/* those that came last are there */
	office_list(&o);
	bool last = false;
	for (unsigned i = 0; i < o.count; i++)
		last |= o.heard[i].client == 999901;
	cr_expect(last);
	fprintf(stderr, "a million clients: %zu MB resident, %zu at half time\n", resident() / MIB,
		before / MIB);
}

Test(window, months_give_back_what_is_over)
{
	uint32_t most = 0;

	for (unsigned day = 0; day < 100; day++) {
		for (uint32_t i = 0; i < 200; i++) {
			o.time += 7 * MINUTES;
			office_upload(&o, 1 + day * 200 + i,
				      i % 2 ? "drop.example" : "shelf.example",
				      i % 10 ? 5000 : 150 * MB);
			analyst_tick(o.analyst, o.time);
			office_tell(&o);
		}
		office_list(&o);
		most = o.count > most ? o.count : most;
	}
	/* half of them a day are findings, kept for two windows and a bit */
	cr_expect_lt(most, 3 * 120);
	cr_expect_eq(analyst_summary(o.analyst).accounts_evicted, 0);
}
