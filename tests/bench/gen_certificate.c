/* Certificates of TLS 1.2: made with OpenSSL by an authority whose key the seed fixes. */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "gen_packet.h"
#include "gen_random.h"
#include "gen_tls.h"

static EVP_PKEY *key;
static uint8_t *authority;
static int authority_bytes;

static void add(X509_NAME *n, const char *field, const char *text)
{
	X509_NAME_add_entry_by_txt(n, field, MBSTRING_ASC, (const uint8_t *)text, -1, -1, 0);
}

static X509_NAME *issuer_name(void)
{
	X509_NAME *n = X509_NAME_new();

	add(n, "C", "US");
	add(n, "O", "Example Trust Services");
	add(n, "CN", "Example TLS CA R3");
	return n;
}

static void set_names(X509 *x, const char *name)
{
	X509_NAME *issuer = issuer_name(), *subject = name ? X509_NAME_new() : issuer_name();

	if (name) {
		char text[65]; /* what a common name holds */
		snprintf(text, sizeof text, "%s", name);
		add(subject, "CN", text);
	}
	X509_set_subject_name(x, subject);
	X509_set_issuer_name(x, issuer);
	X509_NAME_free(subject);
	X509_NAME_free(issuer);
}

static void add_alternative(X509 *x, const char *name)
{
	char text[600];

	snprintf(text, sizeof text, "DNS:%s", name);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, text);
	if (e) {
		X509_add_ext(x, e, -1);
		X509_EXTENSION_free(e);
	}
}

/* So that the size is that of real ones. */
static void add_filler(X509 *x, int n)
{
	uint8_t bytes[600];
	ASN1_OCTET_STRING *text = ASN1_OCTET_STRING_new();
	ASN1_OBJECT *id = OBJ_txt2obj("1.3.6.1.4.1.99999.1", 1);

	random_bytes(bytes, (size_t)n);
	ASN1_OCTET_STRING_set(text, bytes, n);
	X509_EXTENSION *e = X509_EXTENSION_create_by_OBJ(NULL, id, 0, text);
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	ASN1_OBJECT_free(id);
	ASN1_OCTET_STRING_free(text);
}

/* In DER, to be freed with OPENSSL_free; for the authority itself without a name. */
static int make(const char *name, long serial, uint8_t **der)
{
	X509 *x = X509_new();

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
	ASN1_TIME_set(X509_getm_notBefore(x), 1750000000);
	ASN1_TIME_set(X509_getm_notAfter(x), 1790000000);
	set_names(x, name);
	X509_set_pubkey(x, key);
	if (name)
		add_alternative(x, name);
	add_filler(x, name ? 242 : 500);
	X509_sign(x, key, NULL);
	*der = NULL;
	int n = i2d_X509(x, der);
	X509_free(x);
	return n;
}

void tls_authority_init(void)
{
	uint8_t seed[32];

	for (int i = 0; i < 32; i++)
		seed[i] = (uint8_t)random_bits();
	key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof seed);
	authority_bytes = make(NULL, 7, &authority);
}

uint8_t *tls_certificate(uint8_t *p, const char *name)
{
	uint8_t *der, *start = p;
	int n = make(name, (long)(name_hash(name) & 0x3fffffff) + 1, &der);

	p = put_bytes(put24(p + 7, (uint32_t)n), der, (uint32_t)n);
	p = put_bytes(put24(p, (uint32_t)authority_bytes), authority, (uint32_t)authority_bytes);
	put8(start, 11);
	put24(start + 1, (uint32_t)(p - start - 4));
	put24(start + 4, (uint32_t)(p - start - 7));
	OPENSSL_free(der);
	return p;
}
