/* SPDX-License-Identifier: ISC */
/* How a tool ends when something is wrong: one line on stderr, temporaries removed. */
#ifndef DIE_H
#define DIE_H

struct err;

/* For messages before and besides options_parse, which calls it: the tool's name. */
void die_name(const char *tool);

/* What is called before a message, and before a signal ends the program: it clears the line
 * that progress draws. */
void die_before(void (*clear)(void));

/* "TOOL: text" on stderr, then exit 1. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with the text of a failed library call. */
_Noreturn void die_err(const struct err *e);
/* "TOOL: text" and a pointer to --help, then exit 2. */
_Noreturn void die_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "TOOL: warning: text" on stderr; goes on. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "TOOL: text" on stderr; goes on, to fail later. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * On SIGINT, SIGTERM and SIGHUP: temporaries are removed and the process dies by the
 * signal. From die_on_signal_later to die_on_signal_now, the first signal only sets the
 * returned flag; the tool ends by die_by_signal(). SIGPIPE and SIGXFSZ are ignored, so a closed
 * pipe and a file over the limit are write errors (exit 1).
 */
void die_setup_signals(void);
volatile int *die_on_signal_later(void);
void die_on_signal_now(void); /* by one that came meanwhile, too */
_Noreturn void die_by_signal(void);

#endif
