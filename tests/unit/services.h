/* A small list of services for tests of what comes behind the lists. */
#ifndef EGRET_TESTS_SERVICES_H
#define EGRET_TESTS_SERVICES_H

#include "services/domain_set.h"
#include "fixture.h"

#define SERVICES_TEXT                                                                              \
	"[Drop]\ncategory file-sharing\ntier A\nupload-api drop.example\n"                         \
	"[Shelf]\ncategory cloud-storage\ntier B\nweb shelf.example\n"                             \
	"download-cdn cdn.shelf.example D\n"                                                       \
	"[Works]\ncategory cloud-storage\ntier C\nstorage works.example\n"                         \
	"[Share]\ncategory cloud-storage\ntier B\nweb sharepoint.com\n"                           \
	"[Mirror]\ncategory downloads\ntier D\nweb mirror.example\n"                               \
	"[Ask]\ncategory encrypted-dns\ntier D\nweb doh.example\n"

static inline struct domain_set *services_new(void)
{
	char *folder = fixture_folder();
	char path[4096];
	const char *paths[] = {path};
	struct domain_set_options o = {.paths = paths, .path_count = 1};
	struct error e;

	fixture_write(folder, "services.list", SERVICES_TEXT);
	snprintf(path, sizeof path, "%s/services.list", folder);
	struct domain_set *set = domain_set_load(&o, &e);
	if (!set) {
		fprintf(stderr, "%s\n", e.text);
		abort();
	}
	fixture_remove(folder);
	return set;
}

#endif
