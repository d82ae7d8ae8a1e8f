/* SPDX-License-Identifier: ISC */
/* Data sets: what is loaded, what is refused, how labels, classes and names are packed. */
#include "dataset.h"

#include "class-names.h"
#include "err.h"
#include "scratch.h"
#include "size.h"
#include "unit.h"

#include <math.h>
#include <string.h>

#define ITEMS 3

static const uint8_t images[ITEMS * 2 * 2] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
static const uint8_t labels[ITEMS] = {2, 0, 1};

/* A file as a tool of other make might write it. */
struct file {
	struct tensor_set set;
};

static void begin(struct file *f)
{
	struct err e;

	tensor_set_init(&f->set);
	assert_int_equal(tensor_set_put_meta(&f->set, "potstill.kind", "dataset", &e), 0);
}

static void add(struct file *f, const char *name, enum tensor_dtype t, int rank,
	const size_t *shape, const void *data)
{
	struct err e = {""};

	check(tensor_set_add(&f->set, name, t, rank, shape, data, &e) == 0, "%s", e.text);
}

static void meta(struct file *f, const char *key, const char *value)
{
	struct err e;

	assert_int_equal(tensor_set_put_meta(&f->set, key, value, &e), 0);
}

static void add_images(struct file *f)
{
	add(f, "images", TENSOR_U8, 4, (const size_t[]){ITEMS, 1, 2, 2}, images);
}

static void add_labels(struct file *f)
{
	add(f, "labels", TENSOR_U8, 1, (const size_t[]){ITEMS}, labels);
}

static const char *end(struct file *f)
{
	struct err e = {""};

	check(tensor_file_save(&f->set, scratch_name(""), 1, NULL, &e) == 0, "%s", e.text);
	tensor_set_release(&f->set);
	return scratch_name("");
}

static void load(struct dataset *d, struct file *f)
{
	struct err e = {""};

	check(dataset_load(d, end(f), NULL, &e) == 0, "%s", e.text);
}

static void refuse(struct file *f, const char *reason)
{
	struct dataset d;
	struct err e = {""};
	const char *path = end(f);

	check(dataset_load(&d, path, NULL, &e) == -1, "accepted; expected: %s", reason);
	check(strstr(e.text, reason) != NULL, "got: %s; expected: %s", e.text, reason);
	check(strstr(e.text, path) != NULL, "no path in: %s", e.text);
	assert_null(d.labels);
	assert_null(d.set.arena);
}

static void loads_images_and_labels(void **state)
{
	struct dataset d;
	struct file f;
	struct err e;

	(void)state;
	begin(&f);
	add_images(&f);
	add_labels(&f);
	meta(&f, "potstill.classes", "5");
	meta(&f, "potstill.class-names", "[\"a\", \"b\", \"c\", \"d\", \"\\u00e9\"]");
	load(&d, &f);
	assert_int_equal(d.items, ITEMS);
	assert_int_equal(shape_values(&d.shape), 4);
	assert_int_equal(d.shape.channels, 1);
	assert_memory_equal(d.images, images, sizeof images);
	assert_null(d.features);
	assert_int_equal(d.classes, 5);
	assert_string_equal(d.class_names, "[\"a\", \"b\", \"c\", \"d\", \"\\u00e9\"]");
	for (int i = 0; i < ITEMS; i++)
		assert_int_equal(d.labels[i], labels[i]);
	assert_int_equal(dataset_need_labels(&d, "x", &e), 0);
	dataset_release(&d);
}

static void loads_without_labels(void **state)
{
	struct dataset d;
	struct file f;
	struct err e;

	(void)state;
	begin(&f);
	add_images(&f);
	load(&d, &f);
	assert_null(d.labels);
	assert_int_equal(d.classes, 0);
	assert_int_equal(dataset_need_labels(&d, "x.zst", &e), -1);
	assert_string_equal(e.text, "\"x.zst\": has no labels");
	dataset_release(&d);
}

static void loads_features_and_wide_labels(void **state)
{
	static const float features[] = {1, -2, 3.5f, 0, 1e30f, -1e-30f};
	static const uint16_t wide[] = {65535, 0, 300};
	struct dataset d;
	struct file f;

	(void)state;
	begin(&f);
	add(&f, "features", TENSOR_F32, 2, (const size_t[]){ITEMS, 2}, features);
	add(&f, "labels", TENSOR_U16, 1, (const size_t[]){ITEMS}, wide);
	load(&d, &f);
	assert_null(d.images);
	assert_memory_equal(d.features, features, sizeof features);
	assert_int_equal(d.shape.channels, 2);
	assert_int_equal(d.shape.height, 1);
	assert_int_equal(d.shape.width, 1);
	assert_int_equal(d.labels[0], 65535);
	assert_int_equal(d.labels[2], 300);
	assert_int_equal(d.classes, 65536);
	dataset_release(&d);
}

static void names_itself_by_contents(void **state)
{
	static const uint8_t others[ITEMS] = {2, 1, 0};
	struct dataset a, b;
	struct file f;

	(void)state;
	begin(&f);
	add_images(&f);
	add_labels(&f);
	load(&a, &f);
	begin(&f);
	meta(&f, "potstill.classes", "9");
	add_labels(&f);
	add_images(&f);
	load(&b, &f);
	assert_true(fingerprint_equal(a.fingerprint, b.fingerprint));
	dataset_release(&b);
	begin(&f);
	add_images(&f);
	add(&f, "labels", TENSOR_U8, 1, (const size_t[]){ITEMS}, others);
	load(&b, &f);
	assert_false(fingerprint_equal(a.fingerprint, b.fingerprint));
	dataset_release(&b);
	dataset_release(&a);
}

static void refuses_other_inputs(void **state)
{
	static const float bad[] = {1, 2, 3, NAN, 5, 6}, endless[] = {1, 2, 3, 4, 5, -INFINITY};
	struct file f;

	(void)state;
	begin(&f);
	add_labels(&f);
	refuse(&f, "has neither images nor features");
	begin(&f);
	add_images(&f);
	add(&f, "features", TENSOR_F32, 2, (const size_t[]){ITEMS, 2}, bad);
	refuse(&f, "has images and features");
	begin(&f);
	add(&f, "images", TENSOR_U8, 3, (const size_t[]){ITEMS, 2, 2}, images);
	refuse(&f, "images are U8 of rank 3");
	begin(&f);
	add(&f, "images", TENSOR_I8, 4, (const size_t[]){ITEMS, 1, 2, 2}, images);
	refuse(&f, "images are I8 of rank 4");
	begin(&f);
	add(&f, "images", TENSOR_U8, 4, (const size_t[]){0, 1, 2, 2}, images);
	refuse(&f, "holds no items");
	begin(&f);
	add(&f, "images", TENSOR_U8, 4, (const size_t[]){3, 1, 0, 2}, images);
	refuse(&f, "holds no items");
	begin(&f);
	add(&f, "features", TENSOR_F32, 2, (const size_t[]){ITEMS, 2}, bad);
	refuse(&f, "features: item 1 holds nan");
	begin(&f);
	add(&f, "features", TENSOR_F32, 2, (const size_t[]){ITEMS, 2}, endless);
	refuse(&f, "features: item 2 holds -inf");
	begin(&f);
	add(&f, "features", TENSOR_F32, 1, (const size_t[]){ITEMS}, bad);
	refuse(&f, "features are F32 of rank 1");
	tensor_set_init(&f.set);
	add_images(&f);
	refuse(&f, "potstill.kind is missing");
	tensor_set_init(&f.set);
	add_images(&f);
	meta(&f, "potstill.kind", "model");
	refuse(&f, "is a model file where a dataset file is expected");
}

static void refuses_other_labels(void **state)
{
	static const uint8_t four[4] = {0, 1, 2, 0};
	static const struct {
		const char *key, *value, *reason;
	} bad[] = {{"potstill.classes", "2", "item 0 has label 2, but there are 2 classes"},
		{"potstill.classes", "0", "potstill.classes is 0"},
		{"potstill.classes", "-3", "not a whole number"},
		{"potstill.classes", "3x", "not a whole number"},
		{"potstill.classes", "", "not a whole number"},
		{"potstill.classes", "65537", "not a whole number up to 65536"},
		{"potstill.classes", "99999999999999999999", "not a whole number"},
		{"potstill.class-names", "[\"a\", \"b\"]", "2 class names for 3 classes"},
		{"potstill.class-names", "[\"a\", \"b\", 3]", "no JSON array of strings"},
		{"potstill.class-names", "a, b, c", "no JSON array of strings"},
		{"potstill.class-names", "[\"b\", \"a\", \"b\"]",
			"two classes have the name \"b\""},
		{"potstill.class-names", "[\"a\", \"\", \"b\"]", "a class name is empty"},
		{"potstill.class-names", "[\"a\", \"b\\n\", \"c\"]",
			"a class name holds a control character"}};
	struct file f;

	(void)state;
	begin(&f);
	add_images(&f);
	add(&f, "labels", TENSOR_U8, 1, (const size_t[]){4}, four);
	refuse(&f, "has 4 labels for 3 items");
	begin(&f);
	add_images(&f);
	add(&f, "labels", TENSOR_I8, 1, (const size_t[]){3}, labels);
	refuse(&f, "labels are I8 of rank 1");
	begin(&f);
	add_images(&f);
	add(&f, "labels", TENSOR_U8, 2, (const size_t[]){3, 1}, labels);
	refuse(&f, "labels are U8 of rank 2");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		begin(&f);
		add_images(&f);
		add_labels(&f);
		meta(&f, bad[i].key, bad[i].value);
		refuse(&f, bad[i].reason);
	}
}

static int pack(struct dataset_source *s, struct tensor_set *set, struct err *e)
{
	tensor_set_init(set);
	s->items = ITEMS;
	s->shape = (struct shape){1, 2, 2};
	s->images = images;
	return dataset_pack(set, s, e);
}

static void packs_labels_as_narrow_as_classes_allow(void **state)
{
	static const struct {
		size_t classes;
		uint16_t largest;
		enum tensor_dtype dtype;
		const char *text;
	} cases[] = {{0, 9, TENSOR_U8, "10"}, {0, 255, TENSOR_U8, "256"},
		{0, 256, TENSOR_U16, "257"}, {257, 3, TENSOR_U16, "257"},
		{256, 3, TENSOR_U8, "256"}, {65536, 65535, TENSOR_U16, "65536"}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint16_t label[ITEMS] = {1, cases[i].largest, 0};
		struct dataset_source s = {.labels = label, .classes = cases[i].classes};
		struct tensor_set set;
		const struct tensor *t;
		struct err e = {""};

		check(pack(&s, &set, &e) == 0, "%s", e.text);
		assert_string_equal(tensor_set_meta(&set, "potstill.classes"), cases[i].text);
		assert_string_equal(tensor_set_meta(&set, "potstill.kind"), "dataset");
		t = tensor_set_find(&set, "labels");
		assert_int_equal(t->dtype, cases[i].dtype);
		assert_int_equal(t->dtype == TENSOR_U8 ? ((const uint8_t *)t->data)[1]
						       : ((const uint16_t *)t->data)[1],
			cases[i].largest);
		tensor_set_release(&set);
	}
}

static void packs_nothing_wrong(void **state)
{
	uint16_t label[ITEMS] = {1, 4, 0};
	struct dataset_source s = {.labels = label, .classes = 4};
	struct tensor_set set;
	struct err e;

	(void)state;
	assert_int_equal(pack(&s, &set, &e), -1);
	assert_string_equal(e.text, "item 1 has label 4, but there are 4 classes");
	tensor_set_release(&set);
	s.from.items = "items"; /* whose fault it is is named */
	s.from.labels = "labels";
	assert_int_equal(pack(&s, &set, &e), -1);
	assert_string_equal(e.text, "\"labels\": item 1 has label 4, but there are 4 classes");
	tensor_set_release(&set);
	s = (struct dataset_source){
		.labels = label, .classes = 6, .class_names = "[\"a\",\"b\"]"};
	assert_int_equal(pack(&s, &set, &e), -1);
	assert_string_equal(e.text, "there are 2 class names for 6 classes");
	tensor_set_release(&set);
	s = (struct dataset_source){.labels = label, .class_names = "[\"a\",\"b\"]"};
	assert_int_equal(pack(&s, &set, &e), -1);
	assert_string_equal(e.text, "there are 2 class names, but item 1 has label 4");
	tensor_set_release(&set);
}

static void reads_names(void **state)
{
	static const struct {
		const char *list, *json;
	} good[] = {{"a,b", "[\"a\",\"b\"]"}, {" a , b c ,d", "[\"a\",\"b c\",\"d\"]"},
		{"\"q\",b\\s", "[\"\\\"q\\\"\",\"b\\\\s\"]"},
		{"a,\xc2\xa0", "[\"a\",\"\xc2\xa0\"]"},
		{"z\xc3\xa9ro,\xf0\x9f\x98\x80", "[\"z\xc3\xa9ro\",\"\xf0\x9f\x98\x80\"]"}};
	static const struct {
		const char *list, *reason;
	} bad[] = {{"a", "neither a file nor a list"}, {"a,", "empty"}, {",", "empty"},
		{"a,,b", "empty"}, {"a,a", "two classes have the name \"a\""},
		{"a,b\tc", "control character"}, {"a,\x7f", "control character"},
		{"a,\xc2\x80", "control character"}, {"a,\xc2\x9f", "control character"},
		{"a,\xff", "not UTF-8"}, {"a,\xc3", "not UTF-8"}, {"a,\xc0\x80", "not UTF-8"},
		{"a,\xed\xa0\x80", "not UTF-8"}, {"a,\xf4\x90\x80\x80", "not UTF-8"},
		{"a,\x80", "not UTF-8"}, {"a,\xe0\x80\x80", "not UTF-8"}};
	struct err e = {""};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		char *json = class_names_read(good[i].list, &e);

		check(json != NULL, "%s: %s", good[i].list, e.text);
		assert_string_equal(json, good[i].json);
		free(json);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_null(class_names_read(bad[i].list, &e));
		check(strstr(e.text, bad[i].reason) != NULL, "%s: %s", bad[i].list, e.text);
	}
}

static void reads_names_of_a_file(void **state)
{
	struct err e = {""};
	char *json = class_names_read(scratch_write("cat\r\nT-shirt/top, etc\n\n \n", 25), &e);

	(void)state;
	check(json != NULL, "%s", e.text);
	assert_string_equal(json, "[\"cat\",\"T-shirt/top, etc\"]");
	free(json);
	assert_null(class_names_read(scratch_write("cat\n\ndog\n", 9), &e));
	assert_non_null(strstr(e.text, "a class name is empty"));
	assert_non_null(strstr(e.text, scratch_name("")));
	assert_null(class_names_read(scratch_write("cat\0dog\n", 8), &e));
	assert_non_null(strstr(e.text, "is no text"));
	assert_null(class_names_read(scratch_write("", 0), &e));
	assert_non_null(strstr(e.text, "a class name is empty"));
	assert_null(class_names_read("/", &e));
	assert_non_null(strstr(e.text, "Is a directory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads_images_and_labels),
		cmocka_unit_test(loads_without_labels),
		cmocka_unit_test(loads_features_and_wide_labels),
		cmocka_unit_test(names_itself_by_contents),
		cmocka_unit_test(refuses_other_inputs),
		cmocka_unit_test(refuses_other_labels),
		cmocka_unit_test(packs_labels_as_narrow_as_classes_allow),
		cmocka_unit_test(packs_nothing_wrong),
		cmocka_unit_test(reads_names),
		cmocka_unit_test(reads_names_of_a_file),
	};

	return cmocka_run_group_tests_name("dataset", tests, NULL, NULL);
}
