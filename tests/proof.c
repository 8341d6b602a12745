/* Makes one error of the kind named, on purpose: the test run proves with it that it would see one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";
	volatile int shift = 40;

	if (strcmp(kind, "leak") == 0) {
		void *volatile p = malloc(64);
		p = NULL;
		return p != NULL;
	}
	if (strcmp(kind, "overflow") == 0) {
		char *p = malloc(8);
		memset(p, 1, 8);
		char c = p[8 + (argc - 2)];
		free(p);
		return c;
	}
	if (strcmp(kind, "undefined") == 0)
		return (1 << shift) != 0;
	return 2;
}
