/* Facts of TLS and QUIC handshakes. */
#include "event/wire_facts.h"
#include "proto/cipher.h"

static const struct record_tls *tls_of(const struct wire_making *m)
{
	return wire_is_tls(m) ? &m->r->tls : NULL;
}

FACT(tls_server_name)
{
	if (tls_of(m))
		wire_some_text(m, tls_of(m)->server_name);
	else if (wire_is_flow(m) && m->r->flow.name_source == NAME_SNI)
		wire_some_text(m, m->r->flow.name);
}

FACT(ja4)
{
	if (tls_of(m))
		wire_some_text(m, str_of(tls_of(m)->ja4));
}

static void put_version(struct wire_making *m, uint16_t v)
{
	static const char *const tls[] = {"1.0", "1.1", "1.2", "1.3"};

	if (v == 0x0200 || v == 0x0300)
		wire_word(m, v == 0x0200 ? "2.0" : "3.0");
	else if (v >= 0x0301 && v <= 0x0304)
		wire_word(m, tls[v - 0x0301]);
	else if (v)
		wire_hex(m, v, 4);
}

FACT(tls_version)
{
	if (tls_of(m))
		put_version(m, tls_of(m)->version_chosen);
}

FACT(tls_version_offered)
{
	if (tls_of(m))
		put_version(m, tls_of(m)->version_offered);
}

FACT(tls_protocol)
{
	if (tls_of(m) && tls_of(m)->version_chosen)
		wire_word(m, tls_of(m)->version_chosen <= 0x0300 ? "ssl" : "tls");
}

FACT(zeek_tls_version)
{
	static const char *const tls[] = {"TLSv10", "TLSv11", "TLSv12", "TLSv13"};
	uint16_t v = tls_of(m)->version_chosen;

	if (v == 0x0200 || v == 0x0300)
		wire_word(m, v == 0x0200 ? "SSLv2" : "SSLv3");
	else if (v >= 0x0301 && v <= 0x0304)
		wire_word(m, tls[v - 0x0301]);
	else if (v)
		wire_hex(m, v, 4);
}

FACT(tls_cipher)
{
	char made[CIPHER_TEXT_MAX];

	if (!tls_of(m) || !tls_of(m)->version_chosen)
		return;
	const char *name = cipher_name(tls_of(m)->cipher_chosen, made);
	if (name == made)
		wire_hex(m, tls_of(m)->cipher_chosen, 4);
	else
		wire_word(m, name);
}

FACT(tls_next_protocol)
{
	if (tls_of(m))
		wire_some_bytes(m, tls_of(m)->alpn_chosen);
}

FACT(tls_alpn)
{
	if (tls_of(m))
		wire_list(m, &tls_of(m)->alpn, true);
}

FACT(tls_resumed)
{
	if (tls_of(m))
		wire_flag(m, tls_of(m)->resumed_guess);
}

FACT(tls_starttls)
{
	if (tls_of(m) && tls_of(m)->starttls)
		wire_number(m, tls_of(m)->starttls);
}

FACT(quic_version)
{
	if (tls_of(m) && tls_of(m)->quic_version)
		wire_hex(m, tls_of(m)->quic_version, 8);
}

/* The certificate */

FACT(tls_subject)
{
	if (tls_of(m))
		wire_some_bytes(m, tls_of(m)->cert_subject);
}

FACT(tls_issuer)
{
	if (tls_of(m))
		wire_some_bytes(m, tls_of(m)->cert_issuer);
}

FACT(tls_names)
{
	if (tls_of(m))
		wire_list(m, &tls_of(m)->cert_names, true);
}

/* The record has the common name alone of what Zeek tells as CN=…,O=…: so both ways to ask for it
 * find it. */
static void put_distinguished(struct wire_making *m, struct str name)
{
	char *mark = wire_mark(m);
	struct str s;

	if (!name.n)
		return;
	wr_lit(&m->text, "CN=");
	wr_str(&m->text, name);
	if (wire_made(m, mark, &s))
		wire_bytes(m, s);
	wire_bytes(m, name);
}

FACT(zeek_subject)
{
	put_distinguished(m, tls_of(m)->cert_subject);
}

FACT(zeek_issuer)
{
	put_distinguished(m, tls_of(m)->cert_issuer);
}
