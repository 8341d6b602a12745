/* How the parts of a file source tell a person what is wrong with a file. */
#ifndef EGRET_CAPTURE_REPORT_H
#define EGRET_CAPTURE_REPORT_H

#include "core/stats.h"

struct report {
	void (*problem)(void *context, const char *file, const char *text); /* may be NULL */
	void *context;
	struct stats *stats;
};

/* Something worth knowing that loses nothing. */
static inline void report_note(const struct report *r, const char *file, const char *text)
{
	if (r->problem)
		r->problem(r->context, file, text);
}

/* A file, or the rest of it, that could not be read. */
static inline void report_damage(const struct report *r, const char *file, const char *text)
{
	r->stats->files_damaged++;
	report_note(r, file, text);
}

#endif
