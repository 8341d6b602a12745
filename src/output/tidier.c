#include "output/tidier.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "output/rotate.h"

struct tidier {
	const char *path;
	unsigned keep;
	bool compress;
	void (*failed)(void *context, const char *text);
	void *context;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wanted;
	bool work; /* under the lock */
	_Atomic bool stop;
};

static void *run(void *context)
{
	struct tidier *t = context;
	struct error e;

	pthread_setname_np(pthread_self(), "tidier");
	/* On Linux this is the thread's own. Not permitted: then it is not so low. */
	setpriority(PRIO_PROCESS, 0, 19);
	pthread_mutex_lock(&t->lock);
	while (!atomic_load(&t->stop)) {
		if (!t->work) {
			pthread_cond_wait(&t->wanted, &t->lock);
			continue;
		}
		t->work = false;
		pthread_mutex_unlock(&t->lock);
		if (rotate_tidy(t->path, t->keep, t->compress, &t->stop, &e) &&
		    !atomic_load(&t->stop))
			t->failed(t->context, e.text);
		pthread_mutex_lock(&t->lock);
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

static void end(struct tidier *t)
{
	pthread_mutex_destroy(&t->lock);
	pthread_cond_destroy(&t->wanted);
	free(t);
}

struct tidier *tidier_open(const char *path, unsigned keep, bool compress,
			   void (*failed)(void *context, const char *text), void *context)
{
	struct tidier *t = mem_zalloc(sizeof *t);

	t->path = path;
	t->keep = keep;
	t->compress = compress;
	t->failed = failed;
	t->context = context;
	t->work = true;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->wanted, NULL);
	/* signals: blocked, as in the thread that calls */
	if (pthread_create(&t->thread, NULL, run, t) == 0)
		return t;
	end(t);
	return NULL;
}

void tidier_wake(struct tidier *t)
{
	pthread_mutex_lock(&t->lock);
	t->work = true;
	pthread_cond_signal(&t->wanted);
	pthread_mutex_unlock(&t->lock);
}

void tidier_close(struct tidier *t)
{
	atomic_store(&t->stop, true);
	pthread_mutex_lock(&t->lock);
	pthread_cond_signal(&t->wanted);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	end(t);
}
