/* SPDX-License-Identifier: ISC */
#include "progress.h"

#include "die.h"
#include "options.h"
#include "say.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define INTERVAL 0.1
#define ERASE "\r\033[K"

static double drawn_at = -INTERVAL;
static bool drawn;

double progress_seconds(void)
{
	static struct timespec start;
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	if (start.tv_sec == 0)
		start = t;
	return (double)(t.tv_sec - start.tv_sec) + 1e-9 * (double)(t.tv_nsec - start.tv_nsec);
}

bool progress_due(void)
{
	return !options_quiet() && isatty(STDERR_FILENO) &&
	       progress_seconds() - drawn_at >= INTERVAL;
}

void progress_show(const char *format, ...)
{
	va_list ap;

	if (!progress_due())
		return;
	drawn_at = progress_seconds();
	drawn = true;
	die_before(progress_clear);
	fputs(ERASE, stderr);
	va_start(ap, format);
	say_text(format, ap);
	va_end(ap);
	fflush(stderr);
}

void progress_clear(void)
{
	if (drawn)
		fputs(ERASE, stderr);
	drawn = false;
}

void progress_say(const char *format, ...)
{
	va_list ap;

	if (options_quiet())
		return;
	progress_clear();
	va_start(ap, format);
	say_text(format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

const char *progress_time(double seconds, char text[PROGRESS_TIME])
{
	long s = lround(fmin(fmax(seconds, 0), 1e9)), hours = s / 3600, minutes = s / 60 % 60;

	if (hours > 0)
		snprintf(text, PROGRESS_TIME, "%ld:%02ld:%02ld", hours, minutes, s % 60);
	else
		snprintf(text, PROGRESS_TIME, "%ld:%02ld", minutes, s % 60);
	return text;
}
