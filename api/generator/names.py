"""What an operation is called in the client: `orders.submit` for `submit_order`.

The group is the first part of the path; the name is the operation's id without the group's noun. Where that says too
little or too much, the name is written down here.
"""

import re

NAMES = {
    "submit_orders": ("orders", "submit_many"),
    "quote_order": ("quotes", "ask"),
    "read_forecast_score": ("forecasts", "score"),
    "read_health": ("health", "live"),
    "read_readiness": ("health", "ready"),
    "list_offering": ("offerings", "add"),
    "read_calendar": ("offerings", "calendar"),
    "list_versions": ("offerings", "versions"),
    "stream_events": ("events", "list"),
    "read_current_key": ("keys", "current"),
    "node_down": ("nodes", "down"),
    "node_up": ("nodes", "up"),
    "report_start": ("allocations", "start"),
    "report_heartbeat": ("allocations", "heartbeat"),
    "report_completion": ("allocations", "complete"),
    "report_failure": ("allocations", "fail"),
    "keep_time": ("rounds", "tick"),
    "price_round": ("rounds", "pricing"),
    "read_round_schedule": ("rounds", "schedule"),
    "follow_round": ("rounds", "progress"),
    "read_exchange": ("about", "read"),
    "open_demo_session": ("demo_sessions", "open"),
    "read_round_problem": ("rounds", "problem"),
    "read_round_clearing": ("rounds", "clearing"),
    "list_deliveries": ("webhooks", "deliveries"),
    "retry_delivery": ("webhooks", "retry"),
    "replay_events": ("webhooks", "replay"),
    "list_transfers": ("ledger", "transfers"),
}


def name_operation(path: str, operation_id: str) -> tuple[str, str]:
    """Group and method."""
    if operation_id in NAMES:
        return NAMES[operation_id]
    parts = path.strip("/").split("/")
    group = re.sub(r"[^a-z0-9]", "_", parts[1] if parts[0] == "v1" else parts[0])
    nouns = sorted({group, _singular(group)}, key=len, reverse=True)
    for noun in nouns:
        if operation_id.endswith(f"_{noun}"):
            return group, operation_id.removesuffix(f"_{noun}")
    return group, operation_id


def _singular(noun: str) -> str:
    if noun.endswith("ies"):
        return f"{noun.removesuffix('ies')}y"
    return noun.removesuffix("s")
