"""Orders from files: every notation gives the same, and what is dangerous or wrong is refused with its place."""

import json
from pathlib import Path
from typing import Any

import pytest

from api.cli.order_files import read_bodies
from api.client.call import Call
from api.terminal.refusal import Refusal

pytestmark = pytest.mark.slow

YAML = """
# a day of work
job:
  compute_class: gpu
  units: 8
  hours: 6.5
  origin_region: shanghai
limit_price: 1200.00
latency_cost_per_ms_hour: 2
deadline: 2025-07-17T08:00:00Z
"""
BODY: Any = {
    "job": {"compute_class": "gpu", "units": 8, "hours": 6.5, "origin_region": "shanghai"},
    "limit_price": "1200.00",
    "latency_cost_per_ms_hour": "2",
    "deadline": "2025-07-17T08:00:00+00:00",
}


def read(tmp_path: Path, name: str, text: str | bytes) -> Any:
    """What would be sent."""
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    content = Call("POST", "/", body=read_bodies(file)).prepared().content
    assert content is not None
    return json.loads(content)


@pytest.mark.parametrize("name", ["job.yaml", "job.yml", "JOB.YAML"])
def test_yaml_says_what_json_says(name: str, tmp_path: Path) -> None:
    assert read(tmp_path, name, YAML) == [BODY]


def test_one_order_or_many(tmp_path: Path) -> None:
    line = json.dumps(BODY)
    assert read(tmp_path, "a.json", line) == [BODY]
    assert read(tmp_path, "b.json", f"[{line}, {line}]") == [BODY, BODY]
    assert read(tmp_path, "c.ndjson", f"{line}\n\n{line}\n") == [BODY, BODY]
    assert read(tmp_path, "d.yaml", f"{YAML}---{YAML}") == [BODY, BODY]
    assert read(tmp_path, "e.yaml", f"- {line}\n- {line}\n") == [BODY, BODY]


def test_an_amount_keeps_its_digits(tmp_path: Path) -> None:
    for written in ("1200.00", "1200.10", "0.000001", "99999999.999999", '"7.50"'):
        told = read(tmp_path, "job.yaml", f"limit_price: {written}\n")
        assert told == [{"limit_price": written.strip('"')}]


def test_aliases_may_be_used_with_measure(tmp_path: Path) -> None:
    text = "- &job {a: [1, 2]}\n- {job: *job, <<: {b: 1}}\n- *job\n"
    assert read(tmp_path, "job.yaml", text) == [{"a": [1, 2]}, {"job": {"a": [1, 2]}, "b": 1}, {"a": [1, 2]}]


BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (BOMB, "yaml_too_large"),
        ("a: &a [*a]", "yaml_too_large"),
        ("a: &a {b: *a}", "yaml_too_large"),
        ("[" * 5000, "yaml_too_large"),
        ("# " + "x" * (16 * 2**20), "yaml_too_large"),
        ("a: 1\na: 2", "not_yaml"),
        ("job: {units: 1, units: 2}", "not_yaml"),
        ("!!python/object/apply:os.system ['true']", "not_yaml"),
        ("!!python/name:os.system", "not_yaml"),
        ("a: [", "not_yaml"),
        ("\x07", "not_yaml"),
        ("limit_price: *nobody", "not_yaml"),
        ("", "no_orders"),
        ("---\n---\n", "no_orders"),
        ("[]", "no_orders"),
        ("hello", "not_an_order"),
        ("- 1\n- 2", "not_an_order"),
    ],
    ids=lambda value: value[:24],
)
def test_yaml_that_is_refused(text: str, code: str, tmp_path: Path) -> None:
    with pytest.raises(Refusal) as raised:
        read(tmp_path, "job.yaml", text)
    assert raised.value.code == code
    assert "\n" not in raised.value.message


def test_a_wrong_line_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="line 2"):
        read(tmp_path, "day.ndjson", '{"a": 1}\n{"b"\n')
    with pytest.raises(Refusal, match="line 2"):
        read(tmp_path, "job.yaml", "a: 1\na: 2\n")
