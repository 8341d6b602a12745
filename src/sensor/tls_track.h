/* A TLS handshake over TCP: from the ClientHello to what the server chose, one record. */
#ifndef EGRET_SENSOR_TLS_TRACK_H
#define EGRET_SENSOR_TLS_TRACK_H

#include <stdbool.h>

#include "base/cursor.h"
#include "proto/tls.h"
#include "sensor/retold.h"

struct sensor;
struct flow;

struct tls_track {
	uint8_t *bytes; /* the ClientHello's records, and its message if that was over several of them:
			 * `hello` points there; from the sensor's slab */
	uint32_t room;
	struct told records;
	struct retold again;
	bool hello_done;
	bool told;      /* the record was made */
	bool late;      /* began after a plain-text start or inside a proxy's tunnel */
	struct tls_hello hello;
};

/* What is there of the client's stream. */
struct tls_client {
	struct cursor view;  /* from its first TLS record */
	struct cursor other; /* the same in another version, or empty */
	uint32_t sequence;   /* of the first byte */
};

/* DONE: hello taken (records.n bytes of the view), flow named (or known to have no name); MORE; BAD. */
enum parse tls_track_client(struct sensor *s, struct flow *f, unsigned side, struct tls_track *t,
			    const struct tls_client *c);
/* What follows the hello: another one, after a HelloRetryRequest (RFC 8446 section 4.1.2) or to
 * deceive. DONE with what is done with in *used: there may be more; MORE; BAD: nothing of use comes. */
enum parse tls_track_after(struct sensor *s, struct flow *f, struct tls_track *t, struct cursor view,
			   size_t *used);
/* A segment of the client while the server's flight is waited for: it may say the hello anew. */
void tls_track_retold(struct sensor *s, struct flow *f, struct tls_track *t, uint32_t sequence,
		      struct cursor segment);
/* The server's stream. DONE: the record was told. */
enum parse tls_track_server(struct sensor *s, struct flow *f, struct tls_track *t,
			    struct cursor view);
/* Nothing more will come of the client's side (`view` holds what did) or the server's: tells what is
 * known. */
void tls_track_finish(struct sensor *s, struct flow *f, struct tls_track *t, struct cursor client,
		      struct cursor server, enum name_missing why);
void tls_track_free(struct sensor *s, struct tls_track *t);

/* What a hello says about the flow: name, hiding. For QUIC as well. */
void tls_name_flow(struct sensor *s, struct flow *f, const struct tls_hello *h);
/* The fields of a record that come from the hello; server_name gets its canonical form in `name`. */
void tls_fill_record(struct record_tls *r, const struct tls_hello *h, char name[]);

#endif
