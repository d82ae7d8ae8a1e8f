#!/bin/sh
# SPDX-License-Identifier: ISC
# --jitter, --crop and --flip, in training and in soft targets, of colour pictures wider than high.
. "${0%/*}/../lib.sh"
PYTHONPATH=$ROOT/tests PYTHONDONTWRITEBYTECODE=1
export PYTHONPATH PYTHONDONTWRITEBYTECODE

"$PYTHON" - <<'PY'
import numpy as np

random = np.random.RandomState(3)
labels = (np.arange(120) % 4).astype("u1")
images = random.randint(0, 120, (120, 3, 6, 11)).astype("u1")
for image, label in zip(images, labels):
    image[label % 3, :3 + label] += 100  # the same from left and right
np.save("images.npy", images)
np.save("mirrored.npy", np.ascontiguousarray(images[..., ::-1]))
np.save("labels.npy", labels)
np.save("features.npy", random.standard_normal((120, 5)).astype("f4"))
PY
for name in images mirrored; do
	ok "$name become a data set" npy2tensor --as images -o $name.safetensors $name.npy labels.npy
done
ok "so do features" npy2tensor --as features -o features.safetensors features.npy labels.npy

teach() {
	train-teacher -q --net fc:16,tanh,fc:4 --epochs 40 --batch 20 "$@"
}
# The options in a file's metadata make any two files differ.
weights() {
	tensor2npy --tensor 0.weight "$1"
}
ok "training without" teach -o plain.safetensors images.safetensors
weights plain.safetensors >plain.weights
for options in "--jitter 2" "--crop 2" "--flip" "--flip --crop 1"; do
	# shellcheck disable=SC2086
	ok "training with $options" teach $options --log log.jsonl -o "with$options.safetensors" images.safetensors
	weights "with$options.safetensors" >with.weights
	differ "makes another model" plain.weights with.weights
	ok "and learns" "$PYTHON" -c '
import json
rows = [json.loads(line) for line in open("log.jsonl")]
assert rows[-1]["loss"] < rows[0]["loss"] / 2, (rows[0]["loss"], rows[-1]["loss"])'
	rm -f threads.safetensors
	# shellcheck disable=SC2086
	ok "three threads" teach $options --threads 3 -o threads.safetensors images.safetensors
	same "make the same" threads.safetensors "with$options.safetensors"
done
same "--crop is --jitter" "with--jitter 2.safetensors" "with--crop 2.safetensors"
like "what was done is recorded" "$(head -c 1500 "with--flip --crop 1.safetensors" | tail -c +9)" ' --jitter 1 --flip '

# Two views with --flip: each picture once as it is and once mirrored, half of them mirrored first.
for name in images mirrored; do
	soft-targets -q --dtype f32 --values logits -o soft-$name.safetensors $name.safetensors plain.safetensors
done
ok "views with --flip" soft-targets -q --dtype f32 --values logits --views 2 --flip -o views.safetensors images.safetensors plain.safetensors
ok "are the pictures and their mirror images" "$PYTHON" -c '
import measure
import numpy as np
plain, mirrored = (measure.read(f"soft-{n}.safetensors")[0]["values"] for n in ("images", "mirrored"))
t, meta = measure.read("views.safetensors")
first, second = t["values"].reshape(2, 120, 4)
flip = (first == mirrored).all(axis=1)
assert 40 <= flip.sum() <= 80, flip.sum()
assert (first == np.where(flip[:, None], mirrored, plain)).all()
assert (second == np.where(flip[:, None], plain, mirrored)).all()
assert (meta["potstill.flip"], meta["potstill.jitter"]) == ("1", "0"), meta
assert meta["potstill.options"].endswith("--views 2 --flip --seed 0"), meta'
ok "views with --flip and --crop" soft-targets -q --dtype f32 --views 3 --flip --crop 2 --seed 5 -o both.safetensors images.safetensors \
	plain.safetensors
for views in views both; do
	like "the teacher agrees with its views ($views), seen as it saw them" \
		"$(evaluate --json --targets $views.safetensors images.safetensors plain.safetensors)" '"kl": (0|-?[0-9.]+e-1[0-9]),$'
	ok "a student learns from $views" train-student -q --net fc:8,relu,fc:4 --epochs 3 --targets $views.safetensors \
		-o student.safetensors images.safetensors
	for option in "--jitter 1" "--crop 1" --flip; do
		# shellcheck disable=SC2086
		fails "which $option would change again" 1 "\"$views.safetensors\": comes with views of its own, which --jitter" \
			train-student -q --net fc:4 $option --targets $views.safetensors -o x images.safetensors
	done
done
ok "targets of clean pictures go with a student's own --flip" train-student -q --net fc:4 --epochs 2 --flip \
	--targets soft-images.safetensors -o student.safetensors images.safetensors

for option in "--jitter 1" "--crop 1" --flip; do
	# shellcheck disable=SC2086
	fails "$option of features" 1 '"features.safetensors": holds features: .* are for pictures' \
		train-teacher --net fc:4 $option -o x features.safetensors
done
fails "--jitter and --crop" 2 '^train-teacher: --crop is --jitter by another name' train-teacher --net fc:4 --jitter 1 --crop 1 images.safetensors
fails "--jitter and --crop of targets" 2 '^soft-targets: --crop is --jitter by another name' soft-targets --jitter 1 --crop 1 -o x \
	images.safetensors plain.safetensors
fails "a crop beyond all pictures" 2 '[-]-crop' train-teacher --net fc:4 --crop 1001 images.safetensors
ok "nothing is left of what failed" test ! -e x

done_testing
