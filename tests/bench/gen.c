/* Large captures for benchmarks, the same for the same seed and scale:
 *
 *   gen mix|dns|syn PATH SEED [SCALE]
 *
 * writes PATH, PATH.truth.txt (what it holds, printed as well), for mix and dns PATH.names.tsv
 * (kind, name, count), and for mix PATH.uploads.tsv. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen_load.h"
#include "gen_packet.h"
#include "gen_random.h"
#include "gen_truth.h"

int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: gen mix|dns|syn PATH SEED [SCALE]\n");
		return 2;
	}
	const char *kind = argv[1], *path = argv[2];
	double scale = argc > 4 ? atof(argv[4]) : 1;

	random_seed(strtoull(argv[3], NULL, 0));
	packet_open(path);
	if (strcmp(kind, "mix") == 0)
		load_mix(path, scale);
	else if (strcmp(kind, "dns") == 0)
		load_dns(scale);
	else if (strcmp(kind, "syn") == 0)
		load_syn(scale);
	else
		return 2;
	packet_close();
	truth_write(path);
	return 0;
}
