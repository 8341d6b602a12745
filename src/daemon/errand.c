#include "daemon/errand.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/mem.h"

struct errand {
	STAILQ_ENTRY(errand) link;
	errand_fn *fn;
	errand_done *done;
	void *arg;
};
STAILQ_HEAD(errand_list, errand);

struct errands {
	pthread_mutex_t lock; /* of the lists */
	struct errand_list waiting, finished;
	_Atomic bool any; /* something waits */
	int fd;		  /* tells that something is finished */
	struct event *event;
	void (*wake)(void *context);
	void *context;
};

/* Takes the whole list, so that the lock is not held while anything is called. */
static void take(struct errands *s, struct errand_list *from, struct errand_list *out)
{
	STAILQ_INIT(out);
	pthread_mutex_lock(&s->lock);
	if (from == &s->waiting)
		atomic_store_explicit(&s->any, false, memory_order_relaxed);
	STAILQ_CONCAT(out, from);
	pthread_mutex_unlock(&s->lock);
}

static void tell(struct errand_list *list, bool ran)
{
	struct errand *e;

	while ((e = STAILQ_FIRST(list))) {
		STAILQ_REMOVE_HEAD(list, link);
		e->done(e->arg, ran);
		free(e);
	}
}

static void on_finished(evutil_socket_t fd, short what, void *arg)
{
	struct errands *s = arg;
	struct errand_list list;
	uint64_t n;

	(void)what;
	(void)!read(fd, &n, sizeof n);
	take(s, &s->finished, &list);
	tell(&list, true);
}

struct errands *errands_new(struct event_base *base, void (*wake)(void *context), void *context,
			    struct error *e)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	struct errands *s;

	if (fd < 0) {
		error_set(e, "no eventfd: %s", strerror(errno));
		return NULL;
	}
	s = mem_zalloc(sizeof *s);
	pthread_mutex_init(&s->lock, NULL);
	STAILQ_INIT(&s->waiting);
	STAILQ_INIT(&s->finished);
	s->fd = fd;
	s->wake = wake;
	s->context = context;
	s->event = event_new(base, fd, EV_READ | EV_PERSIST, on_finished, s);
	event_add(s->event, NULL);
	return s;
}

void errands_free(struct errands *s)
{
	struct errand_list list;

	if (!s)
		return;
	take(s, &s->finished, &list);
	tell(&list, true);
	take(s, &s->waiting, &list);
	tell(&list, false);
	event_free(s->event);
	close(s->fd);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

void errands_ask(struct errands *s, errand_fn *fn, errand_done *done, void *arg)
{
	struct errand *e = mem_zalloc(sizeof *e);

	*e = (struct errand){.fn = fn, .done = done, .arg = arg};
	pthread_mutex_lock(&s->lock);
	STAILQ_INSERT_TAIL(&s->waiting, e, link);
	atomic_store_explicit(&s->any, true, memory_order_relaxed);
	pthread_mutex_unlock(&s->lock);
	if (s->wake)
		s->wake(s->context);
}

void errands_run(struct errands *s, struct analyst *a)
{
	struct errand_list list;
	struct errand *e;
	uint64_t one = 1;

	if (!atomic_load_explicit(&s->any, memory_order_relaxed))
		return;
	take(s, &s->waiting, &list);
	STAILQ_FOREACH (e, &list, link)
		e->fn(e->arg, a);
	pthread_mutex_lock(&s->lock);
	STAILQ_CONCAT(&s->finished, &list);
	pthread_mutex_unlock(&s->lock);
	(void)!write(s->fd, &one, sizeof one);
}
