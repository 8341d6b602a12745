/* What the files of this room share: the worker's whole state. Not for other rooms. */
#ifndef EGRET_SENSOR_INNER_H
#define EGRET_SENSOR_INNER_H

#include "base/intern.h"
#include "base/slab.h"
#include "core/hostname.h"
#include "core/limits.h"
#include "decode/decode.h"
#include "flow/table.h"
#include "proto/dns.h"
#include "sensor/dns_track.h"
#include "sensor/heads.h"
#include "sensor/sensor.h"

/* flow.inspect: what is done with a flow's payload. */
enum {
	INSPECT_DONE, /* nothing more */
	INSPECT_NEW,  /* nothing was seen yet */
	INSPECT_MORE, /* flow.payload_state holds the parser's state */
	INSPECT_AGAIN, /* UDP: a QUIC hello was told, the server has not answered yet, and another
			* hello may come; payload_state is how many did */
	INSPECT_DNS,  /* UDP: every datagram is a DNS message; payload_state belongs to dns_track */
};

struct sensor {
	struct sensor_settings settings;
	struct record_sink sink;
	struct stats *stats;
	uint64_t now; /* packet time, ns */
	unsigned late; /* packets in a row that say it is wrong */
	struct decoder *decoder;
	struct flow_table table;
	struct slab slab;      /* heads of streams */
	struct intern names;   /* of flows */
	struct heads streams;  /* struct stream, of TCP flows */
	struct heads quics;    /* struct quic_ref */
	struct dns_track dns;
	struct dns_message message; /* parsed into again and again */
	uint8_t scratch[LIMIT_HELLO];
	/* one batch */
	struct packet packets[LIMIT_BATCH];
	uint64_t hashes[LIMIT_BATCH];
};

#endif
