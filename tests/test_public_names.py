"""Every public name says what it is, with types, and numbers with a unit or a range."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

import livekit_plugins_avatar as avatar
from livekit_plugins_avatar.emotion.classifiers import LLMClassifier

OURS = "livekit_plugins_avatar"
UNIT = re.compile(r"_(s|ms|hz|rad|deg|bps|px|samples|bytes|ahead|threads)$")
COUNTED = re.compile(r"\d|count|number|sample|seconds?\b|frames? |how many|times", re.IGNORECASE)
"""In a description: a range, or what is counted."""

ALIASES = {
    "Aspect",
    "Background",
    "Device",
    "Frames",
    "Moment",
    "Resolution",
    "StyleName",
    "VideoCodec",
}
ALIASES |= {"__version__"}
"""These have no docstring of their own at run time; their modules describe them."""

CLASSES = [value for name in avatar.__all__ if inspect.isclass(value := getattr(avatar, name))] + [
    LLMClassifier
]


def members(cls: type) -> Iterator[tuple[str, Any]]:
    """The public methods and properties that a class of ours defines, and how it is made."""
    for name, value in inspect.getmembers(cls):
        defines = [each for each in cls.__mro__ if name in vars(each)][:1]
        ours = any(each.__module__.startswith(OURS) for each in defines)
        own = ours and (inspect.isfunction(value) or isinstance(value, property))
        if own and not name.startswith("_"):
            yield name, value


def functions() -> Iterator[tuple[str, Any, str]]:
    """All public functions, with the text that describes their parameters."""
    yield "prewarm", avatar.prewarm, inspect.getdoc(avatar.prewarm) or ""
    for cls in CLASSES:
        made = not (dataclasses.is_dataclass(cls) or getattr(cls, "_is_protocol", False))
        if "__init__" in vars(cls) and made:
            yield f"{cls.__name__}()", vars(cls)["__init__"], inspect.getdoc(cls) or ""
        for name, value in members(cls):
            function = value.fget if isinstance(value, property) else value
            yield f"{cls.__name__}.{name}", function, inspect.getdoc(value) or ""


FUNCTIONS = {name: (function, text) for name, function, text in functions()}


@pytest.mark.parametrize("name", avatar.__all__)
def test_described(name: str) -> None:
    """Each exported name has a docstring that is its own."""
    value = getattr(avatar, name)
    if name in ALIASES:
        return
    assert (inspect.getdoc(value) or "").strip(), name
    assert not (value.__doc__ or "").startswith(f"{name}("), "a generated one says nothing"


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if not name.endswith("()")])
def test_members_described(name: str) -> None:
    """Each public method and property has a docstring."""
    _, text = FUNCTIONS[name]
    assert text.strip(), name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_typed(name: str) -> None:
    """Each parameter and each result has a type."""
    function, _ = FUNCTIONS[name]
    signature = inspect.signature(function)
    for each in signature.parameters.values():
        assert each.name == "self" or each.annotation is not each.empty, each.name
    assert signature.return_annotation is not signature.empty


@pytest.mark.parametrize("name", FUNCTIONS)
def test_numbers_have_units(name: str) -> None:
    """A number's name ends in its unit, or its description has a range or says what is counted."""
    function, text = FUNCTIONS[name]
    for each in inspect.signature(function).parameters.values():
        kind = str(each.annotation)
        if re.search(r"\b(int|float)\b", kind) and not UNIT.search(each.name):
            assert COUNTED.search(described(each.name, text)), f"{name}: {each.name}"


@pytest.mark.parametrize(
    "cls", [cls for cls in CLASSES if dataclasses.is_dataclass(cls)], ids=lambda cls: cls.__name__
)
def test_fields_have_units(cls: Any) -> None:
    """So do the fields of a data class; those of a style are factors, which its table describes."""
    if cls is avatar.Style:
        return
    text = (inspect.getdoc(cls) or "") + inspect.getsource(cls)
    for field in dataclasses.fields(cls):
        if re.search(r"\b(int|float)\b", str(field.type)) and not UNIT.search(field.name):
            assert COUNTED.search(described(field.name, text)), field.name


def described(name: str, text: str) -> str:
    """What a docstring says of an argument in its list, in a sentence, or below a field."""
    listed = rf"^ *(?:[\w, ]+, )?{name}\b.*?(?=\n *\w[\w, ]*: |\n\n|\Z)"
    found = re.search(listed, text, re.MULTILINE | re.DOTALL)
    sentence = re.search(rf"[^.]*`{name}`(?:[^.]|\.\d)*", text)
    return (found[0] if found else "") + (sentence[0] if sentence else "")
