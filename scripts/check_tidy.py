#!/usr/bin/env python3
"""Checks what no compiler checks: sizes, leftovers, lost files, words we do not use.

usage: check_tidy.py [--root DIR]

Looks at the files that git tracks (at all files where there is no git). Prints file:line, what is
wrong and how to mend it. Exit 1 on any finding. docs/style.md says why each rule is there.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

FUNCTION_LINES = 70
FILE_LINES = 700
COLUMNS = 100

CODE = {".h", ".cc"}
SCRIPT = {".py", ".sh", ".cmake"}
TEXT = CODE | SCRIPT | {".md", ".txt", ".in", ".toml", ".json", ".sql", ".test", ".yml", ""}

# Whole words, in any text file.
LEFTOVERS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
UNFINISHED = re.compile(r"\bnot (yet )?implemented\b", re.IGNORECASE)
# Names that say nothing, in C++ only.
EMPTY_NAMES = re.compile(r"\b\w*(Manager|Helper|Utils?)\b|\b\w+_(manager|helper|utils?)\b")
# Paths of one machine.
MACHINE_PATHS = re.compile(r"/(work|home/\w+|root)/\w")
# Captured from real tools and servers: kept byte for byte.
RECORDED = ("tests/golden/", "fuzz/seeds/")


def tracked_files(root):
    result = subprocess.run(["git", "-c", "safe.directory=*", "-C", str(root), "ls-files", "-z"],
                            capture_output=True, text=True, check=False)
    if result.returncode == 0:
        names = result.stdout.split("\0")
    else:
        names = [str(p.relative_to(root)) for p in root.rglob("*")
                 if p.relative_to(root).parts[0] not in ("build", ".git")]
    return sorted(root / name for name in names if name and (root / name).is_file())


def blank_out(text):
    """The C++ text with comments, strings and preprocessor lines blanked, newlines kept."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(?P<d>[^()\s\\]{0,16})\(.*?\)(?P=d)"'
        r'|"(?:\\.|[^"\\\n])*"'
        r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'|^[ \t]*#(?:[^\n\\]|\\.|\\\n)*",
        re.DOTALL | re.MULTILINE)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")


def functions(text):
    """(first line, last line, heading) of every function body and of nothing else."""
    depth_of_body, opened, heading, start, line = 0, [], "", 1, 1
    for char in blank_out(text):
        if char == "\n":
            line += 1
        if depth_of_body:
            depth_of_body += {"{": 1, "}": -1}.get(char, 0)
            if depth_of_body == 0:
                yield opened[-1][0], line, opened.pop()[1]
                heading = ""
            continue
        if char == "{":
            bare = re.sub(r"\([^()]*\)", "", heading)
            is_table = bare.rstrip().endswith(("=", ">", "]")) and "operator" not in bare
            if (SCOPE.search(bare) and "(" not in heading) or not heading.strip():
                opened.append(None)
            elif is_table and "(" not in heading:
                depth_of_body, opened = 1, opened + [(line, None)]
            else:
                depth_of_body, opened = 1, opened + [(start, heading.strip())]
            heading = ""
        elif char == "}":
            if opened:
                opened.pop()
            heading = ""
        elif char == ";":
            heading = ""
        else:
            if not heading.strip():
                heading, start = "", line
            heading += char


def check_functions(path, text, report):
    for first, last, heading in functions(text):
        lines = last - first + 1
        if heading is not None and lines > FUNCTION_LINES:
            name = " ".join(heading.split())[:60]
            report(path, first, f"a function of {lines} lines ({name})",
                   f"split it: at most {FUNCTION_LINES} lines, most under 30")


def check_code(path, text, report):
    lines = text.splitlines()
    if len(lines) > FILE_LINES:
        report(path, FILE_LINES, f"{len(lines)} lines",
               f"split the file by noun: at most {FILE_LINES} lines")
    if path.suffix == ".h" and "#pragma once" not in lines:
        report(path, 1, "no #pragma once", "put it after the opening comment")
    blank = blank_out(text).splitlines()
    for number, line in enumerate(blank, 1):
        found = EMPTY_NAMES.search(line)
        if found:
            report(path, number, f"the name {found[0]} says nothing",
                   "name it after what it is or does")
    check_functions(path, text, report)


def check_lines(path, name, text, report):
    is_code = path.suffix in CODE | SCRIPT or text.startswith("#!")
    for number, line in enumerate(text.splitlines(), 1):
        if "\t" in line and path.name != "Makefile":
            report(path, number, "a tab", "use spaces")
        if line.rstrip() != line:
            report(path, number, "space at the end of the line", "delete it")
        if is_code and path.suffix != ".cmake" and len(line) > COLUMNS:
            report(path, number, f"{len(line)} columns", f"break the line: at most {COLUMNS}")
        if name == "scripts/check_tidy.py":
            continue
        for pattern, mend in ((LEFTOVERS, "do it now, or write an issue and say what holds today"),
                              (UNFINISHED, "finish it, or return kUnsupported with a hint"),
                              (MACHINE_PATHS, "use a path that exists on every machine")):
            found = pattern.search(line)
            if found:
                report(path, number, f'"{found[0]}" does not belong here', mend)


def check_golden(root, files, texts, report):
    """Every recorded file must be read by some test: by its name, its stem, or its folder."""
    readers = "\n".join(text for name, text in texts.items() if not name.startswith(RECORDED))
    for path in files:
        name = str(path.relative_to(root))
        if not name.startswith("tests/golden/") or path.name == "README.md":
            continue
        folders = [str(p) for p in Path(name).relative_to("tests").parents if len(p.parts) > 1]
        if not any(word in readers for word in [path.name, *folders]):
            report(path, 1, "no test reads this file",
                   "delete it, or name it (or its folder) in a test")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    root = parser.parse_args().root
    findings, texts = 0, {}

    def report(path, number, what, mend):
        nonlocal findings
        findings += 1
        print(f"{path.relative_to(root)}:{number}: {what}\n    mend: {mend}")

    files = tracked_files(root)
    for path in files:
        name = str(path.relative_to(root))
        if path.suffix not in TEXT or name == "LICENSE":
            continue
        text = texts[name] = path.read_text(errors="replace")
        if name.startswith(RECORDED):
            continue
        check_lines(path, name, text, report)
        if path.suffix in CODE:
            check_code(path, text, report)
    check_golden(root, files, texts, report)
    print(f"tidy: {len(files)} files, {findings} findings")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
