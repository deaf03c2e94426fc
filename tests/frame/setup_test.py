"""scripts/setup says what is missing and how to get it; it never installs anything in this test."""

import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
NOBODY = 65534


class SetupTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.root.chmod(0o755)
        self.scripts = self.root / "scripts"
        shutil.copytree(SCRIPTS, self.scripts)
        self.list_packages("build dpkg # there on every Debian\n")

    def list_packages(self, text):
        (self.scripts / "packages.txt").write_text(text)
        (self.scripts / "npm-packages.txt").write_text("# none\n")

    def setup_as_nobody(self, profile, **environment):
        """Without root, so that nothing can be installed by mistake."""
        as_nobody = {"user": NOBODY, "group": NOBODY} if os.geteuid() == 0 else {}
        return subprocess.run([self.scripts / "setup", profile], capture_output=True, text=True,
                              check=False, env={**os.environ, **environment}, **as_nobody)

    def test_nothing_missing_is_quick_and_silent(self):
        started = time.monotonic()
        result = self.setup_as_nobody("build")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))
        self.assertLess(time.monotonic() - started, 1.0)

    def test_missing_package_without_root(self):
        self.list_packages("build dpkg\nbuild no-such-package # x\ntest not-asked-for\n")
        result = self.setup_as_nobody("build")
        self.assertEqual(result.returncode, 1)
        self.assertIn("no-such-package", result.stderr)
        self.assertNotIn("not-asked-for", result.stderr)
        self.assertIn("Run: sudo scripts/setup build", result.stderr)

    def test_alternatives_and_conditions(self):
        self.list_packages("build no-such-package|dpkg\nbuild no-such-java unless=sh\n")
        self.assertEqual(self.setup_as_nobody("build").returncode, 0)
        self.list_packages("build no-such-java unless=no-such-command\n")
        self.assertEqual(self.setup_as_nobody("build").returncode, 1)

    def test_missing_mysql_root(self):
        missing = str(self.root / "mysql")
        result = self.setup_as_nobody("test", TAILWATER_MYSQL_ROOT=missing)
        self.assertEqual(result.returncode, 1)
        self.assertIn(missing, result.stderr)
        self.assertEqual(self.setup_as_nobody("build", TAILWATER_MYSQL_ROOT=missing).returncode, 0)

    def test_missing_mariadb_root(self):
        mysql = self.root / "mysql" / "usr"
        for name in ("sbin/mysqld", "bin/mysql"):
            (mysql / name).parent.mkdir(parents=True, exist_ok=True)
            (mysql / name).touch(mode=0o755)
        missing = str(self.root / "mariadb")
        result = self.setup_as_nobody("test", TAILWATER_MYSQL_ROOT=str(mysql.parent),
                                      TAILWATER_MARIADB_ROOT=missing)
        self.assertEqual(result.returncode, 1)
        self.assertIn(missing, result.stderr)

    def test_print_mysql_root(self):
        result = self.setup_as_nobody("--print-mysql-root", TAILWATER_MYSQL_ROOT="/x/y")
        self.assertEqual(result.stdout, "/x/y\n")

    def test_unknown_profile(self):
        result = self.setup_as_nobody("everything")
        self.assertEqual(result.returncode, 2)
        self.assertIn("usage: scripts/setup", result.stderr)

    def test_the_real_list_is_well_formed(self):
        for line in (SCRIPTS / "packages.txt").read_text().splitlines():
            if line and not line.startswith("#"):
                self.assertRegex(line, re.compile(
                    r"^(build|test|test-all) +[a-z0-9.+|-]+( +unless=\w+)? +# \S.*$"))


if __name__ == "__main__":
    unittest.main()
