"""Whether the exchange is up and ready."""

from api.schemas.fields import Schema, example


class Health(Schema):
    """The exchange says how it is."""

    model_config = example(status="ok", version="0.1.0")

    status: str
    version: str


class ReadinessCheck(Schema):
    """One thing that must be well; `code` says what is not."""

    model_config = example(name="database", code=None, milliseconds=2.1)

    name: str
    code: str | None
    milliseconds: float


class Readiness(Schema):
    """Everything that was checked."""

    model_config = example(
        status="ready",
        version="0.1.0",
        checks=[{"name": "database", "code": None, "milliseconds": 2.1}],
    )

    status: str
    version: str
    checks: list[ReadinessCheck]
