/* What goes with a finding's line to syslog and the journal: a severity, a sentence for people, and
 * fields. */
#ifndef EGRET_OUTPUT_FINDING_NOTE_H
#define EGRET_OUTPUT_FINDING_NOTE_H

#include "detect/finding.h"
#include "output/outlet.h"

/* MESSAGE_ID of every finding: journalctl MESSAGE_ID=…, or -u egret. */
#define FINDING_MESSAGE_ID "f86f4e1d6f0c4a5db0e2b4e0a6a7c193"

#define FINDING_NOTE_TEXT 4096

struct finding_note {
	struct outlet_note note; /* points into `text` and into the finding's own texts */
	char text[FINDING_NOTE_TEXT];
};

/* Critical is 2 (critical), high 3 (error), medium 4 (warning), low 5 (notice), informational and
 * none 6: each level its own, so that a receiver can sort by it. */
int finding_severity(enum sigma_level level);

/* Valid as long as the finding's texts are. The sentence is one line of printable ASCII. */
void finding_note(const struct finding *f, struct finding_note *out);

#endif
