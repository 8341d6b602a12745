/* Sigma strings (specification 2.1.0, "String Wildcard" and "Escape Character"): `*` and `?` are
 * wildcards unless a backslash stands before them; a backslash before anything but a wildcard or
 * another backslash is itself. */
#ifndef EGRET_SIGMA_TEXT_H
#define EGRET_SIGMA_TEXT_H

#include "base/arena.h"
#include "sigma/rule.h"

struct sigma_text sigma_text_parse(struct arena *a, struct str s);
/* Bytes that stand for themselves. */
struct sigma_text sigma_text_literal(struct arena *a, struct str s);
struct sigma_text sigma_text_join(struct arena *a, struct sigma_text x, struct sigma_text y);
/* The same with `*` before and behind, as asked. */
struct sigma_text sigma_text_open(struct arena *a, struct sigma_text t, bool before, bool behind);
/* With each run of `*` as one. */
struct sigma_text sigma_text_squeeze(struct arena *a, struct sigma_text t);
/* Whether a wildcard is in it. */
bool sigma_text_wild(const struct sigma_text *t);
/* As a rule would write it: what sigma_text_parse reads as `t`. */
char *sigma_text_print(struct arena *a, const struct sigma_text *t);
/* As a regular expression that fits the same texts (where `.` may stand for a line feed). */
char *sigma_text_regex(struct arena *a, const struct sigma_text *t);

#endif
