"""Installs the build into a folder, moves that folder, and builds against it as a user would."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import private_mariadb  # pylint: disable=wrong-import-position

CONSUMER = Path(__file__).resolve().parent / "consumer"
OPTIONS = argparse.Namespace()


def run(*command, **options):
    result = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, check=False, **options)
    if result.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}\n{result.stdout}")
    return result.stdout


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.work = Path(cls.folder.name)
        run("cmake", "--install", OPTIONS.build, "--prefix", cls.work / "first")
        cls.prefix = cls.work / "moved"
        (cls.work / "first").rename(cls.prefix)
        cls.libdir = cls.prefix / OPTIONS.libdir
        cls.environment = {**os.environ, "LD_LIBRARY_PATH": str(cls.libdir),
                           "PKG_CONFIG_PATH": str(cls.libdir / "pkgconfig")}

    def build_with_cmake(self, source, name):
        build = self.work / name
        run("cmake", "-S", source, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_CXX_COMPILER={OPTIONS.compiler}")
        run("cmake", "--build", build)
        return build

    def flags(self):
        return run("pkg-config", "--cflags", "--libs", "tailwater", env=self.environment).split()

    def test_find_package(self):
        build = self.build_with_cmake(CONSUMER, "consumer")
        self.assertIn("somebody else writes", run(build / "consumer", env=self.environment))

    def test_pkg_config(self):
        program = self.work / "by_pkg_config"
        run(OPTIONS.compiler, CONSUMER / "main.cc", "-o", program, *self.flags())
        self.assertIn("somebody else writes", run(program, env=self.environment))

    def test_examples(self):
        for source in sorted((ROOT / "examples").glob("*/CMakeLists.txt")):
            with self.subTest(source.parent.name):
                self.build_with_cmake(source.parent, "example_" + source.parent.name)

    def test_search_index_against_a_server(self):
        if not shutil.which("mariadb-install-db"):
            self.skipTest("needs MariaDB: scripts/setup test")
        build = self.build_with_cmake(ROOT / "examples/search_index", "search_index")
        folder = self.work / "server"
        folder.mkdir()
        self.work.chmod(0o755)
        processes = private_mariadb.Processes()
        self.addCleanup(processes.stop_all)
        server = private_mariadb.PrivateMariadb(folder, processes)
        server.start()
        server.run_script(ROOT / "scripts/demo.sql")
        server.query("UPDATE products SET title = 'Honig' WHERE id = 5;"
                     "UPDATE products SET id = 77 WHERE id = 1;"
                     "BEGIN; DELETE FROM products; ROLLBACK;"
                     "DELETE FROM products WHERE id = 4;")
        password = self.work / "password"
        password.write_text("demo\n")
        output = run(build / "search_index", f"mysql://capture@127.0.0.1:{server.port}/shop",
                     r"shop\.(products|customers)", password, "tea", "honey", "honig", "teapot",
                     "müller", "earl grey", env=self.environment)
        first, *answers = output.splitlines()
        self.assertRegex(first, r"^\d+ changes in \d+ transactions; 13 documents, \d+ words$")
        self.assertEqual(answers, ["tea: products/2 products/77", "honey:", "honig: products/5",
                                   "teapot:", "müller: customers/2", "earl grey: products/2"])
        refused = subprocess.run(
            [build / "search_index", "mysql://nobody@127.0.0.1:1", ".", password, "tea"],
            capture_output=True, text=True, check=False, env=self.environment)
        self.assertEqual((refused.returncode, refused.stdout), (1, ""))
        self.assertIn("127.0.0.1:1", refused.stderr)

    def test_each_header_stands_alone(self):
        headers = sorted((self.prefix / "include/tailwater").rglob("*.h"))
        self.assertTrue(headers)
        for header in headers:
            run(OPTIONS.compiler, "-std=c++20", "-fsyntax-only", "-x", "c++", "-Wall", "-Wextra",
                "-Wno-pragma-once-outside-header", "-I", self.prefix / "include", header)

    def test_only_our_symbols_show(self):
        library = self.libdir / "libtailwater.so"
        lines = run("nm", "--dynamic", "--demangle", "--defined-only", library).splitlines()
        names = [line.split(" ", 2)[2] for line in lines]
        ours = re.compile(r"^(typeinfo (name )?for |vtable for )?tailwater::")
        self.assertTrue(any(name.startswith("tailwater::Error::describe") for name in names))
        self.assertEqual([name for name in names if not ours.match(name)], [])

    def test_program(self):
        program = self.prefix / "bin/tailwater"
        if not program.exists():
            self.skipTest("this build has no program")
        self.assertIn("tailwater", run(program, "--help"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for option in ("--build", "--compiler", "--libdir"):
        parser.add_argument(option, required=True)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
