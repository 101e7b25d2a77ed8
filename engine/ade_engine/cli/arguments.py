"""A small reader of command lines: options before or after arguments, ``--name=value``, ``-n value``, ``-nvalue``.

It is here because the standard one takes longer to import than a dozen rows take to process.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class UsageError(Exception):
    """The command line is wrong. Ends the program with status 2."""


class HelpRequest(Exception):
    """Raised when ``--help`` was given."""


class Option:
    """One option of a command."""

    def __init__(
        self,
        *names: str,
        help: str,
        metavar: str | None = None,
        repeatable: bool = False,
        choices: Sequence[str] = (),
        required: bool = False,
        default: str | None = None,
    ):
        self.names = names
        self.key = next(name for name in names if name.startswith("--"))[2:].replace("-", "_")
        self.metavar = metavar
        self.help = help
        self.repeatable = repeatable
        self.choices = tuple(choices)
        self.required = required
        self.default = default

    @property
    def is_flag(self) -> bool:
        """Returns whether the option takes no value."""
        return self.metavar is None


class Command:
    """A command: its name, its options and arguments, and its description."""

    def __init__(
        self,
        name: str,
        summary: str,
        options: Sequence[Option],
        *,
        arguments: Sequence[tuple[str, str]] = (),
        example: str = "",
    ):
        self.name = name
        self.summary = summary
        self.options = (*options, Option("--help", help="Show this message"))
        self.arguments = tuple(arguments)
        self.example = example

    @property
    def usage(self) -> str:
        words = [f"ade-engine {self.name}", *(argument for argument, _ in self.arguments), "[OPTIONS]"]
        return " ".join(words)

    def parse(self, words: Sequence[str]) -> dict[str, Any]:
        """Returns the values of all options and arguments; options that were not given have their default."""
        by_name = {name: option for option in self.options for name in option.names}
        values: dict[str, Any] = {
            option.key: False if option.is_flag else [] if option.repeatable else option.default
            for option in self.options
        }
        positional: list[str] = []
        waiting = list(words)
        while waiting:
            word = waiting.pop(0)
            if word == "--":
                positional += waiting
                break
            if not word.startswith("-") or word == "-":
                positional.append(word)
                continue
            name, value = _split(word)
            option = by_name.get(name)
            if option is None:
                raise UsageError(f"No such option: {name}{_suggestion(name, by_name)}")
            if option.is_flag:
                if value is not None:
                    raise UsageError(f"Option {name} does not take a value.")
                if option.key == "help":
                    raise HelpRequest
                values[option.key] = True
                continue
            if value is None:
                if not waiting:
                    raise UsageError(f"Option {name} requires a value.")
                value = waiting.pop(0)
            if option.choices:
                # Choices may be in upper or lower case.
                value = value.lower() if value.lower() in option.choices else value
            if option.choices and value not in option.choices:
                raise UsageError(f"Invalid value for {name}: {value!r} is not one of {', '.join(option.choices)}.")
            if option.repeatable:
                values[option.key].append(value)
            else:
                values[option.key] = value
        for option in self.options:
            if option.required and values[option.key] is None:
                raise UsageError(f"Missing option {option.names[0]}.")
        if len(positional) < len(self.arguments):
            raise UsageError(f"Missing argument {self.arguments[len(positional)][0]}.")
        if len(positional) > len(self.arguments):
            raise UsageError(f"Unexpected argument: {positional[len(self.arguments)]!r}")
        values.update((name.lower(), value) for (name, _), value in zip(self.arguments, positional))
        return values

    def help_text(self) -> str:
        """Returns the text for ``--help``."""
        lines = [self.summary, "", f"Usage: {self.usage}"]
        if self.arguments:
            lines += ["", "Arguments:"]
            lines += _columns([(name, text) for name, text in self.arguments])
        lines += ["", "Options:"]
        lines += _columns([(_signature(option), _description(option)) for option in self.options])
        if self.example:
            lines += ["", "Example:", f"  {self.example}"]
        return "\n".join(lines)


def _split(word: str) -> tuple[str, str | None]:
    """Returns the option and the value of one word: ``--name=value`` and ``-nvalue`` contain both."""
    if word.startswith("--"):
        name, sign, value = word.partition("=")
        return name, value if sign else None
    return word[:2], word[2:] or None


def _suggestion(name: str, known: dict[str, Option]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, 1)
    return f" (did you mean {close[0]}?)" if close else ""


def _signature(option: Option) -> str:
    names = ", ".join(sorted(option.names, key=len))
    return names if option.is_flag else f"{names} {option.metavar}"


def _description(option: Option) -> str:
    notes = []
    if option.required:
        notes.append("required")
    if option.repeatable:
        notes.append("repeatable")
    if option.default:
        notes.append(f"default: {option.default}")
    return option.help + (f" [{', '.join(notes)}]" if notes else "")


def _columns(rows: list[tuple[str, str]]) -> list[str]:
    width = max(len(left) for left, _ in rows)
    return [f"  {left:<{width}}  {right}" for left, right in rows]
