/* SPDX-License-Identifier: ISC */
/*
 * Rows of maxima, written once for all vector units. layer-maxpool-rows.c defines
 *
 *	TARGET             the function attribute that allows the instructions
 *	LANES              floats in a vector
 *	EVEN, LOW, HIGH    as __builtin_shufflevector wants them of two vectors: every second
 *	                   value; both in turns, first half and second half
 *	OF(name)           what a function or type is called
 *
 * before it includes this. Compilers leave choices in vectors of a size that the target has not
 * to scalars, so each target has its own.
 */

typedef float OF(floats) __attribute__((vector_size(4 * LANES)));
typedef int32_t OF(ints) __attribute__((vector_size(4 * LANES)));
typedef uint16_t OF(places) __attribute__((vector_size(2 * LANES)));
/* the same in memory, aligned like a value */
typedef float OF(stored) __attribute__((vector_size(4 * LANES), aligned(4)));
typedef uint16_t OF(stored_places) __attribute__((vector_size(2 * LANES), aligned(2)));

TARGET INLINE OF(ints) OF(count)(void)
{
	OF(ints) lanes = {0};

	for (int32_t i = 0; i < LANES; i++)
		lanes[i] = i;
	return lanes;
}

TARGET INLINE OF(ints) OF(is_nan)(OF(floats) v)
{
	return (OF(ints))(((OF(ints))v & INT32_MAX) > 0x7f800000);
}

/* --- forward --- */

/* Every stride-th value of a row. */
TARGET INLINE OF(floats) OF(take)(const float *from, size_t stride)
{
	OF(floats) low = *(const OF(stored) *)from;

	if (stride == 1)
		return low;
	return __builtin_shufflevector(
		low, (OF(floats)) * (const OF(stored) *)(from + LANES), EVEN);
}

/* The maxima of windows side by side, and where they were seen; kept is NULL in inference. */
TARGET INLINE void OF(take_greatest)(const struct maxpool_source *s, size_t stride,
	size_t values, const float *from, float *out, uint16_t *kept)
{
	OF(floats) most = OF(take)(from, stride);
	OF(ints) place = {0};

	for (size_t t = 1; t < values; t++) {
		OF(floats) v = OF(take)(from + s->offset[t], stride);
		OF(ints) greater = (OF(ints))(v > most) | OF(is_nan)(v);

		most = (OF(floats))((greater & (OF(ints))v) | (~greater & (OF(ints))most));
		if (kept != NULL)
			place = (greater & (int32_t)t) | (~greater & place);
	}
	*(OF(stored) *)out = most;
	if (kept != NULL)
		*(OF(stored_places) *)kept = __builtin_convertvector(place, OF(places));
}

TARGET INLINE void OF(forward_rows)(const struct window *w, const struct maxpool_source *s,
	size_t stride, size_t values, const float *from, float *out, uint16_t *kept)
{
	for (size_t y = 0; y < w->out[0]; y++, from += s->row, out += w->out[1]) {
		for (size_t x = 0; x < w->out[1]; x += LANES)
			OF(take_greatest)
		(s, stride, values, from + x * stride, out + x, kept != NULL ? kept + x : NULL);
		if (kept != NULL)
			kept += w->out[1];
	}
}

TARGET static void OF(forward)(const struct window *w, const struct maxpool_source *s,
	const float *from, float *out, uint16_t *kept)
{
	size_t values = window_values(w);

	if (s->stride == 1)
		OF(forward_rows)(w, s, 1, values, from, out, kept);
	else if (values == 4 && kept == NULL)
		OF(forward_rows)(w, s, 2, 4, from, out, NULL);
	else if (values == 4)
		OF(forward_rows)(w, s, 2, 4, from, out, kept);
	else
		OF(forward_rows)(w, s, 2, values, from, out, kept);
}

/* --- back --- */

/*
 * The gradients of values a stride apart, whose windows are neighbours: of those that chose
 * them, the first window first. Of the first value the windows are `down` and, `x` further,
 * `across`.
 */
TARGET INLINE OF(floats) OF(gather)(const struct back *b, size_t stride, size_t kernel,
	const struct seen *down, const struct seen *across, size_t x)
{
	const struct window *w = b->w;
	const int32_t width = (int32_t)w->out[1];
	OF(floats) sum = {0};
	const OF(ints) lanes = OF(count)();

	for (size_t i = down->n; i-- > 0;) {
		size_t y = down->base - i;
		size_t place = (down->first + i * w->stride[0]) * kernel + across->first;

		if (y >= w->out[0]) /* or below 0 */
			continue;
		for (size_t k = across->n; k-- > 0;) {
			ptrdiff_t column = (ptrdiff_t)(x + across->base) - (ptrdiff_t)k,
				  at = (ptrdiff_t)(y * w->out[1]) + column;
			OF(ints) seen = lanes + (int32_t)column;
			OF(ints)
			chosen = __builtin_convertvector(
				*(const OF(stored_places) *)(b->kept + at), OF(ints));

			chosen = (OF(ints))(chosen == (int32_t)(place + k * stride)) &
				 (OF(ints))(seen >= 0) & (OF(ints))(seen < width);
			sum += (OF(floats))(
				chosen & (OF(ints)) * (const OF(stored) *)(b->dout + at));
		}
	}
	return sum;
}

/* One row: seen in the windows `down`. */
TARGET INLINE void OF(back_row)(const struct back *b, size_t stride, size_t kernel,
	size_t before, const struct seen *down, float *to)
{
	const struct seen first = seen_at(before, stride, kernel),
			  next = seen_at(before + 1, stride, kernel);
	size_t width = b->w->in[1];

	for (size_t x = 0; x * stride < width; x += LANES, to += LANES * stride) {
		OF(floats) even = OF(gather)(b, stride, kernel, down, &first, x), odd;

		if (stride == 1) {
			*(OF(stored) *)to = even;
			continue;
		}
		odd = OF(gather)(b, stride, kernel, down, &next, x);
		*(OF(stored) *)to = __builtin_shufflevector(even, odd, LOW);
		*(OF(stored) *)(to + LANES) = __builtin_shufflevector(even, odd, HIGH);
	}
}

/* The same with any stride. */
TARGET INLINE void OF(back_sparse_row)(
	const struct back *b, size_t stride, const struct seen *down, float *to)
{
	size_t width = b->w->in[1];

	for (size_t phase = 0; phase < stride; phase++) {
		const struct seen across =
			seen_at(b->w->before[1] + phase, stride, b->w->kernel[1]);

		for (size_t x = phase; x < width; x += LANES * stride) {
			OF(floats)
			v = OF(gather)(b, stride, b->w->kernel[1], down, &across, x / stride);

			for (size_t i = 0; i < LANES && x + i * stride < width; i++)
				to[x + i * stride] = v[i];
		}
	}
}

/* Of windows of 2x2 values side by side: each value is in one window, or in none. */
TARGET INLINE void OF(back_apart)(const struct back *b, float *to)
{
	const struct window *w = b->w;
	const OF(ints) lanes = OF(count)();

	memset(to + 2 * w->out[0] * w->in[1], 0,
		(w->in[0] - 2 * w->out[0]) * w->in[1] * sizeof *to);
	for (size_t y = 0; y < 2 * w->out[0]; y++, to += w->in[1]) {
		const float *dout = b->dout + y / 2 * w->out[1];
		const uint16_t *kept = b->kept + y / 2 * w->out[1];
		int32_t place = (int32_t)(y % 2 * 2), left = (int32_t)w->out[1];

		for (size_t x = 0; 2 * x < w->in[1]; x += LANES, left -= LANES) {
			OF(ints) gradient = (OF(ints)) * (const OF(stored) *)(dout + x);
			OF(ints)
			chosen = __builtin_convertvector(
				*(const OF(stored_places) *)(kept + x), OF(ints));
			OF(ints)
			even = (OF(ints))(chosen == place),
			odd = (OF(ints))(chosen == place + 1);

			gradient &= (OF(ints))(lanes < left);
			even &= gradient;
			odd &= gradient;
			*(OF(stored) *)(to + 2 * x) =
				__builtin_shufflevector((OF(floats))even, (OF(floats))odd, LOW);
			*(OF(stored) *)(to + 2 * x + LANES) = __builtin_shufflevector(
				(OF(floats))even, (OF(floats))odd, HIGH);
		}
	}
}

TARGET static void OF(back)(
	const struct window *w, const float *dout, const uint16_t *kept, float *to)
{
	const struct back b = {w, dout, kept};
	size_t stride = w->stride[1], kernel = w->kernel[1], before = w->before[1];

	const size_t down_n = (w->kernel[0] - 1) / w->stride[0] + 1,
		     down_rest = (w->kernel[0] - 1) % w->stride[0];
	struct seen down = seen_at(w->before[0], w->stride[0], w->kernel[0]);

	if (is_apart(w)) {
		OF(back_apart)(&b, to);
		return;
	}
	for (size_t y = 0; y < w->in[0]; y++, to += w->in[1]) {
		down.n = down_n - (down.first > down_rest);
		if (stride == 1 && kernel == 2 && before == 0)
			OF(back_row)(&b, 1, 2, 0, &down, to);
		else if (stride == 1)
			OF(back_row)(&b, 1, kernel, before, &down, to);
		else if (stride == 2 && kernel == 3 && before == 0)
			OF(back_row)(&b, 2, 3, 0, &down, to);
		else if (stride == 2)
			OF(back_row)(&b, 2, kernel, before, &down, to);
		else
			OF(back_sparse_row)(&b, stride, &down, to);
		if (++down.first == w->stride[0]) {
			down.first = 0;
			down.base++;
		}
	}
}

#undef TARGET
#undef LANES
#undef EVEN
#undef LOW
#undef HIGH
#undef OF
