/* Runs a fuzz target over files and folders given as arguments, without a fuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static unsigned run;

static int one_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f) {
		perror(path);
		return 1;
	}
	fseek(f, 0, SEEK_END);
	long n = ftell(f);
	rewind(f);
	/* exactly as large as the input, so that a sanitizer sees a read past its end */
	uint8_t *data = malloc(n > 0 ? (size_t)n : 1);
	size_t got = fread(data, 1, n > 0 ? (size_t)n : 0, f);
	fclose(f);
	LLVMFuzzerTestOneInput(data, got);
	free(data);
	run++;
	return 0;
}

static int one_path(const char *path)
{
	struct stat st;
	if (stat(path, &st)) {
		perror(path);
		return 1;
	}
	if (!S_ISDIR(st.st_mode))
		return one_file(path);
	struct dirent **list;
	int n = scandir(path, &list, NULL, alphasort), failed = 0;
	for (int i = 0; i < n; i++) {
		char full[4096];
		if (list[i]->d_name[0] != '.') {
			snprintf(full, sizeof full, "%s/%s", path, list[i]->d_name);
			failed |= one_path(full);
		}
		free(list[i]);
	}
	free(list);
	return failed;
}

int main(int argc, char **argv)
{
	int failed = 0;
	for (int i = 1; i < argc; i++)
		failed |= one_path(argv[i]);
	printf("%s: %u inputs\n", argv[0], run);
	return failed;
}
