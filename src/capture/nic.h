/* What an interface's card and driver say they lost: /sys/class/net. */
#ifndef EGRET_CAPTURE_NIC_H
#define EGRET_CAPTURE_NIC_H

#include <stdint.h>

#define NIC_COUNTERS 3

struct nic {
	int files[NIC_COUNTERS]; /* -1: this kernel does not tell */
	uint64_t last;           /* their sum as last read */
	uint64_t lost;           /* since nic_open */
};

/* By the interface's number, so that its name may change. The files stay open: no path is needed
 * later, and they are that interface's whatever it is called by then. Never fails: a counter that
 * is not there is 0. */
void nic_open(struct nic *n, unsigned index);
/* As if no counter were there. */
void nic_none(struct nic *n);
void nic_close(struct nic *n);

/* Packets lost since nic_open: rx_dropped, rx_missed_errors and rx_fifo_errors. Stays what it was when
 * the interface is gone. */
uint64_t nic_lost(struct nic *n);

#endif
