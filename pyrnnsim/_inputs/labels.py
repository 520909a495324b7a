"""How error messages name one network."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Label:
    """Who called, with which argument, and which network of it is meant.

    Args:
        caller: Public function the user called.
        argument: Its argument, as spelled in the signature.
        index: Position of the network in the argument; None when the argument is one network.
        name: Name of the network; shown unless it only repeats the index.
    """

    caller: str
    argument: str
    index: int | None = None
    name: str | None = None

    def __str__(self) -> str:
        place = "" if self.index is None else f"[{self.index}]"
        name = "" if self.name is None or self.name == str(self.index) else f" ({self.name!r})"
        return f"{self.caller}: {self.argument}{place}{name}"


def with_article(value: object) -> str:
    """Type of ``value`` for a sentence: "a set", "an int", "None"."""
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
