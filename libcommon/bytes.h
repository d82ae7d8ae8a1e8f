/* SPDX-License-Identifier: ISC */
/* What is in files: numbers in little- and big-endian order, the 16-bit floats, UTF-8. */
#ifndef BYTES_H
#define BYTES_H

#include <stddef.h>
#include <stdint.h>

uint32_t bytes_le32(const uint8_t *p);
uint64_t bytes_le64(const uint8_t *p);
uint32_t bytes_be32(const uint8_t *p);
void bytes_put_le32(uint8_t *p, uint32_t v);
void bytes_put_le64(uint8_t *p, uint64_t v);

/* IEEE 754 binary16 and bfloat16, rounded to nearest even; NaN stays NaN. */
uint16_t bytes_f16(float v);
float bytes_from_f16(uint16_t h);
uint16_t bytes_bf16(float v);
float bytes_from_bf16(uint16_t h);

/* The length of the UTF-8 sequence at s, in a text that ends with NUL; 0 where it is none (RFC
 * 3629, section 4). */
size_t bytes_utf8(const uint8_t *s);
/* The same of a character that a line may show: 0 for control characters (C0, DEL, C1) too. */
size_t bytes_shown(const uint8_t *s);
/* Puts ? for each byte that is part of nothing that may be shown. */
void bytes_mask(char *text);

#endif
