#!/usr/bin/env python3
"""Extracts seeds for the fuzzers of the binlog decoders from the corpora beside the project.

usage: scripts/fuzz_seeds.py CORPORA_FOLDER OUTPUT_FOLDER

Writes OUTPUT_FOLDER/mysql_<fuzzer>/<hash>; says so and writes nothing where a corpus is absent.
"""
import gzip
import hashlib
import json
import pathlib
import struct
import sys

TABLE_MAP, PAYLOAD = 19, 40
ROWS = {23, 24, 25, 30, 31, 32}
PARTIAL_UPDATE = 39
UPDATES = {24, 31}
FOR_EACH_TYPE = 30


def write(folder, name, data):
    target = folder / ("mysql_" + name)
    target.mkdir(parents=True, exist_ok=True)
    (target / hashlib.sha1(data).hexdigest()[:16]).write_bytes(data)


def events(data):
    at = 4
    while at + 19 <= len(data):
        length = struct.unpack_from("<I", data, at + 9)[0]
        if length < 19 or at + length > len(data):
            return
        yield data[at + 4], data[at:at + length]
        at += length


def from_binlog(data, checksum, out):
    seen = {}
    table = None
    for kind, event in events(data):
        body = event[19:len(event) - checksum]
        seen[kind] = seen.get(kind, 0) + 1
        if kind == TABLE_MAP:
            table = body
        if seen[kind] > FOR_EACH_TYPE:
            continue
        write(out, "event", b"\0" + event)
        if kind in ROWS and table is not None:
            head = struct.pack("<BH", 2 if kind in UPDATES else 0, len(table))
            write(out, "rows", head + table + body)
        if kind == PARTIAL_UPDATE and table is not None:
            write(out, "rows", struct.pack("<BH", 4, len(table)) + table + body)
        if kind == PAYLOAD:
            write(out, "payload", body)


def main():
    corpora, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    binlogs = corpora / "mysql-binlog-connector-java"
    vitess = corpora / "vitess-cell-vectors" / "json.jsonl"
    for path in sorted(binlogs.glob("mysql-bin.*")):
        data = path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.decompress(data)
        from_binlog(data, 0 if "none" in path.name or path.suffix == ".gz" else 4, out)
    vectors = binlogs / "event_payload_vectors.jsonl"
    if vectors.exists():
        for line in vectors.read_text().splitlines():
            body = bytes.fromhex(json.loads(line)["hex"])
            write(out, "event", b"\0\x21" + body)
            write(out, "gtid", body)
    uuid = "29ec1c1d-e50c-11f1-a69b-02fc00000001"
    for text in (uuid + ":1-15:foo:1-2," + uuid.replace("2", "3") + ":7", "0-1-42,1-1-7"):
        write(out, "gtid", text.encode())
    if vitess.exists():
        for line in vitess.read_text().splitlines():
            document = bytes.fromhex(json.loads(line)["hex"])
            write(out, "json", document)
            for diff in (b"", b"\x00\x03$.a\x03\x05\x01\x00", b"\x02\x04$[0]",
                         b"\x01\x06$.\"b\"\x03\x04\x01\x00"):
                write(out, "json_diff", struct.pack("<H", len(document)) + document + diff)
    for path in sorted((corpora / "maxwell" / "ddl").glob("*.sql")):
        for line in path.read_bytes().splitlines():
            write(out, "ddl", b"0" + line)
    if not binlogs.exists() and not vitess.exists():
        print("fuzz_seeds: no corpora in %s; starting from nothing" % corpora, file=sys.stderr)


main()
