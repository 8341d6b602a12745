/* Feeding the detectors by hand: clients by number, services by letter, time by day and hour. */
#ifndef EGRET_TESTS_DETECT_FEED_H
#define EGRET_TESTS_DETECT_FEED_H

#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "volume/detectors.h"

#define MB UINT64_C(1000000)
#define GB UINT64_C(1000000000)
/* Monday, 2026-03-02, 00:00 UTC */
#define MONDAY	      UINT64_C(1772409600)
#define AT(day, hour) ((MONDAY + (uint64_t)(day)*86400) * NS_PER_S + (uint64_t)((hour)*3600e9))

static const struct service feed_services[] = {
	{"Mega", "file-sharing", 0},	    {"Dropbox", "cloud-storage", 1},
	{"Amazon S3", "object-storage", 2}, {"Pastebin", "paste", 3},
	{"Gofile", "file-sharing", 4},	    {"SharePoint", "cloud-storage", 5},
	{"Discord", "messaging-cdn", 6},
};

enum { MEGA, DROPBOX, S3, PASTEBIN, GOFILE, SHAREPOINT, DISCORD };

#define FEED_MAX 4096

struct feed {
	struct detectors *d;
	struct detector_settings set;
	struct detector_use use; /* what the next send begins with */
	unsigned count;
	struct told_one {
		enum detector detector;
		bool update, off_hours, loss;
		uint32_t with;
		enum severity severity;
		double score, value, threshold;
		uint64_t up, first, last;
		char label[64], tenant[64], items[4096];
	} got[FEED_MAX];
};

static inline void feed_take(void *context, const struct detection *f)
{
	struct feed *x = context;

	if (x->count == FEED_MAX)
		return;
	struct told_one *t = &x->got[x->count++];
	*t = (struct told_one){f->detector, f->update, f->off_hours, f->loss,	   f->with,
			       f->severity, f->score,  f->value,     f->threshold, f->up,
			       f->first,    f->last,   "",	     "",	   ""};
	snprintf(t->label, sizeof t->label, "%.*s", (int)f->label.n, f->label.p);
	snprintf(t->tenant, sizeof t->tenant, "%.*s", (int)f->tenant.n, f->tenant.p);
	size_t n = 0;
	for (unsigned i = 0; i < f->item_count && n < sizeof t->items; i++)
		n += (size_t)snprintf(t->items + n, sizeof t->items - n, "%s=%.*s%.6g;",
				      f->items[i].name, (int)f->items[i].text.n,
				      f->items[i].text.n ? f->items[i].text.p : "",
				      f->items[i].value);
}

static inline void feed_open(struct feed *x)
{
	memset(x, 0, sizeof *x);
	settings_default(&x->set);
	x->d = detectors_new(&x->set, (struct detection_sink){feed_take, x});
	x->use.tier = TIER_B;
}

static inline void feed_set(struct feed *x, const char *key, const char *value)
{
	struct error e;

	if (settings_set(&x->set, str_of(key), str_of(value), &e)) {
		fprintf(stderr, "%s\n", e.text);
		__builtin_trap();
	}
	detectors_configure(x->d, &x->set);
}

static inline void feed_close(struct feed *x)
{
	detectors_free(x->d);
	x->d = NULL;
}

static inline struct addr feed_client(unsigned n)
{
	return addr_v4((const uint8_t[]){10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n});
}

/* `service` < 0: none, by x->use.name or without a name. */
static inline void feed_both(struct feed *x, unsigned client, int service, uint64_t time,
			     uint64_t up, uint64_t down)
{
	struct detector_use u = x->use;

	u.client = feed_client(client);
	u.service = service >= 0 ? &feed_services[service] : NULL;
	u.time = time;
	u.up = up;
	u.down = down;
	if (!u.server.b[15])
		u.server = addr_v4((const uint8_t[]){203, 0, 113, 7});
	if (service >= 0 && !u.name.n)
		u.name = STR("upload.example.com");
	detectors_upload(x->d, &u);
}

static inline void feed_up(struct feed *x, unsigned client, int service, uint64_t time, uint64_t up)
{
	feed_both(x, client, service, time, up, up / 100);
}

/* The same every day of [from, to), at 10:00. */
static inline void feed_days(struct feed *x, unsigned client, int service, unsigned from,
			     unsigned to, uint64_t up)
{
	for (unsigned day = from; day < to; day++)
		feed_up(x, client, service, AT(day, 10), up);
}

/* Days go by without anything. */
static inline void feed_pass(struct feed *x, unsigned from, unsigned to)
{
	for (unsigned day = from; day < to; day++)
		detectors_tick(x->d, AT(day, 23));
}

/* How many detections of a detector that are no updates. */
static inline unsigned feed_count(const struct feed *x, enum detector d)
{
	unsigned n = 0;

	for (unsigned i = 0; i < x->count; i++)
		n += x->got[i].detector == d && !x->got[i].update;
	return n;
}

static inline const struct told_one *feed_find(const struct feed *x, enum detector d)
{
	for (unsigned i = 0; i < x->count; i++)
		if (x->got[i].detector == d)
			return &x->got[i];
	return NULL;
}

static inline void feed_forget(struct feed *x)
{
	x->count = 0;
}

#endif
