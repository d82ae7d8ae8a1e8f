/* SPDX-License-Identifier: ISC */
/* Definitions in nets: what they stand for, where their faults are, and that they stay small.
 */
#include "net-text.h"

#include <stdio.h>

static void stands_for_what_it_defines(void **state)
{
	(void)state;
	check_prints("a=relu;@a", "relu");
	check_prints("a=relu,tanh;fc:3,@a,@a", "fc:3,relu,tanh,relu,tanh");
	check_prints("a=relu;b=@a,tanh;2*@b,@a", "relu,tanh,relu,tanh,relu");
	check_prints("a(n)=fc:$n,relu;@a(5),@a(6)", "fc:5,relu,fc:6,relu");
	check_prints("a(n,p)=fc:$n,drop:$p;@a(5,.25),@a(6,0)", "fc:5,drop:0.25,fc:6,drop:0");
	check_prints("a(n)=$n*relu;@a(3)", "relu,relu,relu");
	check_prints("a(n)=10-$n-$n;@a(3)", "fc:3,relu,fc:3");
	check_prints("a(n)=$n-7;@a(3)", "fc:7");
	check_prints("a(n)=fc:$n;b(k,n)=@a($n),@a($k);@b(1,2)", "fc:2,fc:1");
	check_prints("a(n)=fc:$n;b(n)=@a(9),@a($n);@b(1)", "fc:9,fc:1");
	check_prints("a(n,nn)=fc:$nn,fc:$n;@a(1,2)", "fc:2,fc:1");
	check_prints("a=(relu|);@a,@a", "(relu|),(relu|)");
	check_prints("res(n)=+(fc:$n,relu,fc:$n|),relu;fc:8,2*@res(8)",
		"fc:8,+(fc:8,relu,fc:8|),relu,+(fc:8,relu,fc:8|),relu");
	check_prints("fire(a,b)=fc:$a,relu,(fc:$b,relu|fc:$b,relu);@fire(2,3)",
		"fc:2,relu,(fc:3,relu|fc:3,relu)");
	check_prints("relu=tanh;@relu,relu", "tanh,relu"); /* names need the @ */
	check_prints("A_1 ( x ) = fc:$x ; # one\n @A_1 ( 3 ) ", "fc:3");
	check_prints("a(n)=drop:$n;@a(.5)", "drop:0.5");
	check_prints("a(n)=fc:$n;@a(1e3)", "fc:1000");
}

static void refuses_bad_definitions(void **state)
{
	(void)state;
	check_refuses("a=relu", 7, 7);
	check_refuses("a=relu;", 8, 8);
	check_refuses("a=;relu", 3, 3);
	check_refuses("a=relu,;relu", 8, 8);
	check_refuses("a()=relu;relu", 3, 3);
	check_refuses("a(1)=relu;relu", 3, 3);
	check_refuses("a(n=relu;relu", 4, 4);
	check_refuses("a(n,)=relu;relu", 5, 5);
	check_refuses("a(n,n)=relu;relu", 5, 5);
	check_refuses("a(n)relu;relu", 5, 5);
	check_refuses("a(n);relu", 5, 5);
	check_refuses("a(b,c,d,e,f,g,h,i,j)=relu;relu", 19, 19);
	check_refuses("a=relu;a=tanh;@a", 8, 8);
	check_refuses("a=wibble;relu", 3, 3);
	check_refuses("a=relu);relu", 7, 7);
	check_refuses("relu,a=relu;@a", 6, 6);
	check_refuses("1a=relu;@1a", 2, 2);
	check_refuses("_a=relu;@_a", 1, 1);
	check_refuses("a=relu;b=(@a;@b", 13, 13);
}

static void refuses_bad_calls(void **state)
{
	(void)state;
	check_refuses("@", 2, 2);
	check_refuses("@a", 2, 2);
	check_refuses("a=relu;@b", 9, 9);
	check_refuses("a=relu;@ab", 9, 9);
	check_refuses("ab=relu;@a", 10, 10);
	check_refuses("a=@a;@a", 4, 4);	       /* itself */
	check_refuses("a=@b;b=relu;@a", 4, 4); /* what comes later */
	check_refuses("a=relu;@a(1)", 9, 9);
	check_refuses("a(n)=fc:$n;@a", 13, 13);
	check_refuses("a(n)=fc:$n;@a()", 15, 15);
	check_refuses("a(n)=fc:$n;@a(1,2)", 13, 17);
	check_refuses("a(n)=fc:$n;@a(1", 16, 16);
	check_refuses("a(n,k)=fc:$n,fc:$k;@a(1)", 21, 24);
	check_refuses("a(n)=fc:$n;@a(x)", 15, 15);
	check_refuses("a(n)=fc:$n;@a(-1)", 15, 15);
	check_refuses("a(n)=fc:$n;@a($n)", 15, 15);
	check_refuses("a(n)=fc:$n;fc:$n", 15, 15);
	check_refuses("a(n)=fc:$k;@a(1)", 9, 9);
	check_refuses("a=fc:$k;@a", 6, 6);
	check_refuses("fc:$", 4, 4);
	check_refuses("$3*relu", 1, 1);
	/* The place is where the argument is no longer right. */
	check_refuses("a(n)=fc:$n;@a(0)", 9, 9);
	check_refuses("a(n)=fc:$n;@a(1.5)", 9, 9);
	check_refuses("a(n)=drop:$n;@a(1)", 11, 11);
	check_refuses("a(n)=$n*relu;@a(0)", 6, 6);
	check_refuses("a(n)=$n*relu;@a(.5)", 6, 6);
	check_refuses("a(n)=$n*relu;@a(1001)", 6, 6);
	check_refuses("a(n)=4-$n;@a(0)", 8, 8);
}

/* Nested definitions double what they stand for: 2^40 layers in a line. */
static void refuses_what_grows(void **state)
{
	static char text[20000];
	size_t n = (size_t)snprintf(text, sizeof text, "a0=relu,relu;");

	(void)state;
	for (int i = 1; i <= 40; i++)
		n += (size_t)snprintf(
			text + n, sizeof text - n, "a%d=@a%d,@a%d;", i, i - 1, i - 1);
	check_refuses("a=1000*relu;b=1000*@a;c=1000*@b;@c", 1, 34);
	snprintf(text + n, sizeof text - n, "@a40");
	check_refuses(text, 1, (long)strlen(text));
	snprintf(text + n, sizeof text - n, "@a8");
	{
		struct err e;
		char *result = printed(text, &e);

		check(result != NULL, "512 layers are refused: %s", e.text);
		assert_int_equal(strlen(result), 512 * 5 - 1);
		free(result);
	}
	n = 0;
	for (int i = 0; i < 65; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "d%d=relu;", i);
	snprintf(text + n, sizeof text - n, "relu");
	check_refuses(text, (long)strlen(text) - 12, (long)strlen(text) - 12);
}

/* With several lines the place is told in the line, which is what is shown. */
static void tells_the_line(void **state)
{
	struct err e;

	(void)state;
	assert_null(printed("# a net\nfc:3,\n\trelu,wibble # no\n,fc:3", &e));
	assert_non_null(strstr(e.text, "net, line 3, character 7: expected a layer ("));
	assert_non_null(strstr(e.text, "\n     relu,wibble # no\n          ^"));
	assert_null(printed("relu,tanh,\033[31m\001\377", &e));
	assert_non_null(strstr(e.text, "\n    relu,tanh,?[31m??\n              ^"));
	assert_null(
		printed("relu,relu,relu,relu,relu,relu,relu,relu,relu,relu,relu,what,relu,relu,"
			"relu,relu,relu,relu,relu,relu,relu",
			&e));
	assert_non_null(strstr(e.text, "net, character 56: "));
	assert_non_null(strstr(e.text,
		"\n    relu,relu,relu,relu,relu,relu,relu,relu,what,relu,relu,relu,relu,relu,\n"
		"                                            ^"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stands_for_what_it_defines),
		cmocka_unit_test(refuses_bad_definitions),
		cmocka_unit_test(refuses_bad_calls),
		cmocka_unit_test(refuses_what_grows),
		cmocka_unit_test(tells_the_line),
	};

	return cmocka_run_group_tests_name("net-spec-define", tests, NULL, NULL);
}
