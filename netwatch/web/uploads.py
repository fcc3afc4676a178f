"""Requests that change something: a JSON body, or a form with the JSON in `body` and files under their document's key."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect

from netwatch.casework import Paper
from netwatch.errors import Fault, InvalidFile

FILES_PER_REQUEST = 20
FILE_LIMIT = 15_000_000  # octets
LARGEST = 2**53  # beyond it, JSON readers that use doubles see another number


class Body(BaseModel):
    """A body refuses what it does not know: `step`, `origin`, `recorded_by` and `recorded_at` cannot be set by anybody."""

    model_config = ConfigDict(extra="forbid")


B = TypeVar("B", bound=Body)


@dataclass(frozen=True, slots=True)
class Received:
    """A request's JSON and its files, in the order they came."""

    value: Any
    papers: tuple[Paper, ...]


async def receive(request: Request, model: type[B]) -> tuple[B, tuple[Paper, ...]]:
    """Read a request into `model` and papers. Raises `InvalidFile` for what is malformed, unknown or too large."""
    try:
        received = await _read(request)
    except ClientDisconnect as error:
        raise InvalidFile([Fault("body", 0, 0, "the request broke off or is too large")]) from error
    try:
        return model.model_validate(received.value), received.papers
    except ValidationError as error:
        faults = [Fault("body", 0, 0, f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}") for fault in error.errors()]
        raise InvalidFile(faults) from error


async def _read(request: Request) -> Received:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return Received(_json(await request.body() or b"{}"), ())
    async with request.form(max_files=FILES_PER_REQUEST, max_fields=1) as form:
        papers = []
        value: Any = {}
        for key, part in form.multi_items():
            if isinstance(part, UploadFile):
                octets = await part.read(FILE_LIMIT + 1)
                if len(octets) > FILE_LIMIT:
                    raise InvalidFile([Fault(part.filename or key, 0, 0, "larger than 15 MB")])
                papers.append(Paper(key=key, name=part.filename or key, octets=octets))
            elif key == "body":
                value = _json(part.encode())
            else:
                raise InvalidFile([Fault("body", 0, 0, f"{key}: not a field of this form; fields go into 'body' as JSON")])
        return Received(value, tuple(papers))


def _json(octets: bytes) -> Any:
    try:
        value = json.loads(octets)
        if not isinstance(value, dict):
            raise InvalidFile([Fault("body", 0, 0, "expected a JSON object")])
        _keepable(value)
    except (ValueError, RecursionError) as error:
        raise InvalidFile([Fault("body", 0, 0, f"not usable as JSON: {error}")]) from error
    return value


def _keepable(value: Any) -> None:
    """Refuse what neither the journal nor PostgreSQL can keep: NUL, lone surrogates, numbers beyond 2^53. Raises ValueError."""
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError("a text holds the character NUL")
        value.encode()  # a lone surrogate has no UTF-8 form
    elif isinstance(value, dict):
        for key, item in value.items():
            if not key.isascii():
                raise ValueError(f"key {key!r} is not ASCII")
            _keepable(key)
            _keepable(item)
    elif isinstance(value, list):
        for item in value:
            _keepable(item)
    elif isinstance(value, int | float) and not abs(value) < LARGEST:
        raise ValueError(f"{value} is too large")


def described(model: type[Body], *, files: bool = False) -> dict[str, Any]:
    """Describe such a body for the OpenAPI file."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    content: dict[str, Any] = {"application/json": {"schema": schema}}
    if files:
        form = {
            "type": "object",
            "properties": {"body": {"type": "string", "contentMediaType": "application/json", "contentSchema": schema}},
            "additionalProperties": {
                "type": "string",
                "format": "binary",
                "description": "a file, under the key of its document",
            },
        }
        content["multipart/form-data"] = {"schema": form}
    return {"requestBody": {"required": True, "content": content}}
