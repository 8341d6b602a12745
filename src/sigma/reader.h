/* What all parts of the rule reader share: where results go, and the first error of a document. */
#ifndef EGRET_SIGMA_READER_H
#define EGRET_SIGMA_READER_H

#include "base/arena.h"
#include "base/yaml.h"
#include "sigma/rule.h"

struct reader {
	struct arena *arena;   /* of the rules */
	struct arena *scratch; /* of what goes with the document */
	sigma_expand *expand;
	void *expand_context;
	const char *file;
	bool failed;
	struct error error;
	unsigned line;
	size_t nodes; /* of this document's tree */
	size_t bytes; /* of the texts that modifiers make */
};

/* Notes the error, unless there is one, and returns NULL. */
void *reader_fail(struct reader *r, unsigned line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

struct sigma_node *reader_node(struct reader *r, enum node_kind kind, unsigned line,
			       const char *label);
void reader_child(struct reader *r, struct sigma_node *parent, struct sigma_node *child);
/* A tree is used once more. */
void reader_weigh(struct reader *r, size_t nodes, unsigned line);

/* Whether so many more bytes of texts are within the rule's bound. */
bool reader_take(struct reader *r, size_t bytes, unsigned line);

/* The text of a scalar under `key`, "" when there is none; fails for lists and maps. */
const char *reader_text(struct reader *r, const struct yaml_node *map, const char *key);
/* "key: value", cut when it is long. */
const char *reader_label(struct reader *r, const char *key, struct str value);

#endif
