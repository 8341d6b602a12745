/* What an interface's card and driver say they lost: /sys/class/net. */
#ifndef EGRET_CAPTURE_NIC_H
#define EGRET_CAPTURE_NIC_H

#include <stdint.h>

enum {
	NIC_MISSED,  /* rx_missed_errors: no buffer was free on the card or for it */
	NIC_FIFO,    /* rx_fifo_errors: the same, as some drivers have it */
	NIC_DROPPED, /* rx_dropped */
	NIC_COUNTERS,
};

struct nic {
	struct nic_counter {
		int file;	/* -1: this kernel does not tell */
		uint64_t last;	/* as last read */
		uint64_t since; /* nic_open */
	} counters[NIC_COUNTERS];
};

/* As if no counter were there. */
void nic_none(struct nic *n);
/* By the interface's number, so that its name may change. The files stay open: no path is needed
 * later, and they are that interface's whatever it is called by then. Never fails: a counter that
 * is not there is 0. */
void nic_open(struct nic *n, unsigned index);
void nic_close(struct nic *n);

/* Reads them anew; what is gone with its interface stays what it was. */
void nic_update(struct nic *n);

#endif
