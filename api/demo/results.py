"""What a demonstration found, as one JSON file, with the problem and the clearing beside it."""

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from api.client.answers import RoundAnswer
from api.client.exchange import Exchange
from api.terminal.whole_file import writing_whole

Json = dict[str, Any]
LIBRARIES = ("suanli-exchange", "ortools", "numpy", "numba", "scipy")


def build_results(cleared: RoundAnswer, explained: list[Json], seed: int) -> Json:
    """Figures of the solver and of the baselines side by side, flows, and three explained orders."""
    told = cleared.plain()
    figures = told["figures"]
    summary = ("id", "state", "status", "starts_at", "slots", "orders", "placed", "seconds")
    return {
        "solver": figures["solver"],
        "baselines": figures["baselines"],
        "flows": figures["flows"],
        "settlement": told["settlement"],
        "explained": explained,
        "seed": seed,
        "policy": told["policy"],
        "round": {name: told[name] for name in summary},
        "history": figures["history"],
        "versions": {name: version(name) for name in LIBRARIES} | {"python": platform.python_version()},
    }


def write_results(exchange: Exchange, results: Json, file: Path) -> None:
    """Write the figures to `file`, and what `suanli verify` needs next to it."""
    round_id = results["round"]["id"]
    for kind, content in (
        ("problem", exchange.rounds.problem(round_id)),
        ("clearing", exchange.rounds.clearing(round_id)),
    ):
        beside = file.absolute().with_name(f"{file.stem}.{kind}.npz")
        with writing_whole(beside) as stream:
            stream.write(content)
        results[f"{kind}_file"] = str(beside)
    with writing_whole(file) as stream:
        stream.write(json.dumps(results, ensure_ascii=False, indent=2).encode() + b"\n")
