/* Host names as they come in an enterprise, by popularity, and storage services among them. */
#ifndef EGRET_BENCH_GEN_NAMES_H
#define EGRET_BENCH_GEN_NAMES_H

/* n names whose popularity falls as rank^-skew; with the services, and names that look like them.
 */
void names_init(int n, double skew);

/* One by popularity; one of the first n; one of the services. They live as long as the program. */
const char *names_popular(void);
const char *names_first(int n);
const char *names_service(void);
/* A syllable. */
const char *names_syllable(void);

/* Whether it is or lies below a domain of the services. */
int names_is_service(const char *name);

#endif
