# SPDX-License-Identifier: ISC
"""The rules of CONTRIBUTING.md that a program can check, as TAP.

The order of the modules and the homes of the foreign libraries are read from the tables in
libcommon/README.md. Each check is first shown small trees that break its rule, and must object.
"""
import fnmatch
import os
import re
import statistics
import subprocess
import sys
import tempfile

SYSTEM = set("""arm_neon assert ctype dirent errno fcntl fenv float fnmatch ftw getopt immintrin inttypes limits locale math
poll pthread sched setjmp signal stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib string
strings sys/ioctl sys/mman sys/resource sys/stat sys/time sys/types sys/uio sys/wait termios threads time
unistd""".split())
BANNED = "atoi atol atoll atof strcpy strcat sprintf vsprintf rand srand gets strtok alloca".split()
EXITS = """exit _exit _Exit quick_exit abort __assert_fail stdout stderr printf vprintf puts putchar
putchar_unlocked perror getopt getopt_long getopt_long_only optarg optind optopt opterr
__printf_chk __vprintf_chk""".split()
CLI = "7"
MAX_FUNCTION, MAX_MEDIAN, MAX_P90, MAX_FILE = 80, 15, 45, 500
SOURCE = (".c", ".h", ".sh", ".t", ".py", ".mk")


def read(path):
    with open(path, "rb") as f:
        return f.read()


def tracked(root):
    """Files of the tree; of a git checkout only those that are, or could be, committed."""
    if os.path.exists(os.path.join(root, ".git")):
        try:
            out = subprocess.run(["git", "-C", root, "ls-files", "-z", "-c", "-o", "--exclude-standard"],
                                 capture_output=True, check=True).stdout
            return sorted(f for f in out.decode().split("\0") if f and os.path.isfile(os.path.join(root, f)))
        except (OSError, subprocess.CalledProcessError):
            pass
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [d for d in folders if d not in ("build", ".git", "__pycache__")]
        found += [os.path.relpath(os.path.join(folder, f), root) for f in files]
    return sorted(found)


class Tree:
    def __init__(self, root, build="build"):
        self.root, self.build = root, os.path.join(root, build)
        self.files = tracked(root)
        self.text = {}
        for f in self.files:
            data = read(os.path.join(root, f))
            if b"\0" not in data and ".safetensors" not in f:
                self.text[f] = data.decode("utf-8", "replace")
        rows = re.findall(r"^\|(.*)\|\s*$", self.text.get("libcommon/README.md", ""), re.M)
        cells = [[c.strip() for c in row.split("|")] for row in rows]
        self.levels = [(c[0].split()[0], c[1].split()) for c in cells
                       if len(c) == 2 and re.match(r"\d \w+$", c[0])]
        self.homes = {h: c[2].split() for c in cells if len(c) == 3 for h in c[1].split() if h.endswith(".h")}

    def c_files(self, *folders):
        return [f for f in self.files if f.endswith((".c", ".h")) and f.startswith(folders)]

    def level(self, module):
        hits = [n for n, names in self.levels if module in names]
        hits = hits or [n for n, names in self.levels if any(fnmatch.fnmatch(module, p) for p in names)]
        return hits[0] if len(hits) == 1 else None


def stem(path):
    return os.path.splitext(os.path.basename(path))[0]


def includes(tree, f):
    return re.findall(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', tree.text[f], re.M)


def code(text):
    """C without comments and the insides of strings."""
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
                  lambda m: '""' if m.group()[0] in "\"'" else re.sub(r"[^\n]", "", m.group()), text, flags=re.S)


def check_table(tree):
    """every module has one level in the table of libcommon/README.md"""
    for module in sorted({stem(f) for f in tree.c_files("libcommon/")}):
        if tree.level(module) is None:
            yield f"libcommon/{module}.c: not in the table, or more than once"


def check_includes(tree):
    """includes go downwards and not in circles"""
    uses = {}
    for f in tree.c_files("libcommon/"):
        level = tree.level(stem(f))
        for kind, name in includes(tree, f):
            other = tree.level(stem(name))
            if kind == "<" or level is None or other is None:
                continue
            if other > level:
                yield f"{f}: includes {name} of level {other} from level {level}"
            here, there = sorted((stem(f), stem(name)))
            if not (there + "-").startswith(here + "-"):  # parts of one module: train, train-log
                uses.setdefault(stem(f), set()).add(stem(name))
    state = {}

    def circle(module, path):
        if state.get(module) == "done":
            return None
        if module in path:
            return path[path.index(module):] + [module]
        found = next(filter(None, (circle(u, path + [module]) for u in sorted(uses.get(module, ())))), None)
        state[module] = "done"
        return found
    for module in sorted(uses):
        found = circle(module, [])
        if found:
            yield "libcommon: a circle of includes: " + " ".join(found)
    for f in tree.c_files("tools/"):
        if f.endswith(".h"):
            yield f"{f}: tools have no headers"
        for kind, name in includes(tree, f):
            if kind == '"' and f"libcommon/{name}" not in tree.files:
                yield f"{f}: includes {name}, which is not in libcommon"


def symbols(tree):
    """{module: (defined, undefined)} of the library's object files."""
    table = {}
    for f in tree.c_files("libcommon/"):
        obj = os.path.join(tree.build, "libcommon", stem(f) + ".o")
        if not f.endswith(".c") or not os.path.exists(obj):
            continue
        out = subprocess.run(["nm", "-P", obj], capture_output=True, text=True, check=True).stdout
        kinds = [line.split()[:2] for line in out.splitlines()]
        table[stem(f)] = ({n for n, k in kinds if k in "TDBRCVW"}, {n for n, k in kinds if k in "Uw"})
    return table


def check_built(tree):
    """there are object files to look at"""
    if not symbols(tree):
        yield f"{tree.build}: no objects; make all first"


def check_symbols(tree):
    """symbols go downwards"""
    table = symbols(tree)
    owner = {s: m for m, (defined, _) in table.items() for s in defined}
    for module, (_, undefined) in sorted(table.items()):
        for s in sorted(undefined & set(owner)):
            here, there = tree.level(module), tree.level(owner[s])
            if here and there and there > here:
                yield f"libcommon/{module}.c: uses {s} of {owner[s]} (level {there}) from level {here}"


def check_exits(tree):
    """only the cli level exits, prints or parses options"""
    for module, (_, undefined) in sorted(symbols(tree).items()):
        if tree.level(module) != CLI:
            for s in sorted(undefined & set(EXITS)):
                yield f"libcommon/{module}.c: uses {s}"


def check_foreign(tree):
    """each foreign library is included by its one file"""
    for f in tree.c_files("libcommon/", "tools/"):
        for kind, name in includes(tree, f):
            if kind == "<" and name[:-2] not in SYSTEM and os.path.basename(f) not in tree.homes.get(name, ()):
                yield f"{f}: includes <{name}>"


def functions(tree):
    """(file, line, lines) of every function: bodies start and end with a brace in column 0."""
    for f in tree.c_files("libcommon/", "tools/", "tests/"):
        lines = tree.text[f].splitlines()
        for i, line in enumerate(lines):
            if line != "{":
                continue
            start = i
            while start > 0 and lines[start - 1].strip() and not re.search(r"[};/]$|^#", lines[start - 1]):
                start -= 1
            end = next((j for j in range(i, len(lines)) if lines[j].startswith("}")), len(lines) - 1)
            yield f, start + 1, end - start + 1


def check_functions(tree):
    """functions have at most 80 lines, the median 15, nine of ten 45"""
    found = list(functions(tree))
    for f, line, n in found:
        if n > MAX_FUNCTION:
            yield f"{f}:{line}: a function of {n} lines"
    sizes = sorted(n for _, _, n in found) or [0]
    if statistics.median(sizes) > MAX_MEDIAN:
        yield f"the median function has {statistics.median(sizes):g} lines"
    if sizes[len(sizes) * 9 // 10] > MAX_P90:
        yield f"one function in ten has over {MAX_P90} lines"


def check_files(tree):
    """files have at most 500 lines"""
    for f, text in tree.text.items():
        if f.endswith(SOURCE) and text.count("\n") > MAX_FILE:
            yield f"{f}: {text.count(chr(10))} lines"


def check_banned(tree):
    """banned functions do not occur"""
    for f in tree.c_files("libcommon/", "tools/", "tests/"):
        for i, line in enumerate(code(tree.text[f]).splitlines(), 1):
            for name in re.findall(r"\b(" + "|".join(BANNED) + r")\s*\(", line):
                yield f"{f}:{i}: {name}"


def check_spdx(tree):
    """each source file has its SPDX line"""
    for f, text in tree.text.items():
        head = text.split("\n", 4)[:3]
        is_source = f.endswith(SOURCE + (".1", ".5", ".7")) or stem(f) in ("Makefile", ".clang-format")
        if (is_source or text.startswith("#!")) and not any("SPDX-License-Identifier: ISC" in h for h in head):
            yield f"{f}: no SPDX-License-Identifier: ISC in its first lines"


def check_space(tree):
    """lines end without white space, files with one line feed"""
    for f, text in tree.text.items():
        for i, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip():
                yield f"{f}:{i}: white space at the end"
        if text and (not text.endswith("\n") or text.endswith("\n\n")):
            yield f"{f}: does not end with one line feed"


def check_paths(tree):
    """no file names a machine's paths"""
    for f, text in tree.text.items():
        for i, line in enumerate(text.splitlines(), 1):
            for path in re.findall(r"(?<![\w.$}{)-])/(?:work|root|home|Users|data)/[\w.]+", line):
                yield f"{f}:{i}: {path}"


README = "| 0 base | a b-* |\n| 1 files | c d |\n| 7 cli | die |\n\n| zstd | zstd.h | c.c |\n"
ISC = "/* SPDX-License-Identifier: ISC */\n"
LONG = ISC + "int f(void)\n{\n" + "\t;\n" * 79 + "}\n"
# check, what the complaint says, files of a tree that breaks the rule
BAD = [
    (check_table, "libcommon/e.c", {"libcommon/e.c": ISC}),
    (check_includes, "a.h: includes c.h of level 1 from level 0", {"libcommon/a.h": '#include "c.h"\n'}),
    (check_includes, "circle of includes: c d c",
     {"libcommon/c.h": '#include "d.h"\n', "libcommon/d.c": '#  include "c.h"\n'}),
    (check_includes, "tools/t.c: includes x.h", {"tools/t.c": '#include "x.h"\n'}),
    (check_includes, "tools/t.h: tools have no headers", {"tools/t.h": ""}),
    (check_built, "no objects", {}),
    (check_symbols, "libcommon/a.c: uses c_do of c",
     {"libcommon/a.c": "int c_do(void);\nint a(void) { return c_do(); }\n",
      "libcommon/c.c": "int c_do(void) { return 1; }\n"}),
    (check_symbols, "libcommon/a.c: uses c_kind of c",
     {"libcommon/a.c": "extern const int c_kind;\nint a(void) { return c_kind; }\n",
      "libcommon/c.c": "extern const int c_kind; const int c_kind = 1;\n"}),
    (check_exits, "libcommon/a.c: uses exit", {"libcommon/a.c": "#include <stdlib.h>\nvoid a(void) { exit(1); }\n"}),
    (check_exits, "libcommon/a.c: uses abort", {"libcommon/a.c": "#include <stdlib.h>\nvoid a(void) { abort(); }\n"}),
    (check_exits, "libcommon/c.c: uses puts", {"libcommon/c.c": '#include <stdio.h>\nvoid c(void) { puts("x"); }\n'}),
    (check_exits, "libcommon/c.c: uses stderr",
     {"libcommon/c.c": '#include <stdio.h>\nvoid c(void) { fputs("x", stderr); }\n'}),
    (check_exits, "libcommon/c.c: uses getopt",
     {"libcommon/c.c": "#include <unistd.h>\nint c(int n, char **v) { return getopt(n, v, \"a\"); }\n"}),
    (check_foreign, "a.c: includes <zstd.h>", {"libcommon/a.c": "#include <zstd.h>\n"}),
    (check_foreign, "t.c: includes <png.h>", {"tools/t.c": "#include <png.h>\n"}),
    (check_functions, "tools/t.c:2: a function of 82 lines", {"tools/t.c": LONG}),
    (check_functions, "the median function has 16 lines",
     {"tools/t.c": "int f(void)\n{\n" + "\t;\n" * 13 + "}\n\nint g(void)\n{\n" + "\t;\n" * 13 + "}\n"}),
    (check_functions, "one function in ten", {"tools/t.c": "int f(void)\n{\n" + "\t;\n" * 50 + "}\n"}),
    (check_files, "tests/x.py: 501 lines", {"tests/x.py": "\n" * 501}),
    (check_banned, "a.c:2: atoi", {"libcommon/a.c": "/* atoi(x) */\nint i = atoi(s);\n"}),
    (check_banned, "t.c:1: strcpy", {"tools/t.c": "strcpy (a, b);\n"}),
    (check_spdx, "tools/t.c: no SPDX", {"tools/t.c": "int x;\n"}),
    (check_spdx, "run: no SPDX", {"run": "#!/bin/sh\n"}),
    (check_spdx, "man/x.1: no SPDX", {"man/x.1": ".Dd x\n"}),
    (check_space, "x.md:2: white space", {"x.md": "a\nb \n"}),
    (check_space, "x.md: does not end", {"x.md": "a"}),
    (check_paths, "x.md:1: /home", {"x.md": "see " + "/home" + "/me\n"}),
]
GOOD = {
    "libcommon/a.c": ISC + '#include "a.h"\n\n#include <stdlib.h>\n\nint a(void)\n{\n\treturn 0; /* not exit() */\n}\n',
    "libcommon/a.h": ISC + "int a(void);\n",
    "libcommon/b-x.c": ISC + '#include "a.h"\n\n/* gets(x) */\nconst char *b_x = "exit(1) strcpy(";\n',
    "libcommon/c.c": ISC + '#include "a.h"\n\nint c(void)\n{\n\treturn a();\n}\n',
    "libcommon/b-x.h": ISC + '#include "b-x-y.h"\n',
    "libcommon/b-x-y.h": ISC + '#include "b-x.h"\n',
    "libcommon/die.c": ISC + "#include <stdlib.h>\n\nvoid die(void)\n{\n\texit(1);\n}\n",
    "tools/t.c": ISC + '#include "a.h"\n\nint main(void)\n{\n\treturn a();\n}\n',
}


def make_tree(root, files):
    for name, text in dict(files, **{"libcommon/README.md": README}).items():
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
    os.makedirs(os.path.join(root, "build/libcommon"))
    tree = Tree(root)
    return tree


def compile_tree(root, files):
    for name in files:
        if name.startswith("libcommon/") and name.endswith(".c"):
            subprocess.run(os.environ.get("CC", "cc").split() + ["-w", "-c", "-o", f"{root}/build/{name[:-2]}.o",
                           f"{root}/{name}"], check=True)


def complaints(check, files, objects):
    with tempfile.TemporaryDirectory() as root:
        tree = make_tree(root, files)
        if objects:
            compile_tree(root, files)
        return list(check(tree))


CHECKS = [check_table, check_includes, check_built, check_symbols, check_exits, check_foreign,
          check_functions, check_files, check_banned, check_spdx, check_space, check_paths]
OBJECTS = (check_built, check_symbols, check_exits)
count = 0


def result(claim, passed, details=()):
    global count
    count += 1
    print(f"{'ok' if passed else 'not ok'} {count} - {claim}")
    for d in list(details)[:30] if not passed else ():
        print(f"# {d}")


def main():
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    for check in CHECKS:
        for _, expected, files in [b for b in BAD if b[0] is check]:
            found = complaints(check, files, check in OBJECTS)
            result(f"self-test: {check.__doc__}: {expected}", any(expected in c for c in found), found)
        found = complaints(check, GOOD, check in OBJECTS)
        result(f"self-test: {check.__doc__}: a good tree passes", not found, found)
    tree = Tree(root, os.environ.get("BUILD", "build"))
    for check in CHECKS:
        found = list(check(tree))
        result(check.__doc__, not found, found)
    print(f"1..{count}")


if __name__ == "__main__":
    sys.exit(main())
