/* SPDX-License-Identifier: ISC */
#include "options-file.h"

#include "die.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE (1 << 20)

struct words {
	char **word;
	int n, room;
};

static struct words files;

static void add(struct words *w, char *word)
{
	if (w->n + 1 >= w->room) {
		w->room = w->room * 2 + 16;
		w->word = realloc(w->word, (size_t)w->room * sizeof *w->word);
		if (w->word == NULL)
			die("out of memory");
	}
	w->word[w->n++] = word;
	w->word[w->n] = NULL;
}

static char *read_text(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = malloc(MAX_FILE + 1);
	size_t n;

	if (f == NULL)
		die_usage("\"%s\": %s", path, strerror(errno));
	if (text == NULL)
		die("out of memory");
	n = fread(text, 1, MAX_FILE + 1, f);
	if (ferror(f))
		die_usage("\"%s\": %s", path, strerror(errno));
	if (n > MAX_FILE || memchr(text, '\0', n) != NULL)
		die_usage("\"%s\": is not a file of options", path);
	text[n] = '\0';
	fclose(f);
	return text;
}

/* Cuts the next word out of *at in place: quotes are dropped, blanks end it. */
static char *next_word(char **at, const char *path)
{
	char *from = *at, *word, *to;
	int quoted = 0;

	for (;;) {
		from += strspn(from, " \t\r\n\f\v");
		if (*from != '#')
			break;
		from += strcspn(from, "\n");
	}
	if (*from == '\0')
		return NULL;
	word = to = from;
	for (; *from != '\0' && (quoted || !isspace((unsigned char)*from)); from++) {
		if (*from == '"')
			quoted = !quoted;
		else
			*to++ = *from;
	}
	if (quoted)
		die_usage("\"%s\": a quote is not closed", path);
	*at = *from == '\0' ? from : from + 1;
	*to = '\0';
	return word;
}

char **options_file_expand(int *argc, char **argv)
{
	static struct words w; /* the operands are within it until the program ends */
	int literal = 0;

	for (int i = 0; i < *argc; i++) {
		char *text, *word;

		literal = literal || strcmp(argv[i], "--") == 0;
		if (literal || i == 0 || argv[i][0] != '@') {
			add(&w, argv[i]);
			continue;
		}
		add(&files, argv[i] + 1);
		text = read_text(argv[i] + 1);
		while ((word = next_word(&text, argv[i] + 1)) != NULL)
			add(&w, word);
	}
	*argc = w.n;
	return w.word;
}

const char *options_file_path(size_t i)
{
	return i < (size_t)files.n ? files.word[i] : NULL;
}
