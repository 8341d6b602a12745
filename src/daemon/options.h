/* What the command line asks for. */
#ifndef EGRET_DAEMON_OPTIONS_H
#define EGRET_DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "event/event.h"

struct path_list {
	const char **path;
	size_t count;
	bool none; /* it was said that there are none */
};

enum record_format {
	FORMAT_ECS,    /* record.schema.json */
	FORMAT_SYSMON, /* events 3, 22 and 3008 as evtx_dump writes them */
};

struct options {
	struct path_list interfaces; /* to capture on */
	struct path_list captures;   /* capture files and folders */
	struct path_list events;     /* files of JSON lines */
	struct path_list domains;    /* list files and folders */
	struct path_list rules;	     /* Sigma files and folders */
	const char *filter;	     /* pcap-filter(7), NULL: none */
	const char *records;	     /* where records go: a file, "-", NULL: nowhere */
	enum record_format format;
	struct logsource as;	/* of event lines that do not show theirs; all NULL: none */
	bool json;		/* findings as JSON lines */
	bool each;		/* one for each match */
	bool strict;		/* possible matches are none */
	bool quiet;		/* no summary */
	unsigned workers;	/* 0: as configured */
	const char *thresholds; /* as daemon/size.h reads them; NULL: those of the configuration */
	const char *config;	/* its file; NULL: none */
	const char *cache; /* folder of compiled lists and rules; "": none, NULL: the usual one */
};

enum {
	EXIT_FINE = 0,
	EXIT_DAMAGED = 1,  /* a file, a rule or an output was not read or written whole */
	EXIT_UNUSABLE = 2, /* nothing could be done: wrong options, no such file */
};

#endif
