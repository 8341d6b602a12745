/* A live interface as one or several sources of frames: libpcap handles in one PACKET_FANOUT group,
 * one a worker. Linux.
 *
 * Members are opened together by one thread; then each belongs to the thread that reads it. */
#ifndef EGRET_CAPTURE_LIVE_H
#define EGRET_CAPTURE_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "capture/frame.h"

/* How packets are spread over the members of a group. */
enum live_spread {
	/* By the pair of the innermost addresses (capture/spread.h): both directions of a
	 * connection meet in one worker, also inside VXLAN, GENEVE, GRE, ERSPAN, GTP-U and IP in
	 * IP. */
	LIVE_SPREAD_INNER,
	/* By the kernel's hash of the outer addresses and ports: evener, and right where there are
	 * no tunnels. */
	LIVE_SPREAD_HASH,
};

struct live_options {
	const char *interface;
	const char *filter; /* pcap-filter(7), NULL: none */
	/* 1 to LIVE_MEMBERS_MAX. Before it spreads packets over several, the kernel puts IPv4
	 * fragments together. */
	unsigned members;
	uint32_t number;  /* frame.interface */
	uint32_t snaplen; /* bytes, 1 to LIMIT_PACKET */
	/* Bytes of kernel ring of each member, less than 2 GiB; rounded up to blocks of 256 KiB, of
	 * which there are at least 2. */
	uint64_t ring;
	bool promiscuous;
	enum live_spread spread;
};

#define LIVE_MEMBERS_MAX 64
#define LIVE_RETIRE_MS	 64 /* packets wait no longer than this in the kernel */

struct live;

/* Opens all members or none: member[0 .. members-1]. Until all have joined the group, they take
 * nothing; then they begin one after the other, within microseconds: a packet that belongs to one
 * that has not begun is as if it had come before. So none is ever seen twice, and none that the
 * filter leaves out. -1 and an error: no such interface, not up, not permitted, filter does not
 * compile, … */
int live_open(const struct live_options *o, struct live *member[], struct error *e);
void live_close(struct live *l);
/* The most memory that a member takes: the kernel's ring is in the process as well. */
size_t live_memory(uint64_t ring, uint32_t snaplen);

/* For an event loop: readable when live_read has something to give, that is, as soon as a block of
 * the ring is full or LIVE_RETIRE_MS old, and when the interface goes down. Non-blocking. */
int live_descriptor(const struct live *l);
/* The interface's number in this network namespace, which a new name does not change. */
unsigned live_index(const struct live *l);

typedef void live_take(void *context, const struct frame *frames, size_t count);

/* Hands over what waits, up to `budget` frames, in batches of at most LIMIT_BATCH that are valid
 * during the call. Returns how many; -1 and an error when the interface is gone for good: close all
 * members and open anew when it is back. One that is merely down gives nothing until it is up
 * again, under whatever name. The descriptor tells that an interface goes down, and not that it goes away
 * then: call this each second or so, whatever the descriptor says. Its last packets come before the
 * error. */
long live_read(struct live *l, size_t budget, live_take *take, void *context, struct error *e);

/* Since it was opened. */
struct live_counts {
	uint64_t received;  /* packets that passed the filter, lost ones included */
	uint64_t ring_lost; /* of these, lost because the kernel's ring was full */

	/* Of the whole interface; told by its first member and 0 for the others, so that sums are
	 * right. */
	uint64_t nic_lost; /* by the card or driver for want of a buffer */
	/* The kernel's rx_dropped: what the driver gave up for other reasons, but also each packet
	 * that was captured and then was of no use to the kernel itself (MPLS, LLDP). No sign of
	 * loss by itself. */
	uint64_t nic_dropped;
};

/* From the thread that reads it, at least once in 2^32 packets. received is what live_read gave and
 * what waits in the ring and ring_lost. False when the interface is gone; *out is what was known
 * last. */
bool live_count(struct live *l, struct live_counts *out);

#endif
