"""`suanli settings`: what is set, and where it came from."""

from dataclasses import asdict

from api.cli.options import AsJson, ConfigFile
from api.cli.output import print_json, print_table


def settings(*, config: ConfigFile = None, as_json: AsJson = False) -> None:
    """Show every setting, its value and where it came from; secrets are never shown.

    Options beat the environment (SUANLI_…), the environment beats suanli.toml, the file beats what is usual.

    Examples:

      suanli settings

      suanli settings --config /etc/suanli.toml --json
    """
    from api.settings_sources import read_settings  # noqa: PLC0415 - quick `--help`

    found = read_settings(config)
    told = found.summary()
    if as_json:
        file = None if found.file is None else str(found.file)
        print_json({"file": file, "settings": [asdict(one) for one in told]})
        return
    title = "no file of settings" if found.file is None else f"file of settings: {found.file}"
    print_table(("setting", "value", "from"), ((one.name, one.value, one.origin) for one in told), title)
