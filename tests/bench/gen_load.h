/* The captures: which exchanges there are, and when. The scale multiplies their number. */
#ifndef EGRET_BENCH_GEN_LOAD_H
#define EGRET_BENCH_GEN_LOAD_H

void load_mix(const char *path,
	      double scale); /* an enterprise's mix; uploads in PATH.uploads.tsv */
void load_dns(double scale); /* DNS alone */
void load_syn(double scale); /* a flow table's worst case: attempts */

#endif
