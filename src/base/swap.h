/* Two values of one type change places. */
#ifndef EGRET_BASE_SWAP_H
#define EGRET_BASE_SWAP_H

#define SWAP(a, b)                                                                                 \
	do {                                                                                       \
		__typeof__(a) swapped_ = (a);                                                      \
		(a) = (b);                                                                         \
		(b) = swapped_;                                                                    \
	} while (0)

#endif
