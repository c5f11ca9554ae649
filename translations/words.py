"""What `make translations` collects from Python: calls of gettext, and the Chinese words that stand in constants.

States, labels of nodes, names of menus and sentences of errors are plain Chinese where they are defined, in layers that
know no language; `_()` translates them where they are shown. So every Chinese string of a file counts as a message,
except docstrings, the parts of f-strings, SQL and patterns.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from io import BytesIO
from typing import IO, Any

from babel.messages.extract import extract_python

CHINESE = re.compile(r"[\u3400-\u9fff]")
TECHNICAL = {"CheckConstraint", "re.compile"}
Message = tuple[int, str | None, Any, list[str]]


def extract(
    fileobj: IO[bytes], keywords: Mapping[str, Any], comment_tags: Collection[str], options: Mapping[str, Any]
) -> Iterator[Message]:
    """Babel's extraction method `words`: (line, function, message, comments) for each."""
    source = fileobj.read()
    called = list(extract_python(BytesIO(source), keywords, comment_tags, options))
    yield from called
    known = {text for _line, _function, texts, _comments in called for text in _each(texts)}
    for line, text in sorted(constants(ast.parse(source))):
        if text not in known:
            yield line, None, text, []


def _each(texts: Any) -> tuple[Any, ...]:
    return texts if isinstance(texts, tuple) else (texts,)


def constants(tree: ast.AST) -> set[tuple[int, str]]:
    """The Chinese strings of a module with their lines, without docstrings, parts of f-strings, SQL and patterns."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):  # docstrings
            skipped.add(id(node.value))
        elif isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Call) and ast.unparse(node.func) in TECHNICAL
        ):
            skipped.update(id(part) for part in ast.walk(node))
    return {
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped
        and CHINESE.search(node.value)
    }
