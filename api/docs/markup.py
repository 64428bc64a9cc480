"""Text of the document as HTML: escaped, code between backticks, paragraphs between empty lines."""

import json
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any


def inline(text: str) -> str:
    """One line of text; what stands between backticks is code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))


def paragraphs(text: str) -> str:
    """Several lines of text."""
    return "\n".join(
        f"<p>{inline(' '.join(part.split()))}</p>" for part in text.split("\n\n") if part.strip()
    )


def heading(level: int, english: str, chinese: str) -> str:
    """A heading in both languages."""
    return f'<h{level}>{escape(english)} <span lang="zh">{escape(chinese)}</span></h{level}>'


def table(columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]]) -> str:
    """Columns by their names in both languages; cells are HTML already."""
    head = "".join(
        f'<th scope="col">{english} <span lang="zh">{chinese}</span></th>' for english, chinese in columns
    )
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>'


def shown_json(value: Any) -> str:
    """An example as it is sent."""
    return f"<pre><code>{escape(json.dumps(value, ensure_ascii=False, indent=2))}</code></pre>"
