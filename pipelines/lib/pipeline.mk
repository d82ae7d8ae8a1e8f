# SPDX-License-Identifier: ISC
# What the experiments share. Each has a Makefile that includes this one, and is called like
#
#	make -C pipelines/NAME DATA=FOLDER [BUILD=FOLDER] [OUT=FOLDER] [SEEDS="1 2 3"]
#
# DATA holds the pictures, for most of them MNIST's four IDX files (mnist.mk). The tools come from
# BUILD/bin, or else from PATH; all that is made lies below OUT. Each step is one target and each
# tool's output appears whole or not at all, so a run that was stopped goes on where it was when make is called again. Models
# do not depend on the tools: a rebuild does not throw hours of training away; remove OUT to
# start over, or a file to make it and what follows from it again.
DATA ?=
BUILD ?= ../../build
OUT ?= $(BUILD)/pipelines/$(notdir $(CURDIR))
SEEDS ?= 1 2 3 4 5
RESULTS ?= RESULTS.md
NETS ?= ../../nets
# Threads of a training, 0 for one a core. The results are the same; on two cores
# make -j2 THREADS=1 is fastest, as trainings side by side never wait for each other.
THREADS ?= 0
train_teacher = train-teacher -q --threads $(THREADS)
train_student = train-student -q --threads $(THREADS)
export PATH := $(abspath $(BUILD)/bin):$(PATH)

M = safetensors.zst
TRAIN = $(OUT)/train.$(M)
TEST = $(OUT)/test.$(M)

.DELETE_ON_ERROR:
.SUFFIXES:

all: $(RESULTS)

# $(call need,FILE...,WHAT): stops where there are no such files, which are WHAT.
need = $(if $(filter clean,$(MAKECMDGOALS)),,$(if $(filter-out $(words $(wildcard $(1))),$(words $(1))),$(error \
	DATA=FOLDER must name the folder with $(2) (no such files in "$(DATA)"))))

# Trainings that take long are saved on the way, every so many epochs and where a signal ends them: $(call resume) among the options, and
# $(done) as the next line of the recipe.
SAVE_EVERY ?= 5
resume = --checkpoint $@.checkpoint --checkpoint-every $(SAVE_EVERY) --resume
done = @rm -f $@.checkpoint

# $(eval $(call models,NAME,SEEDS,PREREQUISITE,TRAINER AND OPTIONS)): a model for each seed, NAME-SEED below OUT.
# TRAINER is $(train_teacher) or $(train_student); $$< among OPTIONS stands for the prerequisite.
define models
$(2:%=$(OUT)/$(1)-%.$M): $(OUT)/$(1)-%.$M: $(3) $(TRAIN)
	@mkdir -p $$(@D)
	$(4) --seed $$* $$(resume) -o $$@ $(TRAIN)
	$$(done)
endef

# $(eval $(call table,NAME,SEEDS,COLUMN,MODELS)): OUT/NAME.tsv, what evaluate says in COLUMN of each of MODELS
define table
$(OUT)/$(1).tsv: $(foreach n,$(4),$(2:%=$(OUT)/$n-%.tsv))
	../lib/collect.sh $(3) "$(2)" $(OUT) $(4) >$$@
endef

# What evaluate prints of a model.
%.tsv: %.$(M) $(TEST)
	evaluate -q $(TEST) $< >$@.part
	@mv $@.part $@

clean:
	rm -rf $(OUT)

.PHONY: all clean
