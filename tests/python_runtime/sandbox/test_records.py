"""Dicts whose keys are attributes too."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from sanca.python_runtime.sandbox.guest.records import Record


def test_record_is_a_dict_with_attributes() -> None:
    record = Record(name="a")
    record.size = 3
    assert (record.name, record["size"], json.dumps(record)) == ("a", 3, '{"name": "a", "size": 3}')
    del record.size
    assert record == {"name": "a"}


def test_missing_attribute_names_close_ones_or_what_there_is() -> None:
    with pytest.raises(AttributeError, match="close: latency_p95_ms"):
        _ = Record(latency_p95_ms=1, name="a").latency_ms_p95
    with pytest.raises(AttributeError, match="it has: name"):
        _ = Record(name="a").zzz


def test_record_can_be_copied_and_pickled() -> None:
    record = Record(a=Record(b=1))
    assert copy.deepcopy(record).a.b == 1
    assert pickle.loads(pickle.dumps(record)) == record  # noqa: S301 - our own bytes
