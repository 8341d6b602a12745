#include "capture/nic.h"

#include <fcntl.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The number in an open file of /sys; false when it cannot be read (there is none, or the interface
 * is gone). */
static bool read_number(int file, uint64_t *out)
{
	char text[32];
	ssize_t n = file >= 0 ? pread(file, text, sizeof text - 1, 0) : -1;

	if (n <= 0)
		return false;
	text[n] = '\0';
	*out = strtoull(text, NULL, 10);
	return true;
}

static int open_file(const char *name, const char *file)
{
	char path[128];

	snprintf(path, sizeof path, "/sys/class/net/%s/%s", name, file);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* /sys may be that of another network namespace, and show another interface of that name. */
static bool same_interface(const char *name, unsigned index)
{
	uint64_t number = 0;
	int file = open_file(name, "ifindex");
	bool same = read_number(file, &number) && number == index;

	if (file >= 0)
		close(file);
	return same;
}

void nic_none(struct nic *n)
{
	for (unsigned i = 0; i < NIC_COUNTERS; i++)
		n->counters[i] = (struct nic_counter){.file = -1};
}

void nic_open(struct nic *n, unsigned index)
{
	static const char *const files[NIC_COUNTERS] = {
		[NIC_MISSED] = "statistics/rx_missed_errors",
		[NIC_FIFO] = "statistics/rx_fifo_errors",
		[NIC_DROPPED] = "statistics/rx_dropped",
	};
	char name[IF_NAMESIZE];

	nic_none(n);
	if (!if_indextoname(index, name) || !same_interface(name, index))
		return;
	for (unsigned i = 0; i < NIC_COUNTERS; i++) {
		n->counters[i].file = open_file(name, files[i]);
		read_number(n->counters[i].file, &n->counters[i].last);
	}
}

void nic_close(struct nic *n)
{
	for (unsigned i = 0; i < NIC_COUNTERS; i++)
		if (n->counters[i].file >= 0)
			close(n->counters[i].file);
}

/* Some drivers begin at 0 again when the card is reset. */
void nic_update(struct nic *n)
{
	for (unsigned i = 0; i < NIC_COUNTERS; i++) {
		struct nic_counter *c = &n->counters[i];
		uint64_t now;
		if (!read_number(c->file, &now))
			continue;
		c->since += now >= c->last ? now - c->last : now;
		c->last = now;
	}
}
