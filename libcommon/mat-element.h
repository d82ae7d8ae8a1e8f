/* SPDX-License-Identifier: ISC */
/* Elements of MATLAB's version 5, see mat-walk.h: their tags, and how an array begins. */
#ifndef MAT_ELEMENT_H
#define MAT_ELEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct mat_stream;

enum mat_type {
	MAT_INT8 = 1,
	MAT_UINT8,
	MAT_INT16,
	MAT_UINT16,
	MAT_INT32,
	MAT_UINT32,
	MAT_SINGLE,
	MAT_DOUBLE = 9,
	MAT_INT64 = 12,
	MAT_UINT64,
	MAT_MATRIX,
	MAT_COMPRESSED,
	MAT_UTF8,
	MAT_UTF16,
	MAT_UTF32,
	MAT_TYPES
};

/* Bytes of a number or a unit of text; 0 of any other type. */
uint32_t mat_type_size(uint32_t type);

enum mat_class {
	MAT_CELL = 1,
	MAT_STRUCT,
	MAT_OBJECT,
	MAT_CHAR,
	MAT_SPARSE,
	MAT_FIRST_NUMBERS,
	MAT_LAST_NUMBERS = 15,
	MAT_FUNCTION,
	MAT_OPAQUE
};

#define MAT_LOGICAL 0x200 /* of the flags, whose lowest byte is the class */
#define MAT_COMPLEX 0x800

#define MAT_CLASS(flags) ((flags)&0xff)

/* Where elements come from. */
struct mat_source {
	struct mat_stream *s;
	struct err *e;
	uint64_t at; /* of the outermost array in the file, for the texts */
	bool big;    /* endian */
};

/* An array whose elements are being read. */
struct mat_part {
	uint64_t left; /* bytes that it still has */
	uint32_t flags;
	size_t rank, values; /* values: the product of the dimensions */
	uint32_t last;	     /* dimension */
};

struct mat_element {
	uint32_t type, length;
	bool is_short;	  /* its bytes are these, and have been taken from the array */
	uint8_t bytes[4]; /* of others the length */
};

/* Each: 0, or -1 and a text; only mat_fault is -1 always. "damaged: the array at byte 128 has "
 * comes before its text. */
int mat_fault(const struct mat_source *m, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
uint32_t mat_number(const struct mat_source *m, const uint8_t *p);

/* Takes the next bytes of an array: without reading them, to a place, as a tag, or past them.
 */
int mat_take(const struct mat_source *m, struct mat_part *a, uint64_t n);
int mat_get(const struct mat_source *m, struct mat_part *a, uint8_t *to, size_t n);
int mat_get_tag(const struct mat_source *m, struct mat_part *a, struct mat_element *x);
int mat_skip(const struct mat_source *m, struct mat_part *a, uint64_t n);
int mat_skip_element(
	const struct mat_source *m, struct mat_part *a, const struct mat_element *x);

/* What an array begins with; of a name no more than `most` bytes. */
int mat_get_flags(const struct mat_source *m, struct mat_part *a);
int mat_get_dimensions(const struct mat_source *m, struct mat_part *a);
int mat_skip_name(const struct mat_source *m, struct mat_part *a, uint32_t most);

#endif
