/* Rules from files: every document of every .yml and .yaml file of the given files and folders.
 *
 * Rules, correlations and filters (specification 2.1.0) may name each other across documents and
 * files. Whatever is wrong with one is told with file, line and title, and the others still load.
 * The collections of Sigma 1 ("action: global") are refused.
 */
#ifndef EGRET_SIGMA_LOAD_H
#define EGRET_SIGMA_LOAD_H

#include "sigma/rule.h"

struct sigma_load_options {
	const char *const *paths; /* files and folders */
	size_t path_count;
	sigma_problem *problem; /* may be NULL */
	void *problem_context;
	sigma_expand *expand; /* NULL: no placeholder is known */
	void *expand_context;
};

/* Reads all rules. NULL only when a path cannot be read at all (`e` says which). A rule,
 * correlation or filter under an id that was there before is refused. Free with sigma_rules_free.
 */
struct sigma_rules *sigma_load(const struct sigma_load_options *o, struct error *e);
/* The same for one file that is in memory; `name` stands for its path. */
struct sigma_rules *sigma_load_text(const struct sigma_load_options *o, const char *name,
				    struct str text);
void sigma_rules_free(struct sigma_rules *r);

#endif
