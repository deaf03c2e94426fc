"""Compares the documentation with the program and with the files that it links to."""

import re
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else ""


def printed_help(*words):
    return subprocess.run([PROGRAM, *words, "--help"], capture_output=True, text=True,
                          check=True).stdout


@unittest.skipUnless(PROGRAM, "this build has no program")
class ProgramTest(unittest.TestCase):
    def test_every_key_is_described_with_its_default(self):
        text = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
        rows = dict(re.findall(r"^\| `([\w.…]+)` \| (`[^`]*`|) ?\|", text, re.MULTILINE))
        settings = printed_help("run").split("Settings", 1)[1].splitlines()[1:]
        keys = [line.split()[0] for line in settings if line.strip()]
        self.assertGreater(len(keys), 30)
        for line in filter(str.strip, settings):
            key = line.split()[0]
            default = re.search(r"\(default (.*)\)$", line)
            with self.subTest(key):
                self.assertIn(key, rows)
                self.assertEqual(rows[key].strip("`"), default[1] if default else "")
        self.assertEqual(sorted(set(rows) - set(keys)), [])

    def test_every_command_and_flag_is_described(self):
        text = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
        listed = printed_help().split("Subcommands:")[1].split("First steps")[0]
        commands = re.findall(r"^  (\w+) ", listed, re.MULTILINE)
        self.assertIn("stream", commands)
        for command in commands:
            with self.subTest(command):
                self.assertTrue(re.search(rf"(?m)^## .*\b{command}\b", text), "no section")
            flags = set(re.findall(r"^  (?:-\w,)?(--[\w-]+)", printed_help(command), re.MULTILINE))
            for flag in flags - {"--help"}:
                with self.subTest(f"{command} {flag}"):
                    self.assertTrue(re.search(rf"`{flag}\b", text), "not in docs/commands.md")


class LinkTest(unittest.TestCase):
    def test_no_link_is_dead(self):
        pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
        self.assertGreater(len(pages), 5)
        for page in pages:
            for link in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
                if "://" not in link:
                    with self.subTest(f"{page.name}: {link}"):
                        self.assertTrue((page.parent / link).exists())


if __name__ == "__main__":
    unittest.main()
