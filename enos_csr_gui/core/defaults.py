"""The defaults of an organization, from a file ``defaults.toml`` (docs/defaults.md).

Errors in the file are reported; its valid entries still apply.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from enos_csr_gui.core import files
from enos_csr_gui.core.errors import Code, Problem, UnreadableFile, escape_unprintable
from enos_csr_gui.core.subject import FIELDS_BY_KEY, check_field, clean, is_address

NAME = "defaults.toml"

_FIELDS = [key for key in FIELDS_BY_KEY if key != "common_name"]
_SUBMIT = ("email", "subject", "note")

_MOST_TOLD = 8
"""The maximum number of unknown keys to report, in the file and in ``locked``: more would only
fill the screen."""
_LONGEST = 60
"""The maximum number of characters of the file to quote in an error message."""


class SubmitDefaults(NamedTuple):
    """Where to send the request file: an address, and a note; each may be empty."""

    email: str = ""
    subject: str = ""
    note: str = ""


class Defaults(NamedTuple):
    """``presets`` are answers, field key -> text, of which those of ``locked`` cannot be changed.

    ``folder`` is the suggested folder for files. ``set_by`` is the author of the file.
    """

    presets: Mapping[str, str] = {}
    locked: Mapping[str, str] = {}
    folder: Path | None = None
    submit: SubmitDefaults = SubmitDefaults()
    set_by: str = ""
    problems: tuple[Problem, ...] = ()

    def check(self, key: str, value: str) -> list[Problem]:
        """Return the problem that the organization has locked the field to another answer."""
        locked = self.locked.get(key, value)
        if value == locked:
            return []
        values: dict[str, str | int] = {"value": locked, "set_by": self.set_by}
        return [Problem(Code.FIELD_LOCKED, key, values=values)]


def places() -> list[Path]:
    """Return the possible places of the file: for the whole computer, and beside the program."""
    from platformdirs import site_config_path

    found = [site_config_path("enos-csr", appauthor=False) / NAME]
    if getattr(sys, "frozen", False):
        found.append(Path(sys.executable).parent / NAME)
    return found


def load(paths: Sequence[Path] | None = None) -> Defaults:
    """Return the defaults; a later file overrides an earlier one. Empty if there is no file."""
    reader = _Reader()
    for path in places() if paths is None else paths:
        reader.read(path)
    return reader.result()


class _Reader:
    def __init__(self) -> None:
        self._presets: dict[str, str] = {}
        self._locked: set[str] = set()
        self._folder: Path | None = None
        self._submit = SubmitDefaults()
        self._set_by = ""
        self._problems: list[Problem] = []
        self._path = Path()

    def result(self) -> Defaults:
        locked = {key: self._presets[key] for key in _FIELDS if key in self._locked}
        return Defaults(
            self._presets, locked, self._folder, self._submit, self._set_by, tuple(self._problems)
        )

    def read(self, path: Path) -> None:
        self._path = path
        try:
            data = files.read(path)
        except UnreadableFile as error:
            self._problems += [one for one in error.problems if one.code is not Code.FILE_MISSING]
            return
        import tomllib  # few computers have such a file

        try:
            content = tomllib.loads(data.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:  # also for a huge number or endless nesting
            values = {"reason": _shown(str(error))}
            self._problems.append(Problem(Code.DEFAULTS_NOT_TOML, path=path, values=values))
            return
        self._take(content)

    def _take(self, content: dict[str, Any]) -> None:
        self._set_by = self._text(content, "set_by") or self._set_by
        subject = self._table(content, "subject")
        for key in _FIELDS:
            self._take_field(key, self._text(subject, key, "subject."))
        self._report_rest(subject, "subject.")
        self._take_locked(content.pop("locked", []))
        submit = self._table(content, "submit")
        given = {key: self._text(submit, key, "submit.") for key in _SUBMIT}
        if given["email"] and not is_address(given["email"]):
            self._report(Code.DEFAULTS_VALUE, "submit.email")
            given["email"] = ""
        self._report_rest(submit, "submit.")
        self._submit = self._submit._replace(**{k: text for k, text in given.items() if text})
        saving = self._table(content, "files")
        if folder := self._text(saving, "folder", "files."):
            self._take_folder(folder)
        self._report_rest(saving, "files.")
        self._report_rest(content, "")

    def _take_folder(self, folder: str) -> None:
        with suppress(RuntimeError):  # the home folder of an unknown user
            path = Path(folder).expanduser()
            if path.is_absolute():
                self._folder = path
                return
        self._report(Code.DEFAULTS_VALUE, "files.folder")

    def _take_field(self, key: str, text: str) -> None:
        if not text:
            return
        if check_field(FIELDS_BY_KEY[key], text):
            self._report(Code.DEFAULTS_VALUE, f"subject.{key}")
        else:
            self._presets[key] = clean(FIELDS_BY_KEY[key], text)

    def _take_locked(self, locked: object) -> None:
        if not isinstance(locked, list):
            self._report(Code.DEFAULTS_VALUE, "locked")
            return
        for key in locked:
            if isinstance(key, str) and key in self._presets:
                self._locked.add(key)
            else:
                self._report(Code.DEFAULTS_LOCKED, f"locked: {key}")

    def _table(self, content: dict[str, Any], key: str) -> dict[str, Any]:
        found = content.pop(key, {})
        if isinstance(found, dict):
            return dict(found)
        self._report(Code.DEFAULTS_VALUE, key)
        return {}

    def _text(self, table: dict[str, Any], key: str, prefix: str = "") -> str:
        found = table.pop(key, "")
        if isinstance(found, str):
            return found.strip()
        self._report(Code.DEFAULTS_VALUE, f"{prefix}{key}")
        return ""

    def _report_rest(self, table: dict[str, Any], prefix: str) -> None:
        for key in table:
            self._report(Code.DEFAULTS_UNKNOWN, f"{prefix}{key}")

    def _report(self, code: Code, key: str) -> None:
        told = sum((one.code, one.path) == (code, self._path) for one in self._problems)
        if told < _MOST_TOLD or code is Code.DEFAULTS_VALUE:  # of values, there are few
            self._problems.append(Problem(code, path=self._path, values={"key": _shown(key)}))


def _shown(text: str) -> str:
    """Return a quotation from the file, shortened and with control characters escaped."""
    return escape_unprintable(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
