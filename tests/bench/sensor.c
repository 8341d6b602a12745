/* What the sensor alone costs: a capture's packets become records, and nobody looks at them.
 *
 *	sensor CAPTURE */
#include <stdio.h>

#include "capture/source.h"
#include "core/limits.h"
#include "sensor/sensor.h"

static void count(void *context, const struct record *r)
{
	(void)r;
	++*(unsigned long *)context;
}

int main(int argc, char **argv)
{
	const char *path = argc == 2 ? argv[1] : NULL;
	struct source_files_options files = {.paths = &path, .path_count = 1};
	struct sensor_settings settings = {.flow = flow_settings_default};
	struct stats stats = {0};
	struct frame frames[LIMIT_BATCH];
	unsigned long records = 0;
	struct error e;
	size_t n;

	if (!path) {
		fprintf(stderr, "usage: sensor CAPTURE\n");
		return 2;
	}
	struct source *source = source_open_files(&files, &stats, &e);
	if (!source) {
		fprintf(stderr, "sensor: %s\n", e.text);
		return 1;
	}
	struct sensor *s =
		sensor_new(&settings, (struct record_sink){.take = count, .context = &records}, &stats);
	while ((n = source_next(source, frames, LIMIT_BATCH)))
		sensor_take(s, frames, n);
	sensor_finish(s);
	printf("%lu records\n", records);
	sensor_free(s);
	source_close(source);
	return 0;
}
