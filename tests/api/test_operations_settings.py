"""Settings: from options, environment, files of secrets, suanli.toml and defaults, in that order."""

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import SecretStr

from api.settings import Settings
from api.settings_sources import FIELDS, SECRETS, read_settings
from market.domain.errors import InvalidInput

EXAMPLE = Path(__file__).parents[2] / "suanli.example.toml"


@pytest.fixture(autouse=True)
def _a_directory_and_an_environment_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in FIELDS:
        monkeypatch.delenv(f"SUANLI_{name.upper()}", raising=False)
    monkeypatch.delenv("SUANLI_CONFIG", raising=False)


def written(text: str, name: str = "suanli.toml") -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


def refusal(text: str) -> str:
    with pytest.raises(InvalidInput) as refused:
        read_settings(written(text))
    assert refused.value.code == "invalid_settings"
    assert "\n" not in refused.value.message
    return refused.value.message


def test_the_stronger_source_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    written('port = 1000\nhost = "::1"\nsolver_seed = 3\nround_every = "5m"\n')
    monkeypatch.setenv("SUANLI_PORT", "2000")
    monkeypatch.setenv("SUANLI_SOLVER_SEED", "4")
    found = read_settings(port=3000)
    assert (found.settings.port, found.settings.solver_seed, found.settings.host) == (3000, 4, "::1")
    origins = {one.name: one.origin for one in found.summary()}
    assert {name: origins[name] for name in ("port", "solver_seed", "host", "log_level")} == {
        "port": "option",
        "solver_seed": "environment",
        "host": "file",
        "log_level": "default",
    }
    assert {one.name: one.value for one in found.summary()}["round_every"] == "300s"


def test_the_file_is_named_by_option_by_variable_or_by_where_it_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings().file is None
    written("port = 1")
    assert read_settings().settings.port == 1
    monkeypatch.setenv("SUANLI_CONFIG", str(written("port = 2", "two.toml")))
    assert read_settings().settings.port == 2
    assert read_settings(written("port = 3", "three.toml")).settings.port == 3
    with pytest.raises(InvalidInput, match=r"nowhere\.toml: there is no such file"):
        read_settings(Path("nowhere.toml"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 1", "there is no setting 'prot'; did you mean port?"),
        ("key_peper_file = 'x'", "did you mean key_pepper_file or"),
        ("zebra = 1", "`suanli settings` lists what there is"),
        ("[server]\nport = 1", "there is no setting 'server'"),
        ("port = ", "is not TOML"),
        ("port = 99999\nsolver_gap = 2", "port: Input should be less than or equal to 65535"),
        ("log_format = 'xml'", "it comes from suanli.toml"),
        ("key_pepper = 'a'\nkey_pepper_file = 'b'", "are both set in suanli.toml"),
        ("key_pepper_file = 'nowhere'", "nowhere, named by key_pepper_file in suanli.toml, cannot be read"),
    ],
)
def test_a_file_that_is_wrong_is_refused_in_one_line(text: str, said: str) -> None:
    assert said in refusal(text)


def test_all_that_is_out_of_range_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUANLI_SOLVER_GAP", "2")
    message = refusal("port = 99999")
    assert "it comes from suanli.toml" in message
    assert "it comes from SUANLI_SOLVER_GAP" in message


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_lie_in_a_file_of_its_own(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = written("s3cret-in-a-file\n", "secret")
    variable = f"SUANLI_{name.upper()}"
    monkeypatch.setenv(f"{variable}_FILE", str(secret))
    found = read_settings()
    assert getattr(found.settings, name).get_secret_value() == "s3cret-in-a-file"
    assert found.origins[name] == "secret file"
    monkeypatch.setenv(variable, "another")
    with pytest.raises(InvalidInput, match="keep one of them"):
        read_settings()
    monkeypatch.delenv(variable)
    monkeypatch.delenv(f"{variable}_FILE")
    beside = written(f'{name}_file = "secret"', "beside.toml")
    assert getattr(read_settings(beside).settings, name).get_secret_value() == "s3cret-in-a-file"
    written("", "secret")
    with pytest.raises(InvalidInput, match="is empty"):
        read_settings(beside)


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(f"SUANLI_{name.upper()}", "s3cret-value")
    monkeypatch.setenv("SUANLI_DATABASE_URL", "postgresql+psycopg://suanli:s3cret-value@db/market")
    told = {one.name: one.value for one in read_settings().summary()}
    assert "s3cret" not in repr(told)
    assert {told[name] for name in SECRETS} == {"•••"}
    assert told["database_url"] == "postgresql+psycopg://suanli:***@db/market"


def test_a_misspelt_variable_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUANLI_SOLVER_SECOND", "5")
    monkeypatch.setenv("SUANLI_KEY", "a client's")
    assert dict(read_settings().misspelt) == {"SUANLI_SOLVER_SECOND": "SUANLI_SOLVER_SECONDS"}


def test_every_setting_is_described() -> None:
    assert [name for name, field in FIELDS.items() if not field.description] == [], (
        "write it below the setting"
    )


def test_the_example_shows_every_setting_and_its_default() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    shown = tomllib.loads("\n".join(re.findall(r"^# (\w+ = .+)$", text, re.MULTILINE)))
    settings = [name for name in shown if not name.endswith("_file")]
    assert sorted(settings) == sorted(FIELDS), "suanli.example.toml lists every setting, once"
    files = [name.removesuffix("_file") for name in shown if name.endswith("_file")]
    assert sorted(files) == sorted(SECRETS)
    as_shown = Settings(**{name: shown[name] for name in settings if FIELDS[name].default is not None})
    assert as_shown == Settings(), "what the example shows is what holds anyway"


def test_what_suits_no_real_market_is_told() -> None:
    assert list(Settings(key_pepper=SecretStr("pepper")).risks()) == []
    told = list(Settings(demo_sessions=True).risks())
    assert [risk.split()[0] for risk in told] == ["key_pepper", "demo_sessions"]
