# SPDX-License-Identifier: ISC
# For experiments on MNIST, and on what comes in files of the same names, such as Fashion-MNIST: TRAIN and
# TEST are made of the four IDX files in DATA. Includes pipeline.mk.
include ../lib/pipeline.mk

IDX = -images-idx3-ubyte.gz -labels-idx1-ubyte.gz
$(call need,$(foreach i,$(IDX),$(DATA)/train$i $(DATA)/t10k$i),MNIST's four files: train$(firstword $(IDX)) and so on)

$(TRAIN): $(foreach i,$(IDX),$(DATA)/train$i)
$(TEST): $(foreach i,$(IDX),$(DATA)/t10k$i)
$(TRAIN) $(TEST):
	@mkdir -p $(@D)
	idx2tensor -q -o $@ $^

# $(call rows,FIRST COUNT): a part of the training set
define rows
	@mkdir -p $(@D)
	../lib/idx-rows.sh $(1) <$(DATA)/train$(word 1,$(IDX)) >$@.images
	../lib/idx-rows.sh $(1) <$(DATA)/train$(word 2,$(IDX)) >$@.labels
	idx2tensor -q -o $@ $@.images $@.labels
	@rm -f $@.images $@.labels
endef
