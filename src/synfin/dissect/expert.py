"""Expert notes: fields without a value that say what is remarkable about a packet, how grave and of which kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synfin.dissect.field import Field

if TYPE_CHECKING:
    from synfin.dissect.load import Loader


def note(name: str, loader: Loader, severity: str, group: str, en: str, zh: str, *, parent: str = "",
         layers: tuple[str, ...] | None = None, walked: bool = False, second: str = "") -> Field:  # fmt: skip
    """One expert note; `parent` is the field that it speaks of. Its layer is the name's first part if none is given."""
    home = layers or (name.partition(".")[0],)
    return Field(name, "none", home, loader, en, zh, parent=parent, generated=True, walked=walked, second=second,
                 severity=severity, group=group)  # fmt: skip
