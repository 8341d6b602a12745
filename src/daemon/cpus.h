/* The CPUs that this process may run on: a container's or a unit's share of the machine's. */
#ifndef EGRET_DAEMON_CPUS_H
#define EGRET_DAEMON_CPUS_H

unsigned cpus_count(void); /* 1 or more */
/* The number that the kernel gives to one of them; they are gone around when there are fewer. */
int cpus_nth(unsigned n);

#endif
