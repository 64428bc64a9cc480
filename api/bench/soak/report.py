"""What a soak came to, as JSON for programs and as markdown for people."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from api.bench.results import PACKAGES
from api.bench.soak.aftermath import Aftermath
from api.bench.soak.faults import Suffered
from solver.bench.processes import own_load
from solver.bench.results import describe_machine, describe_versions

SCHEMA = "suanli-soak/1"


def to_json(told: Aftermath) -> dict[str, Any]:
    """As the file has it."""
    rounds = {name: value for name, value in asdict(told.market.rounds).items() if name != "spans"}
    machine = describe_machine() | {"load_before": told.load_before, "load_after": own_load()}
    return {
        "schema": SCHEMA,
        "command": told.asked.command(),
        "date": told.began.isoformat(timespec="seconds"),
        "seed": told.asked.seed,
        "database": told.database,
        "machine": machine,
        "versions": describe_versions() | {package: version(package) for package in PACKAGES},
        "simulated": {
            "start": told.asked.starts_at.isoformat(),
            "hours": told.asked.hours,
            "speed": told.asked.speed,
        },
        "seconds": told.seconds,
        "ended": told.ended,
        "clients": told.asked.clients,
        "orders": {
            "planned": told.asked.orders,
            "sent": told.sent,
            "accepted": told.accepted,
            "refused": told.refused,
            "by_state": told.market.orders_by_state,
        },
        "answered": told.answered,
        "sent_again": told.repeated,
        "provider_reports": told.reports,
        "submits": asdict(told.waits),
        "rounds": rounds,
        "allocations": told.market.allocations_by_state,
        "transfers": told.market.transfers,
        "events": told.market.events,
        "restarted": told.restarted,
        "faults": [_fault(one) for one in told.suffered],
        "checkpoints": [
            asdict(one)
            | {"virtual": one.virtual.isoformat(timespec="seconds"), "discrepancies": len(one.discrepancies)}
            for one in told.checkpoints
        ],
        "discrepancies": [str(one) for one in told.discrepancies],
    }


def _fault(one: Suffered) -> dict[str, Any]:
    return {
        "kind": str(one.kind),
        "what": one.what,
        "virtual": one.virtual.isoformat(timespec="seconds"),
        "back_seconds": None if one.back_seconds is None else round(one.back_seconds, 2),
        "submit_seconds": one.submit_seconds,
        "round_seconds": one.round_seconds,
    }


def to_markdown(told: Mapping[str, Any]) -> str:
    """The same for people, from its JSON."""
    machine, submits, rounds, orders = (told[name] for name in ("machine", "submits", "rounds", "orders"))
    simulated = told["simulated"]
    where = f"{told['database']}, {machine['cpu']}, {machine['cores']} cores"
    load = f"load average {machine['load_before'][0]:.1f} before and {machine['load_after'][0]:.1f} after"
    lived = f"{simulated['hours']:g} hours of the market at {simulated['speed']:g} times their speed"
    lines = [
        f"{told['date']}, `{told['command']}`, {where}, {load}. {lived}, {told['seconds']:,.0f} s in all.",
        "",
        _table(
            ("", ""),
            [
                (
                    "orders sent, accepted, refused",
                    f"{orders['sent']:,}, {orders['accepted']:,}, {sum(orders['refused'].values()):,}",
                ),
                ("requests sent again under their key", f"{told['sent_again']:,}"),
                ("single submits: p50, p99, longest", _waits(submits)),
                ("rounds", _counts(rounds["by_state"])),
                (
                    "a round took: median, longest",
                    f"{rounds['seconds_p50']:g} s, {rounds['seconds_longest']:g} s",
                ),
                ("orders now", _counts(orders["by_state"])),
                ("grants", _counts(told["allocations"])),
                (
                    "transfers, events, providers' reports",
                    f"{told['transfers']:,}, {told['events']:,}, {told['provider_reports']:,}",
                ),
                ("processes that ended by themselves, started again", _counts(told["restarted"])),
                ("checkpoints", f"{len(told['checkpoints'])}"),
                ("**discrepancies**", f"**{len(told['discrepancies'])}**"),
            ],
        ),
        _table(
            ("fault", "of", "there again, s", "an order accepted, s", "a round landed, s"),
            [_fault_line(kind, some) for kind, some in _by_kind(told["faults"])],
        ),
    ]
    if told["ended"]:
        lines.append(f"Ended early: {told['ended']}.\n")
    lines += [f"- {one}" for one in told["discrepancies"][:50]]
    return "\n".join(lines) + "\n"


def _by_kind(faults: Iterable[Mapping[str, Any]]) -> list[tuple[str, list[Mapping[str, Any]]]]:
    kinds: dict[str, list[Mapping[str, Any]]] = {}
    for fault in faults:
        kinds.setdefault(fault["kind"], []).append(fault)
    return sorted(kinds.items())


def _fault_line(kind: str, faults: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    def spread(name: str) -> str:
        known = sorted(fault[name] for fault in faults if fault[name] is not None)
        never = len(faults) - len(known)
        told = f"{known[0]:.1f} to {known[-1]:.1f}" if known else "-"
        return f"{told}, {never} never" if never else told

    return kind, str(len(faults)), spread("back_seconds"), spread("submit_seconds"), spread("round_seconds")


def _waits(submits: Mapping[str, Any]) -> str:
    waits = [f"{submits[name]:,.0f} ms" for name in ("p50_ms", "p99_ms", "longest_ms")]
    return f"{', '.join(waits)} of {submits['number']:,}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "none"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    body = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in body) + "\n"
