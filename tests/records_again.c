/* Reads records, one a line, and writes again what was read: the same, byte for byte, if nothing
 * was lost on the way. Status 1 when a line is no record. With "time": how long reading takes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "event/line_in.h"
#include "output/record_json.h"

int main(int argc, char **argv)
{
	static struct record_json state;
	static char out[RECORD_JSON_MAX];
	struct fields *fields = fields_new();
	struct line_in *reader = line_in_new(fields, NULL);
	bool timed = argc > 1 && strcmp(argv[1], "time") == 0;
	struct error e = {{0}};
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	uint64_t number = 0;
	clock_t spent = 0;
	int status = 0;

	while ((n = getline(&line, &room, stdin)) > 0) {
		clock_t began = clock();
		struct line l = line_in_read(reader, (struct str){line, (size_t)n - 1}, ++number, &e);
		spent += clock() - began;
		if (l.kind != LINE_RECORD) {
			fprintf(stderr, "line %llu: %s\n", (unsigned long long)number,
				l.kind == LINE_BAD ? e.text : "no record");
			status = 1;
		} else if (!timed) {
			fwrite(out, 1, record_json(&state, l.record, out, sizeof out), stdout);
		}
	}
	if (timed && number)
		printf("%.2f us a record\n", (double)spent / CLOCKS_PER_SEC * 1e6 / (double)number);
	free(line);
	line_in_free(reader);
	fields_free(fields);
	return ferror(stdout) || fflush(stdout) ? 1 : status;
}
