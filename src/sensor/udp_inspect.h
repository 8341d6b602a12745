/* Looks into the payload of UDP flows: DNS, and QUIC up to its ClientHello. */
#ifndef EGRET_SENSOR_UDP_INSPECT_H
#define EGRET_SENSOR_UDP_INSPECT_H

#include <stddef.h>

struct sensor;
struct flow;
struct packet;

size_t udp_inspect_state_size(void); /* of an object of sensor.quics */

/* One datagram of a flow whose inspect is not INSPECT_DONE. */
void udp_inspect(struct sensor *s, struct flow *f, unsigned side, struct packet *p);
/* There is no room any more: ends with what is known. The flow goes on without. */
void udp_inspect_give_up(struct sensor *s, struct flow *f);
/* The flow is about to go: tells what its parser holds. */
void udp_inspect_finish(struct sensor *s, struct flow *f);

#endif
