/* SPDX-License-Identifier: ISC */
/* Nets as text: what is understood, what comes back, and what is refused where. */
#include "net-text.h"
#include "rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void prints_what_it_reads(void **state)
{
	(void)state;
	check_prints("784-1200-1200-10", "fc:1200,relu,fc:1200,relu,fc:10");
	check_prints("784-10", "fc:10");
	check_prints("fc:1200,relu,fc:10", "fc:1200,relu,fc:10");
	check_prints(" fc:12 ,\n\trelu , fc:10 ", "fc:12,relu,fc:10");
	check_prints("64 - 32 - 4", "fc:32,relu,fc:4");
	check_prints("# a teacher\nfc:12, # wide\nrelu,fc:10 # done", "fc:12,relu,fc:10");
	check_prints("(relu)", "relu");
	check_prints("((fc:3),(relu,tanh))", "fc:3,relu,tanh");
	check_prints("3*relu", "relu,relu,relu");
	check_prints("2*(fc:5,relu),fc:3", "fc:5,relu,fc:5,relu,fc:3");
	check_prints("2 * ( fc:5 , relu )", "fc:5,relu,fc:5,relu");
	check_prints("2*(3*tanh,relu)", "tanh,tanh,tanh,relu,tanh,tanh,tanh,relu");
	check_prints("2*(10-10)", "fc:10,fc:10");
	check_prints("2*10-20-10", "fc:20,relu,fc:10,fc:20,relu,fc:10");
	check_prints("drop:.2,784-12-10", "drop:0.2,fc:12,relu,fc:10");
	check_prints("drop", "drop:0.5");
	check_prints("drop:0", "drop:0");
	check_prints("fc:1e3,drop:1e-1", "fc:1000,drop:0.1");
	check_prints("drop:0,fc:9", "drop:0,fc:9");
}

static void keeps_branches(void **state)
{
	(void)state;
	check_prints("(relu|tanh)", "(relu|tanh)");
	check_prints(" ( relu | fc:3 , tanh ) , fc:1", "(relu|fc:3,tanh),fc:1");
	check_prints("+(relu|)", "+(relu|)");
	check_prints("+ ( | relu )", "+(|relu)");
	check_prints("(|)", "(|)");
	check_prints("(||)", "(||)");
	check_prints("+()", "+()");
	check_prints("+(relu)", "+(relu)");
	check_prints("((relu|tanh))", "(relu|tanh)");
	check_prints("(((relu)|(tanh)))", "(relu|tanh)");
	check_prints("((relu,(tanh)|),(relu))", "(relu,tanh|),relu");
	check_prints("2*(relu|)", "(relu|),(relu|)");
	check_prints("2*+(relu|)", "+(relu|),+(relu|)");
	check_prints("2*(tanh,+(2*relu|3-4))", "tanh,+(relu,relu|fc:4),tanh,+(relu,relu|fc:4)");
	check_prints("(+(relu|)|(tanh|(|)),3-4-5)", "(+(relu|)|(tanh|(|)),fc:4,relu,fc:5)");
	check_prints("+(#left\n relu # right |\n|)", "+(relu|)");
}

/* A net is stored as text: a probability must come back as the same double. */
static void keeps_numbers(void **state)
{
	static const char *const text[] = {"drop:0.1", "drop:0.3333333333333333",
		"drop:0.00001", "drop:0.0000000123", "drop:0.123456789012", "drop:0.9999999999",
		"fc:2147483647", "fc:16777217"};

	(void)state;
	for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
		struct net_spec a, b;
		struct err e;
		char *again;

		check(net_spec_parse(&a, text[i], &e) == 0, "\"%s\": %s", text[i], e.text);
		check(a.item[0].layer.number == strtod(strchr(text[i], ':') + 1, NULL),
			"%s is %.17g", text[i], a.item[0].layer.number);
		again = net_spec_text(&a);
		assert_non_null(again);
		check(net_spec_parse(&b, again, &e) == 0, "%s prints as %s: %s", text[i], again,
			e.text);
		check(b.item[0].layer.number == a.item[0].layer.number, "%s comes back as %s",
			text[i], again);
		free(again);
		net_spec_release(&a);
		net_spec_release(&b);
	}
}

static void refuses_what_is_no_net(void **state)
{
	(void)state;
	check_refuses("", 1, 1);
	check_refuses("   ", 1, 4);
	check_refuses("# nothing", 1, 10);
	check_refuses("relu,", 6, 6);
	check_refuses(",relu", 1, 1);
	check_refuses("relu,,relu", 6, 6);
	check_refuses("relu relu", 6, 6);
	check_refuses("relu;fc:1", 5, 5);
	check_refuses("Relu", 1, 1);
	check_refuses("relux", 1, 5);
	check_refuses("rel", 1, 4);
	check_refuses("fc:3,wibble:4", 6, 12);
	check_refuses("784", 1, 4);
	check_refuses("784-", 5, 5);
	check_refuses("784--10", 5, 5);
	check_refuses("784-10-", 8, 8);
	check_refuses("-10", 1, 1);
	check_refuses("784-relu", 5, 5);
	check_refuses("(relu", 6, 6);
	check_refuses("relu)", 5, 5);
	check_refuses("()", 2, 2);
	check_refuses("2*()", 4, 4);
	check_refuses("(relu|", 7, 7);
	check_refuses("relu|tanh", 5, 5);
	check_refuses("(relu|tanh,)", 12, 12);
	check_refuses("(,|tanh)", 2, 2);
	check_refuses("+relu", 2, 2);
	check_refuses("+", 2, 2);
	check_refuses("+(relu", 7, 7);
	check_refuses("(relu|tanh),", 13, 13);
	check_refuses("(relu|tanh))", 12, 12);
	check_refuses("(relu)(tanh)", 7, 7);
	check_refuses("*(relu|)", 1, 1);
	check_refuses("(relu,)", 7, 7);
	check_refuses("relu\001", 5, 5);
	check_refuses("rel\303\274", 1, 4);
}

static void refuses_bad_numbers(void **state)
{
	(void)state;
	check_refuses("fc", 3, 3);
	check_refuses("fc:", 4, 4);
	check_refuses("fc:0", 4, 5);
	check_refuses("fc:-1", 4, 4);
	check_refuses("fc:+1", 4, 4);
	check_refuses("fc:1.5", 4, 6);
	check_refuses("fc:1..5", 4, 7);
	check_refuses("fc:.", 4, 5);
	check_refuses("fc:1e10", 4, 8);
	check_refuses("fc:1e", 4, 6);
	check_refuses("fc:1e-1", 4, 8);
	check_refuses("fc:inf", 4, 4);
	check_refuses("fc:nan", 4, 4);
	check_refuses("fc:0x10", 4, 6);
	check_refuses("drop:1e-999", 6, 6);
	check_refuses("drop:+.5", 6, 6);
	check_refuses("fc: 10", 4, 5);
	check_refuses("fc:99999999999", 4, 14);
	check_refuses("fc:99999999999999999999999999999999999999999", 4, 44);
	check_refuses("relu:3", 5, 6);
	check_refuses("tanh:3", 5, 6);
	check_refuses("drop:1", 6, 7);
	check_refuses("drop:1.5", 6, 8);
	check_refuses("drop:-0.1", 6, 6);
	check_refuses("fc3x3:4", 3, 3);
	check_refuses("drop5", 5, 5);
	check_refuses("2*drop5", 7, 7);
	check_refuses("fc:4/same", 6, 9);
	check_refuses("relu/", 6, 6);
	check_refuses("784-0", 5, 6);
	check_refuses("0-10", 1, 2);
	check_refuses("99999999999999-10", 1, 15);
	check_refuses("18446744073709551617-10", 1, 21);
}

static void refuses_too_many_layers(void **state)
{
	struct err e;
	char *text;

	(void)state;
	text = printed("1000*relu", &e);
	check(text != NULL, "1000 layers are refused: %s", e.text);
	free(text);
	text = printed("10*(10*(10*relu))", &e);
	check(text != NULL, "1000 layers are refused: %s", e.text);
	free(text);
	check_refuses("0*relu", 1, 2);
	check_refuses("1001*relu", 1, 9);
	check_refuses("334*(relu,tanh,relu)", 1, 20);
	check_refuses("1000*relu,tanh", 11, 14);
	check_refuses("1000000*1000000*fc:1", 9, 16);
	check_refuses("1000*(1000*(1000*relu))", 1, 21);
	check_refuses("2147483647*(relu,relu)", 1, 22);
	check_refuses("4294967297*relu", 1, 11);
	check_refuses("99999999999999999999*relu", 1, 21);
	check_refuses("500*+(relu|),tanh", 14, 14);
	check_refuses("2000*(|)", 1, 8);
	check_refuses("2147483647*(|)", 1, 8);
	check_refuses("900*(||||)", 1, 8);
}

/* Long and deep texts end in a message of one line, not in a stack overflow or a long wait. */
static void survives_size(void **state)
{
	static const char *const part[] = {"(", "2*(", "relu,", "1-", "((relu),", "9", "a", " ",
		"#", "relu/", "1*", "|", "(|", "+(", "+(|", "a=relu;", "$", "@", "a=", "@a("};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
		char *text = repeated(part[i], 300000);

		e.text[0] = '\0';
		check(printed(text, &e) == NULL, "300000 times \"%s\" is taken", part[i]);
		assert_true(strlen(e.text) > 0 && strlen(e.text) < 1000);
		assert_true(place_in(&e) > 0);
		check_caret(text, &e);
		free(text);
	}
}

static void append(char *text, size_t room, const char *word)
{
	size_t n = strlen(text);

	snprintf(text + n, room - n, "%s", word);
}

/* Whatever is taken prints as something that is taken and prints the same. */
static void random_texts_come_back(void **state)
{
	static const char *const word[] = {"fc:", "relu", "tanh", "drop", ":", "1", "20", ".5",
		"0", ",", ",", ",", "(", "(", ")", ")", "|", "|", "+", "*", "-", "-", " ", "\n",
		"#", "/", "x", "e", "a=tanh;", "b(n)=fc:$n;", "@a", "@b(2)", "$n"};
	size_t words = sizeof word / sizeof word[0];
	int taken = 0;

	(void)state;
	for (uint32_t i = 0; i < 6000; i++) {
		struct rng r = {.seed = 3, .index = i};
		char text[64] = "", *once, *twice;
		struct err e;

		for (uint32_t j = 0, n = 1 + rng_below(&r, 0, 9); j < n; j++)
			append(text, sizeof text, word[rng_below(&r, j + 1, (uint32_t)words)]);
		once = printed(text, &e);
		if (once == NULL) {
			check(place_in(&e) >= 1 && place_in(&e) <= (long)strlen(text) + 1,
				"\"%s\": %s", text, e.text);
			continue;
		}
		taken++;
		twice = printed(once, &e);
		check(twice != NULL && strcmp(once, twice) == 0, "\"%s\" prints as \"%s\"",
			text, once);
		free(once);
		free(twice);
	}
	check(taken > 100, "only %d random texts are nets: the test is too weak", taken);
}

/* A layer of every kind of the table is parsed and printed under its name. */
static void knows_every_kind(void **state)
{
	(void)state;
	for (const struct layer_kind *const *k = layer_kinds(); *k != NULL; k++) {
		const char *name = (*k)->name;
		char text[100];
		struct net_spec s;
		struct err e;

		assert_ptr_equal(layer_kind_find(name, strlen(name)), *k);
		assert_ptr_not_equal(layer_kind_find(name, strlen(name) - 1), *k);
		snprintf(text, sizeof text, "%s%s%s", name, (*k)->kernel ? "3x3" : "",
			(*k)->number == LAYER_COUNT ? ":7" : "");
		check(net_spec_parse(&s, text, &e) == 0, "%s: %s", text, e.text);
		assert_int_equal(s.layers, 1);
		assert_ptr_equal(s.item[0].layer.kind, *k);
		net_spec_release(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_what_it_reads),
		cmocka_unit_test(keeps_branches),
		cmocka_unit_test(keeps_numbers),
		cmocka_unit_test(refuses_what_is_no_net),
		cmocka_unit_test(refuses_bad_numbers),
		cmocka_unit_test(refuses_too_many_layers),
		cmocka_unit_test(survives_size),
		cmocka_unit_test(random_texts_come_back),
		cmocka_unit_test(knows_every_kind),
	};

	return cmocka_run_group_tests_name("net-spec", tests, NULL, NULL);
}
