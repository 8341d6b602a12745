/* Live capture over libpcap, which reads the kernel's ring (TPACKET_V3) and puts back the VLAN tags
 * that the kernel takes off.
 *
 * Frames are copied out of the ring, since libpcap gives a block back to the kernel as soon as the
 * last packet of it was looked at, and does not say which one that is: of a batch made of pointers
 * into the ring, the kernel could overwrite some, and under overload it would. Copying a batch into
 * a buffer that stays in the cache also spares whoever reads the frames the misses.
 *
 * How members begin. libpcap binds a socket when it activates it, and a bound socket gets packets at
 * once. So it is told to bind to a protocol that no packet has; then a filter that takes nothing is
 * set, the socket is bound anew to all protocols, and it joins the group. When all have, each gets
 * its real filter. The rings are empty up to then: there is nothing to throw away. */
#include "capture/live.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "capture/fanout.h"
#include "capture/nic.h"
#include "core/limits.h"

enum {
	NO_PROTOCOL = ETH_P_DDCMP, /* kernel-internal, and nothing makes packets of it any more */
	RING_LEAST = 512 * 1024,
	/* of a batch: 64 full Ethernet frames; fits a second-level cache */
	ROOM_LEAST = 128 * 1024,
	LINE = 64,
	GONE_WAIT_MS = 2 * LIVE_RETIRE_MS,
};

struct live {
	pcap_t *pcap;
	int socket;
	unsigned index;
	uint64_t gone_since; /* ms of the monotonic clock when that was noticed; 0: it is there */
	uint32_t number, link, snaplen;
	bool first; /* of its group: tells the card's losses */
	struct nic nic;
	struct live_counts counts;
	uint32_t seen_received, seen_lost; /* libpcap's counters when last read; they wrap */

	uint8_t *room; /* the batch's bytes */
	size_t size, used;
	size_t count;
	struct frame frames[LIMIT_BATCH];
	live_take *take; /* during live_read */
	void *context;
};

/* A link type as files name it; libpcap's numbers for interfaces differ from it in two that Linux
 * has. */
static uint32_t link_of(int dlt)
{
	enum { LINKTYPE_RAW = 101, LINKTYPE_ATM_CLIP = 106 };

	switch (dlt) {
	case DLT_RAW:
		return LINKTYPE_RAW;
	case DLT_ATM_CLIP:
		return LINKTYPE_ATM_CLIP;
	default:
		return (uint32_t)dlt;
	}
}

static int pcap_failed(const struct live_options *o, pcap_t *p, int status, struct error *e)
{
	const char *more = pcap_geterr(p);

	if (status == PCAP_ERROR_PERM_DENIED)
		return error_set(e, "%s: not permitted: it takes root or CAP_NET_RAW", o->interface);
	if (status == PCAP_ERROR || !more[0] || strcmp(more, pcap_statustostr(status)) == 0)
		return error_set(e, "%s: %s", o->interface,
				 more[0] ? more : pcap_statustostr(status));
	return error_set(e, "%s: %s (%s)", o->interface, pcap_statustostr(status), more);
}

static uint64_t ring_of(uint64_t wanted)
{
	if (wanted > INT_MAX)
		return INT_MAX;
	return wanted < RING_LEAST ? RING_LEAST : wanted;
}

static size_t room_of(uint32_t snaplen)
{
	return snaplen < ROOM_LEAST ? ROOM_LEAST : snaplen;
}

size_t live_memory(uint64_t ring, uint32_t snaplen)
{
	/* libpcap's own buffer for a packet, and a block of the ring more */
	return ring_of(ring) + RING_LEAST + mem_lines_memory(room_of(snaplen)) +
	       mem_memory(snaplen) + mem_memory(sizeof(struct live));
}

static pcap_t *activate(const struct live_options *o, struct error *e)
{
	char text[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_create(o->interface, text);

	if (!p) {
		error_set(e, "%s: %s", o->interface, text);
		return NULL;
	}
	/* none of these can fail before activation */
	pcap_set_snaplen(p, (int)o->snaplen);
	pcap_set_promisc(p, o->promiscuous);
	pcap_set_timeout(p, LIVE_RETIRE_MS);
	pcap_set_buffer_size(p, (int)ring_of(o->ring));
	pcap_set_protocol_linux(p, NO_PROTOCOL);
	pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO);
	int status = pcap_activate(p);
	if (status >= 0 && pcap_setnonblock(p, 1, text) == 0)
		return p;
	pcap_failed(o, p, status, e);
	pcap_close(p);
	return NULL;
}

/* A filter that says the same of each packet: how much of it to take. */
static int set_constant(const struct live_options *o, pcap_t *p, uint32_t bytes, struct error *e)
{
	struct bpf_insn code = {.code = BPF_RET | BPF_K, .k = bytes};
	struct bpf_program program = {.bf_len = 1, .bf_insns = &code};

	return pcap_setfilter(p, &program) ? pcap_failed(o, p, PCAP_ERROR, e) : 0;
}

/* The number of the interface that the socket is bound to, as the kernel has it: -1 when gone. */
static int bound_index(int socket)
{
	struct sockaddr_ll address;
	socklen_t size = sizeof address;

	if (getsockname(socket, (struct sockaddr *)&address, &size))
		return -1;
	return address.sll_ifindex;
}

static struct live *open_member(const struct live_options *o, struct error *e)
{
	pcap_t *p = activate(o, e);

	if (!p)
		return NULL;
	if (set_constant(o, p, 0, e)) {
		pcap_close(p);
		return NULL;
	}
	struct live *l = mem_zalloc(sizeof *l);
	l->pcap = p;
	l->socket = pcap_fileno(p);
	l->number = o->number;
	l->link = link_of(pcap_datalink(p));
	l->snaplen = (uint32_t)pcap_snapshot(p);
	l->size = room_of(l->snaplen);
	l->room = mem_lines(l->size);
	nic_none(&l->nic);
	return l;
}

/* Packets of all protocols come from here on, into the filter that takes none. */
static int bind_member(const struct live_options *o, struct live *l, struct error *e)
{
	int index = bound_index(l->socket), failure = 0;
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = index};
	socklen_t size = sizeof failure;

	if (index <= 0) /* libpcap's "any", or gone already */
		return error_set(e, "%s: is no interface", o->interface);
	if (bind(l->socket, (struct sockaddr *)&address, sizeof address))
		failure = errno;
	else /* down, by now */
		getsockopt(l->socket, SOL_SOCKET, SO_ERROR, &failure, &size);
	if (failure)
		return error_set(e, "%s: %s", o->interface, strerror(failure));
	l->index = (unsigned)index;
	return 0;
}

static int join_all(const struct live_options *o, struct live *member[], struct error *e)
{
	struct fanout group = {.inner = o->spread == LIVE_SPREAD_INNER};

	for (unsigned i = 0; i < o->members; i++) {
		if (bind_member(o, member[i], e))
			return -1;
		if (o->members > 1 && fanout_join(&group, member[i]->socket, e))
			return -1;
		if (member[i]->index != member[0]->index)
			return error_set(e, "%s: replaced while it was opened", o->interface);
	}
	return 0;
}

static int begin_all(const struct live_options *o, struct live *member[], struct error *e)
{
	struct bpf_program program;
	int failed = 0;

	if (!o->filter) {
		for (unsigned i = 0; i < o->members && !failed; i++)
			failed = set_constant(o, member[i]->pcap, member[i]->snaplen, e);
		return failed;
	}
	if (pcap_compile(member[0]->pcap, &program, o->filter, 1, PCAP_NETMASK_UNKNOWN))
		return error_set(e, "filter: %s", pcap_geterr(member[0]->pcap));
	for (unsigned i = 0; i < o->members && !failed; i++)
		if (pcap_setfilter(member[i]->pcap, &program))
			failed = pcap_failed(o, member[i]->pcap, PCAP_ERROR, e);
	pcap_freecode(&program);
	return failed;
}

static int check_options(const struct live_options *o, struct error *e)
{
	if (!o->members || o->members > LIVE_MEMBERS_MAX)
		return error_set(e, "%s: 1 to %d members can share it", o->interface,
				 LIVE_MEMBERS_MAX);
	if (!o->snaplen || o->snaplen > LIMIT_PACKET)
		return error_set(e, "%s: the snaplen is 1 to %u bytes", o->interface, LIMIT_PACKET);
	if (o->ring > INT_MAX)
		return error_set(e, "%s: a ring has less than 2 GiB", o->interface);
	return 0;
}

int live_open(const struct live_options *o, struct live *member[], struct error *e)
{
	unsigned count = 0;

	if (check_options(o, e))
		return -1;
	while (count < o->members && (member[count] = open_member(o, e)))
		count++;
	if (count == o->members && !join_all(o, member, e) && !begin_all(o, member, e)) {
		member[0]->first = true;
		nic_open(&member[0]->nic, member[0]->index);
		return 0;
	}
	while (count)
		live_close(member[--count]);
	return -1;
}

void live_close(struct live *l)
{
	pcap_close(l->pcap);
	nic_close(&l->nic);
	mem_lines_free(l->room, l->size);
	free(l);
}

int live_descriptor(const struct live *l)
{
	return l->socket;
}

unsigned live_index(const struct live *l)
{
	return l->index;
}

static void hand_over(struct live *l)
{
	if (l->count)
		l->take(l->context, l->frames, l->count);
	l->count = 0;
	l->used = 0;
}

static void gather(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct live *l = (struct live *)user;
	size_t captured = header->caplen < l->size ? header->caplen : l->size;

	if (l->count == LIMIT_BATCH || captured > l->size - l->used)
		hand_over(l);
	uint8_t *copy = l->room + l->used;
	memcpy(copy, data, captured);
	/* each begins a cache line: its headers are in one or two */
	l->used += (captured + LINE - 1) / LINE * LINE;
	if (l->used > l->size)
		l->used = l->size;
	l->frames[l->count++] = (struct frame){
		/* nanoseconds, whatever the field is called */
		.time = (uint64_t)header->ts.tv_sec * NS_PER_S + (uint64_t)header->ts.tv_usec,
		.data = copy,
		.captured = (uint32_t)captured,
		.length = header->len > captured ? header->len : (uint32_t)captured,
		.link = l->link,
		.interface = l->number,
	};
}

/* libpcap looks for the interface by the name that it had, and takes one that was renamed for gone
 * when it has been down; what the socket is bound to is the truth. */
static int nothing_read(struct live *l, struct error *e)
{
	if (bound_index(l->socket) > 0)
		return 0;
	/* its last packets may be in a block that is not ready yet */
	uint64_t ms = clock_steady() / NS_PER_MS;
	if (!l->gone_since)
		l->gone_since = ms;
	if (ms - l->gone_since < GONE_WAIT_MS)
		return 0;
	return error_set(e, "the interface is gone");
}

long live_read(struct live *l, size_t budget, live_take *take, void *context, struct error *e)
{
	size_t total = 0;

	l->take = take;
	l->context = context;
	while (total < budget) {
		size_t most = budget - total < LIMIT_BATCH ? budget - total : LIMIT_BATCH;
		int n = pcap_dispatch(l->pcap, (int)most, gather, (u_char *)l);
		hand_over(l);
		if (n > 0)
			total += (size_t)n;
		if (n < (int)most)
			break;
	}
	return total ? (long)total : nothing_read(l, e);
}

bool live_count(struct live *l, struct live_counts *out)
{
	struct pcap_stat now;
	bool there = bound_index(l->socket) > 0;

	if (pcap_stats(l->pcap, &now) == 0) {
		l->counts.received += now.ps_recv - l->seen_received;
		l->counts.ring_lost += now.ps_drop - l->seen_lost;
		l->seen_received = now.ps_recv;
		l->seen_lost = now.ps_drop;
	}
	if (l->first) {
		nic_update(&l->nic);
		l->counts.nic_lost =
			l->nic.counters[NIC_MISSED].since + l->nic.counters[NIC_FIFO].since;
		l->counts.nic_dropped = l->nic.counters[NIC_DROPPED].since;
	}
	*out = l->counts;
	return there;
}
