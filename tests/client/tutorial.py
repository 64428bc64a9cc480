"""The tutorial as something that can be run: its fences, and a shell that runs them one after another."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

FENCE = re.compile(r"^```(\w*)(?: (\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANYTHING = "…"


@dataclass(frozen=True)
class Block:
    """Something to type, and what is shown of what it prints. `mark` is the word after the language."""

    language: str
    mark: str
    text: str
    shown: str = ""


def read_blocks(page: Path) -> list[Block]:
    """Blocks to run, each with the `text` fence that follows it."""
    return list(_with_output(FENCE.findall(page.read_text(encoding="utf-8"))))


def _with_output(fences: list[tuple[str, str, str]]) -> Iterator[Block]:
    for number, (language, mark, text) in enumerate(fences):
        if language != "text":
            after = fences[number + 1] if number + 1 < len(fences) else ("", "", "")
            yield Block(language, mark, text, after[2] if after[0] == "text" else "")


def missing_line(shown: str, printed: str) -> str | None:
    """The first line of what is shown that does not come, in its turn, in what was printed."""
    lines = iter(_words(line) for line in printed.splitlines())
    for line in shown.splitlines():
        parts = [re.escape(part.strip()) for part in _words(line).split(ANYTHING)]
        pattern = re.compile(r"\s*.*?\s*".join(parts) + ("" if line.endswith(ANYTHING) else "$"))
        if not any(pattern.match(printed_line) for printed_line in lines):
            return line
    return None


def _words(line: str) -> str:
    """Without the frame of a table, and with single spaces."""
    return " ".join(re.sub(r"[│┃]", " ", line).split())


class Shell:
    """One bash, in which what is exported stays exported."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self._directory = directory
        self._bash = subprocess.Popen(
            ["bash", "--norc"],
            cwd=directory,
            env={name: value for name, value in os.environ.items() if name != "COLUMNS"} | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._number = 0

    def __enter__(self) -> "Shell":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._type("kill $(jobs -p) 2>/dev/null; wait; exit")
        self._bash.communicate(timeout=60)

    def run(self, text: str) -> tuple[int, str]:
        """How many commands of these failed, and what all of them printed."""
        self._number += 1
        script, printed = (self._directory / f".{self._number}.{kind}" for kind in ("sh", "out"))
        script.write_text(f"trap 'FAILED=$((FAILED + 1))' ERR\nset -o pipefail\n{text}")
        self._type(f"FAILED=0; source ./{script.name} > {printed.name} 2>&1; echo $FAILED")
        assert self._bash.stdout is not None
        failed = int(self._bash.stdout.readline())
        return failed, printed.read_text(encoding="utf-8")

    def _type(self, line: str) -> None:
        assert self._bash.stdin is not None
        self._bash.stdin.write(f"{line}\n")
        self._bash.stdin.flush()
