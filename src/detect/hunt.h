/* Runs rules and correlations over records of the wire and events of hosts, and turns what they
 * find into findings. */
#ifndef EGRET_DETECT_HUNT_H
#define EGRET_DETECT_HUNT_H

#include <stdio.h>

#include "base/budget.h"
#include "detect/findings.h"
#include "detect/ruleset.h"
#include "event/line_in.h"
#include "services/domain_set.h"

struct correlator;
struct hunt;

struct hunt_options {
	struct ruleset *rules;	   /* outlives it */
	struct findings *findings; /* outlives it */
	bool strict;		   /* what is only possible is no match */
	bool hosts; /* events of hosts come as well: they are joined with what the wire saw */
};

struct hunt *hunt_new(const struct hunt_options *o);
void hunt_free(struct hunt *h);
/* Adds the most memory that it takes, what it was made with aside. */
void hunt_memory(const struct hunt *h, struct budget *b);

/* Of what a record is about, as attribution knows it; zeroed: nothing. */
struct hunt_subject {
	const struct domain_entry *entry; /* NULL: no service of the lists */
	struct str name;
	enum name_source source;
	uint32_t *quiet; /* event_value.quiet of the name; may be NULL */
	uint64_t line; /* of the input it was read from; 0: from packets */
};

void hunt_record(struct hunt *h, const struct record *r, const struct hunt_subject *s);
/* LINE_EVENT only. `entry`: the service that line->name belongs to. */
void hunt_line(struct hunt *h, const struct line *line, const struct domain_entry *entry);

/* Windows of correlations, for the state folder. */
struct correlator *hunt_correlator(const struct hunt *h);
/* Takes over what `old` holds under its own rules; findings were taken over before. */
void hunt_adopt(struct hunt *h, struct hunt *old);

/* See sensor_settings.rare_dns. */
bool hunt_wants_dns_text(const struct hunt *h);

/* The most that any view of the wire decides of a rule, and the fields it hangs on. */
enum sigma_reach hunt_reach(const struct hunt *h, size_t rule,
			    const char *unknown[MATCH_FIELDS_MAX], unsigned *count);

/* Prints why each rule that applies to it is true, possible or false. */
void hunt_explain_record(struct hunt *h, const struct record *r, const struct hunt_subject *s,
			 FILE *out);
void hunt_explain_line(struct hunt *h, const struct line *line, FILE *out);

struct hunt_stats {
	struct sigma_engine_stats engine;
	uint64_t correlation_items, correlation_evicted;
};
struct hunt_stats hunt_stats(const struct hunt *h);

#endif
