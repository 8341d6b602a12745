#include "capture/fanout.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/spread.h"

static int set_program(int socket, struct error *e)
{
	struct sock_filter code[SPREAD_MAX];
	struct sock_fprog program = {.filter = code};

	program.len = (unsigned short)spread_program(code);
	if (setsockopt(socket, SOL_PACKET, PACKET_FANOUT_DATA, &program, sizeof program))
		return error_set(e,
				 "the kernel takes no program to spread packets by inner "
				 "addresses: %s",
				 strerror(errno));
	return 0;
}

/* The group's number is the kernel's choice, so two programs on one interface never share one. */
static int begin(struct fanout *f, int socket, struct error *e)
{
	unsigned kind = f->inner ? PACKET_FANOUT_CBPF : PACKET_FANOUT_HASH;
	unsigned flags = PACKET_FANOUT_FLAG_DEFRAG | PACKET_FANOUT_FLAG_UNIQUEID;
	int asked = (int)((kind | flags) << 16);
	socklen_t size = sizeof f->group;

	if (setsockopt(socket, SOL_PACKET, PACKET_FANOUT, &asked, sizeof asked))
		return error_set(e, "the kernel makes no group of %s sockets: %s",
				 f->inner ? "PACKET_FANOUT_CBPF" : "PACKET_FANOUT_HASH",
				 strerror(errno));
	if (getsockopt(socket, SOL_PACKET, PACKET_FANOUT, &f->group, &size))
		return error_set(e, "PACKET_FANOUT: %s", strerror(errno));
	f->begun = true;
	return f->inner ? set_program(socket, e) : 0;
}

int fanout_join(struct fanout *f, int socket, struct error *e)
{
	if (!f->begun)
		return begin(f, socket, e);
	if (setsockopt(socket, SOL_PACKET, PACKET_FANOUT, &f->group, sizeof f->group))
		return error_set(e, "cannot join the group of packet sockets: %s", strerror(errno));
	return 0;
}
