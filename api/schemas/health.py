"""Whether the exchange is up and ready."""

from api.schemas.fields import Schema, example


class Health(Schema):
    """The exchange says how it is."""

    model_config = example(status="ok", version="0.1.0")

    status: str
    version: str
