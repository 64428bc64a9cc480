"""The whole page: what there is, by subject, then every schema."""

from collections.abc import Mapping
from html import escape
from string import Template
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.docs.markup import heading, inline, paragraphs
from api.docs.operations import tell_operation
from api.docs.schemas import tell_schema
from api.web.page import the_page

router = APIRouter(include_in_schema=False)
_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API · $title</title>
<link rel="icon" href="$assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="$assets/style/docs.css">
</head>
<body>
<header><h1>$title API <small>$version</small></h1>
$description
<p>
<a href="/openapi.json">OpenAPI</a> ·
<a href="/problems">Problems <span lang="zh">错误代码</span></a> ·
<a href="/">The market <span lang="zh">市场</span></a>
</p></header>
<nav aria-label="Subjects 主题"><ul>$subjects</ul></nav>
<main>
$operations
<section id="schemas">$schemas_heading
$schemas
</section>
</main>
</body>
</html>
""")


@router.get("/docs")
def read_docs(request: Request) -> HTMLResponse:
    """Every operation and schema of this exchange."""
    state = request.app.state
    if not hasattr(state, "docs"):
        state.docs = write_docs(request.app.openapi())
    return HTMLResponse(state.docs)


def write_docs(document: Mapping[str, Any]) -> str:
    """The page of an OpenAPI document."""
    names = [tag["name"] for tag in document["tags"]]
    links = [f'<li><a href="#{escape(name)}">{escape(name)}</a></li>' for name in names]
    schemas = document["components"]["schemas"]
    return _PAGE.substitute(
        assets=the_page().prefix,
        title=escape(document["info"]["title"]),
        version=escape(document["info"]["version"]),
        description=paragraphs(document["info"]["description"]),
        subjects="".join([*links, '<li><a href="#schemas">schemas</a></li>']),
        operations="\n".join(_subject(tag, document["paths"]) for tag in document["tags"]),
        schemas_heading=heading(2, "Schemas", "数据结构"),
        schemas="\n".join(tell_schema(name, schemas[name]) for name in sorted(schemas)),
    )


def _subject(tag: Mapping[str, str], paths: Mapping[str, Any]) -> str:
    told = [
        tell_operation(path, method, operation)
        for path, operations in paths.items()
        for method, operation in operations.items()
        if tag["name"] in operation.get("tags", ())
    ]
    name = escape(tag["name"])
    return (
        f'<section id="{name}"><h2>{name}</h2>\n<p>{inline(tag["description"])}</p>\n'
        + "\n".join(told)
        + "</section>"
    )
