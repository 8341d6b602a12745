/* TLS messages as today's clients and servers send them. Each writes at p and returns the place
 * behind. */
#ifndef EGRET_BENCH_GEN_TLS_H
#define EGRET_BENCH_GEN_TLS_H

#include <stdint.h>

enum { TLS_CHANGE_CIPHER = 20, TLS_HANDSHAKE = 22, TLS_DATA = 23 };

struct hello {
	const char *sni; /* or NULL */
	int quic, tls12;
	int pq; /* a key share of ML-KEM, which does not fit one segment */
};

uint8_t *tls_client_hello(uint8_t *p, const struct hello *h);
uint8_t *tls_server_hello(uint8_t *p, int tls12, int pq);
/* A handshake message with these contents. */
uint8_t *tls_message(uint8_t *p, uint8_t type, const void *body, uint32_t n);

/* A record around n bytes, which may lie where it goes. */
uint8_t *tls_record(uint8_t *p, uint8_t type, uint16_t version, const void *data, uint32_t n);

/* A Certificate message: a certificate for the name, and that of the authority. */
void tls_authority_init(void);
uint8_t *tls_certificate(uint8_t *p, const char *name);

#endif
