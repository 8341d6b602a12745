/* Every bound of the program in one place. Sizes are bytes, times nanoseconds unless named. */
#ifndef EGRET_CORE_LIMITS_H
#define EGRET_CORE_LIMITS_H

#include <stdint.h>

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)
#define KIB UINT32_C(1024)
#define MIB (UINT32_C(1024) * KIB)

/* capture */
#define LIMIT_PACKET (256 * KIB)     /* largest captured length believed; libpcap's MAXIMUM_SNAPLEN */
#define LIMIT_BATCH 64               /* packets handed on together */
#define LIMIT_OPEN_FILES 256         /* capture files that keep a descriptor at one time */
#define LIMIT_WINDOW (512 * KIB)     /* bytes of a capture file held at a time; grows for one block */
#define LIMIT_WINDOW_SMALL (32 * KIB) /* the same for a look at the head, and beyond OPEN_FILES */
#define LIMIT_BLOCK MIB              /* largest pcapng block that is looked into */
#define LIMIT_INTERFACES 65536       /* interfaces of a pcapng section */
#define LIMIT_FILTER_LINKS 64        /* link types a filter expression is compiled for */
#define LIMIT_FOLDER_DEPTH 32        /* folders inside folders */
#define LIMIT_ZSTD_WINDOW_LOG 27     /* 128 MiB, what the zstd tool takes unless told otherwise */

/* decode */
#define LIMIT_NESTING 16             /* link, tag and tunnel headers peeled from one packet */
#define LIMIT_FRAGMENT_BYTES (16 * MIB)
#define LIMIT_FRAGMENT_SETS 4096     /* datagrams being put together */
#define LIMIT_FRAGMENT_AGE (30 * NS_PER_S)

/* clock */
#define LIMIT_CLOCK_BACK (3600 * NS_PER_S) /* later packets say that the clock was wrong */
#define LIMIT_CLOCK_BACK_LIVE (60 * NS_PER_S) /* the same where one clock stamps all packets; a ring
					       * that is read too slowly holds seconds */
#define LIMIT_CLOCK_WRONG 64               /* of these in a row are believed */

/* flow */
#define LIMIT_FLOWS (1024 * 1024)
#define LIMIT_GHOSTS (64 * 1024)     /* flows that may go on, whose identity is remembered */
#define LIMIT_GHOST_AGE (4 * 3600 * NS_PER_S) /* TCP: their longest silence */

/* proto: the head of each stream */
#define LIMIT_HEAD (16 * KIB)        /* bytes kept for a direction while its parser wants more */
#define LIMIT_SEGMENTS 32            /* out-of-order segments kept for a direction */
#define LIMIT_STREAMS_BYTES (64 * MIB) /* all heads of a worker together */
#define LIMIT_GAP_WAIT (10 * NS_PER_S) /* a hole older than this is given up */
#define LIMIT_HELLO (16 * KIB)       /* a TLS handshake message put together */
#define LIMIT_QUIC_PACKETS 64        /* of one client looked into for its ClientHello */
#define LIMIT_QUIC_PACKET (16 * KIB) /* largest QUIC Initial packet that is decrypted */

/* dns */
#define LIMIT_DNS_ANSWERS 64         /* answers of one message kept in a record */
#define LIMIT_DNS_PENDING (256 * 1024) /* queries waiting for their answer */
#define LIMIT_DNS_WAIT (10 * NS_PER_S)

/* names */
#define LIMIT_NAMES (1024 * 1024)    /* (client, address) pairs remembered */
#define LIMIT_NAMES_BYTES (64 * MIB) /* of their texts */
#define LIMIT_NAMES_RECENT (64 * KIB) /* distinct ones of which is known where their text is */
#define LIMIT_VERDICTS (512 * KIB)   /* names whose service is remembered */

/* configuration */
#define LIMIT_CONFIG_FILE MIB

/* lines of JSON */
#define LIMIT_EVENT_LINE (4 * MIB)   /* longest line that is read */

/* connections that the analyst follows */
#define LIMIT_FLOW_NAMES (256 * 1024) /* distinct names of them that can be listed */
#define LIMIT_FLOW_IDLE (UINT64_C(86400) * NS_PER_S) /* without a record, in a run without end */

/* findings */
#define LIMIT_FINDINGS (64 * 1024)   /* merged ones kept */
/* lines of JSON */
#define LIMIT_EVENT_LINE (4 * MIB)   /* longest line that is read */
#define LIMIT_EVENT_NODES 262144u    /* values of one line: some 40 MB while it is read */
#define LIMIT_EVENT_PATHS 16384u     /* distinct ones remembered */
#define LIMIT_EVENT_PATH_BYTES (16 * MIB) /* of these and of what they mean */

/* names of ports */
#define LIMIT_SERVICES_FILE (4 * MIB) /* /etc/services */

/* domain lists */
#define LIMIT_DOMAIN_FILE (16 * MIB) /* one list file */
#define LIMIT_DOMAIN_LINE 4096u      /* characters */
#define LIMIT_DOMAIN_ENTRIES 500000u /* names and expressions of all lists */

/* sigma rules */
#define LIMIT_RULE_FILE (16 * MIB)   /* one rule file */
#define LIMIT_RULE_FILES 200000u     /* of all folders */
#define LIMIT_RULE_NODES 500000u     /* values and conditions of one rule */
#define LIMIT_RULE_DEPTH 64u         /* parentheses and "not" inside of each other */
#define LIMIT_RULE_VARIANTS 65536u   /* texts that modifiers make of one value */
#define LIMIT_RULE_BYTES (16 * MIB)  /* of the texts that modifiers make of all values of a rule */
#define LIMIT_RULE_SELECTIONS 4096u  /* of one rule */
#define LIMIT_FILTER_USES 10000000u  /* rules that all filters together are held against */
#define LIMIT_TIMESPAN 31536000u     /* seconds of a correlation's window: a year */
#define LIMIT_CORRELATION_CHAIN 16u  /* correlations of correlations */

/* compiled pattern sets */
#define LIMIT_CACHE_FILE (512 * MIB) /* a serialized set; 100,000 names take 32 MB */
#define LIMIT_CACHE_FILES 1024u      /* kept in a cache folder, one a field of rules; the oldest go first */

/* detectors */
#define LIMIT_CLOCK_AHEAD (UINT64_C(7) * 86400 * NS_PER_S) /* a longer step forward has to be confirmed */
#define LIMIT_CLOCK_FAR 16           /* records in a row that confirm it */
#define LIMIT_CLIENT_ACCOUNTS 256    /* services of one client whose past is kept */
#define LIMIT_ALERTS (64 * KIB)      /* accounts whose alerts are remembered for suppression */
#define LIMIT_TOP 1024               /* largest senders of a day that are told apart */
#define LIMIT_SKETCH_SHIFT 16        /* counters of a row of the sketch, 2 to the power of this */
#define LIMIT_TOOLS (64 * KIB)       /* connections whose tool is remembered; a later one takes the place */

/* state */
#define LIMIT_STATE (512 * MIB)      /* the state file */
/* correlations */
#define LIMIT_CORRELATION_ITEMS (1024 * 1024) /* matches held by one */
#define LIMIT_CORRELATION_SHARE (4 * 1024 * 1024) /* of all together, in equal parts; at least: */
#define LIMIT_CORRELATION_LEAST 1024 /* matches and groups held by one, however many there are */
#define LIMIT_CORRELATION_GROUPS (64 * KIB) /* held by one */
#define LIMIT_CORRELATION_GROUPS_SHARE (512 * KIB) /* of all together, in equal parts */
#define LIMIT_CORRELATION_TEXT (16 * MIB) /* of the groups of one */
#define LIMIT_CORRELATION_TEXT_SHARE (64 * MIB) /* of all together, in equal parts; at least: */
#define LIMIT_CORRELATION_TEXT_LEAST 64 /* bytes for each of the least groups */
#define LIMIT_CORRELATION_VALUE 1024u /* bytes kept of a group's value */

/* hosts' events joined with the wire */
#define LIMIT_JOIN_TIME (5 * NS_PER_S) /* between an event of a host and the wire's record */
#define LIMIT_JOIN_FACTS (64 * KIB)  /* kept of hosts, and as many of the wire */
#define LIMIT_JOIN_SAME 8            /* of these, about one connection or one host's name */
#define LIMIT_JOIN_ADDRESSES (64 * KIB) /* of which is known whose they are */

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#include "core/limits_fuzz.h"
#endif

#endif
