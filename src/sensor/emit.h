/* Records out of flows. */
#ifndef EGRET_SENSOR_EMIT_H
#define EGRET_SENSOR_EMIT_H

#include "sensor/inner.h"

/* A record of this kind with everything that comes from the flow filled in; tuple.src opened. */
struct record emit_start(const struct sensor *s, const struct flow *f, enum record_kind kind);
/* Hands it over and counts it. */
void emit(struct sensor *s, const struct record *r);

/* The conn record that opens a connection, once, and only of an established one. */
void emit_open(struct sensor *s, struct flow *f);
/* A flow record with the bytes since the last one. */
void emit_update(struct sensor *s, struct flow *f);
/* The conn record that ends it; opens it first if that was not done. */
void emit_end(struct sensor *s, struct flow *f, enum flow_end why);

/* The flow has a name (host name form) now. A better source replaces a worse one; another name from
 * the same source (the next request on a proxy connection) first tells the bytes under the old
 * name. Opens the connection. */
void emit_name(struct sensor *s, struct flow *f, struct str name, enum name_source source);
/* Marks the flow: it claims two names. Before the second one is emitted. */
void emit_second_name(struct sensor *s, struct flow *f);
/* The same place of its stream was sent with different content. */
void emit_overlap(struct sensor *s, struct flow *f);
/* Whether a packet is nothing to read, since no receiver takes it: that marks the flow. Here all
 * checksums are looked at. */
bool emit_decoy(struct sensor *s, struct flow *f, unsigned side, struct packet *p);
/* Why it has none; the first reason stays. */
void emit_no_name(struct flow *f, enum name_missing why);

#endif
