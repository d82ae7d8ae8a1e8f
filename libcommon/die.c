/* SPDX-License-Identifier: ISC */
#include "die.h"

#include "err.h"
#include "say.h"
#include "temporary.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *tool_name = "potstill";
static volatile int signal_seen;
static volatile sig_atomic_t later;
static void (*clear_line)(void);

void die_name(const char *tool)
{
	tool_name = tool;
}

void die_before(void (*clear)(void))
{
	clear_line = clear;
}

__attribute__((format(printf, 2, 0))) static void say(
	const char *lead, const char *format, va_list ap)
{
	if (clear_line != NULL)
		clear_line();
	fprintf(stderr, "%s: %s", tool_name, lead);
	say_text(format, ap);
	fputc('\n', stderr);
}

void die(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say("", format, ap);
	va_end(ap);
	temporary_unlink_all();
	exit(1);
}

void die_err(const struct err *e)
{
	die("%s", e->text);
}

void die_usage(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say("", format, ap);
	va_end(ap);
	fprintf(stderr, "%s: see '%s --help'\n", tool_name, tool_name);
	temporary_unlink_all();
	exit(2);
}

void warn(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say("warning: ", format, ap);
	va_end(ap);
}

void complain(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say("", format, ap);
	va_end(ap);
}

/* The raised signal waits until the handler returns, and then finds the default action. */
static void on_signal(int number)
{
	if (later && signal_seen == 0) {
		signal_seen = number;
		return;
	}
	temporary_unlink_all();
	signal(number, SIG_DFL);
	raise(number);
}

void die_setup_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action;

	memset(&action, 0, sizeof action);
	action.sa_handler = on_signal;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		struct sigaction old;

		/* A shell's background job ignores SIGINT: that choice stays. */
		if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(numbers[i], &action, NULL);
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

volatile int *die_on_signal_later(void)
{
	later = 1;
	return &signal_seen;
}

void die_on_signal_now(void)
{
	later = 0;
	if (signal_seen != 0)
		die_by_signal();
}

void die_by_signal(void)
{
	int number = signal_seen;

	if (clear_line != NULL)
		clear_line();
	temporary_unlink_all();
	signal(number, SIG_DFL);
	raise(number);
	_exit(128 + number);
}
