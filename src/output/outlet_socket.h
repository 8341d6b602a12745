/* Sockets that an outlet writes to: connected, non-blocking. For the writer's thread. */
#ifndef EGRET_OUTPUT_OUTLET_SOCKET_H
#define EGRET_OUTPUT_OUTLET_SOCKET_H

#include <sys/socket.h>

#include "output/outlet_inner.h"

/* Whether a path is short enough to be a socket's. */
bool socket_path_fits(const char *path);

/* The UNIX socket at the path: datagrams if it is one for datagrams, else (if `stream` is not NULL)
 * a stream, as *stream tells. -1 and an error. */
int socket_unix(const char *path, bool *stream, struct error *e);

/* SOCK_DGRAM or SOCK_STREAM to the first address of the host that answers. Resolving waits as long
 * as the resolver does, connecting at most 5 s an address, or until the outlet closes. */
int socket_net(struct outlet *o, const char *host, const char *port, int type, struct error *e);

#endif
