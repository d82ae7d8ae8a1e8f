/* SPDX-License-Identifier: ISC */
#include "tensor-stats.h"

#include "bytes.h"

#include <math.h>
#include <string.h>

/* 1 sign, 4 exponent (bias 7), 3 mantissa bits; no infinities, NaN is all ones. */
static double from_e4m3(uint8_t b)
{
	int exponent = b >> 3 & 15, mantissa = b & 7;
	double v = exponent == 0 ? ldexp(mantissa, -9) : ldexp(8 + mantissa, exponent - 10);

	if ((b & 0x7f) == 0x7f)
		v = NAN;
	return b & 0x80 ? -v : v;
}

static uint16_t le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static double from_f32(uint32_t bits)
{
	float v;

	memcpy(&v, &bits, sizeof v);
	return v;
}

static double from_f64(uint64_t bits)
{
	double v;

	memcpy(&v, &bits, sizeof v);
	return v;
}

double tensor_value(enum tensor_dtype dtype, const void *p)
{
	const uint8_t *b = p;

	switch (dtype) {
	case TENSOR_BOOL:
	case TENSOR_U8:
		return b[0];
	case TENSOR_I8:
		return (int8_t)b[0];
	case TENSOR_F8_E5M2: /* the upper half of a binary16 */
		return bytes_from_f16((uint16_t)(b[0] << 8));
	case TENSOR_F8_E4M3:
		return from_e4m3(b[0]);
	case TENSOR_I16:
		return (int16_t)le16(b);
	case TENSOR_U16:
		return le16(b);
	case TENSOR_F16:
		return bytes_from_f16(le16(b));
	case TENSOR_BF16:
		return bytes_from_bf16(le16(b));
	case TENSOR_I32:
		return (int32_t)bytes_le32(b);
	case TENSOR_U32:
		return bytes_le32(b);
	case TENSOR_F32:
		return from_f32(bytes_le32(b));
	case TENSOR_F64:
		return from_f64(bytes_le64(b));
	case TENSOR_I64:
		return (double)(int64_t)bytes_le64(b);
	case TENSOR_U64:
		return (double)bytes_le64(b);
	}
	return NAN;
}

/* Each part's sum is taken from the mean so far, so that long tensors lose no digits. */
void tensor_stats_add(
	struct tensor_stats *s, enum tensor_dtype dtype, const void *bytes, size_t n)
{
	size_t size = tensor_dtype_size(dtype), finite = s->values - s->nans - s->infinities,
	       more = 0;
	double deviation = 0;

	for (const uint8_t *p = bytes, *end = p + n; p < end; p += size) {
		double v = tensor_value(dtype, p);

		s->values++;
		if (isnan(v)) {
			s->nans++;
			continue;
		}
		if (s->values - s->nans == 1)
			s->min = s->max = v;
		s->min = v < s->min ? v : s->min;
		s->max = v > s->max ? v : s->max;
		if (isinf(v)) {
			s->infinities++;
			continue;
		}
		deviation += v - s->mean;
		more++;
	}
	if (more > 0)
		s->mean += deviation / (double)(finite + more);
}
