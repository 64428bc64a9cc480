"""docs/problems.md, written from the registry."""

from collections.abc import Iterator

from api.problems.registry import Area, Entry, entries_by_area

HEAD = """# Problems · 错误代码

Every refusal is a problem document (RFC 9457, `application/problem+json`): `code` is stable, `type` is the page of the
code on the exchange (`/problems/<code>`), `detail` says what happened and what to do next, `errors` names fields.
Written from `api/problems/codes/` by `suanli openapi --problems docs/problems.md`; change it there.

每个拒绝都是一份问题文档（RFC 9457，`application/problem+json`）：`code` 稳定不变，`type` 指向交易所上的说明页
（`/problems/<code>`），`detail` 说明发生了什么以及如何处理，`errors` 指出字段。
本文由 `suanli openapi --problems docs/problems.md` 从 `api/problems/codes/` 生成，请在那里修改。
"""


def write_reference() -> str:
    """The whole page as Markdown."""
    parts = [HEAD]
    for area, entries in entries_by_area().items():
        parts += [_heading(area), *(section for entry in entries for section in _section(entry))]
    return "\n".join(parts)


def _heading(area: Area) -> str:
    return f"## {area.title_en} · {area.title_zh}\n"


def _section(entry: Entry) -> Iterator[str]:
    status = "any · 不定" if entry.statuses_vary else str(entry.status)
    yield f"### `{entry.code}`\n"
    yield f"**{entry.title_en} · {entry.title_zh}** (HTTP {status})\n"
    yield f"{entry.means_en} {entry.next_en}\n"
    yield f"{entry.means_zh}{entry.next_zh}\n"
