/* YAML 1.2 (core schema) as rules and the configuration use it, through libyaml: a file of one or
 * several documents becomes trees to be read and never changed.
 *
 * A stream is cut into its documents before it is parsed, so that what is wrong in one does not
 * lose the others. Duplicate keys, keys that are no scalars, unknown tags, text that is no UTF-8
 * and nesting beyond YAML_DEPTH_MAX are errors. Aliases and `<<` are resolved; what they stand for
 * counts each time towards YAML_NODES_MAX, so that small files cannot blow up. The words yes, no,
 * on and off are strings.
 */
#ifndef EGRET_BASE_YAML_H
#define EGRET_BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

#define YAML_DEPTH_MAX 64
#define YAML_NODES_MAX 1000000u /* of one document, aliases taken as often as they are used */

enum yaml_kind {
	YAML_SCALAR,
	YAML_LIST,
	YAML_MAP,
};

struct yaml_node {
	enum yaml_kind kind;
	bool plain;	 /* a scalar without quotes: may be null, a number, true or false */
	unsigned line;	 /* of the file, from 1; where an alias stands for it, that of the anchor */
	struct str text; /* of a scalar; terminated, but may hold NUL */
	size_t count;
	struct yaml_node **key;	 /* of a map, in the order of the file; scalars */
	struct yaml_node **item; /* of a list or map */
	size_t weight;		 /* nodes of the tree below, itself included */
};

struct yaml {
	char *text; /* with line feeds only */
	size_t n, at;
	unsigned line; /* of `at` */
};

enum yaml_result {
	YAML_DOCUMENT, /* one was read; its root is NULL when it is empty */
	YAML_BAD,      /* one could not be read; the next may be */
	YAML_END,
};

struct yaml_document {
	struct yaml_node *root;
	unsigned line;	   /* where its first node or, if it is bad, the error is */
	struct str source; /* its part of the text, valid until yaml_close */
};

/* Copies the text. Line ends may be LF, CR LF or CR; a byte order mark is skipped. */
void yaml_open(struct yaml *y, struct str text);
void yaml_close(struct yaml *y);
/* Reads the next document into the arena; `e` is filled for YAML_BAD, without place. */
enum yaml_result yaml_next(struct yaml *y, struct arena *a, struct yaml_document *d,
			   struct error *e);

/* The value under this key of a map; NULL when there is none, or `n` is no map or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *n, const char *key);
/* A missing node (NULL) is null as well. */
bool yaml_is_null(const struct yaml_node *n);
/* Plain and true or false; also True, TRUE, … */
bool yaml_bool(const struct yaml_node *n, bool *value);
/* Plain and a finite number: decimal, 0x1f, 0o17, with fraction and exponent. */
bool yaml_number(const struct yaml_node *n, double *value);

#endif
