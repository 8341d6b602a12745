/* The analyst's thread: takes the workers' records in order, runs the analyst over them, and hands
 * what comes of it to the outlets. */
#ifndef EGRET_DAEMON_ANALYSIS_H
#define EGRET_DAEMON_ANALYSIS_H

#include "base/log.h"
#include "daemon/generation.h"
#include "daemon/loop.h"
#include "daemon/options.h"
#include "daemon/overview.h"
#include "daemon/pipe.h"
#include "output/outlet.h"

struct analysis;

#define ANALYSIS_OUTLETS_MAX 4

struct analysis_options {
	struct pipe **pipes; /* outlive it */
	unsigned pipe_count;
	struct outlet *findings[ANALYSIS_OUTLETS_MAX],
		*records[ANALYSIS_OUTLETS_MAX]; /* outlive it */
	unsigned finding_outlets, record_outlets;
	enum record_format format;
	uint64_t window;	 /* analyst_options.window */
	bool strict;		 /* by the command line */
	const char *state;	 /* folder; NULL: none */
	uint64_t state_interval; /* ns */
	struct loop *background; /* writes the state; runs already, outlives it */
	struct log *log;
};

/* Makes the analyst of `first`, which is its own from now on, and loads the state. NULL and an
 * error when that cannot be. */
struct analysis *analysis_new(const struct analysis_options *o, const struct generation *first,
			      struct error *e);
/* Before analysis_start. */
const struct generation *analysis_first(const struct analysis *a);
int analysis_start(struct analysis *a, struct error *e);
/* When all workers have stopped: takes what is left, tells every finding that has changed, saves
 * the state, ends the thread. */
void analysis_stop(struct analysis *a);
void analysis_free(struct analysis *a);

/* From any thread but its own, between start and stop. */

/* Has `ask` called between two records, in its thread; waits for nothing. */
typedef void analysis_question(void *context, struct generation *now);
void analysis_ask(struct analysis *a, analysis_question *ask, void *context);
/* In its thread: the name of a service of the lists in force as they write it, whatever the letter
 * case; NULL: there is none. */
const char *analysis_service(const struct analysis *a, struct str name);
/* `next` has been loaded; its analyst is made here and adopts all that the present one holds. What
 * was in force is in *next then, to be freed. */
bool analysis_swap(struct analysis *a, struct generation *next);
void analysis_note_loss(struct analysis *a, const struct analyst_loss *l);
/* A line among the records; copied. */
void analysis_put_line(struct analysis *a, const char *line, size_t n);

/* Some rule asks for what DNS answers hold, or records are written. */
bool analysis_wants_dns_text(struct analysis *a);

struct analysis_view {
	uint64_t taken, late, unattributed;
	struct histogram delay, depth;
	struct analyst_summary summary;
	uint64_t findings; /* told, updates left out */
	uint64_t rules, correlations, services, refused;
	struct overview_client unattributed_by[OVERVIEW_CLIENTS_MAX]; /* of those, who lost most */
	uint64_t state_failures; /* states that could not be saved */
	bool unsaved;		 /* the last one */
};
/* At most a second old. */
void analysis_look(struct analysis *a, struct analysis_view *out);
uint64_t analysis_beats(const struct analysis *a);

#endif
