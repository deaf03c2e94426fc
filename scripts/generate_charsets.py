#!/usr/bin/env python3
"""Writes the character set tables of src/source/mysql/binlog from running servers.

usage: scripts/generate_charsets.py OUTPUT_FOLDER MYSQL_CLIENT_COMMAND MARIADB_CLIENT_COMMAND

Each command must run `mysql` (or the like) so that it reads SQL from stdin, for example
'mysql -h 127.0.0.1 -P 3306 -u root'. Three files come out:
  charset_collations.inc   ranges of collation numbers and their character sets, of both servers
  charset_single_byte.inc  the characters of each single-byte set, where they are not ASCII
  charset_multi_byte.inc   the characters of the multi-byte sets, packed (zlib, base64)
"""
import base64
import struct
import subprocess
import sys
import zlib

UNICODE = {"binary", "ascii", "utf8mb3", "utf8mb4", "ucs2", "utf16", "utf16le", "utf32"}
TRAILS = 192  # trail bytes 0x40 to 0xff


def query(command, sql):
    command += " --default-character-set=utf8mb4 -N -B"
    out = subprocess.run(command, shell=True, input=sql.encode(), stdout=subprocess.PIPE,
                         check=True).stdout
    return [line.split("\t") for line in out.decode().splitlines()]


def canonical(name):
    return "utf8mb3" if name == "utf8" else name


def collations(command, mariadb):
    select = "select id, character_set_name from information_schema."
    pairs = query(command, select + "collations where id is not null "
                                    "and character_set_name is not null")
    if mariadb:  # the collations that serve several character sets are only here
        pairs += query(command, select + "collation_character_set_applicability "
                                         "where id is not null")
    return {int(number): canonical(name) for number, name in pairs if number != "NULL"}


def characters(command, charset, codes):
    """What the server makes of each byte string: a tuple of code points, or None."""
    result = {}
    step = 8192
    for at in range(0, len(codes), step):
        part = codes[at:at + step]
        values = " union all ".join("select '%s'%s" % (code.hex(), " as h" if i == 0 else "")
                                    for i, code in enumerate(part))
        rows = query(command, "select h, hex(convert(convert(unhex(h) using %s) using utf32)) "
                              "from (%s) v;" % (charset, values))
        for code, text in rows:
            if text in ("NULL", ""):
                result[bytes.fromhex(code)] = None
                continue
            points = struct.unpack(">%dI" % (len(text) // 8), bytes.fromhex(text))
            unknown = 0x3F in points and bytes.fromhex(code) != b"\x3f"
            result[bytes.fromhex(code)] = None if unknown else points
    return result


def write_collations(path, numbers):
    runs = []
    for number in sorted(numbers):
        name = numbers[number]
        near = runs and runs[-1][2] == name and number - runs[-1][1] < 8
        if near and not any(numbers.get(n, name) != name for n in range(runs[-1][1], number)):
            runs[-1][1] = number
        else:
            runs.append([number, number, name])
    with open(path, "w") as out:
        out.write("// First and last collation number of a run, and the character set. Made by\n"
                  "// scripts/generate_charsets.py.\n// clang-format off\n")
        for first, last, name in runs:
            out.write('{%d, %d, "%s"},\n' % (first, last, name))
        out.write("// clang-format on\n")


def write_table(out, name, values):
    out.write("constexpr uint16_t %s[128] = {\n" % name)
    for i in range(0, 128, 16):
        out.write(",".join("0x%x" % value for value in values[i:i + 16]) + ",\n")
    out.write("};\n")


def write_single_byte(path, tables):
    with open(path, "w") as out:
        out.write("// The characters of single-byte sets, as the servers map them; 0: none. Made "
                  "by\n// scripts/generate_charsets.py.\n// clang-format off\n")
        entries = []
        for name, table in sorted(tables.items()):
            lower = "nullptr"
            write_table(out, "k_%s" % name, table[128:])
            if table[:128] != list(range(128)):
                lower = "k_%s_lower" % name
                write_table(out, lower, table[:128])
            entries.append('{"%s", Charset::Form::kSingleByte, 1, k_%s, %s},\n' %
                           (name, name, lower))
        out.write("constexpr Charset kSingleByteSets[] = {\n%s};\n" % "".join(entries))
        out.write("// clang-format on\n")


def single(points):
    return points[0] if points is not None and len(points) == 1 and points[0] <= 0xFFFF else 0


def multi_byte_table(command, name):
    """Words: 128 single bytes, 128 x 192 pairs, in the EUC sets of Japan 94 x 94 after 8F."""
    codes = [bytes([i]) for i in range(128, 256)]
    pairs = [bytes([a, b]) for a in range(128, 256) for b in range(0x40, 0x100)]
    found = characters(command, name, codes + pairs)
    table = [single(found[code]) for code in codes] + [single(found[code]) for code in pairs]
    if name in ("ujis", "eucjpms"):
        row = range(0xA1, 0xFF)
        triples = [bytes([0x8F, a, b]) for a in row for b in row]
        found = characters(command, name, triples)
        table += [single(found[code]) for code in triples]
    return table


def gb18030_runs(command):
    """The four-byte characters of the basic plane: number, count and code point of each run."""
    codes = [bytes([a, b, c, d]) for a in range(0x81, 0x85) for b in range(0x30, 0x3A)
             for c in range(0x81, 0xFF) for d in range(0x30, 0x3A)]
    found = characters(command, "gb18030", codes)
    runs = []
    for i, code in enumerate(codes):
        point = single(found[code])
        if point == 0:
            continue
        if runs and runs[-1][0] + runs[-1][1] == i and runs[-1][2] + runs[-1][1] == point:
            runs[-1][1] += 1
        else:
            runs.append([i, 1, point])
    return runs


def write_multi_byte(path, mysql, names):
    blob = b""
    offsets = []
    for name in names:
        table = multi_byte_table(mysql, name)
        offsets.append((name, len(blob) // 2, len(table)))
        blob += struct.pack("<%dH" % len(table), *table)
    runs = gb18030_runs(mysql)
    packed = base64.b64encode(zlib.compress(blob, 9)).decode()
    with open(path, "w") as out:
        out.write("// The characters of multi-byte sets, as the servers map them. Made by\n"
                  "// scripts/generate_charsets.py.\n// clang-format off\n")
        out.write("constexpr MultiByteTable kMultiByteTables[] = {\n")
        for name, offset, count in offsets:
            out.write('{"%s", %d, %d},\n' % (name, offset, count))
        out.write("};\nconstexpr Gb18030Run kGb18030Runs[] = {\n")
        for first, count, point in runs:
            out.write("{%d,%d,0x%x},\n" % (first, count, point))
        out.write("};\nconstexpr size_t kMultiByteBytes = %d;\n" % len(blob))
        out.write("constexpr std::string_view kMultiBytePacked[] = {\n")
        for at in range(0, len(packed), 4096):
            out.write('"%s",\n' % packed[at:at + 4096])
        out.write("};\n// clang-format on\n")


def main():
    folder, mysql, mariadb = sys.argv[1:4]
    numbers = collations(mariadb, True)
    numbers.update(collations(mysql, False))
    write_collations(folder + "/charset_collations.inc", numbers)
    select = "select character_set_name, maxlen from information_schema.character_sets"
    sizes = {canonical(name): (int(size), mysql) for name, size in query(mysql, select)}
    for name, size in query(mariadb, select):
        sizes.setdefault(canonical(name), (int(size), mariadb))
    tables = {}
    for name, (size, command) in sizes.items():
        if size == 1 and name not in UNICODE:
            codes = [bytes([i]) for i in range(256)]
            found = characters(command, name, codes)
            tables[name] = [single(found[code]) for code in codes]
            other = characters(mariadb, name, codes) if command == mysql else found
            if other != found:
                codes = [code.hex() for code in codes if other[code] != found[code]]
                print("servers differ in", name, codes)
    write_single_byte(folder + "/charset_single_byte.inc", tables)
    names = sorted(name for name, (size, _) in sizes.items() if size > 1 and name not in UNICODE)
    write_multi_byte(folder + "/charset_multi_byte.inc", mysql, names)
    print({name: size for name, (size, _) in sizes.items()})


main()
