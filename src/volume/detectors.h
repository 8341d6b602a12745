/* The volume detectors: a client's uploads against thresholds, its own past, and everybody else's.
 * doc/detectors.md tells what each of them is; settings.def what can be set.
 *
 * Driven by record time alone. One thread, no locks. The same calls give the same detections.
 * Memory is bounded by the settings most_…: the least recently used goes, and is counted. */
#ifndef EGRET_VOLUME_DETECTORS_H
#define EGRET_VOLUME_DETECTORS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/cursor.h"
#include "base/error.h"
#include "core/addr.h"
#include "core/record.h"
#include "volume/settings.h"
#include "services/domain_list.h"

enum detector {
	DETECTOR_N2, /* first-seen service */
	DETECTOR_V1, /* burst */
	DETECTOR_V2, /* own maximum */
	DETECTOR_V3, /* robust z */
	DETECTOR_V4, /* low and slow */
	DETECTOR_V5, /* population */
	DETECTOR_V6, /* hoard, then send */
	DETECTOR_V7, /* fan-out */
	DETECTOR_V8, /* tenant novelty */
	DETECTOR_V9, /* unnamed upload */
	DETECTOR_T1, /* tool: never alone */
	DETECTORS
};

enum severity {
	SEVERITY_LOW,
	SEVERITY_MEDIUM,
	SEVERITY_HIGH,
	SEVERITY_CRITICAL,
};

enum unit {
	UNIT_NONE, /* a plain number, a ratio or a score */
	UNIT_BYTES,
	UNIT_DAYS,
	UNIT_HOURS,
	UNIT_SERVICES,
	UNIT_CLIENTS,
	UNIT_TEXT, /* `text` stands */
};

struct evidence_item {
	enum detector detector; /* whose evidence it is; DETECTORS: of all (off-hours, loss) */
	const char *name;	/* "upload in an hour", … */
	double value;
	enum unit unit;
	struct str text;
};

#define DETECTION_ITEMS_MAX 48

/* What a detector says of a client and a service. Texts are valid during the call only. */
struct detection {
	enum detector detector;
	bool update;   /* of what was told before: the totals have grown */
	uint32_t with; /* bit per detector: all whose evidence is in the score, this one too */
	double score;  /* joint, 0 … 1, off-hours included */
	enum severity severity;	       /* of this detector, one more when T1 joins */
	struct addr client, server;    /* the server last spoken to */
	const struct service *service; /* NULL: not of the lists */
	struct str label;	       /* the service's name, "example.com", or "192.0.2.0/24" */
	enum tier tier;		       /* TIER_C when not of the lists */
	struct str name;	       /* host name last spoken to, empty when unnamed */
	struct str tenant;	       /* "sharepoint:contoso", or empty */
	uint64_t first, last;	       /* record time of its first cause, and of now */
	uint64_t up; /* bytes uploaded to the service since, the window of the cause included */
	double value, threshold; /* the deciding figure and what it exceeds */
	enum unit unit;		 /* of both */
	bool off_hours;
	bool loss; /* packets were lost meanwhile: the true figures may be larger */
	const struct evidence_item *items;
	unsigned item_count;
};

struct detection_sink {
	void (*take)(void *context, const struct detection *found);
	void *context;
};

/* What a record adds to a client's use of a service. Texts are copied where they are kept. */
struct detector_use {
	uint64_t time; /* record time, ns */
	struct addr client, server;
	const struct service *service; /* NULL: no list has the name */
	enum tier tier;		       /* of the name; without meaning when service is NULL */
	struct str name;	       /* host name, core/hostname.h form; empty: unnamed */
	enum name_source source;
	uint8_t hides;	   /* HIDES_ bits */
	bool internal;	   /* the server is one of our own */
	struct str tool;   /* family of the client program: "rclone"; empty: none known */
	uint64_t up, down; /* bytes since the flow's last record; both 0: the name was seen */
};

struct detectors_stats {
	uint64_t uses;	  /* calls of detectors_upload that counted */
	uint64_t allowed; /* left out by an allow-list */
	uint64_t looks;	  /* of the uses, those looked at closely */
	uint64_t clients, accounts, windows, tenants, labels; /* kept now */
	uint64_t clients_evicted, accounts_evicted, windows_evicted, tenants_evicted;
	uint64_t refused;     /* uses without an account because a table was full */
	uint64_t late;	      /* uses before the time reached, counted at it */
	uint64_t far;	      /* uses far from it, counted at it */
	uint64_t clock_jumps; /* times that far uses were believed */
	uint64_t detections, updates;
};

struct detectors;

/* The settings are copied. Nothing is allowed by default. */
struct detectors *detectors_new(const struct detector_settings *s, struct detection_sink sink);
void detectors_free(struct detectors *d);
/* Adds the most memory that they take. */
void detectors_memory(const struct detectors *d, struct budget *b);

/* Back to nothing learned; settings and lists stay. */
void detectors_reset(struct detectors *d);

/* Settings and lists may change at any time (a reload); the past is kept. The bounds (most_…) stay
 * as they were. */
void detectors_configure(struct detectors *d, const struct detector_settings *s);

/* Takes over what `old` has learned, under the settings and lists of `d`, which is new. Bounds below
 * what is kept rise to that. Services may have other numbers. `old` is then fit for detectors_free
 * only. */
void detectors_adopt(struct detectors *d, struct detectors *old);

enum allow_list {
	ALLOW_CLIENT,  /* network: its clients are never told (backup servers) */
	ALLOW_SERVER,  /* network: sending there is never told */
	ALLOW_SERVICE, /* service name, any case, or "example.com" of an unlisted one */
	ALLOW_TENANT,  /* "sharepoint:contoso", or "contoso" of any kind: not told at all */
	OWN_TENANT,    /* the same form: the organisation's own; only V8 hangs on it */
};

/* Adds to a list. 0, or -1 and an error that quotes the text. */
int detectors_allow(struct detectors *d, enum allow_list list, struct str text, struct error *e);
void detectors_allow_none(struct detectors *d); /* empties all lists, before a reload fills them */

/* The domain lists were loaded anew: service numbers mean other services now. */
void detectors_services_changed(struct detectors *d);

/* Bytes to (and back from) a server that is not internal. Calls the sink, at most once a detector.
 */
void detectors_upload(struct detectors *d, const struct detector_use *u);
/* Takes bytes off again that turned out to belong elsewhere (a flow was renamed); then
 * detectors_upload tells them where they belong. Tells nothing. */
void detectors_retract(struct detectors *d, const struct detector_use *u);
/* Bytes that a client got from an internal server. */
void detectors_download(struct detectors *d, uint64_t time, const struct addr *client,
			uint64_t down);
/* The time has come this far, whether or not anything was sent: closes days. To be called for every
 * record (it costs a comparison), for it is by these that a clock that was set is told from a wrong
 * stamp (volume/clock.h), and from time to time when there are none. */
void detectors_tick(struct detectors *d, uint64_t now);
/* A report of lost packets up to `time`: share of packets, and the longest silence of the kernel.
 */
void detectors_loss(struct detectors *d, uint64_t time, double share, uint64_t gap_ns);

struct detectors_stats detectors_stats(const struct detectors *d);

/* Everything that was learned, as a section of the state (core/state.h). */
#define DETECTORS_STATE_VERSION 1
void detectors_save(const struct detectors *d, struct bytes *out);
/* Into fresh detectors. 0, or -1 and an error: then they are fresh still. */
int detectors_load(struct detectors *d, struct cursor *in, unsigned version, struct error *e);

const char *detector_code(enum detector d);  /* "V1" */
const char *detector_name(enum detector d);  /* "burst" */
const char *detector_title(enum detector d); /* "Large upload within an hour" */
const char *severity_name(enum severity s);  /* Sigma levels: "low" … */
const char *unit_name(enum unit u);	     /* "bytes"; "" for UNIT_NONE */

#endif
