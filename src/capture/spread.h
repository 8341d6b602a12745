/* Which worker gets a packet: a classic BPF program for PACKET_FANOUT_CBPF.
 *
 * It finds the innermost pair of IP addresses that it can reach and gives a number that is the same
 * for both directions. What it does not understand goes by the outermost pair it found, or to the
 * first member; see spread.c for what it follows. */
#ifndef EGRET_CAPTURE_SPREAD_H
#define EGRET_CAPTURE_SPREAD_H

#include <linux/filter.h>
#include <stddef.h>

#define SPREAD_MAX 4096 /* instructions: BPF_MAXINSNS, what the kernel takes */

/* Writes the program; returns its length. */
size_t spread_program(struct sock_filter out[SPREAD_MAX]);

#endif
