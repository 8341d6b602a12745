/* What egret has found: one thing that grows, not a line per packet. */
#ifndef EGRET_DETECT_FINDING_H
#define EGRET_DETECT_FINDING_H

#include <stdint.h>

#include "core/addr.h"
#include "core/record.h"
#include "services/domain_list.h"
#include "sigma/rule.h"

enum finding_kind {
	FINDING_UPLOAD, /* more went to a service than its tier's threshold */
	FINDING_NAME,	/* a name of tier A was looked up or spoken to */
	FINDING_RULE,	/* a rule matched */
	FINDING_CORRELATION,
	FINDING_DETECTOR,
};

#define FINDING_NAMES_MAX    4
#define FINDING_ID_MAX	     17
#define FINDING_FIELDS_MAX   8
#define FINDING_LINES_MAX    32
#define FINDING_EVIDENCE_MAX 10

/* A number that the finding rests on, or a text. */
struct evidence {
	const char *name; /* static text: "upload", "z", "connections" */
	const char *unit; /* "bytes", "" */
	double value;
	double threshold; /* that it passed; 0: none */
	struct str text;  /* in place of a number; empty: it is one */
};

/* What a defender said of a finding (detect/triage.h). */
enum triage_verdict {
	TRIAGE_NONE,
	TRIAGE_ACKED,	   /* seen: told again only when it has grown tenfold */
	TRIAGE_MUTED,	   /* not told for a time, unless it grows tenfold */
	TRIAGE_SANCTIONED, /* its service is allowed for this client */
	TRIAGE_REOPENED,   /* was acked or muted, and has grown tenfold since: told again */
};

/* Texts are owned by whoever keeps the findings and valid as long as nothing is added to them. */
struct finding {
	enum finding_kind kind;
	const struct rule_info *rule;
	enum sigma_level level;
	char id[FINDING_ID_MAX]; /* the same in every replay: of rule, client and service */
	bool has_client;
	struct addr client;
	struct str host, user, image;  /* as an event of that host says; empty: unknown */
	const struct service *service; /* NULL: none of the lists */
	enum tier tier;		       /* the most telling one of the names seen */
	uint64_t first, last;	       /* packet time, ns */
	uint64_t up, down;	       /* bytes */
	uint64_t up_missed;	       /* of `up`, bytes that were not captured */
	uint64_t threshold;	       /* that `up` passed; 0: none needed */
	uint32_t connections, queries;
	uint64_t matches; /* of a rule: events that it matched */
	bool has_server;  /* `tuple` is set */
	struct {
		struct str name;
		enum name_source source; /* NAME_NONE: looked up only */
	} names[FINDING_NAMES_MAX];
	unsigned name_count;
	bool more_names;
	struct tuple tuple; /* of the connection that carried most, or the last one that matched */
	/* A rule may hang on fields that the wire cannot know. */
	bool possible;
	const char *hangs_on[FINDING_FIELDS_MAX];
	unsigned hangs_on_count;
	const char *because[FINDING_FIELDS_MAX]; /* conditions of the rule that held */
	unsigned because_count;
	struct str group[CORRELATION_GROUP_MAX]; /* what a correlation counted by */
	unsigned group_count;
	struct evidence evidence[FINDING_EVIDENCE_MAX];
	unsigned evidence_count;
	double score;			   /* 0 to 1; 0: none was worked out */
	uint64_t lines[FINDING_LINES_MAX]; /* of the input, from 1 */
	unsigned line_count;
	bool more_lines;
	/* in a run without end */
	uint32_t told; /* times that it was told before: 0 is the first */
	enum triage_verdict triage;
	double lost; /* share of packets lost while it grew, 0 to 1: what it says is "at least" */
	uint64_t window;   /* start of the window that it covers, ns; 0: the whole run */
	struct str tenant; /* "sharepoint:contoso": what is not known to be its is next to nothing;
			      empty: none, several, or unknown */
};

typedef void finding_each(void *context, const struct finding *f);

const char *finding_kind_name(enum finding_kind k);
/* Of the findings without a rule file. */
const struct rule_info *finding_builtin(enum finding_kind k);
enum sigma_level finding_tier_level(enum finding_kind k, enum tier t);

/* A stable id of texts and a client: FNV-1a, the same in every run. */
uint64_t finding_key(const struct str *texts, size_t n, const struct addr *client);
/* That as sixteen hexadecimal digits. Of findings that cover a window (its number, not 0) the last
 * four digits are of the window: those of one rule, client and service share the first
 * FINDING_SERIES. */
#define FINDING_SERIES 12
void finding_id(char out[FINDING_ID_MAX], uint64_t key, uint64_t window);

/* A window of a run without end, cut in slices, by the clock of records: a finding covers the
 * FINDING_SLICES slices of a window and the one that its first use falls in, so that what is sent
 * within a window always counts as such, and nothing that is more than 1/24 longer does. */
#define FINDING_SLICES 24
static inline uint64_t finding_slice(uint64_t window)
{
	uint64_t width = window / FINDING_SLICES;

	return window && width < UINT64_C(1000000000) ? UINT64_C(1000000000) : width;
}

#endif
