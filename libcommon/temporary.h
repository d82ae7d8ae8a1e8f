/* SPDX-License-Identifier: ISC */
/*
 * Files under a temporary name beside the file that they are to become, which a signal that
 * ends the process removes. One thread at a time uses them; a handler may run in another.
 */
#ifndef TEMPORARY_H
#define TEMPORARY_H

#include <signal.h>
#include <sys/types.h>

struct err;

/*
 * Creates one and opens it for writing: its file descriptor, and *slot for the rest; or -1 and
 * a text that names no file. As many as TEMPORARY_MAX may be there at once.
 */
#define TEMPORARY_MAX 32
int temporary_open(const char *target, mode_t mode, int *slot, struct err *e);

const char *temporary_path(int slot);
/* It has another name now, or none. */
void temporary_forget(int slot);

/*
 * Between the two no signal ends the process: what is renamed and forgotten there is either
 * both or neither. temporary_hold is -1 with EINTR where a signal has come already, in another
 * thread: nothing may be renamed, but is to be released all the same.
 */
int temporary_hold(sigset_t *before);
void temporary_release(const sigset_t *before);

/*
 * Async-signal-safe, for a process that is about to end: removes every temporary of this
 * process that is not forgotten. None can be opened after it.
 */
void temporary_unlink_all(void);

#endif
