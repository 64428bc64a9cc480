"""Whose keys each operation is for, and the scope it takes: told in the document as `x-roles` and `x-scope`, and kept by
tests that knock with every role, and with keys that have every scope but one.
"""

from collections.abc import Mapping
from typing import Any

from market.domain.parties import Role
from market.domain.scopes import Scope

OPERATOR = (Role.OPERATOR,)
BUYERS = (Role.BUYER, Role.OPERATOR)
PROVIDERS = (Role.PROVIDER, Role.OPERATOR)
ANY = (Role.BUYER, Role.PROVIDER, Role.OPERATOR)
ROLES: Mapping[str, tuple[Role, ...]] = {
    "submit_order": BUYERS,
    "submit_orders": BUYERS,
    "list_orders": BUYERS,
    "count_orders": BUYERS,
    "read_order": BUYERS,
    "amend_order": BUYERS,
    "submit_draft": BUYERS,
    "cancel_order": BUYERS,
    "explain_order": BUYERS,
    "quote_order": BUYERS,
    "read_quote": BUYERS,
    "release_quote": BUYERS,
    "list_allocations": ANY,
    "read_allocation": ANY,
    "report_start": PROVIDERS,
    "report_heartbeat": PROVIDERS,
    "report_completion": PROVIDERS,
    "report_failure": PROVIDERS,
    "clear_round": OPERATOR,
    "read_round": ANY,
    "price_round": ANY,
    "read_round_schedule": ANY,
    "read_round_problem": OPERATOR,
    "read_round_clearing": OPERATOR,
    "keep_time": OPERATOR,
    "node_down": OPERATOR,
    "node_up": OPERATOR,
    "list_offering": PROVIDERS,
    "amend_offering": PROVIDERS,
    "withdraw_offering": PROVIDERS,
    "drain_offering": PROVIDERS,
    "add_maintenance": PROVIDERS,
    "list_versions": ANY,
    "add_region": OPERATOR,
    "add_node": OPERATOR,
    "register_provider": OPERATOR,
    "register_buyer": OPERATOR,
    "list_buyers": BUYERS,
    "add_member": ANY,
    "list_members": ANY,
    "read_member": ANY,
    "change_member": ANY,
    "remove_member": ANY,
    "issue_key": ANY,
    "list_keys": ANY,
    "read_key": ANY,
    "read_current_key": ANY,
    "rotate_key": ANY,
    "revoke_key": ANY,
    "set_policy": OPERATOR,
    "stream_events": ANY,
    "list_audit": OPERATOR,
    "create_webhook": ANY,
    "list_webhooks": ANY,
    "read_webhook": ANY,
    "change_webhook": ANY,
    "remove_webhook": ANY,
    "rotate_secret": ANY,
    "test_webhook": ANY,
    "list_deliveries": ANY,
    "replay_events": ANY,
    "retry_delivery": ANY,
    "list_transfers": ANY,
    "check_ledger": OPERATOR,
    "list_accounts": ANY,
    "read_account": ANY,
    "deposit": OPERATOR,
    "pay_out": OPERATOR,
    "set_credit_limit": OPERATOR,
    "list_invoices": BUYERS,
    "list_statements": PROVIDERS,
    "create_voucher_pool": OPERATOR,
    "list_voucher_pools": ANY,
    "read_voucher_pool": ANY,
    "compare_scenarios": OPERATOR,
    "sweep_scenarios": OPERATOR,
    "replay_round": OPERATOR,
}
"""By operation, who uses it most first. What asks for no key at all is not listed."""


CHANGES: Mapping[Scope, tuple[str, ...]] = {
    Scope.ORDERS: (
        "submit_order",
        "submit_orders",
        "amend_order",
        "submit_draft",
        "cancel_order",
        "release_quote",
    ),
    Scope.OFFERINGS: (
        "list_offering",
        "amend_offering",
        "withdraw_offering",
        "drain_offering",
        "add_maintenance",
    ),
    Scope.ALLOCATIONS: ("report_start", "report_heartbeat", "report_completion", "report_failure"),
    Scope.MONEY: ("deposit", "pay_out", "set_credit_limit", "create_voucher_pool"),
    Scope.ROUNDS: ("clear_round", "keep_time"),
    Scope.MARKET: ("add_region", "add_node", "node_down", "node_up", "set_policy"),
    Scope.WEBHOOKS: (
        "create_webhook",
        "change_webhook",
        "remove_webhook",
        "rotate_secret",
        "test_webhook",
        "replay_events",
        "retry_delivery",
    ),
    Scope.ACCESS: (
        "register_provider",
        "register_buyer",
        "add_member",
        "change_member",
        "remove_member",
        "issue_key",
        "rotate_key",
        "revoke_key",
    ),
}
"""What each scope but `read` is for; `read` is for all the others that take a key. A quote that is to be held takes
`orders:write` besides; making, changing and replaying to a webhook takes `read` besides.
"""
NO_SCOPE = frozenset(
    {"read_round", "price_round", "read_round_schedule", "list_versions", "read_current_key"}
)
"""Public but for some of it, which a key without `read` is not shown; and what every key may ask."""


def scope_of(operation_id: str) -> Scope | None:
    """The scope that a key needs for an operation; None where it needs none, or no key."""
    if operation_id in NO_SCOPE or operation_id not in ROLES:
        return None
    named = (scope for scope, operations in CHANGES.items() if operation_id in operations)
    return next(named, Scope.READ)


def complete_access(document: dict[str, Any]) -> None:
    """Tell on every operation which roles it is for, and which scope it takes."""
    for operations in document["paths"].values():
        for operation in operations.values():
            roles = ROLES.get(operation["operationId"])
            if roles is not None:
                operation["x-roles"] = [role.value for role in roles]
            scope = scope_of(operation["operationId"])
            if scope is not None:
                operation["x-scope"] = scope.value
