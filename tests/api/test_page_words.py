"""The page's own files: complete in both languages, small, without anything from elsewhere."""

import re
from functools import cache
from pathlib import Path

import pytest

from api.web.page import STATIC

SCRIPTS = STATIC / "scripts"
ROOMS = sorted((SCRIPTS / "words").glob("*.js"))
READERS = sorted(path for path in SCRIPTS.rglob("*.js") if path.parent.name != "words")
MOST_LINES = 250
TOKEN = re.compile(r'//[^\n]*|"(?:[^"\\\n]|\\.)*"|[A-Za-z_]\w*|[{}:,;=]')
CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
NAMED = re.compile(r"\{(\w+)\}")
Words = dict[str, dict[str, str]]


@cache
def words_of(room: Path) -> tuple[str, Words]:
    """Name of a room's words and what they are; the file must be nothing but { zh: { key: "word", … }, en: { … } }."""
    tokens = [
        found for found in TOKEN.findall(room.read_text(encoding="utf-8")) if not found.startswith("//")
    ]
    assert tokens[:2] == ["export", "const"], room
    assert tokens[3:5] == ["=", "{"], room
    found: Words = {}
    language, key = "", ""
    for before, sign, after in zip(tokens[4:], tokens[5:], [*tokens[6:], ""], strict=False):
        if after == ":" and before in "{,":
            if language:
                key = sign.strip('"')
                assert key not in found[language], f"{room.name}: {key} twice in {language}"
            else:
                language = sign
                found[language] = {}
        elif before == ":" and sign.startswith('"'):
            found[language][key] = sign[1:-1]
        elif sign == "}":
            language = ""
    return tokens[2], found


def named_words() -> dict[str, Words]:
    return dict(words_of(room) for room in ROOMS)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.stem)
def test_both_languages_say_the_same(room: Path) -> None:
    _, found = words_of(room)
    assert list(found) == ["zh", "en"]
    assert found["zh"]
    assert found["zh"].keys() == found["en"].keys()
    for key, word in found["zh"].items():
        assert sorted(set(NAMED.findall(word))) == sorted(set(NAMED.findall(found["en"][key]))), key
        assert word.strip(), key
        assert found["en"][key].strip(), key


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.stem)
def test_no_chinese_in_english(room: Path) -> None:
    _, found = words_of(room)
    switch = {"中文"}
    assert [word for word in found["en"].values() if CHINESE.search(word) and word not in switch] == []


def words_asked_for(script: str) -> list[tuple[str, str]]:
    """(name of the words, key) of every literal that a script asks for, both ends of a choice included."""
    asked = []
    sayers = dict(re.findall(r"\b(\w+) = words\((\w+)\)", script))
    if re.search(r"import \{[^}]*\bterm\b[^}]*\} from", script):
        sayers["term"] = "TERMS"
    for sayer, room in sayers.items():
        call = rf"(?<![\w.]){sayer}\("
        asked += [(room, key) for key in re.findall(rf'{call}"(\w+)"', script)]
        inner = r'[^()"?]*(?:\([^()]*\)[^()"?]*|"[^"]*"[^()"?]*)*'
        for keys in re.findall(rf'{call}{inner}\? "(\w+)" : "(\w+)"', script):
            asked += [(room, key) for key in keys]
    return asked


def test_every_word_that_is_asked_for_is_there() -> None:
    known = named_words()
    asked = [(path, *one) for path in READERS for one in words_asked_for(path.read_text(encoding="utf-8"))]
    assert len(asked) > 300
    missing = [
        f"{path.relative_to(SCRIPTS)}: {key} of {room}"
        for path, room, key in asked
        if key not in known[room]["zh"]
    ]
    assert missing == []


def test_who_asks_for_a_choice_of_words_is_understood() -> None:
    choices = 'say(waits(order) ? "one" : "two"); say(state === "x" ? "four" : "five")'
    script = f'const say = words(ORDER);\nsay("three"); essay("none"); {choices}'
    assert {key for _, key in words_asked_for(script)} == {"one", "two", "three", "four", "five"}


@pytest.mark.parametrize("path", READERS, ids=lambda path: path.relative_to(SCRIPTS).as_posix())
def test_scripts_say_nothing_of_their_own(path: Path) -> None:
    """Chinese text lives with the words, where its English stands beside it."""
    code = re.sub(r"//[^\n]*", "", path.read_text(encoding="utf-8"))
    assert CHINESE.findall(code) == []


def test_files_are_small() -> None:
    files = [path for path in STATIC.rglob("*") if path.suffix in {".js", ".css", ".html"}]
    lines = {
        path.relative_to(STATIC).as_posix(): path.read_text(encoding="utf-8").count("\n") for path in files
    }
    assert {name: many for name, many in lines.items() if many > MOST_LINES} == {}


def test_every_import_leads_to_a_file() -> None:
    given = {"vendor/echarts.esm.min.js", "map/china.json"}
    for path in SCRIPTS.rglob("*.js"):
        for address in re.findall(r'(?:from |import\()"(\.[^"]+)"', path.read_text(encoding="utf-8")):
            found = (path.parent / address).resolve()
            assert found.is_file() or found.relative_to(STATIC).as_posix() in given, f"{path}: {address}"


def exported_by(path: Path) -> set[str]:
    """Names that a script gives to others."""
    text = path.read_text(encoding="utf-8")
    lists = re.findall(r"^export \{([^}]*)\}", text, re.MULTILINE)
    declared = re.findall(r"^export (?:async )?(?:const|let|class|function\*?) (\w+)", text, re.MULTILINE)
    return {*declared, *(name.split(" as ")[-1].strip() for names in lists for name in names.split(","))}


def test_every_name_that_is_imported_is_exported() -> None:
    """A browser refuses the whole view otherwise."""
    wrong = []
    for path in SCRIPTS.rglob("*.js"):
        taken = re.findall(
            r'^import \{([^}]*)\} from "(\.[^"]+)"', path.read_text(encoding="utf-8"), re.MULTILINE
        )
        for names, address in taken:
            wanted = {name.split(" as ")[0].strip() for name in names.split(",")}
            missing = wanted - exported_by((path.parent / address).resolve())
            wrong += [f"{path.relative_to(SCRIPTS)}: {name} of {address}" for name in missing]
    assert wrong == []


def test_every_script_is_used() -> None:
    document = (STATIC / "index.html").read_text(encoding="utf-8")
    ahead = [STATIC / name for name in re.findall(r'<script[^>]* src="\{\{assets\}\}/([^"]+)"', document)]
    assert SCRIPTS / "main.js" in ahead
    reached = set[Path]()
    while ahead:
        path = ahead.pop()
        if path in reached or not path.is_file():
            continue
        reached.add(path)
        addresses = re.findall(r'(?:from |import\()"(\.[^"]+)"', path.read_text(encoding="utf-8"))
        ahead += [(path.parent / address).resolve() for address in addresses]
    assert set(SCRIPTS.rglob("*.js")) - reached == set()


def test_nothing_is_fetched_from_elsewhere_and_nothing_is_read_as_markup() -> None:
    for path in STATIC.rglob("*"):
        if path.suffix not in {".js", ".css", ".html"}:
            continue
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert (
            re.findall(r"https?://[^\s\"'`]+|innerHTML|insertAdjacentHTML|document\.write|\beval\(", text)
            == []
        ), path
