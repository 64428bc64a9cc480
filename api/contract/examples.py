"""An example on every parameter, body and answer: taken from the schemas, so that it is written once."""

from collections.abc import Mapping
from typing import Any

ID = "01k0a1b2c3d4e5f6g7h8j9kmnp"
PARAMETERS: Mapping[str, tuple[Any, str]] = {
    "order_id": (f"ord_{ID}", "An order's id."),
    "quote_id": (f"qte_{ID}", "A quote's id."),
    "round_id": (f"rnd_{ID}", "A round's id."),
    "allocation_id": (f"alo_{ID}", "An allocation's id."),
    "offering_id": (f"off_{ID}", "An offering's id."),
    "voucher_pool_id": (f"vpl_{ID}", "A voucher pool's id."),
    "key_id": (f"key_{ID}", "A key's id."),
    "member_id": (f"mem_{ID}", "A member's id."),
    "account_id": ("acc_buy_0001", "An account's id."),
    "node_id": ("tianfu_cluster", "A node's id."),
    "region_id": ("chengdu", "A region's id."),
    "device_id": ("910b", "A device's id."),
    "provider_id": ("prv_0062", "A provider's id."),
    "owner_id": ("buy_0001", "A provider's or a buyer's id."),
    "organisation_id": ("buy_0001", "A provider's or a buyer's id."),
    "buyer_id": ("buy_0001", "A buyer's id."),
    "webhook_id": (f"whk_{ID}", "A webhook's id."),
    "delivery_id": ("dlv_0000000000000007", "A delivery's id."),
    "cursor": ("b3JkXzAxazBhMWIyYzNkNGU1ZjZnN2g4ajlrbW5w", "`next_cursor` of the page before."),
}
"""Parameters that many operations share, by name: example, and description where the operation gives none."""
Document = dict[str, Any]


def complete_examples(document: Document) -> None:
    """Fill in what the operations of a document do not show by themselves."""
    schemas = document["components"]["schemas"]
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                _complete_parameter(parameter, schemas)
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            for body in bodies:
                for content in body.get("content", {}).values():
                    _complete_content(content, schemas)


def _complete_parameter(parameter: Document, schemas: Document) -> None:
    example, description = PARAMETERS.get(parameter["name"], (None, None))
    if description is not None:
        parameter.setdefault("description", description)
    if "example" in parameter or "examples" in parameter:
        return
    found = _of_schema(parameter["schema"], schemas)
    shown = example if found is None else found
    if shown is not None:
        parameter["example"] = shown


def _of_schema(schema: Document, schemas: Document) -> Any:
    """The first example a parameter's schema gives, its default or its first permitted value."""
    parts = _alternatives(schema, schemas)
    for part in parts:
        if part.get("examples"):
            return part["examples"][0]
    for part in parts:
        if part.get("default") is not None:
            return part["default"]
        if part.get("enum"):
            return part["enum"][0]
    return None


def _complete_content(content: Document, schemas: Document) -> None:
    if "example" in content or "examples" in content or "schema" not in content:
        return
    for part in _alternatives(content["schema"], schemas):
        if part.get("examples"):
            content["example"] = part["examples"][0]
            return


def _alternatives(schema: Document, schemas: Document) -> list[Document]:
    """A schema and what it may be instead, references followed."""
    parts = [schema, *schema.get("anyOf", []), *schema.get("oneOf", [])]
    return [schemas[part["$ref"].rsplit("/", 1)[1]] if "$ref" in part else part for part in parts]
