"""SQL is written once: a statement made while a request waits would be compiled anew every time."""

import ast

from tests.architecture.source import functions, modules, name

MAKERS = {"select", "insert", "update", "delete"}


def test_statements_are_constants_of_their_modules():
    files = [path for path in modules("idp") if name(path).startswith("idp/storage/sql/")]

    made_late = [
        f"{name(path)}:{node.lineno}"
        for path in files
        for function in functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS
    ]

    assert len(files) > 20
    assert made_late == []
