#!/usr/bin/env python3
"""Checks who includes whom: the arrows between the rooms of src/, as ARCHITECTURE.md draws them.

usage: check_layers.py [--root DIR]

Reads the #include lines of every file in src/, include/, examples/, and the ROOMS of every
tailwater_room() in src/. Prints file:line, what is wrong and how to mend it. Exit 1 on any finding.
"""

import argparse
import re
import sys
from pathlib import Path

# Each room, and the rooms directly below it. A room may include itself and all that is below, at
# any depth. "source/*" stands for every folder in src/source, each alone.
ARROWS = {
    "base": [],
    "model": ["base"],
    "changelog": ["model"],
    "format": ["model"],
    "transform": ["model"],
    "net": ["base"],
    "aws": ["net"],
    "store": ["aws"],
    "db/*": ["model"],
    "source/*": ["changelog", "db/*", "net", "aws", "store", "format", "transform"],
    "sink/*": ["changelog", "db/*", "net", "aws", "store", "format"],
    "duck": ["changelog", "store"],
    "archive": ["duck"],
    "sql": ["archive"],
    "replay": ["sql"],
    "verify": ["db/*"],
    "pipeline": ["transform", "source/*", "sink/*", "replay", "verify"],
    "server": ["pipeline"],
    "cli": ["server"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
ROOM_CALL = re.compile(r"tailwater_room\(([^)]*)\)")


def below(pattern):
    """All room patterns that `pattern` may include, itself not counted."""
    found = set()
    for next_one in ARROWS[pattern]:
        found |= {next_one} | below(next_one)
    return found


BELOW = {pattern: below(pattern) for pattern in ARROWS}


def room_of(path):
    """The room of a path below src/: "model", "source/mysql"; None for a path of no known room."""
    parts = Path(path).parts
    if len(parts) > 1 and parts[0] in ARROWS:
        return parts[0]
    if len(parts) > 2 and f"{parts[0]}/*" in ARROWS:
        return f"{parts[0]}/{parts[1]}"
    return None


def pattern_of(room):
    return room if room in ARROWS else room.split("/")[0] + "/*"


def may_use(room, other):
    return room == other or pattern_of(other) in BELOW[pattern_of(room)]


def allowed_text(room):
    return ", ".join(sorted(BELOW[pattern_of(room)])) or "nothing of ours"


def check_source(path, relative, findings):
    room = room_of(relative)
    if room is None:
        findings.append((path, 1, f"{relative.parent} is no room",
                         "move the file into a room, or add the room to ARROWS in "
                         "scripts/check_layers.py and to ARCHITECTURE.md"))
        return
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        match = INCLUDE.match(line)
        if not match or match[1] == "<":
            continue
        other = room_of(match[2])
        if other is None:
            findings.append((path, number, f'"{match[2]}" names no room',
                             'write the path from src/, as in "base/bytes.h"; '
                             "public headers in <>"))
        elif not may_use(room, other):
            findings.append((path, number, f"{room} may not include {other}",
                             f"{room} may include {allowed_text(room)}; let a room above hand it "
                             "in, or move what is shared further down"))


def check_public(path, findings, who):
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        # An example of several files includes its own headers.
        own = who == "an example" and "/" not in match[2] and (path.parent / match[2]).is_file()
        if (match[1] == '"' and not own) or room_of(match[2]) is not None:
            findings.append((path, number, f"{who} may not include {match[2]}",
                             "include <tailwater/...>, the standard library and tl::expected only"))


def check_room_list(path, relative, findings):
    """The rooms that a CMakeLists.txt links, by the same arrows.

    A room may have targets for its own subfolders, named after them: those count as the room."""
    text = path.read_text()
    here = room_of(relative)
    folder = path.parents[len(relative.parts) - 1] / (here or "")
    own = {sub.name for sub in folder.rglob("*") if sub.is_dir()} if here else set()
    for call in ROOM_CALL.finditer(text):
        words = call[1].split()
        number = text[:call.start()].count("\n") + 1
        room, rooms = here if words[0] in own else words[0], []
        if room_of(room + "/x") is None:
            findings.append((path, number, f"{room} is no room",
                             "add it to ARROWS in scripts/check_layers.py"))
            continue
        if "ROOMS" in words:
            for word in words[words.index("ROOMS") + 1:]:
                if word.isupper():
                    break
                rooms.append(word)
        for other in rooms:
            if other in own:
                continue
            if room_of(other + "/x") is None or not may_use(room, other):
                findings.append((path, number, f"{room} may not link {other}",
                                 f"{room} may link {allowed_text(room)}"))


def check(root):
    findings = []
    for path in sorted((root / "src").rglob("*")):
        relative = path.relative_to(root / "src")
        if path.suffix in (".h", ".cc"):
            check_source(path, relative, findings)
        elif path.name == "CMakeLists.txt":
            check_room_list(path, relative, findings)
    for path in sorted((root / "include").rglob("*.h")):
        check_public(path, findings, "a public header")
    for path in sorted((root / "examples").rglob("*")):
        if path.suffix in (".h", ".cc"):
            check_public(path, findings, "an example")
    return findings


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    root = parser.parse_args().root
    findings = check(root)
    for path, number, what, mend in findings:
        print(f"{path.relative_to(root)}:{number}: {what}\n    mend: {mend}")
    print(f"layers: {len(findings)} findings")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
