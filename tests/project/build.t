#!/bin/sh
# SPDX-License-Identifier: ISC
# The Makefile and bootstrap: install and uninstall, what they say when something is missing.
. "${0%/*}/../lib.sh"

run_make() {
	make -C "$ROOT" --no-print-directory BUILD="$BUILD" "$@"
}

# What is left out where an optional library is missing.
left_out=$(run_make -f "$ROOT/Makefile" -f - show <<'X'
show: ; @echo $(LEFT_OUT)
X
)
tools=$(cd "$ROOT" && for f in tools/*.c; do
	case " $left_out " in *" $f "*) ;; *) basename "$f" .c ;; esac
done | tr '\n' ' ' | sed 's/ $//')
pages=$(cd "$ROOT" && for f in man/*.[1-9]; do
	case " $left_out " in *" $f "*) ;; *) echo "$f" ;; esac
done | wc -l)

ok "make install" run_make install DESTDIR="$SCRATCH/dest dir" PREFIX=/opt/x
is "every tool is installed" "$(cd "dest dir/opt/x/bin" && echo *)" "$tools"
is "every page is installed" "$(find "dest dir/opt/x/share/man" -type f 2>/dev/null | wc -l)" "$pages"
for tool in $tools; do
	is "$tool can be run" "$("dest dir/opt/x/bin/$tool" --version | cut -d ' ' -f 1)" "$tool"
done
ok "make install into another man folder" run_make install DESTDIR="$SCRATCH/d" MANDIR=/man
is "pages go there" "$(find d/man -type f 2>/dev/null | wc -l)" "$pages"
ok "make uninstall" run_make uninstall DESTDIR="$SCRATCH/dest dir" PREFIX=/opt/x
is "nothing is left" "$(find "dest dir" -type f)" ""

# complains WORDS MAKE-ARGUMENTS...: make fails with one line that has the words
complains() {
	words=$1
	shift
	run_make BUILD="$SCRATCH/b" "$@" >text 2>&1
	status=$?
	cat text
	[ "$status" -eq 2 ] && [ "$(wc -l <text)" -eq 1 ] && grep -q "missing Debian packages:.*$words" text
}

ok "make without what is optional" sh -c 'make -C "$ROOT" -n BUILD="$SCRATCH/b" HAVE_OPTIONAL= all install >text 2>&1'
ok "leaves out the tool that needs it" test "$(grep -c mat2tensor text) $(grep -c -- -lmatio text)" = "0 0"
ok "and nothing else" test "$(grep -o 'LD [^;]*bin/[a-z0-9-]*' text | wc -l)" -eq "$(find "$ROOT/tools" -name '*.c' ! -name mat2tensor.c | wc -l)"

PKG_CONFIG_LIBDIR=/nonexistent
PKG_CONFIG_PATH=
export PKG_CONFIG_LIBDIR PKG_CONFIG_PATH
ok "make names missing libraries in one line" complains "libzstd-dev libjansson-dev libxxhash-dev" all
unset PKG_CONFIG_LIBDIR PKG_CONFIG_PATH
ok "make names a missing compiler" complains "gcc" all CC=no-such-cc
ok "make names a missing cmocka" complains "libcmocka-dev" units TEST_LIBRARIES=no-such=libcmocka-dev
is "make clean needs no libraries" "$(run_make BUILD="$SCRATCH/b" clean CC=no-such-cc)" "rm -rf $SCRATCH/b"

mkdir bin
for program in sh dirname sed tr cat nproc; do
	ln -s "$(command -v $program)" bin/
done
ok "bootstrap --help" "$ROOT/bootstrap" --help
like "it says how to call it" "$(cat "$OUT")" "^usage: ./bootstrap TARGET"
fails "bootstrap where there is no apt-get names the packages" 1 \
	"gcc libc6-dev make pkg-config libzstd-dev .*zlib1g-dev dataset-fashion-mnist" \
	env PATH="$SCRATCH/bin" "$ROOT/bootstrap" demo
fails "for the tests it names more" 1 "libmatio-dev libcmocka-dev perl zstd python3-numpy mandoc" \
	env PATH="$SCRATCH/bin" "$ROOT/bootstrap" check

# A Debian that lacks a package, played by scripts: what is installed, and as whom.
cat >bin/dpkg-query <<'X'
#!/bin/sh
case $4 in jansson-dev | libjansson-dev) exit 1 ;; *) echo 'ii ' ;; esac
X
cat >bin/apt-get <<'X'
#!/bin/sh
echo "apt-get $*" >>log
X
cat >bin/make <<'X'
#!/bin/sh
echo "make $*" >>log
X
cat >bin/id <<'X'
#!/bin/sh
echo 1000
X
cat >bin/sudo <<'X'
#!/bin/sh
echo "sudo" >>log
exec "$@"
X
ln -s "$(command -v env)" bin/env
chmod +x bin/dpkg-query bin/apt-get bin/make bin/id bin/sudo
mkdir tree
cp "$ROOT/bootstrap" "$ROOT/Makefile" tree/
ok "bootstrap by sudo" env PATH="$SCRATCH/bin" tree/bootstrap all V=1
is "installs what is missing and calls make" "$(cat tree/log)" "sudo
apt-get -q update
sudo
apt-get -q install -y --no-install-recommends libjansson-dev
make all V=1"
rm bin/sudo
fails "bootstrap without root and sudo" 1 "as root run: apt-get install libjansson-dev" \
	env PATH="$SCRATCH/bin" tree/bootstrap all
sed -i 's/^case.*/echo "ii "/' bin/dpkg-query
rm tree/log
ok "bootstrap on a prepared machine" env PATH="$SCRATCH/bin" tree/bootstrap all
is "only calls make" "$(cat tree/log)" "make all"

done_testing
