#!/usr/bin/env python3
"""Formats the recorded binlogs and compares the lines with what the originals printed.

  compare_recordings.py FORMAT_BINLOG RECORDINGS
"""

import os
import subprocess
import sys
import tempfile

import compare

HIDDEN = r"maxwell\..*|halfway\..*|finished\..*"
FOR_DEBEZIUM = HIDDEN + r"|minimal\..*"
FOR_VARIANTS = FOR_DEBEZIUM + r"|shop\..*|kinds\.long_times"
FOR_CANAL = FOR_DEBEZIUM + r"|unknown\..*|kinds\.odd.*"
FOR_MAXWELL = HIDDEN + r"|unknown\..*"

# Of each recording: format, recorded lines, tables left out, options.
RUNS = [
    ("debezium", "debezium.default", FOR_DEBEZIUM, []),
    ("debezium", "debezium.strings", FOR_VARIANTS,
     ["decimal.handling.mode=string", "bigint.unsigned.handling.mode=precise",
      "time.precision.mode=isostring", "binary.handling.mode=hex",
      "provide.transaction.metadata=true"]),
    ("debezium", "debezium.doubles", FOR_VARIANTS,
     ["decimal.handling.mode=double", "time.precision.mode=connect",
      "binary.handling.mode=base64"]),
    ("debezium", "debezium.micros", FOR_VARIANTS,
     ["time.precision.mode=microseconds", "binary.handling.mode=base64-url-safe",
      "enable.time.adjuster=false"]),
    ("maxwell", "maxwell", FOR_MAXWELL,
     ["output_binlog_position=true", "output_xoffset=true", "output_server_id=true",
      "output_thread_id=true", "output_primary_keys=true", "output_primary_key_columns=true"]),
    ("canal", "canal", FOR_CANAL, ["gtid=false"]),
]


def run(program, folder, form, exclude, options, comparison, recorded, schemas):
    if form == "debezium":
        options = options + ["with_key=true", f"schemas.enable={'true' if schemas else 'false'}"]
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as out:
        command = [program, os.path.join(folder, "binlog.000001"), form, exclude, *options]
        subprocess.run(command, stdout=out, check=True)
        actual = compare.prepare_actual(form, compare.read_lines(out.name))
    expected = compare.prepare_expected(form, compare.read_lines(recorded))
    if schemas:
        actual = compare.first_of_each_schema(actual)
    before = comparison.wrong
    comparison.compare_all(expected, actual, os.path.relpath(recorded))
    print(f"{os.path.relpath(recorded)}: {len(expected)} documents, "
          f"{comparison.wrong - before} differences")


def main():
    program, recordings = sys.argv[1:]
    comparisons = {form: compare.Comparison(form) for form in compare.RULES}
    for kind in sorted(os.listdir(recordings)):
        folder = os.path.join(recordings, kind)
        for form, name, exclude, options in RUNS:
            for schemas in (False, True):
                suffix = ".schemas.jsonl" if schemas else ".jsonl"
                recorded = os.path.join(folder, name + suffix)
                if os.path.exists(recorded):
                    run(program, folder, form, exclude, options, comparisons[form], recorded,
                        schemas)
    failed = False
    for form, comparison in comparisons.items():
        for name in compare.RULES[form]:
            uses = comparison.used.get(name, 0)
            print(f"{form}: intended difference {name}: {uses}")
            failed |= uses == 0  # a rule that nothing needs hides mistakes
        failed |= comparison.wrong != 0 or comparison.lines == 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
