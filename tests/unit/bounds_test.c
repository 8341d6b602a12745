/* Tables filled to their bounds take no more memory than they say they do, and not much less: so
 * what --check prints is what has to be reckoned with. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/budget.h"
#include "base/hindex.h"
#include "base/intern.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/sanitized.h"
#include "base/slab.h"
#include "core/limits.h"
#include "decode/fragment.h"
#include "detect_feed.h"
#include "flow/table.h"
#include "names/names.h"
#include "office.h"

/* Resident bytes of this process, of which each test has one of its own. */
static size_t resident(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	cr_assert(f && fscanf(f, "%*u %lu", &pages) == 1);
	fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static size_t before;

static void start(void)
{
	before = resident();
}

TestSuite(bounds, .init = start);

/* What came since the start is at most `bound`, and at least a part of it. */
static void expect(size_t bound, double part)
{
#ifdef SANITIZED
	(void)bound;
	(void)part;
#else
	size_t now = resident(), took = now > before ? now - before : 0;

	cr_expect_leq(took, bound + 4 * MIB, "%.1f MiB of %.1f", (double)took / MIB,
		      (double)bound / MIB);
	cr_expect_geq((double)took, part * (double)bound, "%.1f MiB of %.1f", (double)took / MIB,
		      (double)bound / MIB);
#endif
}

Test(bounds, pool)
{
	struct pool p;

	pool_init(&p, 100, 1000000);
	for (uint32_t i = 0; i < 1000000; i++)
		memset(pool_at(&p, pool_get(&p)), 1, 100);
	for (uint32_t i = 0; i < 1000000; i++)
		pool_put(&p, i);
	expect(pool_memory(100, 1000000), 0.9);
	pool_fini(&p);
}

Test(bounds, hindex)
{
	struct hindex ix;

	hindex_init(&ix, 64);
	for (uint32_t i = 0; i < 1500000; i++)
		hindex_add(&ix, i * 0x9e3779b97f4a7c15u, i);
	/* (a third is for while it grows) */
	expect(hindex_memory(1500000), 0.6);
	hindex_fini(&ix);
}

/* Every size of texts, until no more is taken. */
Test(bounds, intern)
{
	struct intern t;
	char text[INTERN_TEXT_MAX + 100];
	uint32_t refused = 0;

	intern_init(&t, 100000);
	memset(text, 'x', sizeof text);
	for (size_t n = 20; n < sizeof text; n = n * 3 / 2)
		for (uint32_t i = 0; i < 200000; i++) {
			memcpy(text, &i, sizeof i);
			refused += !intern_get(&t, (struct str){text, n});
		}
	cr_expect_gt(refused, 100000);
	cr_expect_eq(t.refused, refused);
	expect(intern_memory(100000), 0.7);
	/* as much of it as there is room for: there is none */
	memcpy(text, "another", 7);
	cr_expect_eq(intern_get_part(&t, (struct str){text, 1000}), INTERN_NONE);
	intern_fini(&t);
}

Test(bounds, long_texts_are_cut_where_only_short_ones_have_room)
{
	struct intern t;
	char text[1000];

	intern_init(&t, 100000);
	memset(text, 'x', sizeof text);
	for (uint32_t i = 0; i < 20000; i++) {
		memcpy(text, &i, sizeof i);
		uint32_t n = intern_get_part(&t, (struct str){text, sizeof text});
		cr_assert_neq(n, INTERN_NONE);
		struct str kept = intern_text(&t, n);
		cr_assert_eq(memcmp(kept.p, text, kept.n), 0);
		cr_assert_geq(kept.n, i < 3125 ? 1000 : 50);
	}
	cr_expect_gt(t.refused, 10000);
	/* equal texts share a number, cut or not */
	uint32_t first = 1;
	memcpy(text, &first, sizeof first);
	uint32_t n = intern_get_part(&t, (struct str){text, sizeof text});
	cr_expect_eq(intern_get_part(&t, (struct str){text, sizeof text}), n);
	intern_fini(&t);
}

#ifndef SANITIZED /* there each block is one of the heap, and what stays would be a leak */
/* One small buffer in each page stays when the next size comes: memory would grow by what lies
 * between, if blocks came from the heap. */
Test(bounds, slab)
{
	enum { BUDGET = 32 * MIB, MOST = BUDGET / 256 };
	struct slab s;
	uint32_t room;
	void **p = calloc(MOST, sizeof *p);

	slab_init(&s, BUDGET);
	for (size_t size = 256; size <= 128 * KIB; size *= 2) {
		size_t n = 0;
		while (n < MOST && (p[n] = slab_get(&s, size, &room)))
			memset(p[n++], 1, size);
		for (size_t i = 0; i < n; i++)
			if (i * size / 4096 == (i ? i - 1 : i) * size / 4096)
				slab_put(&s, p[i], room);
		cr_expect(size > 2048 || n > 100, "%zu of %zu bytes", n, size);
	}
	expect(slab_memory(BUDGET) + MOST * sizeof *p, 0.9);
	slab_fini(&s);
	free(p);
}
#endif

static void nothing(void *context, struct flow *f, enum flow_end why)
{
	(void)context;
	(void)f;
	(void)why;
}

static void due(void *context, struct flow *f)
{
	flow_reported(context, f);
}

/* Connections with holes in their numbers, opened as far as records go, and twice as many as there
 * is room for. */
Test(bounds, flow_table)
{
	struct flow_settings settings = flow_settings_default;
	struct stats stats = {0};
	static struct flow_table t;
	struct flow_events events = {.ended = nothing, .due = due, .context = &t};
	uint64_t now = UINT64_C(1700000000) * NS_PER_S;
	unsigned side;

	settings.flows_max = 256 * 1024;
	flow_table_init(&t, &settings, &events, &stats);
	for (uint32_t i = 0; i < 1024 * 1024; i++) {
		struct packet p = {.time = now,
				   .tuple = {.src = addr_v4((const uint8_t *)&i),
					     .dst = addr_v4((const uint8_t *)&i),
					     .sport = 1000,
					     .dport = 443,
					     .proto = PROTO_TCP},
				   .flags = TCP_ACK,
				   .ack = 1,
				   .payload = (const uint8_t *)"x",
				   .length = 1,
				   .captured = 1};
		for (unsigned k = 0; k < 3; k++) {
			p.seq = 1000 + 100 * k;
			flow_table_advance(&t, now);
			struct flow *f = flow_take(&t, &p, flow_hash(&t, &p.tuple), &side);
			if (f)
				f->flags |= FLOW_ESTABLISHED | FLOW_OPENED;
		}
	}
	cr_expect_gt(stats.flows_evicted, 700000);
	expect(flow_table_memory(&settings), 0.6);
	flow_table_fini(&t);
}

Test(bounds, fragments)
{
	struct stats stats = {0};
	static const uint8_t data[2048];
	struct fragments *f = fragments_new(&stats, 4096, 16 * MIB);
	struct datagram out;

	for (uint32_t i = 0; i < 100000; i++) {
		struct fragment in = {.id = i,
				      .family = 4,
				      .proto = 17,
				      .more = true,
				      .offset = i % 4 * 2048,
				      .length = sizeof data,
				      .captured = sizeof data,
				      .data = data};
		in.id /= 4;
		fragments_add(f, &in, 1, &out);
	}
	/* (buffers of whole datagrams are another 8 MiB) */
	expect(fragments_memory(4096, 16 * MIB), 0.5);
	cr_expect_gt(stats.fragments_evicted, 10000);
	fragments_free(f);
}

Test(bounds, names)
{
	struct names n;
	static struct name_lesson l;
	char text[256];

	names_init(&n, 256 * 1024);
	for (uint32_t i = 0; i < 1000000; i++) {
		int length = snprintf(text, sizeof text, "n%0100u.example", i);
		l = (struct name_lesson){.client = addr_v4((const uint8_t *)&i),
					 .name = {text, (size_t)length},
					 .hash = hash_bytes(&n.key, text, (size_t)length),
					 .time = UINT64_C(1700000000) * NS_PER_S,
					 .count = 1};
		l.item[0].address = addr_v4((const uint8_t *)&i);
		l.item[0].ttl = 3600;
		names_prepare(&n, &l);
		names_learn(&n, &l);
	}
	cr_expect_gt(names_evicted(&n), 500000);
	expect(names_memory(256 * 1024), 0.8);
	names_fini(&n);
}

static size_t sum_of(void (*add)(const void *of, struct budget *b), const void *of)
{
	struct budget b = {0};

	add(of, &b);
	return budget_total(&b);
}

static void of_detectors(const void *of, struct budget *b)
{
	detectors_memory(of, b);
}

Test(bounds, detectors)
{
	static struct feed x;
	char name[64];

	feed_open(&x);
	x.set.most_clients = x.set.most_windows = x.set.most_labels = x.set.most_tenants = 30000;
	x.set.most_accounts = 100000;
	detectors_free(x.d);
	x.d = detectors_new(&x.set, (struct detection_sink){feed_take, &x});
	for (unsigned i = 0; i < 400000; i++) {
		snprintf(name, sizeof name, i & 1 ? "tenant%u.sharepoint.com" : "site%u.example", i);
		x.use.name = str_of(name);
		feed_up(&x, i / 4, i & 1 ? SHAREPOINT : -1, AT(1, 10) + i, 2 * MB);
	}
	struct detectors_stats s = detectors_stats(x.d);
	cr_expect_gt(s.clients_evicted, 50000);
	cr_expect_gt(s.tenants_evicted, 50000);
	expect(sum_of(of_detectors, x.d), 0.4);
	feed_close(&x);
}

static void of_analyst(const void *of, struct budget *b)
{
	analyst_memory(of, true, b);
}

/* Accounts, findings by name, connections that do not end. */
Test(bounds, analyst)
{
	static struct office o;

	office_open(&o, 24 * HOURS);
	start();
	for (uint32_t i = 0; i < 1200000; i++) {
		struct upload u = {.client = i, .name = i & 1 ? "drop.example" : "shelf.example"};
		office_send(&o, &u, 0, END_NOT);
		o.time += NS_PER_MS;
		if (i % 10000 == 0)
			office_tell(&o);
	}
	/* (its names are short and few, and nothing was looked up) */
	expect(sum_of(of_analyst, o.analyst), 0.25);
	cr_expect_gt(analyst_summary(o.analyst).accounts_evicted, 500000);
	office_close(&o);
}

/* Without a window nothing is told before the end: small accounts go, uploads stay. */
Test(bounds, ledger_of_a_whole_run)
{
	static struct office o;

	office_open(&o, 0);
	office_upload(&o, 1, "shelf.example", 200 * MB);
	struct upload slow = {.client = 2, .name = "shelf.example"};
	for (uint32_t i = 0; i < 600000; i++) {
		office_upload(&o, 1000 + i, "shelf.example", 1000);
		/* it comes to 120 MB, a little at a time, with all others between */
		if (i % 290000 == 0)
			office_send(&o, &slow, 40 * MB, END_NOT);
		o.time += NS_PER_MS;
	}
	office_send(&o, &slow, 40 * MB, END_CLOSED);
	struct analyst_summary s = analyst_summary(o.analyst);
	cr_expect_gt(s.accounts_evicted, 300000);
	cr_expect_eq(s.accounts_refused, 0);
	cr_assert_eq(office_list(&o), 2);
	cr_expect_eq(o.heard[0].client, 1);
	cr_expect_eq(o.heard[0].up, 200 * MB);
	cr_expect_eq(o.heard[1].client, 2);
	cr_expect_eq(o.heard[1].up, 160 * MB);
	office_close(&o);
}

Test(bounds, lines_of_a_budget)
{
	struct budget b = {0}, twice = {0};

	budget_add(&b, "a", "fixed", 1);
	budget_add(&b, "b", "fixed", 10);
	budget_add(&b, "a", "fixed", 100);
	cr_expect_eq(b.count, 2);
	budget_join(&twice, &b, 2);
	budget_join(&twice, &b, 1);
	cr_expect_eq(twice.count, 2);
	cr_expect_eq(budget_total(&twice), 333);
}
