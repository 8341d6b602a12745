/* Which program a client speaks with, as far as it says so or its TLS hello is like no other's. */
#ifndef EGRET_DETECT_TOOL_H
#define EGRET_DETECT_TOOL_H

#include "base/str.h"

/* The family of a transfer tool ("rclone", "restic", "aws-cli"); empty for browsers and the
 * unknown. Static text. */
struct str tool_of_agent(struct str user_agent);

/* "go" for the hellos of Go programs (rclone, restic, AzCopy and the like among them); empty for
 * others. A single JA4 is not enough, for it changes with each version: the part that hashes the
 * cipher suites stays. */
struct str tool_of_ja4(const char *ja4);

#endif
