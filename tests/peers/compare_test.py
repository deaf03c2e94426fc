#!/usr/bin/env python3
"""A comparison that cannot fail proves nothing: these differences must be found."""

import copy
import os
import unittest

import compare

CHANGE = {"key": {"id": 1},
          "value": {"before": None, "after": {"id": 1, "name": "x", "f": 0.5}, "op": "c",
                    "source": {"version": "1", "pos": 4}, "ts_ms": 1}}


def wrong(form, change):
    actual = copy.deepcopy(CHANGE)
    change(actual)
    comparison = compare.Comparison(form)
    comparison.complain = lambda text: setattr(comparison, "wrong", comparison.wrong + 1)
    comparison.compare(copy.deepcopy(CHANGE), actual, "here")
    return comparison.wrong


class CompareTest(unittest.TestCase):
    def test_equal_but_for_clocks_and_versions(self):
        self.assertEqual(wrong("debezium", lambda d: None), 0)
        self.assertEqual(wrong("debezium", lambda d: d["value"].update(ts_ms=99)), 0)
        self.assertEqual(wrong("debezium", lambda d: d["value"]["source"].update(version="2")), 0)

    def test_every_other_difference_counts(self):
        self.assertEqual(wrong("debezium", lambda d: d["value"]["after"].update(name="y")), 1)
        self.assertEqual(wrong("debezium", lambda d: d["value"]["after"].update(id="1")), 1)
        self.assertEqual(wrong("debezium", lambda d: d["value"]["after"].update(id=True)), 1)
        self.assertEqual(wrong("debezium", lambda d: d["value"]["after"].pop("name")), 1)
        self.assertEqual(wrong("debezium", lambda d: d["value"].update(more=1)), 1)
        self.assertEqual(wrong("debezium", lambda d: d["value"]["source"].update(pos=5)), 1)
        self.assertEqual(wrong("debezium", lambda d: d["value"]["after"].update(f=0.5001)), 1)

    def test_order_of_members_counts(self):
        def turn(document):
            document["value"]["after"] = dict(reversed(document["value"]["after"].items()))
        self.assertEqual(wrong("debezium", turn), 1)

    def test_missing_lines_count(self):
        comparison = compare.Comparison("maxwell")
        comparison.complain = lambda text: setattr(comparison, "wrong", comparison.wrong + 1)
        comparison.compare_all([{"a": 1}, {"a": 2}], [{"a": 1}], "here")
        self.assertEqual(comparison.wrong, 1)

    def test_every_rule_is_documented(self):
        docs = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "formats.md")
        with open(docs, encoding="utf-8") as text:
            documented = text.read()
        for rules in compare.RULES.values():
            for name in rules:
                self.assertIn(f"`{name}`", documented)


if __name__ == "__main__":
    unittest.main()
