/* A worker's packet path: frames go in, records come out.
 *
 * It ties the rooms before it together: decode a frame, find its flow and count it, look into the
 * payload until the protocol's parser has what it wants, tell the facts. A sensor shares nothing
 * with another one, and calls its sink in the caller's thread.
 */
#ifndef EGRET_SENSOR_SENSOR_H
#define EGRET_SENSOR_SENSOR_H

#include <stddef.h>

#include "base/budget.h"
#include "capture/frame.h"
#include "core/record.h"
#include "core/stats.h"
#include "decode/decode.h"
#include "flow/table.h"

struct sensor_settings {
	struct flow_settings flow;
	bool rare_dns; /* text of rare DNS types too (through ldns): when records are written */
	uint64_t clock_back; /* ns that the clock goes back by when it was set; 0: LIMIT_CLOCK_BACK */
	unsigned number; /* of this sensor, below 65536: flow ids of several are told apart */
};

struct sensor;

/* `stats` and what `sink` points to outlive the sensor. */
struct sensor *sensor_new(const struct sensor_settings *settings, struct record_sink sink,
			  struct stats *stats);
/* Takes up to LIMIT_BATCH frames in the order of the capture. */
void sensor_take(struct sensor *s, const struct frame *frames, size_t count);
/* Time passes without packets (ns since 1970, of the clock that stamps them): what is due by the clock
 * happens, and no record that comes later will have an earlier time, unless the clock was set back. */
void sensor_tick(struct sensor *s, uint64_t time);
/* No record that comes later will have an earlier time, unless the packets' clock turns out to have
 * been wrong (clock_restarts). */
uint64_t sensor_time(const struct sensor *s);
/* From now on. */
void sensor_set_rare_dns(struct sensor *s, bool wanted);
/* The capture is over: ends every flow and tells what is left. */
void sensor_finish(struct sensor *s);
/* As decoder_unknown_links. */
unsigned sensor_unknown_links(const struct sensor *s, const struct unknown_link **list);
void sensor_free(struct sensor *s);
/* Adds the most memory that one takes. */
void sensor_memory(const struct sensor_settings *settings, struct budget *b);

#endif
