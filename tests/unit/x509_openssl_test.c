/* Certificates that OpenSSL makes and reads, held against the DER walk. */
#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "proto/x509.h"

static unsigned seed = 20240607;

/* A small generator of our own, so that a failure comes again. */
static unsigned below(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % n;
}

static void add_entry(X509_NAME *name, int nid, const char *text)
{
	static const int types[] = {MBSTRING_UTF8, V_ASN1_PRINTABLESTRING, V_ASN1_T61STRING,
				    V_ASN1_IA5STRING};
	X509_NAME_add_entry_by_NID(name, nid, types[below(4)], (const uint8_t *)text, -1, -1, 0);
}

static void random_name(X509_NAME *name)
{
	static const int nids[] = {NID_countryName, NID_organizationName, NID_organizationalUnitName,
				   NID_commonName, NID_localityName};
	for (unsigned n = below(6); n; n--) {
		const int nid = nids[below(5)];
		char text[32];
		snprintf(text, sizeof text, nid == NID_countryName ? "XX" : "value %u", below(1000));
		add_entry(name, nid, text);
	}
}

static void random_alt_names(X509 *x)
{
	char text[4096];
	size_t at = (size_t)snprintf(text, sizeof text, "%s", below(2) ? "critical" : "IP:192.0.2.1");
	for (unsigned n = below(40); n; n--) {
		static const char *const forms[] = {"DNS:h%u.example", "DNS:*.w%u.example",
						    "email:m%u@example", "URI:http://u%u/",
						    "DNS:xn--bcher-%u.example", "RID:1.2.%u"};
		at += (size_t)snprintf(text + at, sizeof text - at, ",");
		at += (size_t)snprintf(text + at, sizeof text - at, forms[below(6)], below(30));
	}
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, text);
	if (e) /* "critical" alone is no list */
		X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
}

static X509 *random_certificate(EVP_PKEY *key)
{
	X509 *x = X509_new();
	X509_set_version(x, below(4) ? X509_VERSION_3 : X509_VERSION_1);
	ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), ((uint64_t)below(1 << 24) << 32) + seed);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	random_name(X509_get_subject_name(x));
	random_name(X509_get_issuer_name(x));
	X509_set_pubkey(x, key);
	if (X509_get_version(x) == X509_VERSION_3) {
		X509_EXTENSION *e =
			X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
		if (below(2))
			X509_add_ext(x, e, -1);
		X509_EXTENSION_free(e);
		if (below(5))
			random_alt_names(x);
	}
	cr_assert(X509_sign(x, key, EVP_sha256()));
	return x;
}

static bool same(struct str s, const ASN1_STRING *a)
{
	const size_t n = a ? (size_t)ASN1_STRING_length(a) : 0;
	return s.n == n && (n == 0 || memcmp(s.p, ASN1_STRING_get0_data(a), n) == 0);
}

static const ASN1_STRING *last_of(const X509_NAME *name, int nid)
{
	int at = -1, next;
	while ((next = X509_NAME_get_index_by_NID(name, nid, at)) >= 0)
		at = next;
	return at < 0 ? NULL : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
}

static void compare_alt_names(const struct str_list *names, const X509 *x)
{
	GENERAL_NAMES *list = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	unsigned found = 0;
	for (int i = 0; i < sk_GENERAL_NAME_num(list); i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(list, i);
		if (g->type != GEN_DNS)
			continue;
		if (found < RECORD_LIST_MAX)
			cr_expect(found < names->count && same(names->item[found], g->d.dNSName));
		found++;
	}
	cr_expect_eq(names->count, found < RECORD_LIST_MAX ? found : RECORD_LIST_MAX);
	cr_expect_eq(names->more, found > RECORD_LIST_MAX);
	GENERAL_NAMES_free(list);
}

Test(x509_openssl, reads_the_same_names)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	for (unsigned i = 0; i < 2000; i++) {
		X509 *x = random_certificate(key);
		uint8_t *der = NULL;
		const int n = i2d_X509(x, &der);
		struct x509_names names;
		cr_assert(n > 0);
		cr_assert_eq(x509_names_of(cur_of(der, (size_t)n), &names), PARSE_DONE, "%u", i);
		cr_expect(same(names.subject, last_of(X509_get_subject_name(x), NID_commonName)));
		const ASN1_STRING *issuer = last_of(X509_get_issuer_name(x), NID_commonName);
		if (!issuer)
			issuer = last_of(X509_get_issuer_name(x), NID_organizationName);
		cr_expect(same(names.issuer, issuer));
		compare_alt_names(&names.names, x);
		OPENSSL_free(der);
		X509_free(x);
	}
	EVP_PKEY_free(key);
}

/* What OpenSSL cannot read need not be refused here, but what it reads must be read alike. */
Test(x509_openssl, agrees_on_damaged_certificates)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	unsigned read = 0;
	for (unsigned i = 0; i < 300; i++) {
		X509 *good = random_certificate(key);
		uint8_t *der = NULL;
		const int n = i2d_X509(good, &der);
		for (unsigned k = 0; k < 40; k++) {
			const unsigned at = below((unsigned)n);
			const uint8_t was = der[at];
			der[at] ^= (uint8_t)(1 + below(255));
			const uint8_t *p = der;
			X509 *x = d2i_X509(NULL, &p, n);
			struct x509_names names;
			const enum parse state = x509_names_of(cur_of(der, (size_t)n), &names);
			if (x && state == PARSE_DONE) {
				const X509_NAME *subject = X509_get_subject_name(x);
				cr_expect(same(names.subject, last_of(subject, NID_commonName)));
				read++;
			}
			X509_free(x);
			der[at] = was;
		}
		OPENSSL_free(der);
		X509_free(good);
	}
	cr_expect(read > 1000, "%u", read);
	EVP_PKEY_free(key);
}
