"""Whose keys each operation is for: told in the document as `x-roles`, and kept by tests that knock with every role."""

from collections.abc import Mapping
from typing import Any

from market.domain.parties import Role

OPERATOR = (Role.OPERATOR,)
BUYERS = (Role.BUYER, Role.OPERATOR)
PROVIDERS = (Role.PROVIDER, Role.OPERATOR)
ANY = (Role.BUYER, Role.PROVIDER, Role.OPERATOR)
ROLES: Mapping[str, tuple[Role, ...]] = {
    "submit_order": BUYERS,
    "submit_orders": BUYERS,
    "list_orders": BUYERS,
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
    "set_policy": OPERATOR,
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


def complete_access(document: dict[str, Any]) -> None:
    """Tell on every operation which roles it is for."""
    for operations in document["paths"].values():
        for operation in operations.values():
            roles = ROLES.get(operation["operationId"])
            if roles is not None:
                operation["x-roles"] = [role.value for role in roles]
