/* SPDX-License-Identifier: ISC */
/* The options table: each case is parsed in a child process, whose output and exit are
 * compared. */
#include "options.h"

#include "die.h"
#include "err.h"
#include "size.h"
#include "unit.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool flag;
static const char *text = "none";
static int whole = 7, choice = 1;
static double real = .5;
static uint64_t seed = 1, bytes;

static const struct option_row rows[] = {OPTION_FLAG('f', "flag", &flag, "a flag"),
	OPTION_TEXT('t', "text", "WORD", &text, "a text [none]"), OPTION_GROUP("numbers"),
	OPTION_INT('n', "number", "N", &whole, -5, 100, "a number [7]"),
	OPTION_REAL(0, "real", "X", &real, 0, 1, "a share [.5]"),
	OPTION_SEED('s', "seed", "SEED", &seed, "a seed [1]"),
	OPTION_BYTES('b', "bytes", "SIZE", &bytes, "a size"),
	OPTION_CHOICE('c', "choice", "red|green|greenish", &choice, "a colour [green]"),
	OPTION_END};

static const struct tool tool = {"try", "tries things", "[options] DATA [MODEL]", rows, 1, 2};

/* What a child wrote and how it ended. */
struct ending {
	int status;
	char out[4096], err[1024];
};

static void read_back(FILE *f, char *to, size_t room)
{
	rewind(f);
	to[fread(to, 1, room - 1, f)] = '\0';
	fclose(f);
}

static struct ending in_child(void (*work)(void *), void *with)
{
	FILE *out = tmpfile(), *err = tmpfile();
	struct ending e;
	pid_t pid;

	assert_non_null(out);
	assert_non_null(err);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(fileno(out), STDOUT_FILENO);
		dup2(fileno(err), STDERR_FILENO);
		work(with);
		fflush(NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &e.status, 0), pid);
	e.status = WIFEXITED(e.status) ? WEXITSTATUS(e.status) : 1000 + WTERMSIG(e.status);
	read_back(out, e.out, sizeof e.out);
	read_back(err, e.err, sizeof e.err);
	return e;
}

/* Prints every variable and the operands. */
static void parse(void *with)
{
	char *argv[32];
	int argc = 0, n;
	char **operands;

	for (char **from = with; *from != NULL; from++)
		argv[argc++] = *from;
	argv[argc] = NULL;
	operands = options_parse(&tool, argc, argv, &n);
	printf("%d %s %d %g %" PRIu64 " %" PRIu64 " %d %d", flag, text, whole, real, seed,
		bytes, choice, options_quiet());
	for (int i = 0; i < n; i++)
		printf(" [%s]", operands[i]);
	printf("%s\n", operands[n] == NULL ? "" : " no end");
}

/* The arguments are cut at blanks. */
static struct ending run(const char *arguments)
{
	char copy[512], *argv[32] = {"try"};
	int argc = 1;

	snprintf(copy, sizeof copy, "%s", arguments);
	for (char *at = copy; *at != '\0' && argc < 31;) {
		argv[argc++] = at;
		at += strcspn(at, " ");
		if (*at == ' ')
			*at++ = '\0';
	}
	argv[argc] = NULL;
	return in_child(parse, argv);
}

static void gives(const char *arguments, const char *expected)
{
	struct ending e = run(arguments);
	size_t n = strlen(e.out);

	check(e.status == 0 && e.err[0] == '\0', "%s: exit %d, %s", arguments, e.status, e.err);
	check(n == strlen(expected) + 1 && strncmp(e.out, expected, n - 1) == 0,
		"%s: gives %s not %s", arguments, e.out, expected);
}

/* A usage error: exit 2, nothing on stdout, "try: TEXT" and where to look. */
static void refuses(const char *arguments, const char *expected)
{
	struct ending e = run(arguments);
	char line[1024];

	snprintf(line, sizeof line, "try: %s\ntry: see 'try --help'\n", expected);
	check(e.status == 2, "%s: exit %d", arguments, e.status);
	check(e.out[0] == '\0', "%s: prints %s", arguments, e.out);
	check(strcmp(e.err, line) == 0, "%s: says %s not %s", arguments, e.err, line);
}

static void every_type_is_read(void **state)
{
	(void)state;
	gives("d", "0 none 7 0.5 1 0 1 0 [d]");
	gives("-f -t w -n 3 --real 0.25 -s 9 -b 10 -c red d", "1 w 3 0.25 9 10 0 0 [d]");
	gives("--flag --text=w --number=-5 --real=1 --seed=2 --bytes=1 --choice=greenish d m",
		"1 w -5 1 2 1 2 0 [d] [m]");
	gives("d -fn100 m -q", "1 none 100 0.5 1 0 1 1 [d] [m]");
	gives("-n +5 --real 0e5 d", "0 none 5 0 1 0 1 0 [d]");
	gives("-n 5. --real 1e-300 d", "0 none 5 1e-300 1 0 1 0 [d]");
	gives("-n1 -n2 -n 1e1 d", "0 none 10 0.5 1 0 1 0 [d]");
	gives("-- -f", "0 none 7 0.5 1 0 1 0 [-f]");
	gives("-", "0 none 7 0.5 1 0 1 0 [-]");
	gives("--seed 18446744073709551615 d", "0 none 7 0.5 18446744073709551615 0 1 0 [d]");
}

/* Which variables options_given knows of. */
static void list_given(void *with)
{
	int n;

	(void)with;
	options_parse(&tool, 8,
		(char *[]){"try", "-n7", "-n8", "--real", ".5", "-qq", "-f", "d", NULL}, &n);
	printf("%d%d%d%d%d", options_given(&flag), options_given(&text), options_given(&whole),
		options_given(&real), options_given(&seed));
}

/* Their defaults are given, too. */
static void what_was_given_is_known(void **state)
{
	(void)state;
	assert_string_equal(in_child(list_given, NULL).out, "10110");
}

static void sizes_have_suffixes(void **state)
{
	(void)state;
	gives("-b 3K d", "0 none 7 0.5 1 3072 1 0 [d]");
	gives("-b 1.5M d", "0 none 7 0.5 1 1572864 1 0 [d]");
	gives("-b 8G d", "0 none 7 0.5 1 8589934592 1 0 [d]");
	gives("-b 1T d", "0 none 7 0.5 1 1099511627776 1 0 [d]");
	refuses("-b 1X d", "--bytes: \"1X\" is not a size such as 4096, 500M or 8G");
	refuses("-b 1KB d", "--bytes: \"1KB\" is not a size such as 4096, 500M or 8G");
	refuses("-b -1 d", "--bytes: \"-1\" is not a size such as 4096, 500M or 8G");
	refuses("-b M d", "--bytes: \"M\" is not a size such as 4096, 500M or 8G");
	refuses("-b nan d", "--bytes: \"nan\" is not a size such as 4096, 500M or 8G");
	refuses("-b 1e30 d", "--bytes: \"1e30\" is not a size such as 4096, 500M or 8G");
}

static void ranges_are_kept(void **state)
{
	(void)state;
	refuses("-n 101 d", "--number: 101 is not between -5 and 100");
	refuses("-n -6 d", "--number: -6 is not between -5 and 100");
	refuses("-n 99999999999999999999 d",
		"--number: 99999999999999999999 is not between -5 and 100");
	refuses("--real 1.01 d", "--real: 1.01 is not between 0 and 1");
	refuses("--real -1e-9 d", "--real: -1e-9 is not between 0 and 1");
}

static void nonsense_is_refused(void **state)
{
	(void)state;
	refuses("-n 3x d", "--number: \"3x\" is not a number");
	refuses("--number= d", "--number: \"\" is not a number");
	refuses("-n 2.5 d", "--number: 2.5 is not a whole number");
	refuses("-n 0x10 d", "--number: \"0x10\" is not a number");
	refuses("-n -0X1p3 d", "--number: \"-0X1p3\" is not a number");
	refuses("--number=\t3 d", "--number: \"?3\" is not a number");
	refuses("--real 1e-999 d", "--real: \"1e-999\" is not a number");
	refuses("--real 1e999 d", "--real: \"1e999\" is not a number");
	refuses("-b 0x10 d", "--bytes: \"0x10\" is not a size such as 4096, 500M or 8G");
	refuses("--seed +1 d", "--seed: \"+1\" is not a whole number from 0 to 2^64-1");
	refuses("--real nan d", "--real: \"nan\" is not a number");
	refuses("--real inf d", "--real: \"inf\" is not a number");
	refuses("--seed -1 d", "--seed: \"-1\" is not a whole number from 0 to 2^64-1");
	refuses("--seed 18446744073709551616 d",
		"--seed: \"18446744073709551616\" is not a whole number from 0 to 2^64-1");
	refuses("--seed 1.5 d", "--seed: \"1.5\" is not a whole number from 0 to 2^64-1");
	refuses("-c blue d", "--choice: \"blue\" is none of red|green|greenish");
	refuses("-c gree d", "--choice: \"gree\" is none of red|green|greenish");
	refuses("-c red|green d", "--choice: \"red|green\" is none of red|green|greenish");
}

static void unknown_and_missing_are_refused(void **state)
{
	(void)state;
	refuses("--colour d", "--colour is no option");
	refuses("-Z d", "-Z is no option");
	refuses("-fZ d", "-Z is no option");
	refuses("d --text", "--text needs a value");
	refuses("d -t", "-t needs a value");
	refuses("--flag=yes d", "--flag=yes takes no value");
	refuses("", "an operand is missing; usage: try [options] DATA [MODEL]");
	refuses("a b c", "too many operands; usage: try [options] DATA [MODEL]");
}

static void help_and_version_go_to_stdout(void **state)
{
	static const char expected[] =
		"usage: try [options] DATA [MODEL]\n"
		"\n"
		"tries things\n"
		"\n"
		"options:\n"
		"  -f, --flag                  a flag\n"
		"  -t, --text WORD             a text [none]\n"
		"\n"
		"numbers:\n"
		"  -n, --number N              a number [7]\n"
		"      --real X                a share [.5]\n"
		"  -s, --seed SEED             a seed [1]\n"
		"  -b, --bytes SIZE            a size\n"
		"  -c, --choice red|green|greenish\n"
		"                              a colour [green]\n"
		"\n"
		"common options:\n"
		"      --max-memory SIZE       refuse data that needs more, such as 500M or 8G "
		"[3/4 of the machine's]\n"
		"  -q, --quiet                 no progress and no summary on stderr\n"
		"  -h, --help                  print this help\n"
		"      --version               print the version\n";

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct ending e = run(i == 0 ? "--help" : "-h");

		assert_int_equal(e.status, 0);
		assert_string_equal(e.out, expected);
		assert_string_equal(e.err, "");
	}
	assert_string_equal(run("--version").out, "try " POTSTILL_VERSION "\n");
	assert_int_equal(run("--version").status, 0);
}

/* A file of options in a temporary file; returns what `run` makes of "BEFORE @FILE d". */
static struct ending with_file(const char *before, const char *contents, char path[32])
{
	char line[256];
	int fd;
	FILE *f;

	snprintf(path, 32, "/tmp/options.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	f = fdopen(fd, "w");
	assert_non_null(f);
	fputs(contents, f);
	assert_int_equal(fclose(f), 0);
	snprintf(line, sizeof line, "%s@%s d", before, path);
	return run(line);
}

static void a_file_stands_for_its_words(void **state)
{
	char path[32], expected[256];
	struct ending e = with_file(
		"-n 1 ", "# all of it\n-f --text \"two words\"\n\t-n 2# no comment\n", path);

	(void)state;
	unlink(path);
	assert_int_equal(e.status, 2);
	assert_string_equal(
		e.err, "try: --number: \"2#\" is not a number\ntry: see 'try --help'\n");
	e = with_file(
		"-n 1 ", "# all of it\n-f --text \"two words\"\n\t-n 2 # a comment", path);
	unlink(path);
	assert_string_equal(e.out, "1 two words 2 0.5 1 0 1 0 [d]\n");
	e = with_file("-- ", "-f", path);
	unlink(path);
	snprintf(expected, sizeof expected, "0 none 7 0.5 1 0 1 0 [@%s] [d]\n", path);
	assert_string_equal(e.out, expected);
	e = with_file("", "-t \"open", path);
	unlink(path);
	assert_int_equal(e.status, 2);
	assert_non_null(strstr(e.err, "a quote is not closed"));
	refuses("@/no/such/file d", "\"/no/such/file\": No such file or directory");
}

static void set_limit(void *with)
{
	parse(with);
	printf("%" PRIu64 "\n", size_limit());
}

static void max_memory_sets_the_limit(void **state)
{
	char *argv[] = {"try", "--max-memory", "5M", "d", NULL};
	struct ending e = in_child(set_limit, argv);

	(void)state;
	assert_string_equal(e.out, "0 none 7 0.5 1 0 1 0 [d]\n5242880\n");
	refuses("--max-memory 0 d",
		"--max-memory: \"0\" is not a size such as 4096, 500M or 8G");
}

static void call_die(void *with)
{
	const struct err *e = with;

	die_name("try");
	warn("%d things", 2);
	die_err(e);
}

static void dying_says_one_line(void **state)
{
	struct err text_of = {"\"100%s\": no such thing"};
	struct ending e = in_child(call_die, &text_of);

	(void)state;
	assert_int_equal(e.status, 1);
	assert_string_equal(e.out, "");
	assert_string_equal(e.err, "try: warning: 2 things\ntry: \"100%s\": no such thing\n");
}

static void die_of_signal(void *with)
{
	const int *number = with;

	die_setup_signals();
	raise(*number);
}

static void die_of_signal_later(void *with)
{
	const int *number = with;
	volatile int *seen = die_on_signal_later();

	die_setup_signals();
	printf("%d\n", *seen);
	raise(*number);
	printf("%d\n", *seen == *number);
	fflush(stdout);
	die_by_signal();
}

static void signals_kill(void **state)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		int number = numbers[i];
		struct ending e = in_child(die_of_signal, &number);

		assert_int_equal(e.status, 1000 + number);
		e = in_child(die_of_signal_later, &number);
		assert_int_equal(e.status, 1000 + number);
		assert_string_equal(e.out, "0\n1\n");
	}
}

static void words_are_told(void **state)
{
	static const char *const words[] = {"red", "green", "greenish"};
	char word[OPTION_WORD];

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_string_equal(options_word("red|green|greenish", i, word), words[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_is_read),
		cmocka_unit_test(what_was_given_is_known),
		cmocka_unit_test(sizes_have_suffixes),
		cmocka_unit_test(ranges_are_kept),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(unknown_and_missing_are_refused),
		cmocka_unit_test(help_and_version_go_to_stdout),
		cmocka_unit_test(a_file_stands_for_its_words),
		cmocka_unit_test(max_memory_sets_the_limit),
		cmocka_unit_test(dying_says_one_line),
		cmocka_unit_test(signals_kill),
		cmocka_unit_test(words_are_told),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
