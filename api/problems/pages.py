"""The pages behind `type`: what each problem means and what to do next, in both languages, without a script."""

from html import escape
from pathlib import Path
from string import Template

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse

from api.problems.registry import PAGES, Entry, entries_by_area, registry
from market.domain.errors import NotFound

router = APIRouter(prefix=PAGES, include_in_schema=False, default_response_class=HTMLResponse)
STYLE = Path(__file__).parent / "style.css"
_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title · Suanli Exchange 算力交易所</title>
<link rel="stylesheet" href="/problems/style.css">
</head>
<body>
$body
</body>
</html>
""")


@router.get("")
def list_problem_pages() -> HTMLResponse:
    """Every code, area by area."""
    parts = ['<h1>Problems <span lang="zh">错误代码</span></h1>']
    for area, entries in entries_by_area().items():
        parts.append(f'<h2>{escape(area.title_en)} <span lang="zh">{escape(area.title_zh)}</span></h2>\n<ul>')
        parts += [_line(entry) for entry in entries]
        parts.append("</ul>")
    return HTMLResponse(_PAGE.substitute(title="Problems 错误代码", body="\n".join(parts)))


@router.get("/style.css")
def read_style() -> FileResponse:
    """A file of its own: the pages allow no inline styles."""
    return FileResponse(STYLE, media_type="text/css")


@router.get("/{code}")
def read_problem_page(code: str) -> HTMLResponse:
    """One code."""
    entry = registry().get(code)
    if entry is None:
        raise NotFound("not_found", f"no problem has the code {code[:64]!r}; {PAGES} lists them")
    return HTMLResponse(_PAGE.substitute(title=escape(entry.title_en), body=_body(entry)))


def _line(entry: Entry) -> str:
    return (
        f'<li><a href="{escape(entry.type)}"><code>{escape(entry.code)}</code></a> '
        f'{escape(entry.title_en)} <span lang="zh">{escape(entry.title_zh)}</span></li>'
    )


def _body(entry: Entry) -> str:
    words = {
        "en": (entry.title_en, "What it means", entry.means_en, "What to do next", entry.next_en),
        "zh": (entry.title_zh, "含义", entry.means_zh, "如何处理", entry.next_zh),
    }
    head = f'<p><a href="{PAGES}">Problems 错误代码</a></p>\n<p><code>{entry.code}</code> · HTTP {entry.status}</p>'
    return "\n".join([head, *(_section(language, *said) for language, said in words.items())])


def _section(language: str, title: str, *rows: str) -> str:
    pairs = zip(rows[::2], rows[1::2], strict=True)
    terms = "\n".join(f"<dt>{term}</dt><dd>{_marked(text)}</dd>" for term, text in pairs)
    return f'<section lang="{language}">\n<h1>{escape(title)}</h1>\n<dl>\n{terms}\n</dl>\n</section>'


def _marked(text: str) -> str:
    """Escaped, with what stands between backticks as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))
