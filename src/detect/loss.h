/* Packets lost of late, minute by minute: what a finding says of that time is "at least". */
#ifndef EGRET_DETECT_LOSS_H
#define EGRET_DETECT_LOSS_H

#include <stdint.h>

#define LOSS_MINUTES (24 * 60) /* kept */

struct loss {
	struct {
		uint64_t number; /* minutes since 1970 */
		uint64_t packets, lost;
	} minute[LOSS_MINUTES];
	uint64_t newest; /* the latest minute told */
	uint64_t recent; /* the latest minute that lost something; 0: none did */
};

/* Packets of [start, end] (ns), lost ones included. What spans several minutes is shared out. */
void loss_note(struct loss *l, uint64_t start, uint64_t end, uint64_t packets, uint64_t lost);
/* Share of the packets of the minutes from `first` to `last` that were lost, of those minutes that
 * are known; 0 when none is. */
double loss_share(const struct loss *l, uint64_t first, uint64_t last);

#endif
