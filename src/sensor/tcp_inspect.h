/* Looks into the payload of TCP flows: tells protocols by content, feeds their parsers. */
#ifndef EGRET_SENSOR_TCP_INSPECT_H
#define EGRET_SENSOR_TCP_INSPECT_H

#include <stddef.h>

struct sensor;
struct flow;
struct packet;

size_t tcp_inspect_state_size(void); /* of an object of sensor.streams */

/* One packet with payload of a flow whose inspect is not INSPECT_DONE. */
void tcp_inspect(struct sensor *s, struct flow *f, unsigned side, struct packet *p);
/* There is no room any more: ends with what is known. The flow goes on without. */
void tcp_inspect_give_up(struct sensor *s, struct flow *f);
/* The flow is about to go: tells what its parsers hold. */
void tcp_inspect_finish(struct sensor *s, struct flow *f);

#endif
