"""What a demonstration found, as one JSON file, with the problem and the clearing beside it."""

import json
import platform
from importlib.metadata import version
from pathlib import Path

from api.client.exchange_client import ExchangeClient, Json
from api.client.whole_file import writing_whole

LIBRARIES = ("suanli-exchange", "ortools", "numpy", "numba", "scipy")


def build_results(cleared: Json, explained: list[Json], seed: int) -> Json:
    """Figures of the solver and of the baselines side by side, flows, and three explained orders."""
    figures = cleared["figures"]
    summary = ("id", "state", "status", "starts_at", "slots", "orders", "placed", "seconds")
    return {
        "solver": figures["solver"],
        "baselines": figures["baselines"],
        "flows": figures["flows"],
        "settlement": cleared["settlement"],
        "explained": explained,
        "seed": seed,
        "policy": cleared["policy"],
        "round": {name: cleared[name] for name in summary},
        "history": figures["history"],
        "versions": {name: version(name) for name in LIBRARIES} | {"python": platform.python_version()},
    }


def write_results(client: ExchangeClient, results: Json, file: Path) -> None:
    """Write the figures to `file`, and what `suanli verify` needs next to it."""
    for kind in ("problem", "clearing"):
        beside = file.absolute().with_name(f"{file.stem}.{kind}.npz")
        with writing_whole(beside) as stream:
            stream.write(client.get_bytes(f"/v1/rounds/{results['round']['id']}/{kind}.npz"))
        results[f"{kind}_file"] = str(beside)
    with writing_whole(file) as stream:
        stream.write(json.dumps(results, ensure_ascii=False, indent=2).encode() + b"\n")
