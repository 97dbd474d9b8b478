"""What can go wrong for a caller. A broken packet is never one of these: it is data, and becomes a finding."""

from __future__ import annotations

from unicodedata import east_asian_width


class SynfinError(Exception):
    """Base of every error that synfin raises on purpose; `exit_code` is what the command line returns for it."""

    exit_code = 2


class UsageError(SynfinError):
    """The caller asked for something that cannot be done as asked (exit 2)."""


class FilterError(UsageError):
    """A display filter that cannot be used: `text` is the filter, `position` the 0-based place of the mistake."""

    def __init__(self, message: str, text: str = "", position: int = 0) -> None:
        super().__init__(message if len(message) <= 400 else f"{message[:250]} … {message[-100:]}")
        self.text = text
        self.position = position

    def with_caret(self) -> str:
        """The message with the filter and a caret under the mistake, three lines; Chinese takes two columns.

        Of a long filter only what stands around the mistake is shown.
        """
        start = 0 if len(self.text) <= 400 else max(self.position - 60, 0)
        line = "".join(" " if character.isspace() else character for character in self.text[start : start + 400])
        columns = sum(2 if east_asian_width(character) in "WF" else 1 for character in line[: self.position - start])
        return f"{self}\n    {line}\n    {' ' * columns}^"


class UnreadableInput(SynfinError):
    """The input is no capture, or of a kind that cannot be read (exit 3); the message names file and offset."""

    exit_code = 3


class NotPermitted(SynfinError):
    """The kernel refused: capturing or namespaces are not allowed here (exit 4); the message tells the remedy."""

    exit_code = 4


class ConnectError(SynfinError):
    """A client could not connect."""


class Refused(ConnectError):
    """The other host answered the SYN with a reset: nobody listens there (RFC 9293 section 3.10.7.1)."""


class TimedOut(SynfinError):
    """Nothing came in time."""


class ConnectionReset(SynfinError):
    """The other side aborted the connection with RST (RFC 9293 section 3.5.2)."""
