/* SPDX-License-Identifier: ISC */
/*
 * What a long run tells on stderr: on a terminal one line that is rewritten at most ten
 * times a second, elsewhere only the lines that stay. Nothing at all with -q.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>

/* Whether progress_show would draw now: ask before working out what to show. */
bool progress_due(void);

/* Draws the line that the next call replaces. */
void progress_show(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Erases that line, before something else is written. */
void progress_clear(void);

/* A line that stays. */
void progress_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Seconds since the program asked first. */
double progress_seconds(void);

/* "1:05" or "2:03:04" into text, which is returned. */
#define PROGRESS_TIME 32
const char *progress_time(double seconds, char text[PROGRESS_TIME]);

#endif
