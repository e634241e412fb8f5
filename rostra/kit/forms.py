"""One decoder for everything that comes in: query, urlencoded, multipart and JSON become one typed form.

Names nest as in Rails and PHP (`poll[options][]`, `fields_attributes[0][name]`, `source[privacy]`), numbers and
booleans may arrive as text, one value may stand for a list of one. A form is a msgspec Struct; what does not fit raises
Invalid with the field's name.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec
from msgspec import inspect

from rostra.kit.errors import BadRequest, Invalid, NotFound

T = TypeVar("T")

_PART = re.compile(r"\[([^\[\]]*)\]")
_TRUE = frozenset({"true", "1", "on", "t", "yes"})
_FALSE = frozenset({"false", "0", "off", "f", "no"})
_MAX_DEPTH = 6
_MAX_INDEX_DIGITS = 3


class Upload(msgspec.Struct, frozen=True):
    """A file that came with a multipart form. Name and type are the sender's claim."""

    filename: str
    content_type: str
    body: bytes


class StoredUpload(msgspec.Struct, frozen=True):
    """A file that is too large for the memory: at `path` until the request is answered, unless it is moved away."""

    filename: str
    content_type: str
    path: Path


def nest(pairs: Iterable[tuple[str, object]]) -> dict[str, Any]:
    """Flat pairs as a tree: `a[b]=1&a[c][]=2&a[c][]=3` becomes `{"a": {"b": "1", "c": ["2", "3"]}}`.

    A later scalar replaces an earlier one. `a[][x]=1&a[][y]=2&a[][x]=3` starts a new element at a repeated name.
    """
    tree: dict[str, Any] = {}
    for name, value in pairs:
        head, _, rest = name.partition("[")
        parts = _PART.findall("[" + rest) if rest else []
        if len(parts) > _MAX_DEPTH:
            raise BadRequest(f"The parameter {head} is nested too deeply")
        _put(tree, [head, *parts], value)
    return {key: _lists_from_indices(child) for key, child in tree.items()}


def _put(node: dict[str, Any], path: list[str], value: object) -> None:
    key, rest = path[0], path[1:]
    if not rest:
        node[key] = value
    elif rest[0] == "":
        elements: object = node.get(key)
        if not isinstance(elements, list):
            elements = node[key] = []
        _append(cast("list[Any]", elements), rest[1:], value)
    else:
        child = node.get(key)
        if not isinstance(child, dict):
            child = node[key] = {}
        _put(cast("dict[str, Any]", child), rest, value)


def _append(elements: list[Any], inner: list[str], value: object) -> None:
    if not inner:
        elements.append(value)
        return
    if not elements or not isinstance(elements[-1], dict) or (len(inner) == 1 and inner[0] in elements[-1]):
        elements.append({})
    _put(elements[-1], inner, value)


def _lists_from_indices(node: Any) -> Any:
    if isinstance(node, list):
        return [_lists_from_indices(child) for child in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    children = cast("dict[str, Any]", node)
    if children and all(key.isdecimal() and len(key) <= _MAX_INDEX_DIGITS for key in children):
        return [_lists_from_indices(children[key]) for key in sorted(children, key=int)]
    return {key: _lists_from_indices(child) for key, child in children.items()}


def to_form(values: Mapping[str, Any], form: type[T], *, in_path: Container[str] = ()) -> T:
    """Convert a tree of parameters into `form`. Raises Invalid with the name of the first field that does not fit, and
    NotFound where that is one `in_path`: an address that names nothing possible leads nowhere, which is no invalid
    value. Clients take 404, and nothing else, for "this server does not have that"."""
    try:
        check_text(values)
        fitted = _fit_struct(values, _shape(form))
        return msgspec.convert(fitted, form, strict=False)
    except msgspec.ValidationError as error:
        wrong = _as_invalid(error)
    except Invalid as error:
        wrong = error
    raise NotFound if isinstance(wrong, Invalid) and wrong.field in in_path else wrong


def check_text(value: object, field: str = "") -> None:
    """Refuse text that PostgreSQL cannot keep. Raises Invalid."""
    if isinstance(value, str):
        if "\x00" in value:
            raise Invalid(field, "must not contain null characters")
    elif isinstance(value, Mapping):
        for key, child in cast("Mapping[str, object]", value).items():
            check_text(child, f"{field}.{key}" if field else str(key))
    elif isinstance(value, list):
        for child in cast("list[object]", value):
            check_text(child, field)


def _as_invalid(error: msgspec.ValidationError) -> Exception:
    text, _, path = str(error).partition(" - at `$")
    if missing := re.match(r"Object missing required field `(.+?)`", text):
        return BadRequest(f"The parameter {missing[1]} is missing")
    field = re.sub(r"\[\.\.\.\]|\[\d+\]", "", path.strip("`").lstrip("."))
    plain = text.replace("`", "").replace(" | null", "")
    return Invalid(field or "request", f"cannot be used: {plain[:1].lower()}{plain[1:]}")


class _Shape(msgspec.Struct, frozen=True):
    """What a value must look like before msgspec sees it."""

    kind: str
    fields: Mapping[str, _Shape] = {}
    element: _Shape | None = None
    nullable: bool = False


@cache
def _shape(form: type) -> _Shape:
    return _shape_of(inspect.type_info(form))


def _shape_of(info: inspect.Type) -> _Shape:
    if isinstance(info, inspect.Metadata):
        return _shape_of(info.type)
    if isinstance(info, inspect.UnionType):
        nullable = any(isinstance(kind, inspect.NoneType) for kind in info.types)
        real = [kind for kind in info.types if not isinstance(kind, inspect.NoneType)]
        inner = _shape_of(real[0]) if len(real) == 1 else _Shape("other")
        return msgspec.structs.replace(inner, nullable=nullable)
    if isinstance(info, inspect.StructType):
        if info.cls in (Upload, StoredUpload):
            return _Shape("upload")
        return _Shape("struct", fields={field.encode_name: _shape_of(field.type) for field in info.fields})
    if isinstance(info, inspect.ListType | inspect.VarTupleType):
        return _Shape("list", element=_shape_of(info.item_type))
    if isinstance(info, inspect.BoolType):
        return _Shape("bool")
    if isinstance(info, inspect.StrType):
        return _Shape("str")
    return _Shape("other")


def _fit_struct(values: Mapping[str, Any], shape: _Shape) -> dict[str, Any]:
    fitted: dict[str, Any] = {}
    for name, field in shape.fields.items():
        if name not in values:
            continue
        value = values[name]
        # An empty box of a web form, and JSON's null where a value is due, both mean "not given".
        if (value is None and not field.nullable) or (value == "" and field.kind not in ("str", "list")):
            continue
        if field.kind == "upload" and not isinstance(value, Upload | StoredUpload):
            raise Invalid(name, "must be a file")
        fitted[name] = _fit(value, field)
    return fitted


def _fit(value: Any, shape: _Shape) -> Any:
    if shape.kind == "bool" and isinstance(value, str):
        return True if value.lower() in _TRUE else False if value.lower() in _FALSE else value
    if shape.kind == "list" and value is not None and shape.element is not None:
        # JSON may have indices for names, too: {"0": …, "1": …}.
        value = _lists_from_indices(value) if isinstance(value, Mapping) else value
        given: list[Any] = cast("list[Any]", value) if isinstance(value, list) else [] if value == "" else [value]
        return [_fit(child, shape.element) for child in given]
    if shape.kind == "struct" and isinstance(value, Mapping):
        return _fit_struct(cast("Mapping[str, Any]", value), shape)
    if shape.kind == "str" and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value
