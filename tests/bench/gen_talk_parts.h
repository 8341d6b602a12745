/* What the exchanges of gen_talk.h are made with. */
#ifndef EGRET_BENCH_GEN_TALK_PARTS_H
#define EGRET_BENCH_GEN_TALK_PARTS_H

#include "gen_flow.h"
#include "gen_talk.h"

/* A flow with random numbers and times; without a server, to one of the name's addresses. */
struct flow *talk_flow(const struct talk *t, const struct ip *server, uint16_t port, int udp);
/* One more line of PATH.uploads.tsv, when all messages are there. */
void talk_uploaded(const struct talk *t, const struct flow *f, const char *protocol);
/* Of a download: many small ones, a few large. */
uint32_t talk_size(double median, double least, double most);

#endif
