/* `egret --explain` and `egretctl explain`: a name, or a line of JSON, one a line. The first byte
 * says which log source lines are of that do not say. */
#include "daemon/explain.h"
#include "office.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct logsource as[] = {
		{0}, {"proxy", NULL, NULL}, {NULL, "zeek", "conn"}, {"process_creation", "windows", NULL}};
	struct office *o = office(false);
	struct generation g = {.set = o->set, .rules = o->rules};
	struct str rest, line;

	if (n == 0)
		return 0;
	if (data[0] & 4)
		g.rules = NULL;
	rest = kit_rest(data + 1, n - 1);
	while (kit_line(&rest, &line)) {
		char *text = NULL;
		size_t length = 0;
		struct error e = {""};
		FILE *out = open_memstream(&text, &length);
		int failed = explain(&g, &as[data[0] % 4], line, out, &e);

		fclose(out);
		require(failed ? e.text[0] : !e.text[0], "an error has a text");
		kit_printable(text, length);
		free(text);
	}
	return 0;
}
