/* SPDX-License-Identifier: ISC */
/* How much of the machine's CPUs the process may use (Linux's control groups, both versions).
 */
#ifndef CGROUP_H
#define CGROUP_H

/*
 * The smallest quota of CPU time among the control groups that the process is in, in CPUs
 * (1.5: three halves of one CPU's time); INFINITY where there is none. `root` is the root of
 * the file system: "", or a folder made for a test.
 */
double cgroup_cpus(const char *root);

#endif
