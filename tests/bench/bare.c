/* The floor that egret is measured against: a libpcap loop that only counts, with libpcap's own
 * buffer or, with a second argument, one of that many bytes. */
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned long packets, bytes;

static void count(u_char *user, const struct pcap_pkthdr *h, const u_char *p)
{
	(void)user, (void)p;
	packets++;
	bytes += h->len;
}

int main(int argc, char **argv)
{
	char error[PCAP_ERRBUF_SIZE];
	FILE *f = argc > 1 ? fopen(argv[1], "rb") : NULL;

	if (!f) {
		fprintf(stderr, "usage: bare CAPTURE [BUFFER]\n");
		return 2;
	}
	/* glibc takes a size only together with a buffer */
	size_t size = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	char *buffer = size ? malloc(size) : NULL;
	if (buffer)
		setvbuf(f, buffer, _IOFBF, size);
	pcap_t *p = pcap_fopen_offline(f, error);
	if (!p) {
		fprintf(stderr, "bare: %s\n", error);
		return 1;
	}
	pcap_loop(p, -1, count, NULL);
	printf("%lu packets, %lu bytes\n", packets, bytes);
	pcap_close(p);
	free(buffer);
	return 0;
}
