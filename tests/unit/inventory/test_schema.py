"""The JSON Schema for editors."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from netwatch.inventory.schema import json_schema, normal_address

ROOT = Path(__file__).parents[3]


def test_the_committed_schema_is_that_of_the_model() -> None:
    """After a change of the format: netwatch inventory schema > config/inventory.schema.json."""
    assert json.loads((ROOT / "config" / "inventory.schema.json").read_text(encoding="utf-8")) == json_schema()


def test_the_schema_is_valid_and_accepts_the_example_city_as_an_editor_reads_it() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    city = yaml.safe_load((ROOT / "inventory.yaml").read_text(encoding="utf-8"))
    jsonschema.validate(city, schema, cls=jsonschema.Draft202012Validator)


def test_an_editor_sees_an_unknown_key() -> None:
    city = yaml.safe_load((ROOT / "inventory.yaml").read_text(encoding="utf-8"))
    city["devices"]["dc-core"]["adress"] = "10.0.0.1"
    with pytest.raises(jsonschema.ValidationError, match="adress"):
        jsonschema.validate(city, json_schema(), cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("FD00::0001", "fd00::1"),
        ("Router.Example.", "router.example"),
        ("localhost", "localhost"),
        ("10.0.0.256", None),
        ("010.0.0.1", None),
        ("10.0.0", None),
        ("10.0.0.1/24", None),
        ("-x.example", None),
        ("a..b", None),
        ("a b", None),
        ("", None),
        ("x" * 300, None),
    ],
)
def test_addresses_are_known_by_their_form(text: str, normal: str | None) -> None:
    assert normal_address(text) == normal
