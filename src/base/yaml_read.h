/* One document of YAML into a tree: what yaml.c cuts out of a stream. The one place of libyaml,
 * whose events are the structure; what scalars mean is YAML 1.2 (base/yaml.h). */
#ifndef EGRET_BASE_YAML_READ_H
#define EGRET_BASE_YAML_READ_H

#include "base/yaml.h"

/* Reads `d->source`, UTF-8 with line feeds only, which begins at `d->line`. Sets root and line as
 * yaml_next has them; false and an error when it is not good. */
bool yaml_read_document(struct arena *a, struct yaml_document *d, struct error *e);

#endif
