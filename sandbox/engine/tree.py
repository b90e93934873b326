"""Finding one's way in a template's tree of activities.

An activity is addressed by its path: the root is "", its third child "2", that one's first child
"2/0". Names in templates may repeat, paths cannot.
"""

from typing import Any

from sandbox import php

Node = dict[str, Any]


def at(root: Node, path: str) -> Node:
    """Return the activity at a path."""
    node = root
    for part in path.split("/") if path else []:
        node = children(node)[int(part)]
    return node


def children(node: Node) -> list[Node]:
    """Return an activity's children."""
    found = node.get("Children")
    return found if isinstance(found, list) else php.values(found)


def child(path: str, index: int) -> str:
    """Return the path of a child."""
    return f"{path}/{index}" if path else str(index)


def parent(path: str) -> tuple[str, int]:
    """Return the path of the parent and one's place among its children."""
    above, _, index = path.rpartition("/")
    return above, int(index)


def is_active(node: Node) -> bool:
    """Tell whether an activity is switched on."""
    return bool(node.get("Activated", "Y") != "N")


def properties(node: Node) -> dict[str, Any]:
    """Return an activity's properties; an empty PHP array arrives as a list."""
    found = node.get("Properties")
    return found if isinstance(found, dict) else {}
