# SPDX-License-Identifier: ISC
# What the experiments share. Each has a Makefile that includes this one, and is called like
#
#	make -C pipelines/NAME DATA=FOLDER [BUILD=FOLDER] [OUT=FOLDER] [SEEDS="1 2 3"]
#
# DATA holds MNIST's four IDX files (.gz). The tools come from BUILD/bin, or else from PATH; all
# that is made lies below OUT. Each step is one target and each tool's output appears whole or
# not at all, so a run that was stopped goes on where it was when make is called again. Models
# do not depend on the tools: a rebuild does not throw hours of training away; remove OUT to
# start over, or a file to make it and what follows from it again.
DATA ?=
BUILD ?= ../../build
OUT ?= $(BUILD)/pipelines/$(notdir $(CURDIR))
SEEDS ?= 1 2 3 4 5
RESULTS ?= RESULTS.md
# Threads of a training, 0 for one a core. The results are the same; on two cores
# make -j2 THREADS=1 is fastest, as trainings side by side never wait for each other.
THREADS ?= 0
train_teacher = train-teacher -q --threads $(THREADS)
train_student = train-student -q --threads $(THREADS)
export PATH := $(abspath $(BUILD)/bin):$(PATH)

M = safetensors.zst
TRAIN = $(OUT)/train.$(M)
TEST = $(OUT)/test.$(M)
IDX = -images-idx3-ubyte.gz -labels-idx1-ubyte.gz

.DELETE_ON_ERROR:
.SUFFIXES:

all: $(RESULTS)

ifneq ($(MAKECMDGOALS),clean)
ifneq ($(words $(wildcard $(foreach i,$(IDX),$(DATA)/train$i $(DATA)/t10k$i))),4)
$(error DATA=FOLDER must name the folder with MNIST's four files, train$(firstword $(IDX)) \
	and so on (no such files in "$(DATA)"))
endif
endif

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

# Trainings that take long are saved on the way: $(call resume) among the options, and
# $(done) as the next line of the recipe.
resume = --checkpoint $@.checkpoint --checkpoint-every 5 --resume
done = @rm -f $@.checkpoint

# What evaluate prints of a model.
%.tsv: %.$(M) $(TEST)
	evaluate -q $(TEST) $< >$@.part
	@mv $@.part $@


clean:
	rm -rf $(OUT)

.PHONY: all clean
