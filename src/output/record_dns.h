/* The two parts of a dns record's line: dns.* of ECS, and what goes under egret.dns. */
#ifndef EGRET_OUTPUT_RECORD_DNS_H
#define EGRET_OUTPUT_RECORD_DNS_H

#include "output/line.h"

void record_dns_ecs(struct json_line *l, const struct record_dns *d);
void record_dns_egret(struct json_line *l, const struct record_dns *d);

#endif
