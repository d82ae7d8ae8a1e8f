# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# What the tests of the experiments share, sourced after lib.sh: makes them in the scratch folder with two seeds, an epoch
# and small nets.
pipelines=$ROOT/pipelines

# digits FOLDER: MNIST's four files, of 300 and 100 made-up pictures
digits() {
	mkdir "$1"
	"$PYTHON" - "$1" <<'X'
import gzip, random, struct, sys
rng = random.Random(1)
for part, n in (("train", 300), ("t10k", 100)):
    labels = [i * 7 % 10 for i in range(n)]
    rows = b"".join(bytes(rng.randrange(256) if j // 70 == c else 0 for j in range(784)) for c in labels)
    for kind, head in (("images-idx3", struct.pack(">4i", 2051, n, 28, 28) + rows),
                       ("labels-idx1", struct.pack(">2i", 2049, n) + bytes(labels))):
        with gzip.open("%s/%s-%s-ubyte.gz" % (sys.argv[1], part, kind), "wb") as f:
            f.write(head)
X
}

# nets NAME...: small nets under the names of shipped ones, with their numbers of outputs
nets() {
	mkdir -p nets
	for name; do
		outputs=$(grep -v '^#' "$ROOT/nets/$name.net" | grep -o ':[0-9]*' | tail -n 1)
		echo "conv3x3:2/s2, relu, flatten, fc$outputs" >"nets/$name.net"
	done
}

# experiment NAME ARGUMENT...: makes it in the scratch folder
experiment() {
	name=$1
	shift
	make --no-print-directory -C "$pipelines/$name" BUILD="$BUILD" DATA="$SCRATCH/data" \
		OUT="$SCRATCH/$name" RESULTS="$SCRATCH/$name.md" NETS="$SCRATCH/nets" SEEDS="1 2" EPOCHS=1 "$@"
}
# shellcheck disable=SC2034
nothing="make: Nothing to be done for 'all'."

# rows FILE: how many lines of its tables are a seed's
rows() {
	grep -c '^| [12] |' "$1"
}
