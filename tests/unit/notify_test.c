#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/notify.h"
#include "fixture.h"

/* A service manager's socket. */
struct manager {
	char *folder;
	int fd;
	char said[1024];
};

static void manager_start(struct manager *m)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	m->folder = fixture_folder();
	snprintf(at.sun_path, sizeof at.sun_path, "%s/notify", m->folder);
	m->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	cr_assert(zero(int, bind(m->fd, (struct sockaddr *)&at, sizeof at)));
	setenv("NOTIFY_SOCKET", at.sun_path, 1);
}

static void manager_stop(struct manager *m)
{
	unsetenv("NOTIFY_SOCKET");
	close(m->fd);
	fixture_remove(m->folder);
}

/* One message; "" when there is none. */
static const char *manager_heard(struct manager *m)
{
	ssize_t n = recv(m->fd, m->said, sizeof m->said - 1, 0);

	m->said[n > 0 ? n : 0] = '\0';
	return m->said;
}

Test(notify, tells_a_manager)
{
	struct manager m;
	char text[64];
	uint64_t usec;
	struct timespec now;

	manager_start(&m);
	notify_ready();
	snprintf(text, sizeof text, "READY=1\nMAINPID=%ld", (long)getpid());
	cr_expect(eq(str, (char *)manager_heard(&m), text));
	notify_alive();
	cr_expect(eq(str, (char *)manager_heard(&m), "WATCHDOG=1"));
	notify_reloading();
	cr_expect(eq(int, sscanf(manager_heard(&m), "RELOADING=1\nMONOTONIC_USEC=%" SCNu64, &usec),
		     1));
	clock_gettime(CLOCK_MONOTONIC, &now);
	uint64_t then = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	cr_expect(usec <= then && then - usec < 10000000);
	notify_stopping();
	cr_expect(eq(str, (char *)manager_heard(&m), "STOPPING=1"));
	cr_expect(eq(str, (char *)manager_heard(&m), ""));
	manager_stop(&m);
}

Test(notify, a_status_is_one_line)
{
	struct manager m;
	char *text = malloc(100000);

	manager_start(&m);
	notify_status("two\nREADY=1\ttabs");
	cr_expect(eq(str, (char *)manager_heard(&m), "STATUS=two READY=1 tabs"));
	memset(text, 'x', 99999);
	text[99999] = '\0';
	notify_status(text);
	cr_expect(lt(sz, strlen(manager_heard(&m)), 600));
	free(text);
	manager_stop(&m);
}

/* It hangs: its queue fills, and nobody waits for it longer than a second. */
Test(notify, a_manager_that_does_not_read)
{
	struct manager m;

	manager_start(&m);
	uint64_t start = clock_steady();
	for (int i = 0; i < 1000; i++) {
		notify_status("all is well");
		notify_alive();
	}
	cr_expect(lt(u64, clock_steady() - start, 2000000000));
	notify_stopping();
	cr_expect(lt(u64, clock_steady() - start, 5000000000));
	int heard = 0;
	while (*manager_heard(&m))
		heard++;
	cr_expect(gt(int, heard, 1));
	notify_ready();
	cr_expect(eq(int, strncmp(manager_heard(&m), "READY=1", 7), 0));
	manager_stop(&m);
}

Test(notify, without_a_manager)
{
	unsetenv("NOTIFY_SOCKET");
	notify_ready();
	notify_reloading();
	notify_status("nobody listens");
	notify_alive();
	notify_stopping();
	setenv("NOTIFY_SOCKET", "/no/such/socket", 1);
	notify_ready();
}
