/* The grammar of conditions: words joined by or, and, not and parentheses (binding ever tighter),
 * and "1 of PATTERN". Only lower-case words are operators. */
#ifndef EGRET_SIGMA_EXPRESSION_H
#define EGRET_SIGMA_EXPRESSION_H

#include "sigma/reader.h"

enum quantifier {
	QUANTIFIER_NONE, /* the word itself */
	QUANTIFIER_ANY,
	QUANTIFIER_ALL,
};

struct expression {
	enum node_kind kind; /* NODE_LEAF: a word */
	enum quantifier quantifier;
	struct str word;
	struct str source;		 /* of a leaf: as it is written ("1 of selection_*") */
	struct expression *first, *next; /* children */
};

/* `quantifiers`: whether "x of" is allowed. `text` has to outlive the result. NULL and an error in
 * `r` for what is no condition. */
struct expression *expression_read(struct reader *r, struct str text, unsigned line,
				   bool quantifiers);

#endif
