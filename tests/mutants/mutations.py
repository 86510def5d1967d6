"""The mistakes that a syntax tree offers: one operator, one constant, one argument or one statement is changed.

    comparisons   < to <=, == to !=, `in` to `not in`, `is` to `is not`, and back
    logic         `and` to `or` and back; `not` taken away; conditions of if, while, a choice and a filter turned round
    arithmetic    + to -, * to /, // to /, % to *, | to &, and back; the same with assignment
    constants     numbers one more, truths turned round, texts longer
    calls         min to max, any to all, sorted left out, find to rfind and so on; named arguments left out
    statements    `return x` to `return None`, calls and changes left out, `continue` to `break` and back

Left alone: annotations, decorators, docstrings, assertions, and what is there for type checkers only.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any, Final

_SWAPS: Final[dict[type[ast.AST], type[ast.AST]]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.USub: ast.UAdd,
}
_NAMES: Final = {
    one: other
    for pair in (
        ("min", "max"),
        ("any", "all"),
        ("bisect_left", "bisect_right"),
        ("find", "rfind"),
        ("startswith", "endswith"),
        ("removeprefix", "removesuffix"),
        ("popleft", "pop"),
        ("sorted", "list"),
    )
    for one, other in (pair, pair[::-1])
    if one != "list"
}

Change = tuple[ast.AST, str, Any]
"""A node, one of its fields, and the field's other value."""


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One file with one mistake. `was` and `now` are the line of it, as the compiler would write it."""

    file: str
    line: int
    scope: str
    was: str
    now: str
    make: Callable[[], CodeType]

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What stays the same when lines move."""
        return self.file, self.scope, self.was, self.now


def mutants(file: str, root: Path, only: tuple[str, ...] = ()) -> list[Mutant]:
    """All mutants of one file, in the order of its lines."""
    tree = ast.parse((root / file).read_text(encoding="utf-8"))
    found = []
    shown: ast.AST | None = None
    before: list[str] = []
    for statement in tree.body:
        if _left_alone(statement) or (only and not _names(statement) & {*only}):
            continue
        named = "".join(_names(statement)) if isinstance(statement, ast.Assign | ast.AnnAssign) else ""
        for scope, owner, line, change in _changes(statement, named, statement, statement.lineno):
            if owner is not shown:
                shown, before = owner, ast.unparse(owner).splitlines()
            was, now = _difference(owner, before, change)
            if was != now:
                make = _maker(tree, change, str(root / file))
                found.append(Mutant(file=file, line=line, scope=scope, was=was, now=now, make=make))
    return found


def _names(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _maker(tree: ast.Module, change: Change, path: str) -> Callable[[], CodeType]:
    def make() -> CodeType:
        with _changed(change):
            return compile(ast.fix_missing_locations(tree), path, "exec")

    return make


class _changed:  # noqa: N801 - a block, as those of contextlib
    """Within the block the tree has the mistake."""

    def __init__(self, change: Change) -> None:
        self.node, self.field, self.value = change

    def __enter__(self) -> None:
        self.kept = getattr(self.node, self.field)
        setattr(self.node, self.field, self.value)

    def __exit__(self, *_: object) -> None:
        setattr(self.node, self.field, self.kept)


def _difference(owner: ast.AST, before: list[str], change: Change) -> tuple[str, str]:
    with _changed(change):
        after = ast.unparse(owner).splitlines()
    begin = _alike(before, after)
    end = min(_alike(before[::-1], after[::-1]), len(before) - begin, len(after) - begin)
    was, now = (" / ".join(line.strip() for line in lines[begin : len(lines) - end]) for lines in (before, after))
    return _short(was, now)


def _alike(some: Sequence[str], others: Sequence[str]) -> int:
    """How many there are at the beginning that are the same on both sides."""
    pairs = enumerate(zip(some, others, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(some), len(others)))


def _short(was: str, now: str, most: int = 140, around: int = 40) -> tuple[str, str]:
    """Of long lines, what differs and a little around it."""
    if max(len(was), len(now)) <= most:
        return was, now
    begin = _alike(was, now)
    end = min(_alike(was[::-1], now[::-1]), len(was) - begin, len(now) - begin)
    first, last = max(0, begin - around), max(0, end - around)
    return was[first : len(was) - last], now[first : len(now) - last]


def _changes(node: ast.AST, scope: str, owner: ast.AST, line: int) -> Iterator[tuple[str, ast.AST, int, Change]]:
    """All changes to a node and what is in it, each with the name of its place and the function to be shown."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        scope = f"{scope}.{node.name}".lstrip(".")
        owner = node
    if isinstance(node, ast.stmt):
        line = node.lineno
    for change in _own(node):
        yield scope, owner, line, change
    inside_text = isinstance(node, ast.JoinedStr)
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns", "decorator_list", "keywords" if inside_text else "format_spec"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _left_alone(child):
                where = child.lineno if isinstance(child, ast.expr) and not inside_text else line
                yield from _changes(child, scope, owner, max(line, where))


def _left_alone(node: ast.AST) -> bool:
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return True
    documents = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return documents or isinstance(node, ast.Assert | ast.Import | ast.ImportFrom)


def _own(node: ast.AST) -> Iterator[Change]:
    for rule in (_operators, _constants, _conditions, _calls, _statements):
        yield from rule(node)


def _operators(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Compare):
        for at, operator in enumerate(node.ops):
            other = _SWAPS[type(operator)]()
            yield node, "ops", [*node.ops[:at], other, *node.ops[at + 1 :]]
    elif isinstance(node, ast.BoolOp | ast.BinOp | ast.AugAssign | ast.UnaryOp) and type(node.op) in _SWAPS:
        yield node, "op", _SWAPS[type(node.op)]()


def _constants(node: ast.AST) -> Iterator[Change]:
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if isinstance(value, bool):
        yield node, "value", not value
    elif isinstance(value, int | float):
        yield node, "value", value + 1
    elif isinstance(value, str):
        yield node, "value", f"XX{value}"


def _conditions(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        yield node, "test", _turned(node.test)
    elif isinstance(node, ast.comprehension):
        for at, test in enumerate(node.ifs):
            yield node, "ifs", [*node.ifs[:at], _turned(test), *node.ifs[at + 1 :]]
    elif isinstance(node, ast.BoolOp):
        for at, part in enumerate(node.values):
            if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.Not):
                yield node, "values", [*node.values[:at], part.operand, *node.values[at + 1 :]]


def _turned(test: ast.expr) -> ast.expr:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    return ast.copy_location(ast.UnaryOp(op=ast.Not(), operand=test), test)


def _calls(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Call):
        for at in range(len(node.keywords)):
            yield node, "keywords", node.keywords[:at] + node.keywords[at + 1 :]
    if isinstance(node, ast.Name) and node.id in _NAMES and isinstance(node.ctx, ast.Load):
        yield node, "id", _NAMES[node.id]
    elif isinstance(node, ast.Attribute) and node.attr in _NAMES:
        yield node, "attr", _NAMES[node.attr]


def _statements(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield node, "value", ast.copy_location(ast.Constant(None), node.value)
    for field in ("body", "orelse", "finalbody"):
        block = getattr(node, field, None)
        if not isinstance(block, list):
            continue
        for at, statement in enumerate(block):
            other = _instead(statement)
            if other is not None:
                yield node, field, [*block[:at], ast.copy_location(other, statement), *block[at + 1 :]]


def _instead(statement: ast.stmt) -> ast.stmt | None:
    if isinstance(statement, ast.Continue):
        return ast.Break()
    if isinstance(statement, ast.Break):
        return ast.Continue()
    if isinstance(statement, ast.Raise | ast.AugAssign | ast.Delete):
        return ast.Pass()
    if isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Constant | ast.Yield):
        return ast.Pass()
    if isinstance(statement, ast.Assign) and not isinstance(statement.targets[0], ast.Name | ast.Tuple):
        return ast.Pass()
    return None


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
