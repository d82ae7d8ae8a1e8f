/* SPDX-License-Identifier: ISC */
/* What the parts of the parser of nets share: net-spec.c, net-spec-define.c, net-spec-layer.c.
 */
#ifndef NET_SPEC_PARSE_H
#define NET_SPEC_PARSE_H

#include "net-spec.h"

#define PARSE_MAX_DEPTH 32 /* of groups and calls within each other */
#define PARSE_MAX_DEFINITIONS 64
#define PARSE_MAX_PARAMETERS 8
#define PARSE_MAX_NUMBER 2147483647.0

/* A name in the text: of a definition, or of one of its parameters. */
struct parse_name {
	const char *at;
	size_t length;
};

struct parse_definition {
	struct parse_name name, parameter[PARSE_MAX_PARAMETERS];
	int parameters;
	const char *body;
};

/* A definition with values for its parameters. */
struct parse_call {
	const struct parse_definition *of; /* NULL outside all definitions */
	double argument[PARSE_MAX_PARAMETERS];
};

struct parser {
	const char *text, *at;
	struct net_spec *net;
	size_t room; /* of net->item */
	int depth;
	struct parse_definition definition[PARSE_MAX_DEFINITIONS];
	int definitions;
	struct parse_call call;
	/* A definition is read when it is made: its arguments are not known, any are right. */
	int defining;
	struct err *err;
};

/* --- net-spec.c --- */

/* These return -1, with the place and what was expected there in the text. */
int parse_fail(struct parser *p, const char *expected);
int parse_fail_at(struct parser *p, const char *at, const char *expected);

#ifdef __clang_analyzer__ /* as in err.h */
#define parse_fail(...) (parse_fail(__VA_ARGS__), -1)
#define parse_fail_at(...) (parse_fail_at(__VA_ARGS__), -1)
#endif

void parse_blanks(struct parser *p);
/* Whether the character is next, after blanks; if so it is consumed, and the blanks behind. */
int parse_accept(struct parser *p, char c);
/* Adds an item; NULL where there are too many. */
struct net_item *parse_append(
	struct parser *p, enum net_item_type type, const struct layer_kind *kind);
/* seq := item { "," item } */
int parse_seq(struct parser *p);

/* --- net-spec-define.c --- */

/* { def ";" } */
int parse_definitions(struct parser *p);
/* @NAME(...), behind the "@" */
int parse_call(struct parser *p);
/* The value of $NAME, which is next. */
int parse_argument(struct parser *p, double *value);

/* --- net-spec-layer.c --- */

/* Whether a number, or $NAME, is next. */
int parse_at_number(const struct parser *p);
int parse_number(struct parser *p, double *value);
/* A whole number from `least` on. */
int parse_int(struct parser *p, size_t least, size_t *value);
int parse_layer(struct parser *p);

/* What follows an option's name. */
enum net_option_value { NET_OPTION_BARE, NET_OPTION_COUNT, NET_OPTION_FROM_0, NET_OPTION_REAL };

struct net_option {
	const char *name;
	enum net_option_value value;
};

const struct net_option *net_option_find(const char *name, size_t length);

#endif
