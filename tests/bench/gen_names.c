#include "gen_names.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gen_random.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const char *const domains[] = {
	"mega.nz",	  "mega.co.nz",	       "mega.io",
	"dropboxapi.com", "dropbox.com",       "dropboxusercontent.com",
	"amazonaws.com",  "ufile.io",	       "anonfiles.com",
	"wetransfer.com", "transfer.sh",       "gofile.io",
	"file.io",	  "pcloud.com",	       "mediafire.com",
	"box.com",	  "onedrive.live.com", "storage.googleapis.com",
	"sendspace.com",  "4shared.com",
};

static const char *const services[] = {
	"mega.nz",
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
	"www.4shared.com",
};

/* What must not be taken for them. */
static const char *const near[] = {
	"notmega.nz",
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
	"4shared.com.vn",
};

static const char *const syllables[] = {
	"ac", "al", "an", "ar", "ba", "be", "bo", "ca", "ce", "co",  "da",  "de", "di",
	"do", "el", "en", "er", "fa", "fi", "fo", "ga", "go", "ha",  "he",  "hi", "in",
	"is", "ka", "ke", "ki", "la", "le", "li", "lo", "ma", "me",  "mi",  "mo", "na",
	"ne", "no", "nu", "on", "or", "pa", "pe", "pi", "po", "qua", "ra",  "re", "ri",
	"ro", "sa", "se", "si", "so", "ta", "te", "ti", "to", "tra", "tri", "ul", "un",
	"ur", "va", "ve", "vi", "vo", "wa", "we", "xi", "ya", "za",  "zo",
};

static const char *const tops[20] = {
	"com", "com", "com",   "com", "com", "net",  "org", "io", "de",	    "co.uk",
	"fr",  "nl",  "cloud", "app", "dev", "info", "ru",  "jp", "com.br", "eu",
};

static const char *const hosts[20] = {
	"www",	"www", "api",	    "cdn",    "static", "img",	 "login", "mail", "app",  "assets",
	"edge", "m",   "telemetry", "update", "ws",	"media", "auth",  "s",	  "push", "graph",
};

static char **names;
static int name_count;
static double *shares; /* of the names up to each */

const char *names_syllable(void)
{
	return syllables[random_below(70)];
}

static void make_domain(char *d)
{
	unsigned parts = 2 + random_below(3);

	*d = '\0';
	for (unsigned i = 0; i < parts; i++)
		strcat(d, syllables[random_below(COUNT(syllables))]);
	if (random_one_of(12)) {
		strcat(d, "-");
		strcat(d, names_syllable());
		strcat(d, names_syllable());
	}
	if (random_one_of(15))
		sprintf(d + strlen(d), "%u", random_below(99));
}

static char *make_name(void)
{
	char domain[64], name[256];

	make_domain(domain);
	const char *top = tops[random_below(20)];
	unsigned kind = random_below(10);
	if (kind < 2) {
		sprintf(name, "%s.%s", domain, top);
	} else {
		const char *host = hosts[random_below(20)];
		if (kind < 8) {
			sprintf(name, "%s.%s.%s", host, domain, top);
		} else {
			unsigned number = random_below(64);
			sprintf(name, "%s%u.%s.%s.%s", names_syllable(), number, host, domain, top);
		}
	}
	return strdup(name);
}

/* Every step-th name from `first` on becomes one of the list. */
static void put_among(const char *const *list, size_t n, size_t first, size_t step)
{
	for (size_t i = 0; i < n; i++) {
		free(names[first + i * step]);
		names[first + i * step] = strdup(list[i]);
	}
}

void names_init(int n, double skew)
{
	double sum = 0;

	names = calloc((size_t)n, sizeof *names);
	shares = calloc((size_t)n, sizeof *shares);
	name_count = n;
	for (int i = 0; i < n; i++)
		names[i] = make_name();
	put_among(services, COUNT(services), 150, 41);
	put_among(near, COUNT(near), 170, 53);
	for (int i = 0; i < n; i++) {
		sum += pow(i + 1, -skew);
		shares[i] = sum;
	}
	for (int i = 0; i < n; i++)
		shares[i] /= sum;
}

const char *names_popular(void)
{
	double u = random_unit();
	int low = 0, high = name_count - 1;

	while (low < high) {
		int middle = (low + high) / 2;
		if (shares[middle] < u)
			low = middle + 1;
		else
			high = middle;
	}
	return names[low];
}

const char *names_first(int n)
{
	return names[random_below((uint32_t)n)];
}

const char *names_service(void)
{
	return services[random_below(COUNT(services))];
}

int names_is_service(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < COUNT(domains); i++) {
		size_t k = strlen(domains[i]);
		if (n >= k && strcasecmp(name + n - k, domains[i]) == 0 &&
		    (n == k || name[n - k - 1] == '.'))
			return 1;
	}
	return 0;
}
