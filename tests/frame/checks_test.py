"""check_layers.py and check_tidy.py find what they must, at the right line, and nothing else."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


class CheckTest(unittest.TestCase):
    script = ""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        for name in ("src", "include/tailwater", "examples"):
            (self.root / name).mkdir(parents=True)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run_check(self):
        result = subprocess.run([sys.executable, SCRIPTS / self.script, "--root", self.root],
                                capture_output=True, text=True, check=False)
        self.assertEqual(result.stderr, "")
        return result.returncode, result.stdout

    def expect_clean(self):
        code, text = self.run_check()
        self.assertEqual(code, 0, text)

    def expect(self, finding):
        code, text = self.run_check()
        self.assertEqual(code, 1, text)
        self.assertIn(finding, text)
        self.assertIn("mend: ", text)


class LayersTest(CheckTest):
    script = "check_layers.py"

    def test_downward_is_fine(self):
        self.write("src/source/mysql/a.cc", '#include "source/mysql/a.h"\n#include "db/mysql/b.h"\n'
                   '#include "changelog/writer.h"\n#include "base/bytes.h"\n#include <vector>\n')
        self.write("src/cli/main.cc", '#include "sink/console/a.h"\n#include "source/mysql/a.h"\n')
        self.write("include/tailwater/a.h", "#include <tailwater/b.h>\n#include <string>\n")
        self.expect_clean()

    def test_upward(self):
        self.write("src/base/a.h", '#pragma once\n#include "model/row.h"\n')
        self.expect("src/base/a.h:2: base may not include model")

    def test_sideways(self):
        self.write("src/format/a.cc", '#include "changelog/reader.h"\n')
        self.expect("src/format/a.cc:1: format may not include changelog")

    def test_source_and_sink(self):
        self.write("src/source/mysql/a.cc", '#include "sink/console/a.h"\n')
        self.expect("source/mysql may not include sink/console")

    def test_source_and_other_source(self):
        self.write("src/source/mysql/a.cc", '\n\n#include "source/postgres/a.h"\n')
        self.expect("src/source/mysql/a.cc:3: source/mysql may not include source/postgres")

    def test_databases_are_apart(self):
        self.write("src/db/mysql/a.cc", '#include "db/postgres/a.h"\n')
        self.expect("db/mysql may not include db/postgres")

    def test_unknown_room(self):
        self.write("src/misc/a.cc", "int a;\n")
        self.expect("src/misc/a.cc:1: misc is no room")

    def test_relative_include(self):
        self.write("src/base/a.cc", '#include "a.h"\n')
        self.expect('src/base/a.cc:1: "a.h" names no room')

    def test_public_header(self):
        self.write("include/tailwater/a.h", '#include "base/bytes.h"\n')
        self.expect("a public header may not include base/bytes.h")

    def test_example(self):
        self.write("examples/search/main.cc", "#include <model/row.h>\n")
        self.expect("an example may not include model/row.h")

    def test_linked_room(self):
        self.write("src/model/CMakeLists.txt",
                   "tailwater_room(model\n  SOURCES a.cc\n  ROOMS base changelog\n  LIBRARIES x)\n")
        self.expect("src/model/CMakeLists.txt:1: model may not link changelog")

    def test_linked_part_of_a_room(self):
        self.write("src/source/mysql/binlog/CMakeLists.txt",
                   "tailwater_room(binlog\n  SOURCES a.cc\n  ROOMS model)\n")
        self.write("src/source/mysql/CMakeLists.txt",
                   "tailwater_room(source/mysql\n  ROOMS binlog changelog db/mysql)\n")
        self.expect_clean()
        self.write("src/source/mysql/binlog/CMakeLists.txt",
                   "tailwater_room(binlog\n  SOURCES a.cc\n  ROOMS model pipeline)\n")
        self.expect("source/mysql may not link pipeline")


class TidyTest(CheckTest):
    script = "check_tidy.py"

    def header(self, body):
        self.write("src/base/a.h", "#pragma once\n" + body)

    def test_clean(self):
        self.header("namespace a {\nclass B {\n public:\n  int c() { return 1; }\n};\n}\n")
        self.expect_clean()

    def test_long_function(self):
        lines = "  call();\n" * 69
        self.header("namespace a {\n\nint b(int c) {\n" + lines + "}\n}\n")
        self.expect("src/base/a.h:4: a function of 71 lines (int b(int c))")

    def test_function_of_just_70_lines(self):
        self.header("namespace a {\nint b(int c) {\n" + "  call();\n" * 68 + "}\n}\n")
        self.expect_clean()

    def test_long_function_after_braces_in_text(self):
        text = "const char* a = \"{{{\";  // {{\nconst char b = '{';\n"
        text += "const char* c = R\"x(}{)x\";\n"
        self.header(text + "void d() {\n" + "  if (e) {\n  }\n" * 40 + "}\n")
        self.expect("src/base/a.h:5: a function of 82 lines (void d())")

    def test_long_method_with_initialisers(self):
        self.header("class A {\n  A() : b_{1}, c_(2) {\n" + "    call();\n" * 70 + "  }\n};\n")
        self.expect("a function of 72 lines")

    def test_long_table_is_no_function(self):
        self.header("constexpr int kTable[] = {\n" + "    1,\n" * 90 + "};\n")
        self.expect_clean()

    def test_long_file(self):
        self.header("\n" * 700)
        self.expect("src/base/a.h:700: 701 lines")

    def test_no_pragma(self):
        self.write("src/base/a.h", "int a;\n")
        self.expect("src/base/a.h:1: no #pragma once")

    def test_leftovers(self):
        for word in ("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"):
            self.header(f"// {word}: later\n")
            self.expect(f'src/base/a.h:2: "{word}" does not belong here')

    def test_spaces(self):
        self.header("int a; \n")
        self.expect("src/base/a.h:2: space at the end of the line")
        self.header("\tint a;\n")
        self.expect("src/base/a.h:2: a tab")
        self.header("// " + "x" * 98 + "\n")
        self.expect("src/base/a.h:2: 101 columns")

    def test_empty_names(self):
        self.header("class Row" + "Manager;\n")
        self.expect("src/base/a.h:2: the name RowManager says nothing")

    def test_machine_path(self):
        self.write("docs/a.md", "see /ro" + "ot/project\n")
        self.expect("docs/a.md:1:")

    def test_golden_files_are_read(self):
        self.write("tests/golden/rows/one.json", "{}\n")
        self.expect("tests/golden/rows/one.json:1: no test reads this file")
        self.write("tests/rows_test.py", 'FOLDER = "golden/rows"\n')
        self.expect_clean()


del CheckTest

if __name__ == "__main__":
    unittest.main()
