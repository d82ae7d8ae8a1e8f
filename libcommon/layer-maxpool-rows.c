/* SPDX-License-Identifier: ISC */
#include "layer-maxpool-rows.h"

#include "vector.h"

#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/*
 * The windows in which a value at `position` is, along a side and counted from where the first
 * begins: it is value first + i * stride of number base - i.
 */
struct seen {
	size_t n, first, base;
};

INLINE struct seen seen_at(size_t position, size_t stride, size_t kernel)
{
	size_t first = position % stride;

	return (struct seen){first < kernel ? (kernel - 1 - first) / stride + 1 : 0, first,
		position / stride};
}

/* A plane on its way back. */
struct back {
	const struct window *w;
	const float *dout;
	const uint16_t *kept;
};

static int is_apart(const struct window *w)
{
	return w->stride[0] == 2 && w->stride[1] == 2 && w->kernel[0] == 2 &&
	       w->kernel[1] == 2 && w->before[0] == 0 && w->before[1] == 0 &&
	       2 * w->out[0] <= w->in[0] && 2 * w->out[1] <= w->in[1];
}

#define TARGET
#define LANES 4
#define EVEN 0, 2, 4, 6
#define LOW 0, 4, 1, 5
#define HIGH 2, 6, 3, 7
#define OF(name) name
#include "layer-maxpool-kernel.h"

#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2")))
#define LANES 8
#define EVEN 0, 2, 4, 6, 8, 10, 12, 14
#define LOW 0, 8, 1, 9, 2, 10, 3, 11
#define HIGH 4, 12, 5, 13, 6, 14, 7, 15
#define OF(name) name##_avx2
#include "layer-maxpool-kernel.h"

#define TARGET __attribute__((target("avx512f")))
#define LANES 16
#define EVEN 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define OF(name) name##_avx512
#include "layer-maxpool-kernel.h"
#endif

size_t maxpool_reach(const struct window *w)
{
	return w->kernel[1] + w->before[1] + 2 + VECTOR_LANES;
}

void maxpool_forward(const struct window *w, const struct maxpool_source *s, const float *from,
	float *out, uint16_t *kept)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512f")) {
		forward_avx512(w, s, from, out, kept);
		return;
	}
	if (__builtin_cpu_supports("avx2")) {
		forward_avx2(w, s, from, out, kept);
		return;
	}
#endif
	forward(w, s, from, out, kept);
}

void maxpool_back(const struct window *w, const float *dout, const uint16_t *kept, float *to)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512f")) {
		back_avx512(w, dout, kept, to);
		return;
	}
	if (__builtin_cpu_supports("avx2")) {
		back_avx2(w, dout, kept, to);
		return;
	}
#endif
	back(w, dout, kept, to);
}
