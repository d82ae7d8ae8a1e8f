#!/bin/sh
# SPDX-License-Identifier: ISC
# collect.sh COLUMN "SEED..." FOLDER NAME...: a table of what `evaluate` found in FOLDER/NAME-SEED.tsv,
# one line a seed, one column a name.
set -eu
column=$1
seeds=$2
folder=$3
shift 3
echo "seed $*" | tr ' ' '\t'
for seed in $seeds; do
	line=$seed
	for name; do
		value=$(awk -F '\t' -v column="$column" '
			NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) wanted = i }
			NR == 2 && wanted { print $wanted }' "$folder/$name-$seed.tsv")
		[ -n "$value" ] || {
			echo "collect: \"$folder/$name-$seed.tsv\": no $column" >&2
			exit 1
		}
		line="$line	$value"
	done
	echo "$line"
done
