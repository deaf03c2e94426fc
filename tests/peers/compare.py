#!/usr/bin/env python3
"""Compares our documents with those of the original, line by line and field by field.

  compare.py debezium|maxwell|canal EXPECTED ACTUAL [--schemas]

EXPECTED holds what the original printed (for Debezium: {"topic", "key", "headers", "value"}),
ACTUAL what we print (for Debezium: with with_key). Clocks and versions are masked. Every intended
difference is a rule in RULES below and stands in docs/formats.md under the same name. Prints each
other difference and ends with 1 if there was one.
"""

import argparse
import decimal
import json
import re
import struct
import sys

CLOCKS = [("ts_ms",), ("ts_us",), ("ts_ns",), ("source", "version")]
MASKED = {
    "debezium": [("value", *part) for part in CLOCKS]
    + [("value", "payload", *part) for part in CLOCKS],
    "maxwell": [],
    "canal": [("id",), ("ts",)],
}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


FLOATS = {"f", "weight", "v"}  # the FLOAT and VECTOR columns of the recordings


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def same_float32(a, b):
    try:
        return struct.pack("<f", a) == struct.pack("<f", b)
    except OverflowError:
        return False


def same_json(a, b):
    """Equal but for how numbers and fractions of seconds are spelled."""
    if isinstance(a, str) and isinstance(b, str):
        clock = re.compile(r"\d\d:\d\d:\d\d\.\d+$")
        trim = lambda text: text.rstrip("0").rstrip(".") if clock.search(text) else text
        return trim(a) == trim(b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same_json(x, y) for x, y in zip(a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same_json(a[key], b[key]) for key in a)
    return a == b


def json_spelling(path, expected, actual):
    if not isinstance(expected, str) or not isinstance(actual, str):
        return False
    try:
        return same_json(json.loads(expected), json.loads(actual))
    except ValueError:
        return False


def binary_uuid(path, expected, actual):
    """Debezium pads a uuid, whose trailing zeros the binlog leaves out, on the wrong side."""
    if not UUID.fullmatch(str(expected)) or not UUID.fullmatch(str(actual)):
        return False
    number, raw = (int(text.replace("-", ""), 16) for text in (expected, actual))
    return number == int.from_bytes(raw.to_bytes(16, "big").rstrip(b"\0"), "big")


def label_with_comma(path, expected, actual):
    if not isinstance(expected, str) or "\\," not in expected:
        return False
    return expected.replace("\\,", ",") == actual


def label_with_quote(path, expected, actual):
    if not isinstance(expected, str) or "''" not in expected:
        return False
    return expected.replace("''", "'") == actual


def year_zero(path, expected, actual):
    return expected == 1900 and actual == 0


def float_digits(path, expected, actual):
    """JDK 17 prints some floats with more digits than they need, later JDKs and we do not."""
    if FLOATS.isdisjoint(path) or not is_number(expected) or not is_number(actual):
        return False
    return same_float32(expected, actual)


def column_default(path, expected, actual):
    return path[-1] == "default" and "schema" in path and actual is MISSING


def unnamed_type(path, expected, actual):
    """A binlog file does not name MariaDB's json and uuid; the server's catalog does."""
    if "schema" not in path or path[-1] not in ("name", "version", "type"):
        return False
    if actual is MISSING:
        return expected in ("io.debezium.data.Json", "io.debezium.data.Uuid", 1)
    return expected == "string" and actual == "bytes"


def long_time(path, expected, actual):
    """Maxwell prints times below zero and from 24 hours on as a time of day."""
    clock = re.compile(r"-?\d\d+:\d\d:\d\d(\.\d+)?")
    if not isinstance(expected, str) or not isinstance(actual, str):
        return False
    if not clock.fullmatch(expected) or not clock.fullmatch(actual):
        return False
    return actual.startswith("-") or int(actual.split(":")[0]) >= 24


def wide_bit(path, expected, actual):
    """Maxwell adds up the bytes of a BIT in 32 bits."""
    return isinstance(actual, int) and 2**32 <= actual < 2**63 and isinstance(expected, int)


def last_zeros(path, expected, actual):
    """canal drops the digits of a DECIMAL behind the last nine when all of them are zeros."""
    try:
        return path[0] in ("data", "old") and "." in expected and "E" not in expected and (
            decimal.Decimal(expected) == decimal.Decimal(actual))
    except (TypeError, ArithmeticError):
        return False


def text_of_float(path, expected, actual):
    """As float_digits, where every value is text."""
    try:
        return path[-1] in ("f", "d") and "E" in expected and (
            float(expected) == float(actual) or same_float32(float(expected), float(actual)))
    except (TypeError, ValueError):
        return False


def lossy_text(path, expected, actual):
    """canal decodes all text as UTF-8."""
    return path[0] in ("data", "old") and isinstance(expected, str) and "\ufffd" in expected


def spelled_type(path, expected, actual):
    """canal has the words of CREATE TABLE here."""
    if path[0] != "mysqlType" or not isinstance(expected, str) or not isinstance(actual, str):
        return False
    plain = lambda text: text.lower().replace("numeric", "decimal")
    words = lambda text: re.sub(r"((?:tiny|small|medium|big)?int|year)\(\d+\)", r"\1", plain(text))
    return words(expected) == words(actual)


RULES = {
    "debezium": {
        "year-zero": year_zero,
        "label-with-comma": label_with_comma,
        "json-spelling": json_spelling,
        "binary-uuid": binary_uuid,
        "float-digits": float_digits,
        "column-default": column_default,
        "unnamed-type": unnamed_type,
    },
    "maxwell": {
        "year-zero": year_zero,
        "label-with-quote": label_with_quote,
        "long-time": long_time,
        "wide-bit": wide_bit,
        "float-digits": float_digits,
    },
    "canal": {
        "spelled-type": spelled_type,
        "last-zeros": last_zeros,
        "float-digits": text_of_float,
        "lossy-text": lossy_text,
    },
}


class Missing:
    def __repr__(self):
        return "(nothing)"


MISSING = Missing()


def mask(document, form):
    for path in MASKED[form]:
        at = document
        for part in path[:-1]:
            at = at.get(part) if isinstance(at, dict) else None
        if isinstance(at, dict) and path[-1] in at:
            at[path[-1]] = "(masked)"


def differences(expected, actual, path=()):
    """Yields (path, expected, actual) of the smallest parts that differ; order counts."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key in expected:
            yield from differences(expected[key], actual.get(key, MISSING), path + (key,))
        for key in actual:
            if key not in expected:
                yield path + (key,), MISSING, actual[key]
        common = [key for key in expected if key in actual]
        if common != [key for key in actual if key in expected]:
            yield path, "order " + ",".join(expected), "order " + ",".join(actual)
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for i, (one, other) in enumerate(zip(expected, actual)):
            yield from differences(one, other, path + (i,))
    elif type(expected) is not type(actual) or expected != actual:
        yield path, expected, actual


class Comparison:
    def __init__(self, form):
        self.form = form
        self.used = {}
        self.wrong = 0
        self.lines = 0

    def complain(self, text):
        self.wrong += 1
        if self.wrong <= 50:
            print(text)

    def allowed(self, path, expected, actual):
        for name, rule in RULES[self.form].items():
            if rule(path, expected, actual):
                self.used[name] = self.used.get(name, 0) + 1
                return True
        return False

    def compare(self, expected, actual, where):
        mask(expected, self.form)
        mask(actual, self.form)
        self.lines += 1
        for path, one, other in differences(expected, actual):
            if not self.allowed(path, one, other):
                spot = ".".join(str(part) for part in path)
                self.complain(f"{where}: {spot}\n  expected {one!r}\n  actual   {other!r}")

    def compare_all(self, expected, actual, name):
        for i, (one, other) in enumerate(zip(expected, actual)):
            self.compare(one, other, f"{name}:{i + 1}")
        if len(expected) != len(actual):
            extra = expected[len(actual):] or actual[len(expected):]
            self.complain(f"{name}: {len(expected)} lines expected, {len(actual)} came; the first "
                          f"without a partner: {json.dumps(extra[0])[:300]}")


def read_lines(path):
    with open(path, encoding="utf-8", newline="\n") as lines:
        return [json.loads(line) for line in lines.read().split("\n") if line]


def transaction_of(document):
    """The id in the transaction block of a change, or nothing."""
    block = (document["value"] or {}).get("transaction")
    return block["id"] if block else None


def without_empty_transactions(documents):
    """Debezium also marks transactions none of whose changes it prints."""
    kept = []
    for document, following in zip(documents, documents[1:] + [None]):
        value = document["value"] or {}
        if value.get("status") == "BEGIN":
            if following is None or transaction_of(following) != value["id"]:
                continue  # those of DDL have no END
        if value.get("status") == "END" and value["event_count"] == 0:
            continue
        kept.append(document)
    return kept


def prepare_expected(form, documents):
    if form == "maxwell":
        return documents
    if form == "canal":  # of a table that is left out, canal gives the statement all the same
        left_out = lambda each: each["isDdl"] and each["table"].startswith("odd")
        return [each for each in documents if not left_out(each)]
    for document in documents:
        document.pop("topic", None)
        if not document.get("headers"):
            document.pop("headers", None)
        if document["value"] and "schema" in document["value"]:
            without_first_transaction(document)
    return without_empty_transactions(documents)


def prepare_actual(form, documents):
    """Statements of the databases that the recorder leaves out are not left out by table names."""
    if form != "canal":
        return documents
    left_out = ("maxwell", "halfway", "finished", "minimal", "unknown")
    return [document for document in documents if document["database"] not in left_out]


def first_of_each_schema(documents):
    """Of documents with schemas, the first change of each shape, as the recorder keeps them."""
    seen, kept = set(), []
    for document in documents:
        if not document["value"] or "schema" not in document["value"]:
            continue
        shape = json.dumps(document["value"]["schema"])
        if shape not in seen:
            seen.add(shape)
            kept.append(without_first_transaction(document))
    return kept


def without_first_transaction(document):
    """Which transaction is marked first depends on those that are empty."""
    if "status" in document["value"].get("payload", {}):
        document["value"].pop("payload")
        document["key"].pop("payload")
    return document


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("form", choices=sorted(RULES))
    parser.add_argument("expected")
    parser.add_argument("actual")
    parser.add_argument("--schemas", action="store_true", help="with schemas: one of each shape")
    arguments = parser.parse_args()
    comparison = Comparison(arguments.form)
    expected = prepare_expected(arguments.form, read_lines(arguments.expected))
    actual = read_lines(arguments.actual)
    if arguments.schemas:
        actual = first_of_each_schema(actual)
    comparison.compare_all(expected, actual, arguments.expected)
    for name, count in sorted(comparison.used.items()):
        print(f"intended difference {name}: {count}")
    print(f"{comparison.lines} documents compared, {comparison.wrong} differences")
    return 1 if comparison.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
