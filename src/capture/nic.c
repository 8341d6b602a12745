#include "capture/nic.h"

#include <fcntl.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The number in an open file of /sys; false when it cannot be read (the interface is gone). */
static bool read_number(int file, uint64_t *out)
{
	char text[32];
	ssize_t n = pread(file, text, sizeof text - 1, 0);

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
	bool same = file >= 0 && read_number(file, &number) && number == index;

	if (file >= 0)
		close(file);
	return same;
}

/* False when one cannot be read any more. */
static bool sum(const struct nic *n, uint64_t *total)
{
	uint64_t one;

	*total = 0;
	for (unsigned i = 0; i < NIC_COUNTERS; i++) {
		if (n->files[i] < 0)
			continue;
		if (!read_number(n->files[i], &one))
			return false;
		*total += one;
	}
	return true;
}

void nic_open(struct nic *n, unsigned index)
{
	static const char *const files[NIC_COUNTERS] = {"statistics/rx_dropped",
							"statistics/rx_missed_errors",
							"statistics/rx_fifo_errors"};
	char name[IF_NAMESIZE];
	bool known = if_indextoname(index, name) && same_interface(name, index);

	for (unsigned i = 0; i < NIC_COUNTERS; i++)
		n->files[i] = known ? open_file(name, files[i]) : -1;
	n->lost = 0;
	sum(n, &n->last);
}

void nic_none(struct nic *n)
{
	*n = (struct nic){.files = {-1, -1, -1}};
}

void nic_close(struct nic *n)
{
	for (unsigned i = 0; i < NIC_COUNTERS; i++)
		if (n->files[i] >= 0)
			close(n->files[i]);
}

/* Some drivers begin at 0 again when the card is reset. */
uint64_t nic_lost(struct nic *n)
{
	uint64_t now;

	if (!sum(n, &now))
		return n->lost;
	n->lost += now >= n->last ? now - n->last : now;
	n->last = now;
	return n->lost;
}
