"""count_tests sums what ctest wrote; share and .ci/run agree about the shares."""

import re
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    return result.returncode, result.stdout, result.stderr


class CountTest(unittest.TestCase):
    def count(self, *suites):
        with tempfile.TemporaryDirectory() as folder:
            for number, suite in enumerate(suites):
                cases = "".join(f'<testcase name="{name}" status="{status}"/>'
                                for name, status in suite)
                Path(folder, f"{number}.xml").write_text(f"<testsuite>{cases}</testsuite>")
            return run("scripts/count_tests", folder)

    def test_sums_all_suites(self):
        code, text, _ = self.count([("a", "run"), ("b", "run")], [("c", "run")])
        self.assertEqual((code, text), (0, "3 passed, 0 failed\n"))

    def test_failures_fail(self):
        code, text, _ = self.count([("a", "run"), ("b", "fail")])
        self.assertEqual(code, 1)
        self.assertIn("failed (0): b\n", text)
        self.assertTrue(text.endswith("1 passed, 1 failed\n"))

    def test_skipped_are_not_passed(self):
        code, text, _ = self.count([("a", "run"), ("b", "notrun")])
        self.assertEqual(code, 0)
        self.assertIn("skipped (0): b\n1 skipped\n1 passed, 0 failed\n", text)

    def test_results_cut_short_are_a_failure(self):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "test.xml").write_text('<testsuite><testcase name="a" status="ru')
            code, text, _ = run("scripts/count_tests", folder)
        self.assertEqual(code, 1)
        self.assertTrue(text.endswith("0 passed, 1 failed\n"))

    def test_nothing_is_a_failure(self):
        self.assertEqual(self.count()[:2], (1, "0 passed, 0 failed\n"))


class ShareTest(unittest.TestCase):
    def test_names_are_documented(self):
        names = run("scripts/share", "--list")[1].split()
        text = (ROOT / "scripts/share").read_text()
        self.assertGreaterEqual(len(names), 5)
        for name in names:
            self.assertRegex(text, rf"(?m)^#   {re.escape(name)} ")

    def test_unknown_name(self):
        code, _, error = run("scripts/share", "nothing", "1")
        self.assertEqual(code, 2)
        self.assertIn("power-cut-campaign", error)


if __name__ == "__main__":
    unittest.main()
