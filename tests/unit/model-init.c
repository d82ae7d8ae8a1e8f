/* SPDX-License-Identifier: ISC */
/* What a net takes from another's file, and what is said of the rest. */
#include "model-init.h"

#include "lineage.h"
#include "made.h"
#include "scratch.h"

#include <math.h>

#define INPUTS 6
static const struct preprocess plain = {0, 1};

static char told[4096];

static void tell(const char *line)
{
	size_t used = strlen(told);

	snprintf(told + used, sizeof told - used, "%s\n", line);
}

/* What the net takes of a file, and what is said. */
static void check_taken(const struct tensor_set *file, struct net *n, size_t taken, size_t of,
	const char *lines)
{
	size_t is, all;
	struct err e;

	assert_int_equal(model_init_take(file, n, &is, &all, &e), 0);
	assert_int_equal(is, taken);
	assert_int_equal(all, of);
	told[0] = '\0';
	model_init_tell(file, n, tell);
	assert_string_equal(told, lines);
}

/* Writes the set and reads it as --init does. */
static int reload(const struct tensor_set *from, struct tensor_set *to, struct err *e)
{
	assert_int_equal(
		tensor_file_save(from, scratch_name(".safetensors"), TENSOR_LEVEL, NULL, e), 0);
	return model_init_load(to, scratch_name(""), &plain, pool, e);
}

static void take(const char *from, const char *to, size_t taken, size_t of, const char *lines)
{
	struct net *a = make(from, INPUTS, 0, 0), *b = make(to, INPUTS, 0, 0);
	struct net *before = make(to, INPUTS, 0, 0);
	const struct layer_param *p, *q;
	struct tensor_set s, file;
	struct err e;

	net_init(a, INITIALIZER_TORCH, 1);
	net_init(b, INITIALIZER_TORCH, 2);
	net_init(before, INITIALIZER_TORCH, 2);
	for (size_t i = 0; net_tensor(a, i, &p) != NULL; i++)
		a->param[p->at] += 1; /* as if it were trained */
	tensor_set_init(&s);
	assert_int_equal(lineage_kind(&s, "model", &e), 0);
	assert_int_equal(model_describe(&s, a, a->param, &plain, NULL, &e), 0);
	check(reload(&s, &file, &e) == 0, "%s", e.text);
	check_taken(&file, b, taken, of, lines);
	/* Nets of these tests have their matches first. */
	for (size_t i = 0; net_tensor(b, i, &p) != NULL; i++) {
		const float *as = before->param + p->at;

		if (i < taken) {
			net_tensor(a, i, &q);
			as = a->param + q->at;
		}
		assert_memory_equal(
			b->param + p->at, as, p->count * tensor_dtype_size(p->dtype));
	}
	tensor_set_release(&s);
	tensor_set_release(&file);
	net_free(a);
	net_free(b);
	net_free(before);
}

static void takes_what_matches(void **state)
{
	(void)state;
	take("fc:4,tanh,fc:3", "fc:4,relu,fc:3", 4, 4,
		"0.weight [4,6]: taken\n0.bias [4]: taken\n2.weight [3,4]: taken\n"
		"2.bias [3]: taken\n");
	take("fc:4,tanh,fc:3", "fc:4,tanh,fc:5", 2, 4,
		"0.weight [4,6]: taken\n0.bias [4]: taken\n"
		"2.weight [5,4]: not taken, it is [3,4] in the file\n"
		"2.bias [5]: not taken, it is [3] in the file\n");
	take("fc:4,tanh,fc:3", "fc:4", 2, 2,
		"0.weight [4,6]: taken\n0.bias [4]: taken\n"
		"2.bias [3]: in the file, not in the net\n"
		"2.weight [3,4]: in the file, not in the net\n");
	take("fc:4", "fc:4,tanh,fc:3", 2, 4,
		"0.weight [4,6]: taken\n0.bias [4]: taken\n"
		"2.weight [3,4]: not taken, it is not in the file\n"
		"2.bias [3]: not taken, it is not in the file\n");
	take("fc:4,bn", "fc:4,bn/e=0.1,fc:2", 7, 9,
		"0.weight [4,6]: taken\n0.bias [4]: taken\n1.weight [4]: taken\n"
		"1.bias [4]: taken\n1.running_mean [4]: taken\n1.running_var [4]: taken\n"
		"1.num_batches_tracked []: taken\n"
		"2.weight [2,4]: not taken, it is not in the file\n"
		"2.bias [2]: not taken, it is not in the file\n");
	take("fc:5", "fc:4", 0, 2,
		"0.weight [4,6]: not taken, it is [5,6] in the file\n"
		"0.bias [4]: not taken, it is [5] in the file\n");
}

/* From elsewhere, without metadata: other types and ranks. */
static void takes_from_elsewhere(void **state)
{
	static const float weight[24] = {1, 2, 3}, other[4] = {0};
	static const double bias[4] = {1};
	struct net *n = make("fc:4,relu,fc:2", INPUTS, 0, 0);
	struct tensor_set s, file;
	struct err e;

	(void)state;
	tensor_set_init(&s);
	tensor_set_add(&s, "0.weight", TENSOR_F32, 2, (const size_t[]){4, 6}, weight, &e);
	tensor_set_add(&s, "0.bias", TENSOR_F64, 1, (const size_t[]){4}, bias, &e);
	tensor_set_add(&s, "2.bias", TENSOR_F32, 2, (const size_t[]){2, 1}, other, &e);
	tensor_set_add(&s, "other", TENSOR_F32, 0, NULL, other, &e);
	tensor_set_add(&s, "train.state", TENSOR_F32, 1, (const size_t[]){4}, other, &e);
	check(reload(&s, &file, &e) == 0, "%s", e.text);
	check_taken(&file, n, 1, 4,
		"0.weight [4,6]: taken\n0.bias [4]: not taken, it is F64 in the file, not F32\n"
		"2.weight [2,4]: not taken, it is not in the file\n"
		"2.bias [2]: not taken, it is [2,1] in the file\n"
		"other []: in the file, not in the net\n");
	assert_memory_equal(n->param + n->layer[0].param[0].at, weight, sizeof weight);
	tensor_set_release(&s);
	tensor_set_release(&file);
	net_free(n);
}

/* Only what is taken matters. */
static void refuses_what_is_not_finite(void **state)
{
	const float weight[24] = {[23] = NAN};
	struct net *n = make("fc:4", INPUTS, 0, 0), *other = make("fc:3", INPUTS, 0, 0);
	struct tensor_set s, file;
	size_t taken, all;
	struct err e;

	(void)state;
	tensor_set_init(&s);
	tensor_set_add(&s, "0.weight", TENSOR_F32, 2, (const size_t[]){4, 6}, weight, &e);
	check(reload(&s, &file, &e) == 0, "%s", e.text);
	assert_int_equal(model_init_take(&file, n, &taken, &all, &e), -1);
	assert_string_equal(e.text, "tensor \"0.weight\" holds nan");
	assert_int_equal(model_init_take(&file, other, &taken, &all, &e), 0);
	assert_int_equal(taken, 0);
	tensor_set_release(&s);
	tensor_set_release(&file);
	net_free(n);
	net_free(other);
}

static void refuse(const char *kind, const char *key, const char *value, const char *reason)
{
	struct net *n = make("fc:4", INPUTS, 0, 0);
	struct tensor_set s, file;
	struct err e;

	tensor_set_init(&s);
	assert_int_equal(lineage_kind(&s, kind, &e), 0);
	assert_int_equal(model_describe(&s, n, n->param, &plain, NULL, &e), 0);
	if (key != NULL)
		assert_int_equal(tensor_set_put_meta(&s, key, value, &e), 0);
	check(reload(&s, &file, &e) == -1, "taken; expected: %s", reason);
	check(strstr(e.text, reason) != NULL && strstr(e.text, scratch_name("")) != NULL,
		"got: %s; expected: %s", e.text, reason);
	tensor_set_release(&s);
	net_free(n);
}

static void refuses(void **state)
{
	(void)state;
	refuse("dataset", NULL, NULL, "is a dataset file where a model file is expected");
	refuse("model", "potstill.mean", "0.5", "was trained with --mean 0.5 --sd 1");
	refuse("checkpoint", "potstill.sd", "2", "was trained with --mean 0 --sd 2");
	refuse("model", "potstill.sd", "none", "potstill.sd: \"none\" is not a number");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_matches),
		cmocka_unit_test(takes_from_elsewhere),
		cmocka_unit_test(refuses_what_is_not_finite),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests_name("model-init", tests, set_up_pool, tear_down_pool);
}
