#include "daemon/links.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>

#define SILENCE	 60	     /* seconds without a packet on a link that used to be busy */
#define BUSY	 (1 * 1024u) /* a packet a second */
#define SMOOTHED 300	     /* seconds over which that is an average */

static int open_one(struct links *l, unsigned i, struct error *e)
{
	struct link *k = &l->link[i];
	struct live *member[LIVE_MEMBERS_MAX];
	struct live_options o = l->o.live;

	o.interface = l->o.names[i];
	o.members = l->o.worker_count;
	o.number = i;
	if (live_open(&o, member, e))
		return -1;
	k->index = live_index(member[0]);
	k->open = true;
	k->told = false;
	snprintf(k->name, sizeof k->name, "%s", l->o.names[i]);
	k->silent = 0;
	for (unsigned w = 0; w < l->o.worker_count; w++)
		worker_give(l->o.workers[w], i, member[w]);
	return 0;
}

int links_open(struct links *l, const struct links_options *o, struct error *e)
{
	*l = (struct links){.o = *o};
	for (unsigned i = 0; i < o->count; i++) {
		snprintf(l->link[i].name, sizeof l->link[i].name, "%s", o->names[i]);
		if (open_one(l, i, e))
			return -1;
	}
	return 0;
}

void links_gone(struct links *l, unsigned number, unsigned index, const char *why)
{
	struct link *k = &l->link[number];

	/* another worker noticed first, and there may be another interface of that name by now */
	if (!k->open || k->index != index)
		return;
	log_say(l->o.log, LOG_LEVEL_WARNING, "%s: %s; waiting for it to come back",
		l->o.names[number], why);
	k->open = false;
	for (unsigned w = 0; w < l->o.worker_count; w++)
		worker_give(l->o.workers[w], number, NULL);
}

static void try_again(struct links *l, unsigned i)
{
	struct link *k = &l->link[i];
	struct error e;

	if (if_nametoindex(l->o.names[i]) == 0)
		return;
	if (open_one(l, i, &e) == 0) {
		k->reopened++;
		log_say(l->o.log, LOG_LEVEL_NOTICE, "%s: captured on again", l->o.names[i]);
	} else if (!k->told) {
		k->told = true;
		log_say(l->o.log, LOG_LEVEL_WARNING, "%s: %s", l->o.names[i], e.text);
	}
}

/* A link that used to carry packets and does not any more: a span port that was taken away. */
static void watch_silence(struct links *l, unsigned i, uint64_t received)
{
	struct link *k = &l->link[i];
	uint64_t now = received > k->received ? received - k->received : 0;

	k->received = received;
	if (!now) {
		if (++k->silent == SILENCE && k->busy >= BUSY) {
			k->quiet = true;
			log_say(l->o.log, LOG_LEVEL_WARNING,
				"%s: no packet for %u s, where there were %llu a second", k->name,
				SILENCE, (unsigned long long)(k->busy / 1024));
		}
		return;
	}
	if (k->quiet)
		log_say(l->o.log, LOG_LEVEL_NOTICE, "%s: packets come again", k->name);
	k->quiet = false;
	k->silent = 0;
	k->busy += (now * 1024) / SMOOTHED;
	k->busy -= k->busy / SMOOTHED;
}

/* Its packets come under whatever name it has. */
static void follow_name(struct links *l, struct link *k)
{
	char name[IF_NAMESIZE];

	if (!if_indextoname(k->index, name) || strcmp(name, k->name) == 0)
		return;
	log_say(l->o.log, LOG_LEVEL_NOTICE, "%s: is called %s now", k->name, name);
	memcpy(k->name, name, sizeof name);
}

void links_tick(struct links *l, const struct live_counts counts[OVERVIEW_INTERFACES_MAX])
{
	for (unsigned i = 0; i < l->o.count; i++) {
		struct link *k = &l->link[i];
		if (k->open) {
			follow_name(l, k);
			watch_silence(l, i, counts[i].received);
		} else {
			try_again(l, i);
		}
	}
}

const char *links_problem(const struct links *l)
{
	for (unsigned i = 0; i < l->o.count; i++) {
		if (!l->link[i].open)
			return "an interface is gone";
		if (l->link[i].quiet)
			return "an interface that used to be busy is silent";
	}
	return NULL;
}
