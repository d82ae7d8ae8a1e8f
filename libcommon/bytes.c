/* SPDX-License-Identifier: ISC */
#include "bytes.h"

#include <string.h>

uint32_t bytes_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

uint64_t bytes_le64(const uint8_t *p)
{
	return (uint64_t)bytes_le32(p) | (uint64_t)bytes_le32(p + 4) << 32;
}

uint32_t bytes_be32(const uint8_t *p)
{
	return (uint32_t)p[3] | (uint32_t)p[2] << 8 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[0] << 24;
}

void bytes_put_le32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

void bytes_put_le64(uint8_t *p, uint64_t v)
{
	bytes_put_le32(p, (uint32_t)v);
	bytes_put_le32(p + 4, (uint32_t)(v >> 32));
}

static uint32_t bits_of(float v)
{
	uint32_t bits;

	memcpy(&bits, &v, sizeof bits);
	return bits;
}

static float float_of(uint32_t bits)
{
	float v;

	memcpy(&v, &bits, sizeof v);
	return v;
}

uint16_t bytes_bf16(float v)
{
	uint32_t bits = bits_of(v);

	if ((bits & 0x7fffffff) > 0x7f800000)
		return (uint16_t)(bits >> 16 | 0x40); /* a NaN must not round to infinity */
	bits += 0x7fff + (bits >> 16 & 1);
	return (uint16_t)(bits >> 16);
}

float bytes_from_bf16(uint16_t h)
{
	return float_of((uint32_t)h << 16);
}

/* Values below 2^-14 are counted in steps of 2^-24: adding 2^-1 lets the FPU round. */
static uint16_t f16_subnormal(uint32_t magnitude)
{
	return (uint16_t)(bits_of(float_of(magnitude) + 0.5f) - bits_of(0.5f));
}

uint16_t bytes_f16(float v)
{
	uint32_t bits = bits_of(v), magnitude = bits & 0x7fffffff;
	uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);

	if (magnitude > 0x7f800000)
		return sign | 0x7e00;
	if (magnitude >= 0x477ff000) /* 65520 and up round to infinity */
		return sign | 0x7c00;
	if (magnitude < 0x38800000)
		return sign | f16_subnormal(magnitude);
	magnitude += 0xfff + (magnitude >> 13 & 1);
	return (uint16_t)(sign | ((magnitude - 0x38000000) >> 13));
}

float bytes_from_f16(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000) << 16, magnitude = h & 0x7fff;

	if (magnitude >= 0x7c00)
		return float_of(sign | 0x7f800000 | (magnitude & 0x3ff) << 13);
	if (magnitude < 0x400)
		return float_of(sign | bits_of((float)magnitude * 0x1p-24f));
	return float_of(sign | ((magnitude << 13) + 0x38000000));
}

size_t bytes_utf8(const uint8_t *s)
{
	static const uint8_t low[] = {0, 0, 0x80, 0xa0, 0x90},
			     high[] = {0, 0, 0xbf, 0x9f, 0x8f};
	size_t n = s[0] < 0x80	 ? 1
		   : s[0] < 0xc2 ? 0
		   : s[0] < 0xe0 ? 2
		   : s[0] < 0xf0 ? 3
		   : s[0] < 0xf5 ? 4
				 : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 || s[0] == 0xf0) && s[1] < low[n])
		return 0;
	if ((s[0] == 0xed || s[0] == 0xf4) && s[1] > high[n])
		return 0;
	return n;
}

size_t bytes_shown(const uint8_t *s)
{
	if (s[0] < ' ' || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0))
		return 0;
	return bytes_utf8(s);
}

void bytes_mask(char *text)
{
	while (*text != '\0') {
		size_t n = bytes_shown((const uint8_t *)text);

		if (n == 0)
			*text = '?';
		text += n == 0 ? 1 : n;
	}
}
