"""`python -m api.generator`: write the client anew. With `--check`: only say whether it is up to date."""

import sys

from api.app import build_contract
from api.generator.writing import CLIENT, write_client


def main(arguments: list[str]) -> int:
    """Exit status 1 where a file differed and `--check` was given."""
    written = write_client(build_contract().openapi())
    different = [
        name
        for name, text in written.items()
        if not (CLIENT / name).is_file() or (CLIENT / name).read_text(encoding="utf-8") != text
    ]
    if "--check" in arguments:
        sys.stdout.writelines(f"{name} is out of date: python -m api.generator\n" for name in different)
        return 1 if different else 0
    for name, text in written.items():
        (CLIENT / name).write_text(text, encoding="utf-8")
    sys.stdout.write(f"written: {', '.join(different) or 'nothing new'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
