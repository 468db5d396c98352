"""Checks every row of a batch before the first key is made."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TypeVar

from enos_csr_gui.core import create, distinguished_name, file_names, files, keys, x509_reader
from enos_csr_gui.core.batch.columns import Columns
from enos_csr_gui.core.batch.records import Ledger, Record, identity
from enos_csr_gui.core.batch.rows import FIELD_KEYS, Row, Rows
from enos_csr_gui.core.batch.table import Table
from enos_csr_gui.core.defaults import Defaults
from enos_csr_gui.core.enums import RequestKind
from enos_csr_gui.core.errors import Code, CoreError, HistoryUnavailable, InvalidKey, Problem
from enos_csr_gui.core.file_types import (
    CERTIFICATES,
    CSR_SUFFIX,
    KEY_SUFFIX,
    MANIFEST,
    REJECTED,
    REQUESTS,
)
from enos_csr_gui.core.history import RequestHistory, name_key
from enos_csr_gui.core.subject import FIELDS_BY_KEY, VERBATIM_FIELDS, check_field, clean

T = TypeVar("T")

PAIR_BYTES = 20_000
"""What a pair takes at most on the disk: two files, their folder, its lines in the records."""

Progress = Callable[[int, int], None]
"""Called with how many are done, and of how many."""

_STEP = 50
"""So many rows take one or two milliseconds."""


class Rules(NamedTuple):
    """How the rows of a batch are read.

    ``same_for_all`` are answers for rows that have none: field key -> text. A renewal takes common
    names exactly as they are, and they may have been used.
    """

    same_for_all: Mapping[str, str] = {}
    defaults: Defaults = Defaults()
    kind: RequestKind = RequestKind.NEW
    flat: bool = False
    allow_used_names: bool = False


class Checked(NamedTuple):
    """The rows, sorted by what becomes of them.

    ``good`` have all their answers and get a pair; ``found`` have one on the disk that is not in
    the records yet; ``made`` is how many have been made before. ``bad`` have problems, whose value
    ``line`` is that of the row.
    """

    good: Rows
    found: list[tuple[Row, Record]]
    made: int
    bad: Rows
    notes: tuple[Problem, ...]

    @property
    def is_all_bad(self) -> bool:
        """Whether no row has a pair or gets one."""
        return not (self.good or self.found or self.made)


def base_name(row: Row) -> str:
    """Return the name of the files of a row, which every system accepts."""
    return file_names.safe_name(row.common_name)


def _comparable(name: str) -> str:
    return name.casefold() if file_names.is_plain_name(name) else name_key(name)


def paths(base: str, *, flat: bool) -> tuple[str, str]:
    """Return where key and request are, relative to the folder of the batch."""
    place = "" if flat else f"{base}/"
    return f"{place}{base}{KEY_SUFFIX}", f"{place}{base}{CSR_SUFFIX}"


def layout(ledger: Ledger, rules: Rules) -> bool:
    """Return whether all files are in one folder: as what was made before, else as asked for."""
    return rules.flat if ledger.flat is None else ledger.flat


def record_of(
    row: Row, columns: Columns, files_: tuple[str, str], csr_pem: str, public_key_sha256: str
) -> Record:
    """Return the record of a pair: ``files_`` are key and request, as ``paths`` returns them."""
    extra = dict(zip(columns.unknown_headings, row.extra, strict=False))
    return Record(row.line, row.subject(), *files_, csr_pem, public_key_sha256, extra)


def check(
    table: Table,
    ledger: Ledger,
    rules: Rules = Rules(),  # noqa: B008
    *,
    progress: Progress | None = None,
) -> Checked:
    """Check every row; write nothing."""
    with RequestHistory() as history:
        return _Check(table, ledger, rules, history).run(progress)


class _Check:
    def __init__(
        self,
        table: Table,
        ledger: Ledger,
        rules: Rules,
        history: RequestHistory,
    ) -> None:
        self._table, self._ledger, self._rules = table, ledger, rules
        self._history: RequestHistory | None = history
        self._flat = layout(ledger, rules)
        self._present = _present(ledger.folder)
        self._lines: dict[str, int] = {}
        self._answers: dict[tuple[str, str], tuple[str, tuple[Problem, ...]]] = {}
        self._notes: list[Problem] = []
        self._gone: list[str] = []
        defaults = rules.defaults
        self._same = {**defaults.presets, **rules.same_for_all, **defaults.locked}
        self._verbatim = VERBATIM_FIELDS if rules.kind is RequestKind.RENEWAL else ()

    def run(self, progress: Progress | None) -> Checked:
        done = Checked(Rows(), [], 0, Rows(), ())
        made = 0
        total = len(self._table.rows)
        for number, given in enumerate(self._table.rows, 1):
            row, problems = self._filled(given)
            problems = self._explained(row, problems)
            if all(problem.field != "common_name" for problem in problems):
                problems += self._twice(row)
            if not problems:
                problems, record = self._place(row)
                if record:
                    done.found.append((row, record))
                elif not problems and row.common_name in self._ledger.made:
                    made += 1
                elif not problems:
                    done.good.append(row)
            if problems:
                told = tuple(_in_line(row.line, one) for one in problems)
                done.bad.append(row._replace(problems=told))
            if progress and (number % _STEP == 0 or number == total):
                progress(number, total)
        if self._gone:
            gone: dict[str, str | int] = {"count": len(self._gone), "name": self._gone[0]}
            self._notes.append(Problem(Code.BATCH_FILES_GONE, values=gone))
        if history := self._history:
            self._notes += history.notes
        return done._replace(made=made, notes=tuple(self._notes))

    def _filled(self, row: Row) -> tuple[Row, list[Problem]]:
        """Return the row with all its answers, as they go into the subject; and its problems."""
        answers = []
        problems = list(row.problems)
        suspect = {problem.field for problem in problems}
        for key, text in zip(FIELD_KEYS, row.answers, strict=True):
            if key in self._verbatim and text:
                answers.append(text)
                continue
            value, found = self._checked(key, text or self._same.get(key, ""))
            answers.append(value)
            if key not in suspect:
                problems += found
        return row._replace(answers=tuple(answers)), problems

    def _checked(self, key: str, text: str) -> tuple[str, tuple[Problem, ...]]:
        if key == "common_name" and file_names.is_plain_name(text):
            return text, ()
        known = self._answers.get((key, text))
        if known is None:
            field = FIELDS_BY_KEY[key]
            problems = check_field(field, text)
            value = text if problems else clean(field, text)
            problems = problems or self._rules.defaults.check(key, value)
            known = value, tuple(problems)
            if key != "common_name" and len(self._answers) < 10_000:  # mostly the same in each row
                self._answers[key, text] = known
        return known

    def _explained(self, row: Row, problems: list[Problem]) -> list[Problem]:
        """Return the problems; for missing answers, the reason if they should have been known."""
        missing = [one for one in problems if one.code is Code.REQUIRED]
        if self._rules.kind is not RequestKind.RENEWAL or not missing or not row.common_name:
            return problems
        if self._asked(lambda history: history.find_common_name(row.common_name)) != []:
            return problems
        values: dict[str, str | int] = {"name": row.common_name}
        reason = Problem(Code.ROW_WITHOUT_EARLIER, "common_name", values=values)
        return [reason, *(one for one in problems if one not in missing)]

    def _twice(self, row: Row) -> list[Problem]:
        """Return the problem that an earlier row has the same name, or the same files."""
        keys = {_comparable(row.common_name), _comparable(base_name(row))}
        if earlier := next((self._lines[key] for key in keys if key in self._lines), None):
            values: dict[str, str | int] = {"name": row.common_name, "earlier": earlier}
            given = self._table.rows[self._table.rows.place_of(earlier)]
            if (other := self._filled(given)[0].common_name) == row.common_name:
                return [Problem(Code.NAME_TWICE, "common_name", values=values)]
            alike = values | {"other": other}
            return [Problem(Code.NAME_ALIKE, "common_name", values=alike)]
        self._lines |= dict.fromkeys(keys, row.line)
        return []

    def _place(self, row: Row) -> tuple[list[Problem], Record | None]:
        """Return what is wrong with the name of a row in history and folder, or its unrecorded
        pair."""
        name, base = row.common_name, base_name(row)
        key_file, csr_file = paths(base, flat=self._flat)
        first = _comparable(csr_file.split("/")[0])
        if (before := self._ledger.made.get(name)) is not None:
            if before != identity(row.subject()):
                return [Problem(Code.ROW_CHANGED, "common_name", values={"name": name})], None
            if first not in self._present:
                self._gone.append(name)
            return [], None
        exists = first in self._present or _comparable(key_file) in self._present
        if exists and (record := self._unrecorded(row, key_file, csr_file)):
            return [], record
        if used := self._used(name):
            return used, None
        if not exists:
            return [], None
        path = self._ledger.folder / csr_file.split("/")[0]
        return [Problem(Code.ROW_FILE_EXISTS, "common_name", path)], None

    def _used(self, name: str) -> list[Problem]:
        if self._rules.allow_used_names or self._verbatim:
            return []
        return self._asked(lambda history: history.check_common_name(name)) or []

    def _asked(self, question: Callable[[RequestHistory], list[T]]) -> list[T] | None:
        """Return what the history answers; None, with a note the first time, if it cannot."""
        if not self._history:
            return None
        try:
            return question(self._history)
        except HistoryUnavailable as error:
            self._notes += error.problems
            self._history = None
            return None

    def _unrecorded(self, row: Row, key_file: str, csr_file: str) -> Record | None:
        """Return the record of a whole pair for this very row that a killed run left."""
        folder = self._ledger.folder
        with suppress(CoreError):  # then it is another file
            request = x509_reader.read(files.read(folder / csr_file))
            if dict(distinguished_name.answers_from(request.subject).answers) != row.subject():
                return None
            fingerprint = request.key.public_key_sha256
            past = self._asked(lambda history: history.find_public_key(fingerprint))
            if any(one.batch is None for one in past or []):  # made by hand
                return None
            if not _may_belong(folder / key_file, fingerprint):
                return None
            pem = files.read(folder / csr_file).decode("ascii", "replace")
            return record_of(row, self._table.columns, (key_file, csr_file), pem, fingerprint)
        return None


def _in_line(line: int, problem: Problem) -> Problem:
    values: dict[str, str | int] = {**problem.values, "line": line}
    return problem._replace(values=values)


def _may_belong(key_file: Path, fingerprint: str) -> bool:
    """Return whether the key has this public key, or is protected: a pair is saved as a whole."""
    try:
        key = create.load_key(key_file, wanted=[fingerprint])
    except InvalidKey as error:
        return error.problems[0].code is Code.PASSPHRASE_NEEDED
    return keys.public_key_sha256(key.public_key()) == fingerprint


def _present(folder: Path) -> set[str]:
    """Return the names in the folder, as the least particular file system compares them.

    Those of the batch's own lists are among them, so that no device takes them.
    """
    own = {REQUESTS, MANIFEST, REJECTED, CERTIFICATES}
    try:
        with os.scandir(file_names.system_path(folder)) as entries:
            return own | {_comparable(entry.name) for entry in entries}
    except OSError:
        return own


def check_room(folder: Path, pairs: int) -> list[Problem]:
    """Return the problem that the disk has no room for so many pairs."""
    existing = next((one for one in (folder, *folder.parents) if one.exists()), folder)
    try:
        free = shutil.disk_usage(existing).free
    except OSError:
        return []
    needed = pairs * PAIR_BYTES
    if needed <= free:
        return []
    values = {"needed": max(1, needed // 1_000_000), "free": free // 1_000_000}
    return [Problem(Code.DISK_ROOM, path=folder, values=values)]
