#include "daemon/notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-daemon.h>
#else
/* Nobody is told. */
static int sd_notify(int unset, const char *state)
{
	(void)unset;
	(void)state;
	return 0;
}
#endif

void notify_ready(void)
{
	char text[64];

	snprintf(text, sizeof text, "READY=1\nMAINPID=%ld", (long)getpid());
	sd_notify(0, text);
}

void notify_reloading(void)
{
	char text[64];

	snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		 clock_steady() / 1000);
	sd_notify(0, text);
}

void notify_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

/* A line break would start another assignment. */
void notify_status(const char *text)
{
	char line[512];

	snprintf(line, sizeof line, "STATUS=%s", text);
	for (char *p = line; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	sd_notify(0, line);
}

void notify_alive(void)
{
	sd_notify(0, "WATCHDOG=1");
}
