"""Problem details (RFC 9457): the one shape of every refusal."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"loc": ["body", "job", "units"], "msg": "must be above 0"}]}
    )

    loc: list[str | int] = Field(description="Where: body, query, path or header, then the way to the field.")
    msg: str = Field(description="What was expected.")


class Problem(BaseModel):
    """Why a request was refused. `code` is stable; further members are facts that a program can read."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": "/problems/unknown_region",
                    "title": "Unknown region",
                    "status": 422,
                    "detail": "no region 'atlantis'; GET /v1/regions lists them",
                    "code": "unknown_region",
                    "region": "atlantis",
                }
            ]
        },
    )

    type: str = Field(
        description="Page that explains the code, relative to the exchange: `/problems/<code>`.",
        json_schema_extra={"format": "uri-reference"},
    )
    title: str = Field(description="The kind of problem in words.")
    status: int = Field(description="HTTP status.", ge=400, le=599)
    detail: str = Field(description="What happened here, and what to do next.")
    code: str = Field(description="Stable code in snake_case.")
    errors: list[FieldProblem] | None = Field(
        None,
        description="Field by field, for malformed requests: the first 20; `errors_not_listed` counts the others.",
    )

    @model_serializer(mode="wrap")
    def document(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """As JSON says it: `errors` only where there are some."""
        fields: dict[str, Any] = dump(self)
        return {name: value for name, value in fields.items() if name != "errors" or value is not None}
