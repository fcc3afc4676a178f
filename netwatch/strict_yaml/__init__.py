"""YAML that means what it looks like: every scalar is text, every fault is shown at file:line:column, all at once.

::

    document = load_yaml(Path("people.yaml"))  # InvalidFile: syntax, duplicate keys, keys that are not text, tags, bombs
    people = validate(document, PeopleModel)  # InvalidFile: everything pydantic finds, in words, with a near name
    people, faults = check(document, PeopleModel)  # the same without raising; `salvage` also gives the part without faults
    document.fault(("people", "contoh-camat", "nip"), "already used")  # a Fault for your own cross-checks

Models derive from `Model` (unknown keys are faults, frozen) and use `Whole`, `Number`, `Flag`, `Day`, `Moment` instead of
int, float, bool, date and datetime: pydantic alone would take `1_000`, `yes` and a bare number of seconds. `Seconds` is a
number above 0. A `ValueError` raised by a validator is shown to the reader as it is: write "expected ..., found ...".
"""

from netwatch.strict_yaml.document import Document, Loc
from netwatch.strict_yaml.near import suggestion
from netwatch.strict_yaml.reader import load_yaml
from netwatch.strict_yaml.scalars import Day, Flag, Model, Moment, Number, Seconds, Whole
from netwatch.strict_yaml.validation import check, salvage, validate

__all__ = [
    "Day",
    "Document",
    "Flag",
    "Loc",
    "Model",
    "Moment",
    "Number",
    "Seconds",
    "Whole",
    "check",
    "load_yaml",
    "salvage",
    "suggestion",
    "validate",
]
