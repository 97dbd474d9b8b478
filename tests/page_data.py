"""What a page holds for its script, unpacked as the script does."""

from __future__ import annotations

import json
from typing import Any


def embedded(page: str) -> str:
    """The JSON as it stands in the page."""
    return page.split('id="data">', 1)[1].split("</script>", 1)[0]


def page_data(page: str) -> Any:
    return unpacked(json.loads(embedded(page)))


def unpacked(packed: dict[str, Any]) -> Any:
    """`packed` without references."""
    known: list[Any] = []

    def whole(part: Any) -> Any:
        if isinstance(part, list):
            return [whole(one) for one in part]
        if not isinstance(part, dict):
            return part
        return known[part["$"]] if "$" in part else {key: whole(one) for key, one in part.items()}

    for part in packed["shared"]:
        known.append(whole(part))
    return whole(packed["value"])
