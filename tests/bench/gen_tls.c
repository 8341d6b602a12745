#include "gen_tls.h"

#include <string.h>

#include "gen_packet.h"
#include "gen_random.h"

static uint16_t grease(void)
{
	return (uint16_t)(0x0a0a + 0x1010 * random_below(11));
}

static uint8_t *extension(uint8_t *p, uint16_t type, const void *data, uint32_t n)
{
	return put_bytes(put16(put16(p, type), n), data, n);
}

#define EXTENSION(p, type, literal) extension((p), (type), (literal), sizeof(literal) - 1)

/* Fills in the 16-bit length of what is between. */
static void close16(uint8_t *length, const uint8_t *end)
{
	put16(length, (uint32_t)(end - length - 2));
}

static uint8_t *server_name(uint8_t *p, const struct hello *h)
{
	if (!h->sni)
		return p;
	uint32_t n = (uint32_t)strlen(h->sni);
	p = put16(put16(p, 0), n + 5);
	p = put8(put16(p, n + 3), 0);
	return put_bytes(put16(p, n), h->sni, n);
}

static uint8_t *master_secret(uint8_t *p, const struct hello *h)
{
	return h->quic ? p : EXTENSION(p, 23, "");
}

static uint8_t *renegotiation(uint8_t *p, const struct hello *h)
{
	return h->quic ? p : EXTENSION(p, 0xff01, "\0");
}

static uint8_t *groups(uint8_t *p, const struct hello *h)
{
	if (!h->tls12 && h->pq)
		return EXTENSION(p, 10, "\x00\x0a\x2a\x2a\x11\xec\x00\x1d\x00\x17\x00\x18");
	return EXTENSION(p, 10, "\x00\x06\x00\x1d\x00\x17\x00\x18");
}

static uint8_t *point_formats(uint8_t *p, const struct hello *h)
{
	return h->quic ? p : EXTENSION(p, 11, "\x01\x00");
}

static uint8_t *session_ticket(uint8_t *p, const struct hello *h)
{
	return h->quic ? p : EXTENSION(p, 35, "");
}

static uint8_t *alpn(uint8_t *p, const struct hello *h)
{
	return h->quic ? EXTENSION(p, 16, "\x00\x03\x02h3")
		       : EXTENSION(p, 16, "\x00\x0c\x02h2\x08http/1.1");
}

static uint8_t *status_request(uint8_t *p, const struct hello *h)
{
	(void)h;
	return EXTENSION(p, 5, "\x01\x00\x00\x00\x00");
}

static uint8_t *signatures(uint8_t *p, const struct hello *h)
{
	(void)h;
	return EXTENSION(
		p, 13, "\x00\x10\x04\x03\x08\x04\x04\x01\x05\x03\x08\x05\x05\x01\x08\x06\x06\x01");
}

static uint8_t *timestamps(uint8_t *p, const struct hello *h)
{
	return h->quic ? p : EXTENSION(p, 18, "");
}

static uint8_t *key_share(uint8_t *p, const struct hello *h)
{
	if (h->tls12)
		return p;
	uint8_t *length = p + 2, *list = p + 4;
	p = put16(put16(p, 51), 0);
	p = put8(put16(put16(p + 2, 0x2a2a), 1), 0);
	if (h->pq)
		p = random_bytes(put16(put16(p, 0x11ec), 1216), 1216);
	p = random_bytes(put16(put16(p, 0x1d), 32), 32);
	close16(list, p);
	close16(length, p);
	return p;
}

static uint8_t *psk_modes(uint8_t *p, const struct hello *h)
{
	return h->tls12 ? p : EXTENSION(p, 45, "\x01\x01");
}

static uint8_t *versions(uint8_t *p, const struct hello *h)
{
	return h->tls12 ? p : EXTENSION(p, 43, "\x04\x03\x04\x03\x03");
}

/* QUIC's parameters, or an Encrypted ClientHello that is none. */
static uint8_t *last_one(uint8_t *p, const struct hello *h)
{
	if (h->quic)
		return EXTENSION(p, 57,
				 "\x01\x04\x80\x00\x75\x30\x03\x02\x45\xc0\x04\x04\x80\xf0\x00\x00"
				 "\x05\x04\x80\x60\x00\x00\x06\x04\x80\x60\x00\x00\x07\x04\x80\x60"
				 "\x00\x00\x08\x02\x40\x64\x09\x02\x40\x67\x0f\x00");
	if (h->tls12)
		return p;
	p = put_bytes(put16(put16(p, 0xfe0d), 186), "\x00\x00\x01\x00\x01", 5);
	p = put16(put8(p, random_below(256)), 32);
	p = put16(random_bytes(p, 32), 144);
	return random_bytes(p, 144);
}

static uint8_t *(*const extensions[])(uint8_t *p, const struct hello *h) = {
	server_name,	master_secret, renegotiation,  groups,	   point_formats,
	session_ticket, alpn,	       status_request, signatures, timestamps,
	key_share,	psk_modes,     versions,       last_one,
};

#define EXTENSIONS (sizeof extensions / sizeof *extensions)

/* In another order each time, as browsers do. */
static uint8_t *put_extensions(uint8_t *p, const struct hello *h)
{
	unsigned order[EXTENSIONS];
	uint8_t *length = p;

	p += 2;
	for (unsigned i = 0; i < EXTENSIONS; i++)
		order[i] = i;
	for (unsigned i = EXTENSIONS - 1; i > 0; i--) {
		unsigned j = random_below(i + 1), swapped = order[i];
		order[i] = order[j];
		order[j] = swapped;
	}
	if (!h->tls12)
		p = EXTENSION(p, grease(), "");
	for (unsigned i = 0; i < EXTENSIONS; i++)
		p = extensions[order[i]](p, h);
	if (!h->tls12)
		p = EXTENSION(p, grease(), "\0");
	close16(length, p);
	return p;
}

static uint8_t *put_ciphers(uint8_t *p, const struct hello *h)
{
	static const uint16_t before13[] = {0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8,
					    0xc013, 0xc014, 0x9c,   0x9d,   0x2f,   0x35};
	uint8_t *length = p;
	uint16_t first = grease();

	p += 2;
	if (!h->tls12) {
		p = put16(p, first);
		p = put16(put16(put16(p, 0x1301), 0x1302), 0x1303);
	}
	for (unsigned i = 0; i < 12 && !h->quic; i++)
		p = put16(p, before13[i]);
	close16(length, p);
	return p;
}

uint8_t *tls_client_hello(uint8_t *p, const struct hello *h)
{
	uint8_t *start = p;

	p = put16(p + 4, 0x0303);
	p = random_bytes(p, 32);
	p = put8(p, h->quic ? 0 : 32);
	if (!h->quic)
		p = random_bytes(p, 32);
	p = put_ciphers(p, h);
	p = put8(put8(p, 1), 0); /* no compression */
	p = put_extensions(p, h);
	put24(put8(start, 1), (uint32_t)(p - start - 4));
	return p;
}

uint8_t *tls_server_hello(uint8_t *p, int tls12, int pq)
{
	uint8_t *start = p;

	p = put16(p + 4, 0x0303);
	p = random_bytes(p, 32);
	p = random_bytes(put8(p, 32), 32);
	p = put8(put16(p, tls12 ? 0xc02b : 0x1301), 0);
	uint8_t *length = p;
	p += 2;
	if (tls12) {
		p = EXTENSION(p, 0xff01, "\0");
		p = EXTENSION(p, 11, "\x01\x00");
		p = EXTENSION(p, 16, "\x00\x03\x02h2");
		p = EXTENSION(p, 23, "");
	} else {
		uint32_t share = pq ? 1120 : 32;
		p = put16(put16(p, 51), share + 4);
		p = put16(put16(p, pq ? 0x11ec : 0x1d), share);
		p = random_bytes(p, share);
		p = EXTENSION(p, 43, "\x03\x04");
	}
	close16(length, p);
	put24(put8(start, 2), (uint32_t)(p - start - 4));
	return p;
}

uint8_t *tls_message(uint8_t *p, uint8_t type, const void *body, uint32_t n)
{
	return put_bytes(put24(put8(p, type), n), body, n);
}

uint8_t *tls_record(uint8_t *p, uint8_t type, uint16_t version, const void *data, uint32_t n)
{
	memmove(p + 5, data, n);
	put16(put16(put8(p, type), version), n);
	return p + 5 + n;
}
