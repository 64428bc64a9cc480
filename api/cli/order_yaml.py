"""Orders as YAML, read safely: no objects, no bombs, no key twice, and amounts digit by digit.

A few hundred bytes of YAML can stand for billions of values, because an alias repeats what it names. So what a document
comes to with all its aliases written out is counted before anything is built.
"""

from collections.abc import Hashable
from typing import Any

import yaml

from api.terminal.refusal import Refusal

LARGEST_TEXT = 16 * 2**20
MOST_VALUES = 1_000_000
AMOUNTS = frozenset({"limit_price", "latency_cost_per_ms_hour"})


class Written(float):
    """A number that remembers how it was written: an amount is a decimal, and no float."""

    text: str


class OrderLoader(yaml.SafeLoader):
    """PyYAML's safe loader, stricter."""

    def get_single_data(self) -> Any:
        """Not used: documents are read one after another."""
        raise NotImplementedError

    def construct_document(self, node: yaml.Node) -> Any:
        """Only what is small enough with all aliases written out."""
        _count(node, {}, set())
        return super().construct_document(node)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        """Without keys that are there twice, of which the loader would keep the last."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                if key.value in seen:
                    what = f"{key.value!r} is there twice"
                    raise yaml.constructor.ConstructorError(None, None, what, key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _construct_number(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Written:
    number = Written(loader.construct_yaml_float(node))
    number.text = node.value
    return number


OrderLoader.add_constructor("tag:yaml.org,2002:float", _construct_number)


def read_yaml(text: str, name: str) -> list[Any]:
    """All documents; `Refusal` not_yaml says where it is none, yaml_too_large where it stands for too much."""
    if len(text) > LARGEST_TEXT:
        raise Refusal("yaml_too_large", f"{name} is larger than 16 MiB", "use NDJSON: one JSON object a line")
    try:
        documents = list(yaml.load_all(text, OrderLoader))
    except yaml.YAMLError as error:
        raise Refusal("not_yaml", f"{name}: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise Refusal("yaml_too_large", f"{name} is nested too deeply") from error
    return [_with_amounts(document) for document in documents if document is not None]


def _count(node: yaml.Node, known: dict[int, int], above: set[int]) -> int:
    """Values under a node, aliases written out; refused when there are too many, or when it holds itself."""
    if id(node) in above:
        raise Refusal("yaml_too_large", "an alias repeats what it is part of, without end")
    if id(node) in known:
        return known[id(node)]
    total = 1
    if isinstance(node, yaml.CollectionNode):
        parts = (
            node.value
            if isinstance(node, yaml.SequenceNode)
            else [one for pair in node.value for one in pair]
        )
        inside = above | {id(node)}
        for part in parts:
            total += _count(part, known, inside)
            if total > MOST_VALUES:
                raise Refusal("yaml_too_large", f"its aliases stand for more than {MOST_VALUES:,} values")
    known[id(node)] = total
    return total


def _with_amounts(thing: Any) -> Any:
    """Amounts as the text that was written: 1200.00 stays 1200.00."""
    if isinstance(thing, list):
        return [_with_amounts(one) for one in thing]
    if not isinstance(thing, dict):
        return thing
    return {
        name: _amount(value) if name in AMOUNTS else _with_amounts(value) for name, value in thing.items()
    }


def _amount(value: Any) -> Any:
    if isinstance(value, Written):
        return value.text
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
