"""From a document to a pydantic model: every error at its place, in our own words, with the near name."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from netwatch.errors import Fault, InvalidFile
from netwatch.strict_yaml.document import Document, Loc
from netwatch.strict_yaml.near import nearest, suggestion
from netwatch.strict_yaml.scalars import found

SHOWN_MAX = 500  # nobody reads more, and finding near names costs time

M = TypeVar("M", bound=BaseModel)


def validate(document: Document, model: type[M]) -> M:
    """Return the model made from the document. Raises InvalidFile with every fault."""
    made, faults = check(document, model)
    if made is None:
        raise InvalidFile(faults)
    return made


def check(document: Document, model: type[M]) -> tuple[M | None, list[Fault]]:
    """Return the model, or None and every fault, for those who have more to check before they give up."""
    try:
        return model.model_validate(document.value), []
    except ValidationError as error:
        return None, _faults(document, model, error.errors(include_url=False))


def salvage(document: Document, model: type[M], *, depth: int = 2) -> tuple[M | None, list[Fault]]:
    """Return every fault, and the model of what is left when entries with faults (`depth` parts of their place) are taken out.

    For files whose entries refer to each other: the rest can still be checked, so that a person sees all faults at once.
    """
    try:
        return model.model_validate(document.value), []
    except ValidationError as error:
        errors = error.errors(include_url=False)
    faults = _faults(document, model, errors)
    try:
        return model.model_validate(_without(document.value, {error["loc"][:depth] for error in errors})), faults
    except ValidationError:
        return None, faults


def _without(value: Any, locs: set[Loc]) -> Any:
    leave = {loc[0] for loc in locs if len(loc) == 1}
    deeper: dict[str | int, set[Loc]] = {}
    for loc in locs:
        if len(loc) > 1:
            deeper.setdefault(loc[0], set()).add(loc[1:])
    if isinstance(value, dict):
        return {k: _without(v, deeper[k]) if k in deeper else v for k, v in value.items() if k not in leave}
    if isinstance(value, list):
        return [_without(v, deeper[i]) if i in deeper else v for i, v in enumerate(value) if i not in leave]
    return value


def _faults(document: Document, model: type[BaseModel], errors: list[ErrorDetails]) -> list[Fault]:
    more, errors = len(errors) - SHOWN_MAX, errors[:SHOWN_MAX]
    unknown = [error["loc"] for error in errors if error["type"] == "extra_forbidden"]
    meant = {(*loc[:-1], near) for loc in unknown if (near := nearest(str(loc[-1]), _names_at(model, loc[:-1])))}
    faults: dict[Fault, None] = {}
    for error in errors:
        loc, kind = error["loc"], error["type"]
        known = document.known(loc)
        if kind == "missing":
            if loc in meant:  # the unknown key beside it already says so
                continue
            text = f"{_path(known)}{'expected more items' if isinstance(loc[-1], int) else f'{loc[-1]!r} is missing'}"
            faults[document.fault(loc[:-1], text, key=True)] = None
        elif kind == "extra_forbidden":
            shown = "unknown key" if document.secret else f"unknown key '{loc[-1]}'"
            text = f"{_path(known[:-1])}{shown}{suggestion(str(loc[-1]), _names_at(model, loc[:-1]))}"
            faults[document.fault(loc, text, key=True)] = None
        else:
            faults[document.fault(loc, f"{_path(known)}{_words(error, secret=document.secret)}", key=loc[-1:] == ("[key]",))] = (
                None
            )
    if more > 0:
        last = max(faults)
        faults[Fault(last.file, last.line, last.column + 1, f"and {more} more faults after these")] = None
    return list(faults)


def _path(loc: Loc) -> str:
    text = ""
    for part in loc:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return f"{text}: " if text else ""


_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dataclass_type": "a mapping",
    "none_required": "nothing",
    "date_parsing": "a date such as 2026-11-24",
    "time_parsing": "a time such as 07:30",
}


def _words(error: ErrorDetails, *, secret: bool) -> str:
    """Say what was expected and what was found."""
    text, value = _expected(error), error["input"]
    if text.startswith("expected ") and ", found " not in text and not secret and error["type"] != "value_error":
        text += f", found {found(value)}"
    return text.partition(", found ")[0] if secret else text


def _expected(error: ErrorDetails) -> str:
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind in {"enum", "literal_error"}:
        return _choice(value, context)
    if kind in _EXPECTED:
        expected = _EXPECTED[kind]
    elif kind == "string_pattern_mismatch":
        expected = f"text of the form {context['pattern']}"
    elif kind == "string_too_short":
        expected = f"at least {context['min_length']} characters"
    elif kind == "string_too_long":
        expected = f"at most {context['max_length']} characters"
    elif kind in {"too_short", "too_long"}:
        bound = f"at least {context['min_length']}" if kind == "too_short" else f"at most {context['max_length']}"
        return f"expected {bound} items, found {context['actual_length']}"
    elif kind in {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}:
        words = {
            "greater_than": "more than",
            "greater_than_equal": "at least",
            "less_than": "less than",
            "less_than_equal": "at most",
        }
        expected = f"{words[kind]} {next(iter(context.values()))}"
    elif kind in {"union_tag_not_found", "union_tag_invalid"}:
        expected = f"one of {context.get('expected_tags', context.get('discriminator'))}"
    else:
        return f"expected something else: {error['msg'][:1].lower()}{error['msg'][1:]}"
    return f"expected {expected}"


def _choice(value: Any, context: Mapping[str, Any]) -> str:
    expected = str(context["expected"])
    known = [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]
    near = suggestion(value, known) if isinstance(value, str) else ""
    return f"expected one of {', '.join(known)}, found {found(value)}{near}"


def _names_at(model: type[BaseModel], loc: Loc) -> frozenset[str]:
    """Return the keys that a mapping at `loc` may have, by walking the annotations."""
    here: list[Any] = [model]
    for part in loc:
        following = [inner for annotation in here for inner in _inside(annotation, part)]
        here = following or here  # the name of a union's branch leads nowhere
    names: set[str] = set()
    for annotation in here:
        for candidate in _branches(annotation):
            if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                names.update(field.alias or name for name, field in candidate.model_fields.items())
    return frozenset(names)


def _inside(annotation: Any, part: str | int) -> Iterator[Any]:
    for branch in _branches(annotation):
        arguments = get_args(branch)
        if isinstance(branch, type) and issubclass(branch, BaseModel):
            for name, field in branch.model_fields.items():
                if part in (name, field.alias):
                    yield field.annotation
        elif isinstance(part, int) and arguments:
            yield arguments[0]
        elif len(arguments) == 2 and isinstance(get_origin(branch), type) and issubclass(get_origin(branch), Mapping):
            yield arguments[1]


def _branches(annotation: Any) -> Iterator[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _branches(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for branch in get_args(annotation):
            yield from _branches(branch)
    else:
        yield annotation
