/* SPDX-License-Identifier: ISC */
/*
 * Command lines: one table per tool, which parses, checks ranges and prints --help.
 *
 *	static int epochs = 20;
 *	static const struct option_row rows[] = {
 *		OPTION_INT('e', "epochs", "N", &epochs, 1, 1000000, "passes over the data
 *[20]"), OPTION_END
 *	};
 *
 * An argument @FILE is replaced by the words in FILE (white space separates, '#'
 * starts a comment to the end of the line, double quotes keep blanks). Every tool has
 * --help, --version, -q and --max-memory without listing them, and warns of what it ignores in
 * the tensor files that it reads.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_type {
	OPTION_TYPE_END,
	OPTION_TYPE_GROUP,
	OPTION_TYPE_FLAG,
	OPTION_TYPE_TEXT,
	OPTION_TYPE_INT,
	OPTION_TYPE_SEED,
	OPTION_TYPE_BYTES,
	OPTION_TYPE_REAL,
	OPTION_TYPE_CHOICE
};

struct option_row {
	enum option_type type;
	char letter;	   /* the short form, or 0 */
	const char *name;  /* the long form without dashes; a group's title */
	const char *value; /* what --help calls the value; a choice's words: "sgd|adam|adamw" */
	void *to; /* bool, const char *, int, uint64_t, uint64_t, double, int (the word's place)
		   */
	double min, max;  /* of INT and REAL */
	const char *help; /* one line, no full stop, default in brackets */
};

/* The conditional makes the compiler refuse a destination of the wrong type. */
#define OPTION_TO(type, to) (1 ? (to) : (type *)0)

#define OPTION_END \
	{ \
		OPTION_TYPE_END, 0, NULL, NULL, NULL, 0, 0, NULL \
	}
#define OPTION_GROUP(title) \
	{ \
		OPTION_TYPE_GROUP, 0, title, NULL, NULL, 0, 0, NULL \
	}
#define OPTION_FLAG(letter, name, to, help) \
	{ \
		OPTION_TYPE_FLAG, letter, name, NULL, OPTION_TO(bool, to), 0, 0, help \
	}
#define OPTION_TEXT(letter, name, value, to, help) \
	{ \
		OPTION_TYPE_TEXT, letter, name, value, OPTION_TO(const char *, to), 0, 0, help \
	}
#define OPTION_INT(letter, name, value, to, min, max, help) \
	{ \
		OPTION_TYPE_INT, letter, name, value, OPTION_TO(int, to), min, max, help \
	}
#define OPTION_SEED(letter, name, value, to, help) \
	{ \
		OPTION_TYPE_SEED, letter, name, value, OPTION_TO(uint64_t, to), 0, 0, help \
	}
#define OPTION_BYTES(letter, name, value, to, help) \
	{ \
		OPTION_TYPE_BYTES, letter, name, value, OPTION_TO(uint64_t, to), 0, 0, help \
	}
#define OPTION_REAL(letter, name, value, to, min, max, help) \
	{ \
		OPTION_TYPE_REAL, letter, name, value, OPTION_TO(double, to), min, max, help \
	}
#define OPTION_CHOICE(letter, name, words, to, help) \
	{ \
		OPTION_TYPE_CHOICE, letter, name, words, OPTION_TO(int, to), 0, 0, help \
	}

struct tool {
	const char *name;    /* train-teacher */
	const char *summary; /* one line: what the tool does */
	const char
		*synopsis; /* what follows the name in the usage: "[options] --net SPEC DATA" */
	const struct option_row *rows;
	int min_operands, max_operands; /* max -1: any number */
};

/*
 * Parses argv by the table. --help and --version print and exit 0; anything wrong
 * prints one line and exits 2. Returns the operands, NULL-terminated, *n of them;
 * they live until the program ends.
 */
char **options_parse(const struct tool *tool, int argc, char **argv, int *n);

/* Whether -q was given. */
bool options_quiet(void);

/* Whether the option that stores here was given, be it with its default. */
bool options_given(const void *to);

/* Word number i of a choice's words ("sgd|adam") into text, which is returned. */
#define OPTION_WORD 32
const char *options_word(const char *words, int i, char text[OPTION_WORD]);

/* Ends the program, as for a wrong command line, where more than one input is "-": of n paths
 * and `other`, which may be NULL, as any of them. */
void options_one_stdin(const char *const path[], int n, const char *other);

#endif
