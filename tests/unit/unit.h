/* SPDX-License-Identifier: ISC */
/* What every unit test starts with: cmocka and the headers that it wants before itself. */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* fail_msg with a condition: says what was found where assert_true says only "false". */
#define check(condition, ...) \
	do { \
		if (!(condition)) \
			fail_msg(__VA_ARGS__); \
	} while (0)

#endif
