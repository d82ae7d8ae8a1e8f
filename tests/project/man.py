# SPDX-License-Identifier: ISC
"""Each tool against its man page (see man/README.md), as TAP: SYNOPSIS equals the usage, the page's
options equal those of --help, EXAMPLES run. Each check is first shown a page that is wrong."""
import os
import re
import shutil
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
count = 0


def result(claim, problems):
    global count
    count += 1
    print(f"{'not ok' if problems else 'ok'} {count} - {claim}", flush=True)
    for line in "\n".join(problems).splitlines()[:30]:
        print(f"# {line}")


def fold(text):
    return re.sub(r" ?([|\[\]]) ?", r"\1", " ".join(text.split()))


def section(page, title):
    """The source lines of one section."""
    lines, inside = [], False
    for line in page.splitlines():
        if line.startswith(".Sh "):
            inside = line[4:].strip(' "') == title
        elif inside:
            lines.append(line)
    return lines


def rendered(page, title):
    out = subprocess.run(["mandoc", "-T", "ascii", "-O", "width=1000"], input=page, text=True,
                         capture_output=True, check=True).stdout
    out = re.sub(".\b", "", out)
    found = re.search(rf"^{title}\n(.*?)(?=^\S|\Z)", out, re.M | re.S)
    return found.group(1) if found else ""


def unescape(text):
    for escape, plain in ((r"\-", "-"), (r"\e", "\\"), (r"\(aq", "'"), (r"\(dq", '"'), (r"\&", ""),
                          (r"\(ti", "~"), (r"\(ha", "^"), (r"\(ga", "`"), (r"\ ", " ")):
        text = text.replace(escape, plain)
    return text


def page_options(page):
    """'-e, --epochs N' of every .It that begins with Fl."""
    found = set()
    for line in page.splitlines():
        if not line.startswith(".It Fl "):
            continue
        text = unescape(line[4:]).replace("Fl Fl ", "--").replace("Fl ", "-").replace('"', "")
        text = re.sub(r"\b(Ar|Cm|Li|No) ", "", text).replace(" Ns ", "").replace(" Ns", "")
        found.add(fold(text.replace(" ,", ",")))
    return found


def help_options(text):
    found = set()
    for line in text.splitlines():
        row = re.match(r"  (-\w, |    )(--[\w-]+(?: \S+)?)", line)
        if row:
            value = re.match(r"--[\w-]+(?: (?! )\S+)?", row.group(2)).group()
            found.add(fold(row.group(1).strip() + " " + value))
    return found


def check_synopsis(page, text):
    usage = text.split("\n\n")[0]
    want = fold(re.sub(r"^usage: ", "", usage))
    got = fold(rendered(page, "SYNOPSIS"))
    return [] if got == want and usage.startswith("usage: ") else [f"page: {got}", f"help: {want}"]


def check_options(page, text):
    in_page, in_help = page_options(page), help_options(text)
    return [f"only in the page: {o}" for o in sorted(in_page - in_help)] + \
           [f"only in --help: {o}" for o in sorted(in_help - in_page)]


def check_summary(page, text):
    name = [line[4:].strip() for line in page.splitlines() if line.startswith(".Nd ")]
    summary = text.split("\n\n")[1].strip() if text.count("\n\n") else ""
    return [] if name == [summary] else [f"page: {name}", f"help: {summary}"]


def check_references(page, pages):
    """Every .Xr leads to a page of ours, or to one that is known to be elsewhere."""
    found = re.findall(r"^\.Xr ([\w.+-]+) (\d)", page, re.M)
    return [f"no page {name}({number})" for name, number in found
            if f"{name}.{number}" not in pages and name not in ("zstd", "make", "python3", "gzip")]


def check_lines(page):
    """A lone backslash at a line's end is not shown, and joins the line with the next: \\e is one that is shown."""
    return [line for line in page.splitlines() if re.search(r"(?<!\\)\\$", line)]


def examples(page):
    """The shell texts of EXAMPLES: each .Dl line, each literal block."""
    found, block = [], None
    for line in section(page, "EXAMPLES"):
        if line.startswith(".Dl "):
            found.append(unescape(line[4:]))
        elif line.startswith((".Bd -literal", ".Bd -unfilled")):
            block = []
        elif line.startswith(".Ed") and block is not None:
            found.append("\n".join(block))
            block = None
        elif block is not None:
            block.append(unescape(re.sub(r"^\$ ", "", line)))
    return found


def check_examples(page, folder):
    problems = []
    for text in examples(page):
        run = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", text], cwd=folder, text=True,
                             capture_output=True, stdin=subprocess.DEVNULL, timeout=300, errors="replace")
        if run.returncode != 0:
            problems += [f"exit status {run.returncode}: {text}", run.stderr.strip()]
    return problems


def self_test():
    page = ".Dd x\n.Dt t 1\n.Os\n.Sh NAME\n.Nm t\n.Nd does\n.Sh SYNOPSIS\n.Nm\n.Op options\n.Ar DATA ...\n" \
        ".Sh DESCRIPTION\n.Bl -tag -width Ds\n.It Fl e , Fl Fl epochs Ar N\n.It Fl Fl dry-run\nx\n" \
        ".It Fl Fl optimizer Ar sgd|adam\nx\n.It Ar x\nx\n.El\n.Sh EXAMPLES\n" \
        ".Dl true | cat\n.Bd -literal -offset indent\ntest a = \\e\n  a\n.Ed\n"
    text = "usage: t [options] DATA ...\n\ndoes\n\noptions:\n  -e, --epochs N   passes [2]\n" \
        "      --dry-run    only look\n      --optimizer sgd|adam\n                   the rule\n"
    for check, bad in ((check_synopsis, (page, text.replace("DATA", "FILE"))),
                       (check_summary, (page, text.replace("does", "is"))),
                       (check_options, (page, text.replace("--epochs", "--epoch"))),
                       (check_options, (page, text.replace("-e,", "-n,"))),
                       (check_options, (page, text.replace("N ", "X "))),
                       (check_options, (page, text.replace("sgd|adam", "sgd|adamw"))),
                       (check_options, (page.replace("Fl Fl dry", "Ar dry"), text)),
                       (check_examples, (page.replace("true |", "false |"), ".")),
                       (check_examples, (page.replace("  a", "  b"), "."))):
        result(f"self-test: {check.__name__} finds a difference", [] if check(*bad) else ["it did not"])
    for check in check_synopsis, check_summary, check_options:
        result(f"self-test: {check.__name__} passes a good page", check(page, text))
    result("self-test: check_examples passes a good page", check_examples(page, "."))
    result("self-test: check_references finds a wrong name",
           [] if check_references(".Xr t 1\n.Xr u 1\n", ["t.1"]) == ["no page u(1)"] else ["it did not"])
    result("self-test: check_lines finds what is not shown",
           [] if check_lines("a \\\nb \\e\n") == ["a \\"] else check_lines("a \\\nb \\e\n"))
    result("self-test: it sees all examples", [] if len(examples(page)) == 2 else examples(page))


def check_tool(tool):
    path = os.path.join(ROOT, "man", tool + ".1")
    try:
        with open(path, encoding="utf-8") as f:
            page = f.read()
    except OSError as e:
        return result(f"{tool} has a man page", [str(e)])
    run = subprocess.run([tool, "--help"], capture_output=True, text=True, check=False)
    result(f"{tool} --help exits 0 and writes to stdout", [run.stderr] if run.returncode or run.stderr else [])
    result(f"{tool}.1: SYNOPSIS equals the usage", check_synopsis(page, run.stdout))
    result(f"{tool}.1: NAME equals the summary", check_summary(page, run.stdout))
    result(f"{tool}.1: the options are those of --help", check_options(page, run.stdout))
    return page


def prepare(folder):
    """A folder with the example files, and python3 in PATH being one that has numpy."""
    os.makedirs(os.path.join(folder, "bin"))
    os.makedirs(os.path.join(folder, "files"))
    os.symlink(shutil.which(os.environ.get("PYTHON", "python3")), os.path.join(folder, "bin/python3"))
    os.environ["PATH"] = ":".join((os.path.join(folder, "bin"), os.path.join(BUILD, "bin"), os.environ["PATH"]))
    run = subprocess.run(["sh", os.path.join(ROOT, "man/examples.sh")], cwd=os.path.join(folder, "files"),
                         capture_output=True, text=True, check=False)
    result("man/examples.sh makes the example files", [run.stderr] if run.returncode else [])


def main():
    if not shutil.which("mandoc"):
        print("1..0 # SKIP no mandoc")
        return
    self_test()
    with open(os.path.join(ROOT, "Makefile"), encoding="utf-8") as f:
        optional = " ".join(re.findall(r"^NEEDS_\w+ = (.*)", f.read(), re.M)).split()
    tools = sorted(f[:-2] for f in os.listdir(os.path.join(ROOT, "tools")) if f.endswith(".c") and not (
        f"tools/{f}" in optional and not os.path.exists(os.path.join(BUILD, "bin", f[:-2]))))
    result("there are tools", [] if tools else ["none"])
    with tempfile.TemporaryDirectory() as folder:
        prepare(folder)
        for name in tools + ["net.5", "potstill.7", "tensor.5"]:
            page = check_tool(name) if name in tools else None
            path = os.path.join(ROOT, "man", name)
            if page is None and name not in tools and os.path.exists(path):
                with open(path, encoding="utf-8") as f:
                    page = f.read()
            if page:
                result(f"{name}: references lead to pages",
                       check_references(page, os.listdir(os.path.join(ROOT, "man"))))
                result(f"{name}: no line of an example is joined with the next", check_lines(page))
            if not page or (name not in tools and not examples(page)):
                continue
            result(f"{name}: there are EXAMPLES", [] if examples(page) else ["none"])
            shutil.copytree(os.path.join(folder, "files"), os.path.join(folder, name))
            result(f"{name}: EXAMPLES run", check_examples(page, os.path.join(folder, name)))
            shutil.rmtree(os.path.join(folder, name))
    print(f"1..{count}")


if __name__ == "__main__":
    main()
