/* Sigma rules (specification 2.1.0) as read from their files: what they say, ready to be compiled.
 *
 * Reading resolves all that can be resolved without an event: modifiers, wildcards, placeholders,
 * "1 of selection*", lists of maps, filters. What is left of a rule's detection is one tree of
 * and, or, not over leaves, each about one field and one value.
 */
#ifndef EGRET_SIGMA_RULE_H
#define EGRET_SIGMA_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "core/addr.h"
#include "event/event.h"

enum sigma_level {
	LEVEL_NONE, /* not stated */
	LEVEL_INFORMATIONAL,
	LEVEL_LOW,
	LEVEL_MEDIUM,
	LEVEL_HIGH,
	LEVEL_CRITICAL,
};

/* What a rule says about itself; texts are terminated, never NULL ("" when not stated). */
struct rule_info {
	const char *id, *title, *name, *description, *status;
	enum sigma_level level;
	const char *const *tags; /* "attack.t1567.002"; ends with NULL */
	const char *file;
	unsigned line; /* where its document starts, from 1 */
};

enum leaf_kind {
	LEAF_TEXT,     /* the whole value fits the pattern */
	LEAF_REGEX,    /* the expression is found somewhere in the value */
	LEAF_CIDR,     /* the value is an address in the network */
	LEAF_NUMBER,   /* the value is this number, or a text that reads as this number */
	LEAF_COMPARE,  /* the value is a number and lt, lte, gt, gte than this */
	LEAF_NULL,     /* the field is absent or null */
	LEAF_EMPTY,    /* the field is there and its text is empty */
	LEAF_PRESENT,  /* the field has a value that is not null: `*`, contains '' */
	LEAF_EXISTS,   /* the field is there, even if empty or null */
	LEAF_FIELDREF, /* the value fits that of another field */
};

enum compare {
	COMPARE_LT,
	COMPARE_LTE,
	COMPARE_GT,
	COMPARE_GTE,
};

/* How the two values of LEAF_FIELDREF have to fit. */
enum fit {
	FIT_EQUAL,
	FIT_STARTS,
	FIT_ENDS,
	FIT_CONTAINS,
};

#define TEXT_MANY '*' /* any number of characters */
#define TEXT_ONE  '?' /* exactly one */

/* A pattern of LEAF_TEXT, character by character (UTF-8): `text` are the bytes, `wild` says of each
 * whether it is a wildcard (TEXT_MANY, TEXT_ONE) instead of itself. */
struct sigma_text {
	const char *text;
	const bool *wild;
	size_t n;
};

#define REGEX_CASELESS	1u /* i */
#define REGEX_MULTILINE 2u /* m */
#define REGEX_DOTALL	4u /* s */

/* The time modifiers: what of the value, a date, is a number (sigma/time_part.h). */
enum time_part {
	PART_NONE, /* the value itself */
	PART_MINUTE,
	PART_HOUR,
	PART_DAY,  /* of the month */
	PART_WEEK, /* ISO 8601 */
	PART_MONTH,
	PART_YEAR,
};

struct sigma_leaf {
	enum leaf_kind kind;
	/* As the rule spells it. NULL: a keyword, which some field's value has to fit; a text then
	 * has its `*` at both ends already, where the rule does not say otherwise. Only LEAF_TEXT,
	 * LEAF_REGEX and LEAF_CIDR can be without a field. */
	const char *field;
	bool cased; /* LEAF_TEXT, LEAF_FIELDREF: upper and lower case differ */
	union {
		struct sigma_text text;
		struct {
			const char *expression;
			unsigned flags;
		} regex;
		struct {
			struct addr network;
			unsigned bits; /* of all 128: an IPv4 /8 is 104 */
		} cidr;
		struct {
			double value;
			enum compare compare; /* LEAF_COMPARE */
			enum time_part part;
		} number;
		struct {
			const char *other;
			enum fit fit;
		} ref;
	};
};

enum node_kind {
	NODE_AND, /* without children: true */
	NODE_OR,  /* without children: false */
	NODE_NOT, /* one child */
	NODE_LEAF,
};

/* The same node may stand in several places (a condition that names a selection twice, a filter of
 * several rules), but never below itself. */
struct sigma_node {
	enum node_kind kind;
	/* What the rule calls it, for explanations: "selection", "QueryName|contains: .mega.nz",
	 * "1 of filter_*"; NULL for what has no name of its own. */
	const char *label;
	unsigned line;
	struct sigma_leaf *leaf; /* NODE_LEAF */
	struct sigma_node **child;
	size_t count;
};

struct sigma_rule {
	struct rule_info info;
	struct logsource logsource;
	struct sigma_node *tree;
	bool silent; /* only correlations hear of it: one names it and does not say generate */
};

enum correlation_type {
	CORRELATE_EVENT_COUNT,
	CORRELATE_VALUE_COUNT,
	CORRELATE_VALUE_SUM,
	CORRELATE_VALUE_AVG,
	CORRELATE_VALUE_PERCENTILE,
	CORRELATE_VALUE_MEDIAN,
	CORRELATE_TEMPORAL,
	CORRELATE_TEMPORAL_ORDERED,
};

/* A rule or another correlation that a correlation names. */
struct sigma_ref {
	bool correlation;
	size_t number; /* in sigma_rules.rule or .correlation */
};

enum bound_kind {
	BOUND_LT,
	BOUND_LTE,
	BOUND_GT,
	BOUND_GTE,
	BOUND_EQ,
	BOUND_NEQ,
};

/* The boolean condition of temporal correlations (SEP 198): over the rules by their place. */
struct sigma_logic {
	enum node_kind kind; /* NODE_LEAF: that rule hit within the window */
	size_t ref;	     /* place in sigma_correlation.ref */
	struct sigma_logic **child;
	size_t count;
};

#define CORRELATION_REFS_MAX   64
#define CORRELATION_GROUP_MAX  8
#define CORRELATION_FIELDS_MAX 4
#define CORRELATION_BOUNDS_MAX 4

struct sigma_correlation {
	struct rule_info info;
	enum correlation_type type;
	/* Correlations among them stand before this one in sigma_rules.correlation. */
	struct sigma_ref ref[CORRELATION_REFS_MAX];
	size_t ref_count;
	const char *group[CORRELATION_GROUP_MAX];
	size_t group_count;
	/* group_field[r][g]: what rule r calls group g (aliases resolved; group[g] where there is
	 * none) */
	const char *(*group_field)[CORRELATION_GROUP_MAX];
	const char *field[CORRELATION_FIELDS_MAX]; /* whose values are counted or summed */
	size_t field_count;
	/* counted_field[r][f]: what rule r calls field f, likewise */
	const char *(*counted_field)[CORRELATION_FIELDS_MAX];
	double percentile; /* of CORRELATE_VALUE_PERCENTILE, 0 to 100; 50 when not stated */
	struct {
		enum bound_kind kind;
		double value;
	} bound[CORRELATION_BOUNDS_MAX]; /* all must hold */
	size_t bound_count;
	/* Of the temporal types, besides the bounds, which are on how many different rules hit.
	 * With neither: all of the rules. */
	struct sigma_logic *logic;
	uint64_t timespan; /* ns */
	bool silent;
};

/* Where something is wrong; other rules still load. `rule`: its title, else its id, else "". `line`
 * is 0 when it is the file as a whole. */
typedef void sigma_problem(void *context, const char *file, unsigned line, const char *rule,
			   const char *text);

/* Calls value() for each text that the placeholder stands for; false when nobody knows it. The
 * texts are Sigma strings, with wildcards and escapes, and may be gone after the call. */
typedef bool sigma_expand(void *context, struct str placeholder,
			  void (*value)(void *context, struct str text), void *value_context);

struct sigma_rules {
	struct sigma_rule **rule;
	size_t rule_count;
	struct sigma_correlation **correlation;
	size_t correlation_count;
	size_t refused;		   /* documents that were left out for an error */
	size_t filters;		   /* that were applied to some rule */
	struct sigma_arena *arena; /* owns all of it */
};

/* "informational", … ; "" for LEVEL_NONE. */
const char *sigma_level_name(enum sigma_level l);

#endif
