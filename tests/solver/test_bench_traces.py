"""Readers of traces on small files made by hand; a broken line is named by its number."""

from pathlib import Path

import numpy as np
import pytest

from solver import Limits, clear, verify
from solver.bench.traces import TraceError, TraceMarket, read_traces

NODES = "sn,cpu_milli,memory_mib,gpu,model\nn0,1,1,0,\nn1,1,1,2,T4\nn2,1,1,2,T4\nn3,1,1,8,G2\n"
PODS = (
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time\n"
    "p0,1,1,1,460,,LS,Running,7200,10000,7200\n"
    "p1,1,1,8,1000,G2,BE,Running,3600,25200,3600\n"
    "p2,1,1,0,0,,LS,Running,0,9,0\n"
    "p3,1,1,1,1000,T4|P100,Burstable,Failed,9000,9000,9000\n"
)
CHRONUS = (
    "job_id,user,num_gpu,submit_time,iterations,model_name,duration,interval,expect_time_list,expect_value_list,"
    "best_effort,job_type\n"
    "0,u,4,0,1,vgg16,90,5,200,10,0,strict\n"
    "1,u,1,70,1,vgg16,30,5,70,10,1,best\n"
    "2,u,0,80,1,vgg16,30,5,70,10,1,best\n"
)
SWF = (
    "; MaxNodes: 8\n; Note: by hand\n"
    "1 0 -1 3600 4 -1 -1 -1 -1 -1 1 -1 -1 -1 0 -1 -1 -1\n"
    "2 7300 -1 -1 -1 -1 -1 8 7200 -1 1 -1 -1 -1 0 -1 -1 -1\n"
    "3 7400 -1 -1 -1 -1 -1 -1 -1 -1 0 -1 -1 -1 0 -1 -1 -1\n"
)


@pytest.fixture
def traces(tmp_path: Path) -> Path:
    (tmp_path / "ali").mkdir()
    (tmp_path / "ali" / "openb_node_list_all_node.csv").write_text(NODES)
    (tmp_path / "ali" / "openb_pod_list_default.csv").write_text(PODS)
    (tmp_path / "trace_job_small.csv").write_text(CHRONUS)
    (tmp_path / "small.swf").write_text(SWF)
    return tmp_path


def read(directory: Path) -> tuple[dict[str, TraceMarket], list[str]]:
    missing: list[str] = []
    return {market.name: market for market in read_traces(directory, missing.append)}, missing


def test_every_family_becomes_markets_that_clear(traces: Path) -> None:
    markets, missing = read(traces)
    assert missing == []
    assert set(markets) == {"openb default packing", "openb default week", "chronus small", "swf small"}
    for market in markets.values():
        clearing = clear(market.problem, Limits(seconds=1.0))
        assert verify(market.problem, clearing).ok
        assert clearing.placed.any(), market.name


def test_openb_counts_in_thousandths_and_keeps_models_apart(traces: Path) -> None:
    market = read(traces)[0]["openb default packing"]
    problem = market.problem
    assert market.facts["left out: no GPU"] == 1
    assert problem.capacity_units[:, 0].tolist() == [8000, 4000]
    assert problem.job_scale.tolist() == [460, 8000, 1000]
    reach = np.diff(problem.profile_start)[problem.job_profile]
    assert reach.tolist() == [2, 1, 1]
    assert problem.candidate_offering[problem.profile_start[problem.job_profile[2]]] == 1


def test_openb_week_keeps_the_times(traces: Path) -> None:
    problem = read(traces)[0]["openb default week"].problem
    assert problem.slots == 168
    assert problem.first_slot.tolist() == [1, 0, 1]
    run = problem.candidate_slots[problem.profile_start[problem.job_profile]]
    assert run.tolist() == [1, 6, 1]
    assert (problem.end_slot - problem.first_slot - run).tolist() == [1, 24, 6]
    assert problem.capacity_units.sum(axis=0)[0] >= 8000


def test_chronus_has_deadlines_gangs_and_values(traces: Path) -> None:
    market = read(traces)[0]["chronus small"]
    problem = market.problem
    assert market.facts["left out: no card"] == 1
    assert problem.job_scale.tolist() == [4, 1]
    assert problem.first_slot.tolist() == [0, 1]
    assert problem.end_slot.tolist() == [min(problem.slots, 4), problem.slots]
    assert problem.value_micros[0] > problem.value_micros[1]


def test_swf_falls_back_to_what_was_requested(traces: Path) -> None:
    market = read(traces)[0]["swf small"]
    problem = market.problem
    assert market.facts["left out: unusable"] == 1
    assert problem.capacity_units[0, 0] == 8
    assert problem.job_scale.tolist() == [4, 8]
    assert problem.candidate_slots[problem.profile_start[problem.job_profile]].tolist() == [1, 2]
    assert problem.first_slot.tolist() == [0, 2]


def test_missing_families_are_told_and_nothing_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="holds none of"):
        read(tmp_path)
    with pytest.raises(TraceError, match="no such directory"):
        read(tmp_path / "absent")
    (tmp_path / "small.swf").write_text(SWF)
    markets, missing = read(tmp_path)
    assert list(markets) == ["swf small"]
    assert [name.split()[0] for name in missing] == ["Alibaba", "Chronus"]


@pytest.mark.parametrize(
    ("name", "old", "new", "line", "words"),
    [
        ("ali/openb_node_list_all_node.csv", "n1,1,1,2,T4", "n1,1,1,two,T4", 3, "gpu is 'two'"),
        ("ali/openb_node_list_all_node.csv", "n1,1,1,2,T4", "n1,1,1", 3, "3 fields, not 5"),
        ("ali/openb_node_list_all_node.csv", "gpu,model", "cards,model", 1, "lacks the columns gpu"),
        ("ali/openb_pod_list_default.csv", "1,460", "1,1460", 2, "gpu_milli is 1460"),
        ("ali/openb_pod_list_default.csv", "3600,25200", "3600,1", 3, "before creation_time"),
        ("trace_job_small.csv", "0,strict", "7,strict", 2, "best_effort is 7"),
        ("trace_job_small.csv", ",70,1,vgg16,30", ",-70,1,vgg16,30", 3, "submit_time is -70"),
        ("trace_job_small.csv", ",70,1,vgg16,30", ",nan,1,vgg16,30", 3, "submit_time is nan"),
        ("small.swf", "1 0 -1 3600", "1 0 -1 x", 3, "field 4 is 'x'"),
        ("small.swf", "2 7300 -1", "2 7300", 4, "17 fields, not 18"),
        ("small.swf", "1 0 -1 3600", "1 0 -1 inf", 3, "field 4 is 'inf'"),
    ],
)
def test_a_broken_line_is_named(traces: Path, name: str, old: str, new: str, line: int, words: str) -> None:
    path = traces / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(TraceError, match=words) as caught:
        read(traces)
    assert (caught.value.path, caught.value.line) == (path, line)


def test_text_that_is_none_is_told(traces: Path) -> None:
    (traces / "small.swf").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TraceError, match="no readable text"):
        read(traces)
