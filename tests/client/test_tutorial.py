"""The tutorial does what it says, in both languages."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tutorial import Shell, missing_line, read_blocks

ROOT = Path(__file__).parents[2]
PAGES = {
    language: ROOT / "docs" / name for language, name in (("en", "tutorial.md"), ("zh", "tutorial.zh.md"))
}
USUAL_PORT = "8471"


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def test_both_languages_have_the_same_blocks() -> None:
    assert read_blocks(PAGES["en"]) == read_blocks(PAGES["zh"])
    english, chinese = (
        re.findall("^#+", page.read_text(encoding="utf-8"), re.MULTILINE) for page in PAGES.values()
    )
    assert english == chinese


def test_what_is_installed_with_make_can_be_made() -> None:
    """Installing anew would need the network: make says what it would do."""
    (install,) = [block for block in read_blocks(PAGES["en"]) if block.mark == "install"]
    targets = re.findall(r"^make (\S+)$", install.text, re.MULTILINE)
    assert targets
    for target in targets:
        subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.slow
def test_the_tutorial_does_what_it_says(tmp_path: Path, database_url: str) -> None:
    port = free_port()
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "SUANLI_PORT": port,
        "SUANLI_SERVER": f"http://127.0.0.1:{port}",
        "SUANLI_KEY": "",
        "SUANLI_PROFILE": "",
        "SUANLI_DATABASE_URL": database_url,
        "no_proxy": "127.0.0.1",
    }
    blocks = [block for block in read_blocks(PAGES["en"]) if block.mark != "install"]
    assert {block.language for block in blocks} == {"sh", "python"}
    with Shell(tmp_path, environment) as shell:
        for number, block in enumerate(blocks):
            text = block.text.replace(USUAL_PORT, port)
            if block.language == "python":
                (tmp_path / f"{number}.py").write_text(text, encoding="utf-8")
                text = f"python {number}.py\n"
            failed, printed = shell.run(text)
            assert failed == 0, f"{block.text}\n{printed}"
            missing = missing_line(block.shown, printed)
            assert missing is None, f"{block.text}\nprinted:\n{printed}\nbut not: {missing}"


@pytest.mark.parametrize(
    ("shown", "printed", "missing"),
    [
        ("ord_… is open", "x\nord_1 is open", None),
        ("ord_… is open", "ord_1 is opened", "ord_… is open"),
        ("a\nb", "a\nx\nb", None),
        ("a\nb", "b\na", "b"),
        ("… 1 … 2 …", "│ 1 │  2 │ 3 │", None),
        ("…", "", "…"),
        ("1.00", "1x00", "1.00"),
    ],
)
def test_what_is_shown_is_looked_for(shown: str, printed: str, missing: str | None) -> None:
    assert missing_line(shown, printed) == missing
