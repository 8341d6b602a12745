/* gen.c - deterministic benchmark pcaps for passive network monitors.
 *   cc -O2 -o gen gen.c -lcrypto -lm
 *   ./gen mix  OUT.pcap SEED [SCALE]     enterprise mix
 *   ./gen dns  OUT.pcap SEED [SCALE]     DNS only
 *   ./gen syn  OUT.pcap SEED [SCALE]     flow-table worst case
 * Writes OUT.pcap, OUT.pcap.truth.txt (counts), and for mix/dns
 * OUT.pcap.names.tsv (kind <tab> name <tab> count) and OUT.pcap.uploads.tsv.
 * Same seed + scale => byte-identical files.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

/* ---------- rng ---------- */
static u64 S[4];
static u64 splitmix(u64 *x)
{
	u64 z = (*x += 0x9e3779b97f4a7c15ull);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}
static void seed(u64 s)
{
	for (int i = 0; i < 4; i++)
		S[i] = splitmix(&s);
}
#define ROTL(x, k) (((x) << (k)) | ((x) >> (64 - (k))))
static u64 rnd(void)
{
	u64 r = ROTL(S[1] * 5, 7) * 9, t = S[1] << 17;
	S[2] ^= S[0];
	S[3] ^= S[1];
	S[1] ^= S[2];
	S[0] ^= S[3];
	S[2] ^= t;
	S[3] = ROTL(S[3], 45);
	return r;
}
static u32 rn(u32 n)
{
	return (u32)(((rnd() >> 32) * (u64)n) >> 32);
}
static double rf(void)
{
	return (rnd() >> 11) * (1.0 / 9007199254740992.0);
}
static double rexp(double m)
{
	return -m * log(1 - rf());
}
static double rnorm(void)
{
	double u = 1 - rf(), v = rf();
	return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}
static double rlogn(double med, double sg)
{
	return med * exp(sg * rnorm());
}
static u64 hash(const char *s)
{
	u64 h = 0xcbf29ce484222325ull;
	while (*s) {
		h ^= (u8)tolower(*s++);
		h *= 0x100000001b3ull;
	}
	h ^= h >> 29;
	h *= 0xbf58476d1ce4e5b9ull;
	h ^= h >> 32;
	return h;
}
#define POOL (1u << 22)
static u8 *pool;

/* ---------- output ---------- */
static FILE *out;
static u64 npk, nby, ncap;
static void pcap_open(const char *f)
{
	out = fopen(f, "wb");
	if (!out) {
		perror(f);
		exit(1);
	}
	setvbuf(out, NULL, _IOFBF, 1 << 20);
	u32 h[6] = {0xa1b2c3d4, 4u << 16 | 2, 0, 0, 65535, 1};
	h[1] = 2 | (4u << 16);
	fwrite(h, 1, 24, out);
}
static void pcap_put(u64 us, const u8 *p, u32 n)
{
	u32 h[4];
	u64 base = 1760000000ull;
	h[0] = base + us / 1000000;
	h[1] = us % 1000000;
	h[2] = h[3] = n;
	fwrite(h, 1, 16, out);
	fwrite(p, 1, n, out);
	npk++;
	nby += n;
	ncap += n + 16;
}

/* ---------- checksums / headers ---------- */
static inline void w16(u8 *p, u16 v)
{
	p[0] = v >> 8;
	p[1] = v;
}
static inline void w24(u8 *p, u32 v)
{
	p[0] = v >> 16;
	p[1] = v >> 8;
	p[2] = v;
}
static inline void w32(u8 *p, u32 v)
{
	p[0] = v >> 24;
	p[1] = v >> 16;
	p[2] = v >> 8;
	p[3] = v;
}
static u64 csum_add(u64 s, const u8 *p, u32 n)
{
	while (n >= 8) {
		u32 a, b;
		memcpy(&a, p, 4);
		memcpy(&b, p + 4, 4);
		s += a;
		s += b;
		p += 8;
		n -= 8;
	}
	while (n >= 2) {
		u16 a;
		memcpy(&a, p, 2);
		s += a;
		p += 2;
		n -= 2;
	}
	if (n) {
		u16 a = 0;
		memcpy(&a, p, 1);
		s += a;
	}
	return s;
}
static u16 csum_fin(u64 s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return ~(u16)s;
}

typedef struct {
	u8 a[16];
} ip_t; /* v4 in first 4 bytes */
typedef struct {
	u8 is6;
	ip_t c, s;
	u16 cp, sp;
} tup_t;
static u8 cmac[6] = {0x02, 0, 0x5e, 0, 0, 1}, smac[6] = {0x02, 0, 0x5e, 0, 0, 2};
static u8 pk[70000];

/* l4 at returned pointer; finish with frame_end */
static u8 *frame(const tup_t *t, int dir, u8 proto, u32 l4len, u32 *off)
{
	u8 *p = pk;
	memcpy(p, dir ? cmac : smac, 6);
	memcpy(p + 6, dir ? smac : cmac, 6);
	const u8 *src = dir ? t->s.a : t->c.a, *dst = dir ? t->c.a : t->s.a;
	if (!t->is6) {
		w16(p + 12, 0x0800);
		p += 14;
		memset(p, 0, 20);
		p[0] = 0x45;
		w16(p + 2, 20 + l4len);
		w16(p + 4, (u16)rnd());
		p[6] = 0x40;
		p[8] = dir ? 54 : 64;
		p[9] = proto;
		memcpy(p + 12, src, 4);
		memcpy(p + 16, dst, 4);
		u16 c = csum_fin(csum_add(0, p, 20));
		memcpy(p + 10, &c, 2);
		*off = 34;
		return pk + 34;
	}
	w16(p + 12, 0x86dd);
	p += 14;
	memset(p, 0, 40);
	p[0] = 0x60;
	w16(p + 4, l4len);
	p[6] = proto;
	p[7] = dir ? 54 : 64;
	memcpy(p + 8, src, 16);
	memcpy(p + 24, dst, 16);
	*off = 54;
	return pk + 54;
}
static void frame_end(u64 us, const tup_t *t, u8 proto, u32 off, u32 l4len)
{
	u64 s = 0;
	const u8 *ip = pk + 14;
	if (!t->is6)
		s = csum_add(s, ip + 12, 8);
	else
		s = csum_add(s, ip + 8, 32);
	s += htons(l4len);
	s += htons(proto);
	s = csum_add(s, pk + off, l4len);
	u16 c = csum_fin(s);
	if (proto == 17 && c == 0)
		c = 0xffff;
	memcpy(pk + off + (proto == 6 ? 16 : 6), &c, 2);
	u32 n = off + l4len;
	while (n < 60)
		pk[n++] = 0;
	pcap_put(us, pk, n);
}

/* ---------- names ---------- */
static char **name;
static int nname;
static double *zc;
static const char *RULE[20] = {"mega.nz",	 "mega.co.nz",	      "mega.io",
			       "dropboxapi.com", "dropbox.com",	      "dropboxusercontent.com",
			       "amazonaws.com",	 "ufile.io",	      "anonfiles.com",
			       "wetransfer.com", "transfer.sh",	      "gofile.io",
			       "file.io",	 "pcloud.com",	      "mediafire.com",
			       "box.com",	 "onedrive.live.com", "storage.googleapis.com",
			       "sendspace.com",	 "4shared.com"};
static const char *CLOUD[] = {"mega.nz",
			      "g.api.mega.co.nz",
			      "gfs270n101.userstorage.mega.co.nz",
			      "gfs208n172.userstorage.mega.co.nz",
			      "mega.io",
			      "api.mega.io",
			      "content.dropboxapi.com",
			      "api.dropboxapi.com",
			      "notify.dropboxapi.com",
			      "www.dropbox.com",
			      "uc1234567890abcdef.dl.dropboxusercontent.com",
			      "s3.amazonaws.com",
			      "acme-backups.s3.eu-west-1.amazonaws.com",
			      "bucket-77.s3.us-east-1.amazonaws.com",
			      "dynamodb.us-east-1.amazonaws.com",
			      "ufile.io",
			      "up.ufile.io",
			      "storage-1.ufile.io",
			      "anonfiles.com",
			      "api.anonfiles.com",
			      "cdn-115.anonfiles.com",
			      "wetransfer.com",
			      "storm-eu-west-1.wetransfer.com",
			      "transfer.sh",
			      "gofile.io",
			      "store4.gofile.io",
			      "file.io",
			      "api.pcloud.com",
			      "eapi.pcloud.com",
			      "www.mediafire.com",
			      "upload.box.com",
			      "api.box.com",
			      "onedrive.live.com",
			      "storage.googleapis.com",
			      "fs08n4.sendspace.com",
			      "www.4shared.com"};
#define NCLOUD ((int)(sizeof CLOUD / sizeof *CLOUD))
static const char *NEAR[] = {"notmega.nz",
			     "mega.nz.example.org",
			     "ufile.io.evil-cdn.net",
			     "myufile.io",
			     "xbox.com",
			     "www.xbox.com",
			     "profile.io",
			     "dropboxapi.com.attacker.info",
			     "s3.amazonaws.com.cn",
			     "anonfiles.company",
			     "googleapis.com",
			     "live.com",
			     "login.live.com",
			     "megan.zone",
			     "inbox.com",
			     "4shared.com.vn"};
#define NNEAR ((int)(sizeof NEAR / sizeof *NEAR))
static int rule_match(const char *n)
{
	int l = strlen(n);
	for (int i = 0; i < 20; i++) {
		int r = strlen(RULE[i]);
		if (l >= r && !strcasecmp(n + l - r, RULE[i]) && (l == r || n[l - r - 1] == '.'))
			return i + 1;
	}
	return 0;
}
static const char *SYL[] = {"ac", "al", "an", "ar", "ba",  "be", "bo",	"ca",  "ce", "co", "da",
			    "de", "di", "do", "el", "en",  "er", "fa",	"fi",  "fo", "ga", "go",
			    "ha", "he", "hi", "in", "is",  "ka", "ke",	"ki",  "la", "le", "li",
			    "lo", "ma", "me", "mi", "mo",  "na", "ne",	"no",  "nu", "on", "or",
			    "pa", "pe", "pi", "po", "qua", "ra", "re",	"ri",  "ro", "sa", "se",
			    "si", "so", "ta", "te", "ti",  "to", "tra", "tri", "ul", "un", "ur",
			    "va", "ve", "vi", "vo", "wa",  "we", "xi",	"ya",  "za", "zo"};
static const char *TLD[] = {"com", "com",  "com",   "com", "com",    "net",   "org",
			    "io",  "de",   "co.uk", "fr",  "nl",     "cloud", "app",
			    "dev", "info", "ru",    "jp",  "com.br", "eu"};
static const char *SUB[] = {"www",  "www",   "api",    "cdn",  "static", "img",	      "login",
			    "mail", "app",   "assets", "edge", "m",	 "telemetry", "update",
			    "ws",   "media", "auth",   "s",    "push",	 "graph"};
static void mkname(char *b)
{
	char d[64] = "";
	int k = 2 + rn(3);
	for (int i = 0; i < k; i++)
		strcat(d, SYL[rn(sizeof SYL / sizeof *SYL)]);
	if (rn(12) == 0) {
		strcat(d, "-");
		strcat(d, SYL[rn(70)]);
		strcat(d, SYL[rn(70)]);
	}
	if (rn(15) == 0) {
		char q[8];
		sprintf(q, "%d", rn(99));
		strcat(d, q);
	}
	const char *t = TLD[rn(20)];
	int z = rn(10);
	if (z < 2)
		sprintf(b, "%s.%s", d, t);
	else if (z < 8)
		sprintf(b, "%s.%s.%s", SUB[rn(20)], d, t);
	else
		sprintf(b, "%s%d.%s.%s.%s", SYL[rn(70)], rn(64), SUB[rn(20)], d, t);
}
static void names_init(int n, double a, int cloud)
{
	name = calloc(n, sizeof *name);
	nname = n;
	zc = malloc(n * sizeof *zc);
	for (int i = 0; i < n; i++) {
		char b[256];
		mkname(b);
		name[i] = strdup(b);
	}
	if (cloud) {
		for (int i = 0; i < NCLOUD; i++)
			name[150 + i * 41] = strdup(CLOUD[i]);
		for (int i = 0; i < NNEAR; i++)
			name[170 + i * 53] = strdup(NEAR[i]);
	}
	double s = 0;
	for (int i = 0; i < n; i++) {
		s += pow(i + 1, -a);
		zc[i] = s;
	}
	for (int i = 0; i < n; i++)
		zc[i] /= s;
}
static int zipf(void)
{
	double u = rf();
	int lo = 0, hi = nname - 1;
	while (lo < hi) {
		int m = (lo + hi) / 2;
		if (zc[m] < u)
			lo = m + 1;
		else
			hi = m;
	}
	return lo;
}

/* truth: hash of (kind,name)->count */
typedef struct {
	char *k;
	u32 n;
} tr_t;
static tr_t *tr;
static u32 trcap, trn;
static void truth(char kind, const char *nm)
{
	if ((trn + 1) * 2 > trcap) {
		u32 oc = trcap;
		tr_t *o = tr;
		trcap = oc ? oc * 2 : 1u << 16;
		tr = calloc(trcap, sizeof *tr);
		for (u32 i = 0; i < oc; i++)
			if (o[i].k) {
				u32 h = hash(o[i].k) & (trcap - 1);
				while (tr[h].k)
					h = (h + 1) & (trcap - 1);
				tr[h] = o[i];
			}
		free(o);
	}
	char b[400];
	b[0] = kind;
	b[1] = '\t';
	int i = 0;
	for (; nm[i] && i < 390; i++)
		b[2 + i] = tolower((u8)nm[i]);
	b[2 + i] = 0;
	u32 h = hash(b) & (trcap - 1);
	while (tr[h].k && strcmp(tr[h].k, b))
		h = (h + 1) & (trcap - 1);
	if (!tr[h].k) {
		tr[h].k = strdup(b);
		trn++;
	}
	tr[h].n++;
}

/* ---------- TLS ---------- */
static u8 *rbytes(u8 *p, int n)
{
	memcpy(p, pool + rn(POOL - n - 1), n);
	return p + n;
}
static const u16 GREASE[] = {0x0a0a, 0x1a1a, 0x2a2a, 0x3a3a, 0x4a4a, 0x5a5a,
			     0x6a6a, 0x7a7a, 0x8a8a, 0x9a9a, 0xaaaa};
static u8 *ext(u8 *p, u16 t, const void *d, int n)
{
	w16(p, t);
	w16(p + 2, n);
	memcpy(p + 4, d, n);
	return p + 4 + n;
}
static int client_hello(u8 *o, const char *sni, int quic, int pq, int tls12)
{
	u8 *p = o + 4;
	w16(p, 0x0303);
	p += 2;
	p = rbytes(p, 32);
	if (quic)
		*p++ = 0;
	else {
		*p++ = 32;
		p = rbytes(p, 32);
	}
	u8 *q = p;
	p += 2;
	u16 g = GREASE[rn(11)];
	if (!tls12) {
		w16(p, g);
		p += 2;
		w16(p, 0x1301);
		w16(p + 2, 0x1302);
		w16(p + 4, 0x1303);
		p += 6;
	}
	if (!quic) {
		static const u16 cs[] = {0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8,
					 0xc013, 0xc014, 0x9c,	 0x9d,	 0x2f,	 0x35};
		for (int i = 0; i < 12; i++) {
			w16(p, cs[i]);
			p += 2;
		}
	}
	w16(q, p - q - 2);
	*p++ = 1;
	*p++ = 0;
	u8 *el = p;
	p += 2;
	int ord[20], n = 0;
	for (int i = 0; i < 14; i++)
		ord[n++] = i;
	for (int i = n - 1; i > 0; i--) {
		int j = rn(i + 1), t = ord[i];
		ord[i] = ord[j];
		ord[j] = t;
	}
	if (!tls12)
		p = ext(p, GREASE[rn(11)], "", 0);
	for (int i = 0; i < n; i++) {
		u8 b[2048];
		int l = 0;
		switch (ord[i]) {
		case 0:
			if (sni) {
				l = strlen(sni);
				w16(b, l + 3);
				b[2] = 0;
				w16(b + 3, l);
				memcpy(b + 5, sni, l);
				p = ext(p, 0, b, l + 5);
			}
			break;
		case 1:
			if (!quic)
				p = ext(p, 23, "", 0);
			break;
		case 2:
			if (!quic)
				p = ext(p, 0xff01, "\0", 1);
			break;
		case 3:
			if (!tls12 && pq)
				p = ext(p, 10, "\x00\x0a\x2a\x2a\x11\xec\x00\x1d\x00\x17\x00\x18",
					12);
			else
				p = ext(p, 10, "\x00\x06\x00\x1d\x00\x17\x00\x18", 8);
			break;
		case 4:
			if (!quic)
				p = ext(p, 11, "\x01\x00", 2);
			break;
		case 5:
			if (!quic)
				p = ext(p, 35, "", 0);
			break;
		case 6:
			if (quic)
				p = ext(p, 16, "\x00\x03\x02h3", 5);
			else
				p = ext(p, 16, "\x00\x0c\x02h2\x08http/1.1", 14);
			break;
		case 7:
			p = ext(p, 5, "\x01\x00\x00\x00\x00", 5);
			break;
		case 8:
			p = ext(p, 13,
				"\x00\x10\x04\x03\x08\x04\x04\x01\x05\x03\x08\x05\x05\x01\x08\x06"
				"\x06\x01",
				18);
			break;
		case 9:
			if (!quic)
				p = ext(p, 18, "", 0);
			break;
		case 10:
			if (!tls12) {
				u8 *k = b + 2;
				w16(k, 0x2a2a);
				w16(k + 2, 1);
				k[4] = 0;
				k += 5;
				if (pq) {
					w16(k, 0x11ec);
					w16(k + 2, 1216);
					k += 4;
					k = rbytes(k, 1216);
				}
				w16(k, 0x1d);
				w16(k + 2, 32);
				k += 4;
				k = rbytes(k, 32);
				w16(b, k - b - 2);
				p = ext(p, 51, b, k - b);
			}
			break;
		case 11:
			if (!tls12)
				p = ext(p, 45, "\x01\x01", 2);
			break;
		case 12:
			if (!tls12)
				p = ext(p, 43, "\x04\x03\x04\x03\x03", 5);
			break;
		case 13:
			if (quic) {
				u8 *k = b;
				memcpy(k,
				       "\x01\x04\x80\x00\x75\x30\x03\x02\x45\xc0\x04\x04\x80\xf0"
				       "\x00\x00\x05\x04\x80\x60\x00\x00\x06\x04\x80\x60\x00\x00"
				       "\x07\x04\x80\x60\x00\x00\x08\x02\x40\x64\x09\x02\x40\x67"
				       "\x0f\x00",
				       44);
				k += 44;
				p = ext(p, 57, b, k - b);
			} else if (!tls12) { /*ECH grease*/
				u8 e[300];
				memcpy(e, "\x00\x00\x01\x00\x01", 5);
				e[5] = rn(256);
				w16(e + 6, 32);
				rbytes(e + 8, 32);
				w16(e + 40, 144);
				rbytes(e + 42, 144);
				p = ext(p, 0xfe0d, e, 186);
			}
			break;
		}
	}
	if (!tls12)
		p = ext(p, GREASE[rn(11)], "\0", 1);
	w16(el, p - el - 2);
	o[0] = 1;
	w24(o + 1, p - o - 4);
	return p - o;
}
static int server_hello(u8 *o, int tls12, int pq)
{
	u8 *p = o + 4;
	w16(p, 0x0303);
	p += 2;
	p = rbytes(p, 32);
	*p++ = 32;
	p = rbytes(p, 32);
	w16(p, tls12 ? 0xc02b : 0x1301);
	p += 2;
	*p++ = 0;
	u8 *el = p;
	p += 2;
	if (tls12) {
		p = ext(p, 0xff01, "\0", 1);
		p = ext(p, 11, "\x01\x00", 2);
		p = ext(p, 16, "\x00\x03\x02h2", 5);
		p = ext(p, 23, "", 0);
	} else {
		u8 b[1300];
		w16(b, pq ? 0x11ec : 0x1d);
		int n = pq ? 1120 : 32;
		w16(b + 2, n);
		rbytes(b + 4, n);
		p = ext(p, 51, b, n + 4);
		p = ext(p, 43, "\x03\x04", 2);
	}
	w16(el, p - el - 2);
	o[0] = 2;
	w24(o + 1, p - o - 4);
	return p - o;
}
static u8 *rec(u8 *p, u8 type, u16 ver, const u8 *d, int n)
{
	*p++ = type;
	w16(p, ver);
	w16(p + 2, n);
	p += 4;
	memmove(p, d, n);
	return p + n;
}

static EVP_PKEY *cakey;
static u8 *cader;
static int calen;
static X509 *mkcert(const char *cn, int ca, long serial)
{
	X509 *x = X509_new();
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
	ASN1_TIME_set(X509_getm_notBefore(x), 1750000000);
	ASN1_TIME_set(X509_getm_notAfter(x), 1790000000);
	X509_NAME *s = X509_NAME_new(), *i = X509_NAME_new();
	X509_NAME_add_entry_by_txt(i, "C", MBSTRING_ASC, (u8 *)"US", -1, -1, 0);
	X509_NAME_add_entry_by_txt(i, "O", MBSTRING_ASC, (u8 *)"Example Trust Services", -1, -1, 0);
	X509_NAME_add_entry_by_txt(i, "CN", MBSTRING_ASC, (u8 *)"Example TLS CA R3", -1, -1, 0);
	if (!ca) {
		char b[65];
		snprintf(b, 65, "%s", cn);
		X509_NAME_add_entry_by_txt(s, "CN", MBSTRING_ASC, (u8 *)b, -1, -1, 0);
	} else {
		X509_NAME_free(s);
		s = X509_NAME_dup(i);
	}
	X509_set_subject_name(x, s);
	X509_set_issuer_name(x, i);
	X509_NAME_free(s);
	X509_NAME_free(i);
	X509_set_pubkey(x, cakey);
	char v[600];
	if (!ca) {
		snprintf(v, 600, "DNS:%s", cn);
		X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, v);
		if (e) {
			X509_add_ext(x, e, -1);
			X509_EXTENSION_free(e);
		}
	}
	{
		int n = ca ? 500 : 242;
		ASN1_OCTET_STRING *os = ASN1_OCTET_STRING_new();
		u8 b[600];
		rbytes(b, n);
		ASN1_OCTET_STRING_set(os, b, n);
		ASN1_OBJECT *ob = OBJ_txt2obj("1.3.6.1.4.1.99999.1", 1);
		X509_EXTENSION *e = X509_EXTENSION_create_by_OBJ(NULL, ob, 0, os);
		X509_add_ext(x, e, -1);
		X509_EXTENSION_free(e);
		ASN1_OBJECT_free(ob);
		ASN1_OCTET_STRING_free(os);
	}
	X509_sign(x, cakey, NULL);
	return x;
}
static void ca_init(void)
{
	u8 k[32];
	for (int i = 0; i < 32; i++)
		k[i] = rnd();
	cakey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, k, 32);
	X509 *x = mkcert(NULL, 1, 7);
	calen = i2d_X509(x, &cader);
	X509_free(x);
}
static int cert_msg(u8 *o, const char *cn)
{
	X509 *x = mkcert(cn, 0, (long)(hash(cn) & 0x3fffffff) + 1);
	u8 *d = NULL;
	int n = i2d_X509(x, &d);
	X509_free(x);
	o[0] = 11;
	u8 *p = o + 7;
	w24(p, n);
	memcpy(p + 3, d, n);
	p += 3 + n;
	w24(p, calen);
	memcpy(p + 3, cader, calen);
	p += 3 + calen;
	w24(o + 4, p - o - 7);
	w24(o + 1, p - o - 4);
	OPENSSL_free(d);
	return p - o;
}

/* ---------- QUIC ---------- */
static void hmac256(const u8 *k, int kl, const u8 *d, int dl, u8 *o)
{
	unsigned l = 32;
	HMAC(EVP_sha256(), k, kl, d, dl, o, &l);
}
static void hkdf_label(const u8 *sec, const char *lab, u8 *o, int n)
{
	u8 b[80];
	int l = strlen(lab);
	w16(b, n);
	b[2] = 6 + l;
	memcpy(b + 3, "tls13 ", 6);
	memcpy(b + 9, lab, l);
	b[9 + l] = 0;
	b[10 + l] = 1;
	u8 t[32];
	hmac256(sec, 32, b, 11 + l, t);
	memcpy(o, t, n);
}
static int quic_initial(u8 *o, const u8 *dcid, int dl, const u8 *ndcid, int ndl, const u8 *scid,
			int sl, int server, int v2, u32 pn, const u8 *pl, int n, int total)
{
	static const u8 s1[20] = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
				  0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
	static const u8 s2[20] = {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
				  0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9};
	u8 is[32], sec[32], key[16], iv[12], hp[16];
	hmac256(v2 ? s2 : s1, 20, dcid, dl, is);
	hkdf_label(is, server ? "server in" : "client in", sec, 32);
	hkdf_label(sec, v2 ? "quicv2 key" : "quic key", key, 16);
	hkdf_label(sec, v2 ? "quicv2 iv" : "quic iv", iv, 12);
	hkdf_label(sec, v2 ? "quicv2 hp" : "quic hp", hp, 16);
	u8 *p = o;
	*p++ = (v2 ? 0xd0 : 0xc0);
	w32(p, v2 ? 0x6b3343cf : 1);
	p += 4;
	*p++ = ndl;
	memcpy(p, ndcid, ndl);
	p += ndl;
	*p++ = sl;
	memcpy(p, scid, sl);
	p += sl;
	*p++ = 0;
	int hl = p - o + 2 + 1;
	int body = total - hl - 16;
	if (body < n)
		body = n;
	w16(p, 0x4000 | (1 + body + 16));
	p += 2;
	u8 *pnp = p;
	*p++ = pn;
	u8 pt[2000];
	memset(pt, 0, sizeof pt);
	memcpy(pt, pl, n);
	iv[11] ^= pn;
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int l;
	EVP_EncryptInit_ex(c, EVP_aes_128_gcm(), NULL, key, iv);
	EVP_EncryptUpdate(c, NULL, &l, o, p - o);
	EVP_EncryptUpdate(c, p, &l, pt, body);
	EVP_EncryptFinal_ex(c, p + body, &l);
	EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, 16, p + body);
	u8 m[32];
	EVP_CIPHER_CTX_reset(c);
	EVP_EncryptInit_ex(c, EVP_aes_128_ecb(), NULL, hp, NULL);
	EVP_CIPHER_CTX_set_padding(c, 0);
	EVP_EncryptUpdate(c, m, &l, pnp + 4, 16);
	EVP_CIPHER_CTX_free(c);
	o[0] ^= m[0] & 0x0f;
	pnp[0] ^= m[1];
	return (p - o) + body + 16;
}
static int qcrypto(u8 *o, u32 off, const u8 *d, int n)
{
	u8 *p = o;
	*p++ = 6;
	w32(p, 0x80000000 | off);
	p += 4;
	w16(p, 0x4000 | n);
	p += 2;
	memcpy(p, d, n);
	return p - o + n;
}

/* ---------- DNS ---------- */
static u8 *dname(u8 *p, const char *n)
{
	while (*n) {
		const char *d = strchrnul(n, '.');
		int l = d - n;
		*p++ = l;
		memcpy(p, n, l);
		p += l;
		n = *d ? d + 1 : d;
	}
	*p++ = 0;
	return p;
}
enum {
	A = 1,
	NS = 2,
	CNAME = 5,
	SOA = 6,
	PTR = 12,
	MX = 15,
	TXT = 16,
	AAAA = 28,
	SRV = 33,
	OPT = 41,
	HTTPS = 65
};
static int dns_query(u8 *o, u16 id, const char *n, u16 t, int edns)
{
	u8 *p = o;
	w16(p, id);
	w16(p + 2, 0x0100);
	w16(p + 4, 1);
	w16(p + 6, 0);
	w16(p + 8, 0);
	w16(p + 10, edns ? 1 : 0);
	p += 12;
	p = dname(p, n);
	w16(p, t);
	w16(p + 2, 1);
	p += 4;
	if (edns) {
		*p++ = 0;
		w16(p, OPT);
		w16(p + 2, 1232);
		w32(p + 4, 0);
		w16(p + 8, 0);
		p += 10;
	}
	return p - o;
}
static u32 n_cname;
/* server address for name */
static void srv_ip(const char *n, int is6, int k, ip_t *o)
{
	u64 h = hash(n) + k * 0x9e3779b97f4a7c15ull;
	memset(o, 0, 16);
	if (!is6) {
		static const u8 f[] = {13, 23, 34, 52, 54, 99, 104, 142, 151, 172, 185, 198};
		o->a[0] = f[h % 12];
		if (o->a[0] == 172)
			o->a[1] = 64 + ((h >> 8) & 127);
		else if (o->a[0] == 198)
			o->a[1] = 41 + ((h >> 8) & 3);
		else
			o->a[1] = h >> 8;
		o->a[2] = h >> 16;
		o->a[3] = 1 + ((h >> 24) % 250);
	} else {
		o->a[0] = 0x2a;
		o->a[1] = 0;
		o->a[2] = h;
		o->a[3] = h >> 8;
		o->a[4] = h >> 16;
		o->a[5] = h >> 24;
		o->a[14] = h >> 32;
		o->a[15] = h >> 40;
	}
}
static int dns_resp(u8 *o, u16 id, const char *n, u16 t, int edns, int rcode, int chain, int nans)
{
	u8 *p = o;
	w16(p, id);
	w16(p + 2, 0x8180 | rcode);
	w16(p + 4, 1);
	w16(p + 8, 0);
	w16(p + 10, edns ? 1 : 0);
	p += 12;
	p = dname(p, n);
	w16(p, t);
	w16(p + 2, 1);
	p += 4;
	int an = 0, ns = 0;
	u16 own = 0xc00c;
	char cur[300];
	snprintf(cur, 300, "%s", n);
	if (!rcode) {
		if (t == A || t == AAAA || t == HTTPS)
			for (int i = 0; i < chain; i++) { /* owner CNAME target */
				char tg[300];
				if (i == chain - 1)
					snprintf(tg, 300, "d%08x%05x.cdn%d.example-edge.net",
						 (u32)hash(cur), (u32)(hash(cur) >> 40) & 0xfffff,
						 (int)(hash(cur) & 7));
				else
					snprintf(tg, 300, "%.60s.edge%d.trafficmgr.example", n, i);
				w16(p, own);
				w16(p + 2, CNAME);
				w16(p + 4, 1);
				w32(p + 6, 300);
				u8 *rl = p + 10;
				p += 12;
				u8 *st = p;
				p = dname(p, tg);
				w16(rl, p - st);
				own = 0xc000 | (st - o);
				snprintf(cur, 300, "%s", tg);
				an++;
				n_cname++;
			}
		if (t == HTTPS && (hash(n) & 1))
			nans = 0;
		for (int i = 0; i < nans; i++) {
			w16(p, own);
			w16(p + 2, t);
			w16(p + 4, 1);
			w32(p + 6, 60 + rn(3600));
			u8 *rl = p + 10;
			p += 12;
			u8 *st = p;
			ip_t a;
			switch (t) {
			case A:
				srv_ip(n, 0, i, &a);
				memcpy(p, a.a, 4);
				p += 4;
				break;
			case AAAA:
				srv_ip(n, 1, i, &a);
				memcpy(p, a.a, 16);
				p += 16;
				break;
			case HTTPS:
				w16(p, 1);
				p[2] = 0;
				p += 3;
				w16(p, 1);
				w16(p + 2, 6);
				memcpy(p + 4, "\x02h3\x02h2", 6);
				p += 10;
				i = nans;
				break;
			case PTR: {
				char b[80];
				sprintf(b, "host-%u.customers.example.net",
					(u32)hash(n) & 0xffffff);
				p = dname(p, b);
				i = nans;
			} break;
			case MX:
				w16(p, 10 * (i + 1));
				p += 2;
				*p++ = 3;
				memcpy(p, "mx", 2);
				p[2] = '1' + i;
				p += 3;
				w16(p, own);
				p += 2;
				break;
			case TXT: {
				char b[200];
				int l = sprintf(b,
						"v=spf1 include:_spf%d.example.com "
						"include:mail.example.net ip4:198.51.100.%d ~all",
						rn(9), rn(255));
				*p++ = l;
				memcpy(p, b, l);
				p += l;
				i = nans;
			} break;
			case SRV:
				w16(p, 0);
				w16(p + 2, 100);
				w16(p + 4, 443);
				p += 6;
				*p++ = 3;
				memcpy(p, "srv", 3);
				p += 3;
				w16(p, own);
				p += 2;
				break; /* compressed, as some servers do */
			case NS:
				*p++ = 3;
				memcpy(p, "ns", 2);
				p[2] = '1' + i;
				p += 3;
				w16(p, own);
				p += 2;
				break;
			default:
				rbytes(p, 8);
				p += 8;
			}
			w16(rl, p - st);
			an++;
		}
	}
	if (rcode == 3 || (!rcode && an == 0)) { /* SOA */
		const char *z = strchr(n, '.');
		u16 off = z ? 0xc00c + (z - n) + 1 : 0xc00c;
		w16(p, off);
		w16(p + 2, SOA);
		w16(p + 4, 1);
		w32(p + 6, 900);
		u8 *rl = p + 10;
		p += 12;
		u8 *st = p;
		*p++ = 3;
		memcpy(p, "ns1", 3);
		p += 3;
		w16(p, off);
		p += 2;
		*p++ = 10;
		memcpy(p, "hostmaster", 10);
		p += 10;
		w16(p, off);
		p += 2;
		w32(p, 2025010100);
		w32(p + 4, 7200);
		w32(p + 8, 900);
		w32(p + 12, 1209600);
		w32(p + 16, 900);
		p += 20;
		w16(rl, p - st);
		ns++;
	}
	w16(o + 6, an);
	w16(o + 8, ns);
	if (edns) {
		*p++ = 0;
		w16(p, OPT);
		w16(p + 2, 1232);
		w32(p + 4, 0);
		w16(p + 8, 0);
		p += 10;
	}
	return p - o;
}

/* ---------- flows ---------- */
enum { K_BLOB, K_APP, K_RAW };
typedef struct {
	u8 dir, kind;
	u32 len;
	u8 *d;
} msg_t;
#define MAXM 40
typedef struct {
	u64 t;
	tup_t tp;
	u8 udp, phase, end, nmsg, cur, unack, ackdir, kind, retx;
	u32 off;
	u32 seq[2], ts, lts[2];
	msg_t m[MAXM];
	u32 gap, rtt;
	const char *nm;
	u64 up, down;
} flow_t;
static flow_t **heap;
static u32 hn, hcap;
static void hpush(flow_t *f)
{
	if (hn == hcap) {
		hcap = hcap ? hcap * 2 : 4096;
		heap = realloc(heap, hcap * sizeof *heap);
	}
	u32 i = hn++;
	while (i) {
		u32 p = (i - 1) / 2;
		if (heap[p]->t <= f->t)
			break;
		heap[i] = heap[p];
		i = p;
	}
	heap[i] = f;
}
static flow_t *hpop(void)
{
	flow_t *r = heap[0], *f = heap[--hn];
	u32 i = 0;
	for (;;) {
		u32 c = 2 * i + 1;
		if (c >= hn)
			break;
		if (c + 1 < hn && heap[c + 1]->t < heap[c]->t)
			c++;
		if (heap[c]->t >= f->t)
			break;
		heap[i] = heap[c];
		i = c;
	}
	heap[i] = f;
	return r;
}
static void addmsg(flow_t *f, int dir, int kind, const u8 *d, u32 len)
{
	assert(f->nmsg < MAXM);
	msg_t *m = &f->m[f->nmsg++];
	m->dir = dir;
	m->kind = kind;
	m->len = len;
	m->d = NULL;
	if (kind == K_BLOB) {
		m->d = malloc(len);
		memcpy(m->d, d, len);
	}
	if (dir)
		f->down += len;
	else
		f->up += len;
}
#define REC 16389u
static void fill(u8 *p, msg_t *m, u32 off, u32 n)
{
	if (m->kind == K_BLOB) {
		memcpy(p, m->d + off, n);
		return;
	}
	memcpy(p, pool + rn(POOL - n - 1), n);
	if (m->kind == K_APP) {
		u32 r = off / REC;
		for (;; r++) {
			u32 st = r * REC;
			if (st >= off + n)
				break;
			u32 rl = m->len - st;
			if (rl > REC)
				rl = REC;
			u8 h[5] = {0x17, 3, 3, (u8)((rl - 5) >> 8), (u8)(rl - 5)};
			for (u32 i = 0; i < 5; i++) {
				u32 a = st + i;
				if (a >= off && a < off + n)
					p[a - off] = h[i];
			}
		}
	}
}
static void tcp_pkt(flow_t *f, int dir, u8 fl, msg_t *m, u32 off, u32 n, u32 seq)
{
	u32 hl = (fl & 2) ? 40 : 32, o;
	u8 *p = frame(&f->tp, dir, 6, hl + n, &o);
	memset(p, 0, hl);
	w16(p, dir ? f->tp.sp : f->tp.cp);
	w16(p + 2, dir ? f->tp.cp : f->tp.sp);
	w32(p + 4, seq);
	if (fl & 16)
		w32(p + 8, f->seq[!dir]);
	p[12] = (hl / 4) << 4;
	p[13] = fl;
	w16(p + 14, dir ? 29200 : 64240);
	u32 tv = f->ts + (u32)(f->t / 1000), te = f->lts[!dir];
	f->lts[dir] = tv;
	if (fl & 2) {
		u8 *q = p + 20;
		w16(q, 0x0204);
		w16(q + 2, f->tp.is6 ? 1440 : 1460);
		w16(q + 4, 0x0402);
		w16(q + 6, 0x080a);
		w32(q + 8, tv);
		w32(q + 12, te);
		q[16] = 1;
		q[17] = 3;
		q[18] = 3;
		q[19] = 7;
	} else {
		w16(p + 20, 0x0101);
		w16(p + 22, 0x080a);
		w32(p + 24, tv);
		w32(p + 28, te);
	}
	if (n)
		fill(p + hl, m, off, n);
	frame_end(f->t, &f->tp, 6, o, hl + n);
}
static u64 n_retx;
/* emit one packet, returns 0 when finished */
static int step(flow_t *f)
{
	if (f->udp) {
		msg_t *m = &f->m[f->cur];
		u32 o;
		u8 *p = frame(&f->tp, m->dir, 17, 8 + m->len, &o);
		w16(p, m->dir ? f->tp.sp : f->tp.cp);
		w16(p + 2, m->dir ? f->tp.cp : f->tp.sp);
		w16(p + 4, 8 + m->len);
		w16(p + 6, 0);
		fill(p + 8, m, 0, m->len);
		frame_end(f->t, &f->tp, 17, o, 8 + m->len);
		int d = m->dir;
		free(m->d);
		m->d = NULL;
		f->cur++;
		if (f->cur >= f->nmsg)
			return 0;
		f->t += 1 + (u64)rexp(f->m[f->cur].dir != d ? f->rtt : f->gap);
		return 1;
	}
	switch (f->phase) {
	case 0:
		tcp_pkt(f, 0, 2, 0, 0, 0, f->seq[0]);
		f->seq[0]++;
		f->phase = 1;
		f->t += 1 + f->rtt / 2 + rexp(200);
		return 1;
	case 1:
		tcp_pkt(f, 1, 0x12, 0, 0, 0, f->seq[1]);
		f->seq[1]++;
		f->phase = 2;
		f->t += 1 + f->rtt / 2;
		return 1;
	case 2:
		tcp_pkt(f, 0, 0x10, 0, 0, 0, f->seq[0]);
		f->phase = 3;
		f->t += 1 + rexp(150);
		return 1;
	case 3: {
		if (f->unack >= 2 || (f->unack && f->cur >= f->nmsg) ||
		    (f->unack && f->cur < f->nmsg && f->m[f->cur].dir == f->ackdir && rn(3) == 0)) {
			tcp_pkt(f, f->ackdir, 0x10, 0, 0, 0, f->seq[f->ackdir]);
			f->unack = 0;
			f->t += 1 + rexp(f->gap / 2 + 1);
			return 1;
		}
		if (f->cur >= f->nmsg) {
			if (f->end == 2)
				return 0;
			f->phase = 4;
			return step(f);
		}
		msg_t *m = &f->m[f->cur];
		u32 mss = f->tp.is6 ? 1428 : 1448, n = m->len - f->off;
		if (n > mss)
			n = mss;
		int last = f->off + n == m->len;
		tcp_pkt(f, m->dir, last ? 0x18 : 0x10, m, f->off, n, f->seq[m->dir]);
		if (f->retx && rn(200) == 0) {
			f->t += 1 + rexp(2000);
			tcp_pkt(f, m->dir, 0x10, m, f->off, n, f->seq[m->dir]);
			n_retx++;
		}
		f->seq[m->dir] += n;
		f->off += n;
		if (f->unack && f->ackdir == m->dir)
			f->unack = 0;
		f->unack++;
		f->ackdir = !m->dir;
		f->t += 1 + rexp(f->gap);
		if (last) {
			free(m->d);
			m->d = NULL;
			f->cur++;
			f->off = 0;
			if (f->cur < f->nmsg && f->m[f->cur].dir != m->dir)
				f->t += f->rtt / 2 + rexp(500);
		}
		return 1;
	}
	case 4:
		if (f->end == 1) {
			tcp_pkt(f, 0, 0x14, 0, 0, 0, f->seq[0]);
			return 0;
		}
		tcp_pkt(f, 0, 0x11, 0, 0, 0, f->seq[0]);
		f->seq[0]++;
		f->phase = 5;
		f->t += 1 + f->rtt / 2;
		return 1;
	case 5:
		tcp_pkt(f, 1, 0x11, 0, 0, 0, f->seq[1]);
		f->seq[1]++;
		f->phase = 6;
		f->t += 1 + f->rtt / 2;
		return 1;
	case 6:
		tcp_pkt(f, 0, 0x10, 0, 0, 0, f->seq[0]);
		return 0;
	}
	return 0;
}

static u64 c_tls, c_tlssni, c_quic, c_http, c_dnsq, c_dnsr, c_up, c_flows, c_pq, c_mdns, c_mtls,
	c_mquic, c_mhttp, c_tls12, c_qmulti, c_other;
static FILE *fup;
static u16 eport(int cl)
{
	static u16 *last;
	if (!last) {
		last = malloc(65536 * 2);
		for (int i = 0; i < 65536; i++)
			last[i] = 32768;
	}
	u16 v = last[cl]++;
	if (last[cl] >= 61000)
		last[cl] = 32768;
	return v;
}
static void client_ip(int c, int is6, ip_t *o)
{
	memset(o, 0, 16);
	if (!is6) {
		o->a[0] = 10;
		o->a[1] = 20 + (c >> 8) / 8;
		o->a[2] = (c >> 8);
		o->a[3] = 1 + (c & 255) % 254;
	} else {
		memcpy(o->a, "\x20\x01\x0d\xb8\x00\x20", 6);
		o->a[14] = c >> 8;
		o->a[15] = c;
	}
}
#define NCLIENT 2400
static flow_t *newflow(u64 t, int cl, const char *nm, int is6, u16 sp, int udp)
{
	flow_t *f = calloc(1, sizeof *f);
	f->t = t;
	f->tp.is6 = is6;
	client_ip(cl, is6, &f->tp.c);
	if (nm)
		srv_ip(nm, is6, rn(3), &f->tp.s);
	f->tp.cp = eport(cl);
	f->tp.sp = sp;
	f->udp = udp;
	f->seq[0] = rnd();
	f->seq[1] = rnd();
	f->ts = rnd() & 0x7fffffff;
	f->rtt = 4000 + rexp(20000);
	f->gap = 60 + rexp(200);
	f->nm = nm;
	c_flows++;
	return f;
}
static void mk_dns(u64 t, int cl, const char *nm, u16 type, int rc)
{
	flow_t *f = newflow(t, cl, NULL, rn(10) == 0, 53, 1);
	u8 b[1500];
	u16 id = rnd();
	int ed = rn(10) < 7;
	memset(&f->tp.s, 0, 16);
	if (!f->tp.is6) {
		f->tp.s.a[0] = 10;
		f->tp.s.a[1] = 0;
		f->tp.s.a[2] = rn(2);
		f->tp.s.a[3] = 53;
	} else {
		memcpy(f->tp.s.a, "\x20\x01\x0d\xb8\x00\x20", 6);
		f->tp.s.a[15] = 0x53;
	}
	char q[300];
	snprintf(q, 300, "%s", nm);
	if (rn(20) == 0)
		for (char *c = q; *c; c++)
			if (rn(2))
				*c = toupper(*c);
	addmsg(f, 0, K_BLOB, b, dns_query(b, id, q, type, ed));
	truth('D', nm);
	c_dnsq++;
	if (rule_match(nm))
		c_mdns++;
	if (rn(200)) {
		addmsg(f, 1, K_BLOB, b,
		       dns_resp(b, id, q, type, ed, rc,
				rn(100) < 35 ? 1 + (rn(3) == 0) + (rn(9) == 0) : 0,
				1 + (rn(3) == 0) * rn(4)));
		c_dnsr++;
	}
	f->rtt = 300 + rexp(6000);
	hpush(f);
}
static void mk_tls(u64 t, int cl, const char *nm, int is6, u32 upl)
{
	flow_t *f = newflow(t, cl, nm, is6, 443, 0);
	static u8 b[20000], h[20000];
	int t12 = rn(100) < 25, pq = !t12 && rn(100) < 30, nosni = !upl && rn(100) < 2;
	c_tls++;
	if (pq)
		c_pq++;
	if (t12)
		c_tls12++;
	int n = client_hello(h, nosni ? NULL : nm, 0, pq, t12);
	u8 *p = rec(b, 22, 0x0301, h, n);
	addmsg(f, 0, K_BLOB, b, p - b);
	if (!nosni) {
		truth('T', nm);
		c_tlssni++;
		if (rule_match(nm))
			c_mtls++;
	}
	p = b;
	n = server_hello(h, t12, pq);
	p = rec(p, 22, 0x0303, h, n);
	if (t12) {
		n = cert_msg(h, nosni ? "default.example.net" : nm);
		p = rec(p, 22, 0x0303, h, n);
		h[0] = 12;
		w24(h + 1, 144);
		h[4] = 3;
		w16(h + 5, 29);
		h[7] = 32;
		rbytes(h + 8, 32);
		w16(h + 40, 0x0807);
		w16(h + 42, 104);
		rbytes(h + 44, 104);
		p = rec(p, 22, 0x0303, h, 148);
		h[0] = 14;
		w24(h + 1, 0);
		p = rec(p, 22, 0x0303, h, 4);
		addmsg(f, 1, K_BLOB, b, p - b);
		p = b;
		h[0] = 16;
		w24(h + 1, 33);
		h[4] = 32;
		rbytes(h + 5, 32);
		p = rec(p, 22, 0x0303, h, 37);
		p = rec(p, 20, 0x0303, (u8 *)"\1", 1);
		rbytes(h, 40);
		p = rec(p, 22, 0x0303, h, 40);
		addmsg(f, 0, K_BLOB, b, p - b);
		p = b;
		h[0] = 4;
		w24(h + 1, 198);
		rbytes(h + 4, 198);
		w32(h + 4, 7200);
		w16(h + 8, 192);
		p = rec(p, 22, 0x0303, h, 202);
		p = rec(p, 20, 0x0303, (u8 *)"\1", 1);
		rbytes(h, 40);
		p = rec(p, 22, 0x0303, h, 40);
		addmsg(f, 1, K_BLOB, b, p - b);
	} else {
		p = rec(p, 20, 0x0303, (u8 *)"\1", 1);
		u32 e = 2200 + rn(2400);
		rbytes(h, e);
		p = rec(p, 23, 0x0303, h, e);
		addmsg(f, 1, K_BLOB, b, p - b);
		p = b;
		p = rec(p, 20, 0x0303, (u8 *)"\1", 1);
		rbytes(h, 53);
		p = rec(p, 23, 0x0303, h, 53);
		addmsg(f, 0, K_BLOB, b, p - b);
	}
	if (upl) {
		addmsg(f, 0, K_APP, 0, 300 + rn(500));
		addmsg(f, 1, K_APP, 0, 200 + rn(400));
		addmsg(f, 0, K_APP, 0, upl);
		addmsg(f, 1, K_APP, 0, 250 + rn(500));
		f->gap = 100 + rexp(150);
		f->rtt = 8000 + rexp(20000);
		f->retx = 1;
	} else {
		int k = 1 + rn(4);
		for (int i = 0; i < k; i++) {
			addmsg(f, 0, K_APP, 0, 150 + rn(900));
			double z = rlogn(3000, 1.5);
			if (z > 800000)
				z = 800000;
			if (z < 120)
				z = 120;
			addmsg(f, 1, K_APP, 0, (u32)z);
		}
		f->end = rn(100) < 12 ? 1 : rn(100) < 6 ? 2 : 0;
		f->retx = rn(4) == 0;
	}
	if (upl) {
		char s[64], d[64];
		inet_ntop(is6 ? AF_INET6 : AF_INET, f->tp.c.a, s, 64);
		inet_ntop(is6 ? AF_INET6 : AF_INET, f->tp.s.a, d, 64);
		fprintf(fup, "tls\t%s\t%u\t%s\t%u\t%s\t%llu\t%llu\n", s, f->tp.cp, d, f->tp.sp, nm,
			(unsigned long long)f->up, (unsigned long long)f->down);
		c_up++;
	}
	hpush(f);
}
static void mk_quic(u64 t, int cl, const char *nm, int is6, u32 upl)
{
	flow_t *f = newflow(t, cl, nm, is6, 443, 1);
	u8 ch[4000], pl[4000], b[4000], dcid[8], scid[8];
	int v2 = rn(20) == 0, pq = rn(100) < 40;
	rbytes(dcid, 8);
	rbytes(scid, 8);
	c_quic++;
	truth('Q', nm);
	if (rule_match(nm))
		c_mquic++;
	int n = client_hello(ch, nm, 1, pq, 0);
	int tot = is6 ? 1230 : 1250;
	if (pq) {
		c_qmulti++;
		int a = 1000 + rn(100);
		u8 *p = pl;
		p += qcrypto(p, 0, ch, a);
		addmsg(f, 0, K_BLOB, b,
		       quic_initial(b, dcid, 8, dcid, 8, scid, 0, 0, v2, 1, pl, p - pl, tot));
		p = pl;
		p += qcrypto(p, a, ch + a, n - a);
		addmsg(f, 0, K_BLOB, b,
		       quic_initial(b, dcid, 8, dcid, 8, scid, 0, 0, v2, 2, pl, p - pl, tot));
	} else if (rn(100) < 40) { /* scrambled crypto frames like Chrome */
		int k = 3 + rn(4), cut[8];
		cut[0] = 0;
		for (int i = 1; i < k; i++)
			cut[i] = i * n / k;
		cut[k] = n;
		int o[8];
		for (int i = 0; i < k; i++)
			o[i] = i;
		for (int i = k - 1; i > 0; i--) {
			int j = rn(i + 1), z = o[i];
			o[i] = o[j];
			o[j] = z;
		}
		u8 *p = pl;
		for (int i = 0; i < k; i++) {
			p += qcrypto(p, cut[o[i]], ch + cut[o[i]], cut[o[i] + 1] - cut[o[i]]);
			if (rn(2))
				*p++ = 1;
			int z = rn(12);
			memset(p, 0, z);
			p += z;
		}
		addmsg(f, 0, K_BLOB, b,
		       quic_initial(b, dcid, 8, dcid, 8, scid, 0, 0, v2, 1, pl, p - pl, tot));
	} else {
		u8 *p = pl;
		p += qcrypto(p, 0, ch, n);
		addmsg(f, 0, K_BLOB, b,
		       quic_initial(b, dcid, 8, dcid, 8, scid, 0, 0, v2, 1, pl, p - pl, tot));
	}
	{
		u8 sh[1400];
		int sn = server_hello(sh, 0, 0);
		u8 *p = pl;
		memcpy(p, "\x02\x01\x00\x00\x01", 5);
		p += 5;
		p += qcrypto(p, 0, sh, sn);
		addmsg(f, 1, K_BLOB, b,
		       quic_initial(b, dcid, 8, scid, 0, scid, 8, 1, v2, 0, pl, p - pl, 1230));
	}
	int k = 2 + (int)rlogn(6, 1.0);
	if (k > 25)
		k = 25;
	if (upl)
		k = 30;
	for (int i = 0; i < k && f->nmsg < MAXM; i++) {
		int dir = upl ? rn(5) == 0 : rn(4) != 0;
		int l = dir == (upl ? 0 : 1) ? 1230 : 40 + rn(60);
		rbytes(b, l);
		b[0] = 0x40 | (b[0] & 0x3f);
		if (!dir)
			memcpy(b + 1, scid, 8);
		addmsg(f, dir, K_BLOB, b, l);
	}
	hpush(f);
}
static void mk_http(u64 t, int cl, const char *nm, int is6, u32 upl)
{
	flow_t *f = newflow(t, cl, nm, is6, 80, 0);
	char b[3000];
	static const char *UA[] = {
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
		"Chrome/139.0.0.0 Safari/537.36",
		"Microsoft-Delivery-Optimization/10.1", "curl/8.5.0",
		"Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0",
		"Debian APT-HTTP/1.3 (2.6.1)"};
	int k = upl ? 1 : 1 + rn(3);
	for (int i = 0; i < k; i++) {
		u32 bl = 0;
		const char *m = "GET";
		if (upl) {
			m = "PUT";
			bl = upl;
		} else if (rn(12) == 0) {
			m = "POST";
			bl = 100 + rn(3000);
		}
		int l = sprintf(
			b,
			"%s /%s/%08x%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nAccept: "
			"*/*\r\nAccept-Language: en-US,en;q=0.5\r\nConnection: keep-alive\r\n",
			m, SYL[rn(70)], (u32)rnd(), rn(2) ? ".js" : "?q=1&v=3", nm, UA[rn(5)]);
		if (bl)
			l += sprintf(
				b + l,
				"Content-Type: application/octet-stream\r\nContent-Length: %u\r\n",
				bl);
		l += sprintf(b + l, "\r\n");
		addmsg(f, 0, K_BLOB, (u8 *)b, l);
		if (bl)
			addmsg(f, 0, K_RAW, 0, bl);
		c_http++;
		truth('H', nm);
		if (rule_match(nm))
			c_mhttp++;
		double z = upl ? 200 : rlogn(5000, 1.5);
		if (z > 500000)
			z = 500000;
		u32 rb = (u32)z + 1;
		l = sprintf(b,
			    "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Thu, 09 Oct 2025 08:53:20 "
			    "GMT\r\nContent-Type: %s\r\nContent-Length: %u\r\nCache-Control: "
			    "max-age=3600\r\n\r\n",
			    rn(2) ? "application/octet-stream" : "text/html; charset=utf-8", rb);
		addmsg(f, 1, K_BLOB, (u8 *)b, l);
		addmsg(f, 1, K_RAW, 0, rb);
	}
	if (upl) {
		char s[64], d[64];
		inet_ntop(is6 ? AF_INET6 : AF_INET, f->tp.c.a, s, 64);
		inet_ntop(is6 ? AF_INET6 : AF_INET, f->tp.s.a, d, 64);
		fprintf(fup, "http\t%s\t%u\t%s\t%u\t%s\t%llu\t%llu\n", s, f->tp.cp, d, f->tp.sp, nm,
			(unsigned long long)f->up, (unsigned long long)f->down);
		c_up++;
	}
	f->end = rn(100) < 10 ? 1 : 0;
	hpush(f);
}
static void mk_other(u64 t, int cl)
{ /* internal TCP/UDP noise: SMB/RDP/SNMP/NTP-like */
	c_other++;
	int z = rn(4);
	if (z < 2) {
		flow_t *f = newflow(t, cl, NULL, 0, z ? 123 : 161, 1);
		f->tp.s.a[0] = 10;
		f->tp.s.a[2] = 3;
		f->tp.s.a[3] = 1 + rn(200);
		u8 b[200];
		memset(b, 0, 200);
		int n;
		if (z) {
			n = 48;
			b[0] = 0x23;
			addmsg(f, 0, K_BLOB, b, n);
			b[0] = 0x24;
			b[1] = 2;
			rbytes(b + 16, 32);
			addmsg(f, 1, K_BLOB, b, n);
		} else {
			n = 43;
			memcpy(b,
			       "\x30\x29\x02\x01\x01\x04\x06public\xa0\x1c\x02\x04\x12\x34\x56\x78"
			       "\x02\x01\x00\x02\x01\x00\x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x02"
			       "\x01\x01\x03\x00\x05\x00",
			       43);
			addmsg(f, 0, K_BLOB, b, n);
			b[13] = 0xa2;
			addmsg(f, 1, K_BLOB, b, n);
		}
		hpush(f);
		return;
	}
	flow_t *f = newflow(t, cl, NULL, 0, z == 2 ? 3389 : 8443, 0);
	f->tp.s.a[0] = 10;
	f->tp.s.a[2] = 4;
	f->tp.s.a[3] = 1 + rn(200);
	for (int i = 0; i < 3; i++) {
		addmsg(f, 0, K_RAW, 0, 60 + rn(1500));
		addmsg(f, 1, K_RAW, 0, 100 + (u32)rlogn(2000, 1.2));
	}
	hpush(f);
}

static void gen_mix(double sc)
{
	names_init(50000, 0.95, 1);
	ca_init();
	u32 nconn = (u32)(31000 * sc);
	double dur = 60e6 * sc;
	u64 t = 0;
	u32 nup = (u32)(260 * sc), iu = 0;
	for (u32 i = 0; i < nconn; i++) {
		t += (u64)rexp(dur / nconn);
		/* run the network up to t */ while (hn && heap[0]->t <= t) {
			flow_t *f = hpop();
			if (step(f))
				hpush(f);
			else
				free(f);
		}
		int cl = rn(NCLIENT);
		const char *nm = name[zipf()];
		int is6 = rn(10) == 0;
		u64 t2 = t;
		if ((u64)iu * nconn < (u64)nup * i) {
			iu++;
			const char *cn = CLOUD[rn(NCLOUD)];
			mk_dns(t, cl, cn, is6 ? AAAA : A, 0);
			double v = 50000 * exp(rf() * log(100.0));
			if (rn(12) == 0)
				mk_http(t + 20000, cl, cn, is6, (u32)v);
			else
				mk_tls(t + 20000, cl, cn, is6, (u32)v);
		}
		if (rn(100) < 75) {
			mk_dns(t, cl, nm, is6 ? AAAA : A, 0);
			t2 += 3000 + rexp(12000);
			if (rn(100) < 15)
				mk_dns(t + rn(900), cl, nm, HTTPS, 0);
			if (rn(100) < 20)
				mk_dns(t + rn(900), cl, nm, is6 ? A : AAAA, 0);
		}
		if (rn(100) < 5) {
			char b[300];
			snprintf(b, 300, "%s.%s", SYL[rn(70)], "corp.example.internal");
			mk_dns(t + rn(5000), cl, strdup(b), A, 3);
		}
		if (rn(100) < 3) {
			char b[64];
			sprintf(b, "%d.%d.%d.10.in-addr.arpa", rn(250), rn(250), rn(8));
			mk_dns(t + rn(5000), cl, strdup(b), PTR, 0);
		}
		int z = rn(100);
		if (z < 72)
			mk_tls(t2, cl, nm, is6, 0);
		else if (z < 84)
			mk_quic(t2, cl, nm, is6, 0);
		else if (z < 93)
			mk_http(t2, cl, nm, is6, 0);
		else
			mk_other(t2, cl);
	}
	while (hn) {
		flow_t *f = hpop();
		if (step(f))
			hpush(f);
		else
			free(f);
	}
}

static void dns_pair(u64 *t)
{
	static char nm[300];
	int z = rn(1000);
	u16 type;
	int rc = 0;
	const char *n;
	if (z < 30) {
		sprintf(nm, "%d.%d.%d.%d.in-addr.arpa", rn(255), rn(255), rn(255), 1 + rn(220));
		n = nm;
		type = PTR;
	} else {
		n = name[zipf()];
		type = z < 630	 ? A
		       : z < 850 ? AAAA
		       : z < 930 ? HTTPS
		       : z < 950 ? TXT
		       : z < 965 ? MX
		       : z < 975 ? SRV
		       : z < 985 ? NS
				 : A;
		if (z >= 985) {
			static const char B32[] = "abcdefghijklmnopqrstuvwxyz234567";
			char l1[64], l2[64];
			int a = 40 + rn(20);
			for (int i = 0; i < a; i++)
				l1[i] = B32[rn(32)];
			l1[a] = 0;
			a = 20 + rn(30);
			for (int i = 0; i < a; i++)
				l2[i] = B32[rn(32)];
			l2[a] = 0;
			snprintf(nm, 300, "%s.%s.t.%s", l1, l2, name[rn(50)]);
			n = nm;
			type = rn(2) ? TXT : A;
		} else if (rn(10) == 0) {
			snprintf(nm, 300, "%08x%04x.%s", (u32)rnd(), (u32)rnd() & 0xffff, n);
			n = nm;
		} else if (type == SRV) {
			snprintf(nm, 300, "_ldap._tcp.%s", n);
			n = nm;
		}
		if (rn(100) < 8)
			rc = 3;
		else if (rn(200) == 0)
			rc = 2;
	}
	char q[300];
	snprintf(q, 300, "%s", n);
	if (rn(20) == 0)
		for (char *c = q; *c; c++)
			if (rn(2))
				*c = toupper((u8)*c);
	tup_t tp;
	memset(&tp, 0, sizeof tp);
	tp.is6 = rn(10) == 0;
	int cl = rn(20000);
	client_ip(cl, tp.is6, &tp.c);
	tp.cp = 1024 + rn(64000);
	tp.sp = 53;
	if (!tp.is6) {
		tp.s.a[0] = 10;
		tp.s.a[2] = rn(4);
		tp.s.a[3] = 53;
	} else {
		memcpy(tp.s.a, "\x20\x01\x0d\xb8\x00\x20", 6);
		tp.s.a[15] = 0x53;
	}
	u8 b[2000];
	u16 id = rnd();
	int ed = rn(10) < 7;
	flow_t *f = calloc(1, sizeof *f);
	f->tp = tp;
	f->t = *t;
	f->udp = 1;
	f->rtt = 300 + rexp(8000);
	addmsg(f, 0, K_BLOB, b, dns_query(b, id, q, type, ed));
	c_dnsq++;
	truth('D', n);
	if (rule_match(n))
		c_mdns++;
	if (rn(200)) {
		int ch = rn(100) < 35 ? 1 + (rn(2) == 0) + (rn(4) == 0) + (rn(8) == 0) : 0;
		addmsg(f, 1, K_BLOB, b,
		       dns_resp(b, id, q, type, ed, rc, ch, 1 + (rn(2) == 0) * rn(5)));
		c_dnsr++;
	}
	c_flows++;
	hpush(f);
}
static void gen_dns(double sc)
{
	names_init(400000, 0.9, 1);
	u32 n = (u32)(1150000 * sc);
	u64 t = 0;
	for (u32 i = 0; i < n; i++) {
		t += (u64)rexp(40);
		while (hn && heap[0]->t <= t) {
			flow_t *f = hpop();
			if (step(f))
				hpush(f);
			else
				free(f);
		}
		dns_pair(&t);
	}
	while (hn) {
		flow_t *f = hpop();
		if (step(f))
			hpush(f);
		else
			free(f);
	}
}

static u64 c_two;
static void gen_syn(double sc)
{
	u32 n = (u32)(3200000 * sc);
	u64 t = 0;
	for (u32 i = 0; i < n; i++) {
		t += 1 + rn(18);
		tup_t tp;
		memset(&tp, 0, sizeof tp);
		/* unique 5-tuple by construction: bijective scramble of i into (client,port,server)
		 */
		u64 k = (u64)i * 0x9e3779b1u;
		u32 a = (u32)k;
		tp.c.a[0] = 10;
		tp.c.a[1] = a >> 24;
		tp.c.a[2] = a >> 16;
		tp.c.a[3] = (a >> 8) | 1;
		tp.cp = 1024 + (a & 0xffff) % 64000;
		u32 s = (u32)rnd();
		tp.s.a[0] = 45 + (i & 7);
		tp.s.a[1] = i >> 19;
		tp.s.a[2] = i >> 11;
		tp.s.a[3] = i >> 3;
		(void)s;
		int udp = rn(100) < 30;
		static const u16 sp[] = {443, 80, 22, 445, 3389, 23, 8080, 53};
		tp.sp = sp[rn(udp ? 7 : 7)];
		c_flows++;
		u32 o;
		u8 *p;
		int two = rn(100) < 25;
		if (udp) {
			u32 l = 18;
			p = frame(&tp, 0, 17, 8 + l, &o);
			w16(p, tp.cp);
			w16(p + 2, tp.sp);
			w16(p + 4, 8 + l);
			w16(p + 6, 0);
			rbytes(p + 8, l);
			frame_end(t, &tp, 17, o, 8 + l);
		} else {
			p = frame(&tp, 0, 6, 20, &o);
			memset(p, 0, 20);
			w16(p, tp.cp);
			w16(p + 2, tp.sp);
			u32 sq = rnd();
			w32(p + 4, sq);
			p[12] = 0x50;
			p[13] = 2;
			w16(p + 14, 1024);
			frame_end(t, &tp, 6, o, 20);
			if (two) {
				c_two++;
				t += 1 + rn(3);
				p = frame(&tp, 1, 6, 20, &o);
				memset(p, 0, 20);
				w16(p, tp.sp);
				w16(p + 2, tp.cp);
				w32(p + 8, sq + 1);
				p[12] = 0x50;
				p[13] = 0x14;
				frame_end(t, &tp, 6, o, 20);
			}
		}
	}
}

int main(int c, char **v)
{
	if (c < 4) {
		fprintf(stderr, "usage: gen mix|dns|syn OUT SEED [SCALE]\n");
		return 2;
	}
	seed(strtoull(v[3], 0, 0));
	double sc = c > 4 ? atof(v[4]) : 1;
	pool = malloc(POOL);
	for (u32 i = 0; i < POOL; i += 8) {
		u64 r = rnd();
		memcpy(pool + i, &r, 8);
	}
	char b[4096];
	snprintf(b, 4096, "%s.uploads.tsv", v[2]);
	pcap_open(v[2]);
	if (!strcmp(v[1], "mix")) {
		fup = fopen(b, "w");
		fprintf(fup,
			"proto\tclient\tcport\tserver\tsport\tname\tpayload_up\tpayload_down\n");
		gen_mix(sc);
		fclose(fup);
	} else if (!strcmp(v[1], "dns"))
		gen_dns(sc);
	else if (!strcmp(v[1], "syn"))
		gen_syn(sc);
	else
		return 2;
	fclose(out);
	if (trn) {
		snprintf(b, 4096, "%s.names.tsv", v[2]);
		FILE *f = fopen(b, "w");
		for (u32 i = 0; i < trcap; i++)
			if (tr[i].k)
				fprintf(f, "%s\t%u\n", tr[i].k, tr[i].n);
		fclose(f);
	}
	u32 d[256] = {0};
	for (u32 i = 0; i < trcap; i++)
		if (tr[i].k)
			d[(u8)tr[i].k[0]]++;
	snprintf(b, 4096, "%s.truth.txt", v[2]);
	FILE *f = fopen(b, "w");
	for (int k = 0; k < 2; k++) {
		FILE *o = k ? stdout : f;
#define P(n, x) fprintf(o, "%-22s %llu\n", n, (unsigned long long)(x))
		P("packets", npk);
		P("wire_bytes", nby);
		P("file_bytes", ncap + 24);
		P("flows", c_flows);
		P("tls_flows", c_tls);
		P("tls_sni", c_tlssni);
		P("tls_sni_distinct", d['T']);
		P("tls12_flows", c_tls12);
		P("tls_pq_split_hello", c_pq);
		P("quic_flows", c_quic);
		P("quic_sni_distinct", d['Q']);
		P("quic_multi_initial", c_qmulti);
		P("http_requests", c_http);
		P("http_host_distinct", d['H']);
		P("dns_queries", c_dnsq);
		P("dns_responses", c_dnsr);
		P("dns_qname_distinct", d['D']);
		P("dns_cname_rrs", n_cname);
		P("other_flows", c_other);
		P("rule_dns", c_mdns);
		P("rule_tls", c_mtls);
		P("rule_quic", c_mquic);
		P("rule_http", c_mhttp);
		P("upload_flows", c_up);
		P("retransmits", n_retx);
		P("two_packet_flows", c_two);
	}
	fclose(f);
	return 0;
}
