"""Sets of answers with names, for requests of several companies, sites or customers.

They are kept beside the remembered answers, in the form in which they are handed round: JSON. A
file from outside is checked like the defaults of an organization. Nothing secret, and never a
common name. What an organization locks is not a profile's to change.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from enos_csr_gui.core import files
from enos_csr_gui.core.errors import (
    CannotSave,
    Code,
    CoreError,
    Problem,
    UnreadableFile,
    escape_unprintable,
    is_shown,
    problem_from_os_error,
)
from enos_csr_gui.core.last_answers import NEVER_REMEMBERED
from enos_csr_gui.core.permissions import make_private_folder
from enos_csr_gui.core.subject import FIELDS_BY_KEY, check_field, clean, normalize

LONGEST_NAME = 64
"""The maximum number of characters in the name of a profile."""
MOST = 200
"""The maximum number of profiles in a file, and on this computer."""

_FIELDS = [key for key in FIELDS_BY_KEY if key not in NEVER_REMEMBERED]
_MOST_TOLD = 8
"""The maximum number of problems to report about one file."""
_LONGEST_QUOTED = 60
"""The maximum number of characters of the file to quote in an error message."""


class InvalidProfile(CoreError):
    """The name of a profile is empty, too long, taken, not printable, or not known."""


class Profile(NamedTuple):
    """A name, and answers: field key -> text, each of them valid."""

    name: str
    answers: Mapping[str, str]


class ProfilesRead(NamedTuple):
    """What is in a file: its profiles, and what had to be left out of it."""

    profiles: list[Profile]
    problems: list[Problem]


def default_path() -> Path:
    """Return the path of this user's profiles, in the platform's settings folder."""
    from platformdirs import user_config_path

    return user_config_path("enos-csr", appauthor=False) / "profiles.json"


def read(path: Path) -> ProfilesRead:
    """Return the profiles in a file, which may be hostile, in the order of their names.

    Raises UnreadableFile when it cannot be read, or is no file of profiles.
    """
    data = files.read(path)
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):  # also for endless nesting, or a huge number
        content = None
    listed = content.get("profiles") if isinstance(content, dict) else None
    if not isinstance(listed, list):
        raise UnreadableFile([Problem(Code.PROFILES_UNREADABLE, path=path)])
    reader = _Reader(path)
    for number, one in enumerate(listed[:MOST], start=1):
        reader.take(number, one)
    if len(listed) > MOST:
        reader.report(Code.PROFILES_TOO_MANY, limit=MOST)
    return ProfilesRead(_sorted(reader.profiles), reader.problems)


def load(path: Path | None = None) -> list[Profile]:
    """Return this user's profiles; none when there is no file, or it cannot be read."""
    try:
        return read(path or default_path()).profiles
    except UnreadableFile:
        return []


def find(name: str, path: Path | None = None) -> Profile:
    """Return the profile of this name, upper and lower case alike. Raises InvalidProfile."""
    for one in load(path):
        if _same(one.name, name):
            return one
    shown = _quoted(name)
    raise InvalidProfile([Problem(Code.PROFILE_UNKNOWN, values={"name": shown})])


def check_name(name: str) -> list[Problem]:
    """Return what is wrong with the name of a profile."""
    name = normalize(name)
    is_good = 0 < len(name) <= LONGEST_NAME and all(map(is_shown, name))
    return [] if is_good else [Problem(Code.PROFILE_NAME, values={"limit": LONGEST_NAME})]


def save(
    name: str, answers: Mapping[str, str], path: Path | None = None, *, may_replace: bool = True
) -> Profile:
    """Store answers under a name, in place of those it had if that is wanted; return the profile.

    What is empty or not valid is left out. Raises InvalidProfile and CannotSave.
    """
    if problems := check_name(name):
        raise InvalidProfile(problems)
    profile = Profile(normalize(name), _valid(answers))
    stored = _stored(path)
    others = [one for one in stored if not _same(one.name, name)]
    if len(others) < len(stored) and not may_replace:
        raise InvalidProfile([_taken(profile.name)])
    _write([*others, profile], path)
    return profile


def rename(old: str, new: str, path: Path | None = None) -> Profile:
    """Give a profile another name; return it. Raises InvalidProfile and CannotSave."""
    profile = find(old, path)
    if problems := check_name(new):
        raise InvalidProfile(problems)
    others = [one for one in _stored(path) if not _same(one.name, old)]
    if any(_same(one.name, new) for one in others):
        raise InvalidProfile([_taken(normalize(new))])
    renamed = profile._replace(name=normalize(new))
    _write([*others, renamed], path)
    return renamed


def _taken(name: str) -> Problem:
    return Problem(Code.PROFILE_TAKEN, values={"name": name})


def remove(name: str, path: Path | None = None) -> None:
    """Remove a profile, if there is one of this name. Raises CannotSave."""
    _write([one for one in _stored(path) if not _same(one.name, name)], path)


def take_in(file: Path, path: Path | None = None) -> ProfilesRead:
    """Add the profiles in a file to this user's; return what was added.

    None is replaced: where the name is taken by other answers, a number is added to it. Raises
    UnreadableFile and CannotSave.
    """
    found = read(file)
    own = _stored(path)
    added = []
    for one in found.profiles:
        if one in own:
            continue
        name, number = one.name, 1
        while any(_same(other.name, name) for other in own):
            number += 1
            ending = f" ({number})"
            name = one.name[: LONGEST_NAME - len(ending)] + ending
        added.append(Profile(name, one.answers))
        own.append(added[-1])
    _write(own, path)
    return ProfilesRead(added, found.problems)


def hand_out(file: Path, path: Path | None = None, *, may_replace: bool = False) -> int:
    """Write this user's profiles to a file to hand round; return how many.

    Raises CannotSave and InvalidFileName.
    """
    profiles = load(path)
    if may_replace:
        _replace(file, profiles, private=False)
    else:
        files.save_one(file, _written(profiles))
    return len(profiles)


class _Reader:
    def __init__(self, path: Path) -> None:
        self.profiles: list[Profile] = []
        self.problems: list[Problem] = []
        self._path = path

    def take(self, number: int, content: object) -> None:
        """Add what is valid of one profile, the one with this number in the file."""
        place = f"profiles[{number}]"
        found = dict(content) if isinstance(content, dict) else {}
        name = found.pop("name", None)
        if not isinstance(name, str) or check_name(name) or self._has(name):
            self.report(Code.PROFILE_VALUE, key=f"{place}.name")
            return
        answers = found.pop("answers", {})
        if not isinstance(answers, dict):
            self.report(Code.PROFILE_VALUE, key=f"{place}.answers")
            return
        taken = _valid(answers)
        ignored = [f"answers.{key}" for key, text in answers.items() if text and key not in taken]
        for key in (*ignored, *found):
            self.report(Code.PROFILE_VALUE, key=f"{place}.{key}")
        self.profiles.append(Profile(normalize(name), taken))

    def report(self, code: Code, **values: str | int) -> None:
        """Add a problem; a quotation from the file is shortened and escaped."""
        if len(self.problems) < _MOST_TOLD:
            shown = {k: _quoted(v) if isinstance(v, str) else v for k, v in values.items()}
            self.problems.append(Problem(code, path=self._path, values=shown))

    def _has(self, name: str) -> bool:
        return any(_same(one.name, name) for one in self.profiles)


def _valid(answers: Mapping[str, Any]) -> dict[str, str]:
    """Return the answers that a request could have, in the manual's order."""
    return {
        key: clean(FIELDS_BY_KEY[key], text)
        for key in _FIELDS
        if isinstance(text := answers.get(key), str)
        and text.strip()
        and not check_field(FIELDS_BY_KEY[key], text)
    }


def _same(one: str, other: str) -> bool:
    return normalize(one).casefold() == normalize(other).casefold()


def _sorted(profiles: Iterable[Profile]) -> list[Profile]:
    return sorted(profiles, key=lambda one: (one.name.casefold(), one.name))


def _quoted(text: str) -> str:
    short = text if len(text) <= _LONGEST_QUOTED else f"{text[:_LONGEST_QUOTED]}…"
    return escape_unprintable(short)


def _stored(path: Path | None) -> list[Profile]:
    """Return this user's profiles, to be changed.

    Raises CannotSave when they are there and cannot be read: they would be lost.
    """
    place = path or default_path()
    try:
        return read(place).profiles
    except UnreadableFile as error:
        if error.problems[0].code is Code.FILE_MISSING:
            return []
        raise CannotSave(error.problems) from error


def _write(profiles: Iterable[Profile], path: Path | None) -> None:
    kept = _sorted(profiles)
    place = path or default_path()
    if len(kept) > MOST:
        raise CannotSave([Problem(Code.PROFILES_TOO_MANY, path=place, values={"limit": MOST})])
    _replace(place, kept, private=True)


def _written(profiles: Iterable[Profile]) -> bytes:
    listed = [{"name": one.name, "answers": dict(one.answers)} for one in profiles]
    return (json.dumps({"profiles": listed}, indent=2, ensure_ascii=False) + "\n").encode()


def _replace(path: Path, profiles: Iterable[Profile], *, private: bool) -> None:
    try:
        if private:
            make_private_folder(path.parent)
        files.replace(path, _written(profiles), private=private)
    except OSError as error:
        problem = problem_from_os_error(error, path, missing=Code.FOLDER_MISSING)
        raise CannotSave([problem]) from error
