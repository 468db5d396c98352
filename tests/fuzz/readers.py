"""Every reader of foreign files, with what it may raise."""

from __future__ import annotations

import atexit
import base64
import gzip
import io
import json
import os
import shlex
import tarfile
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

from enos_csr_gui.core import (
    asn1,
    certificate,
    convert,
    defaults,
    distinguished_name,
    file_names,
    inspect,
    journal,
    key_reader,
    last_answers,
    library,
    pbe,
    profiles,
    reader,
    receive,
    renew,
    shell,
    x509_reader,
)
from enos_csr_gui.core.batch import cells, cluster, columns, passphrases, records, table
from enos_csr_gui.core.errors import CoreError, Problem, escape_unprintable
from enos_csr_gui.core.file_types import REQUESTS
from enos_csr_gui.core.history import RequestHistory
from enos_csr_gui.core.spreadsheet import harmless
from enos_csr_gui.core.subject import SUBJECT_FIELDS, check_field, clean
from enos_csr_gui.messages import inspection
from enos_csr_gui.messages.problems import problem_text, problem_text_in_file

SECONDS = 2.0
"""Of processor time, at most, for a file of 1 MB."""

MEGABYTES = 200
"""More memory, at most, for a file of 1 MB."""

MAX_BYTES = 1 << 20


def _show(problems: list[Problem] | tuple[Problem, ...]) -> None:
    for problem in problems:
        assert "\x1b" not in problem_text(problem)


def read_anything(data: bytes) -> None:
    """Read and judge as ``enos-csr inspect`` does, and write the report."""
    found = inspect.inspect(Path("a.bin"), data)
    names = inspection.names(found)
    for one, name in zip(found, names, strict=True):
        inspection.kind(one)
        list(inspection.facts(one, [name], str))
        for result in one.rules:
            for problem in (*result.problems, *result.warnings):
                problem_text_in_file(problem)
        _show((*one.problems, *one.warnings))
    inspect.companions(found)


def read_key(data: bytes) -> None:
    """Open as a key file, with a passphrase."""
    key_reader.load(data, b"secret")


def read_certificate(data: bytes) -> None:
    """Read as an issued certificate with its chain."""
    issued = certificate.read(data, Path("a.bin"), data, "")
    _show(certificate.check(issued))
    _show(certificate.check_chain(issued))


def _read_objects(data: bytes) -> None:
    """Read every object in the file, in every container, without judging it."""
    _show(reader.read(data).problems)


def _read_wrapped(data: bytes) -> None:
    """Read what is in an archive or another container; the first byte says in which."""
    kind, content = data[:1], data[1 : MAX_BYTES // 3]  # as hexadecimal, it is three times as long
    file = io.BytesIO()
    match kind and kind[0] % 8:
        case 0:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for part in content.split(b"\0\0\0\0")[:20]:
                    archive.writestr(zipfile.ZipInfo("a"), part)
        case 1:
            file.write(gzip.compress(content, 1))
        case 2:
            with tarfile.open(fileobj=file, mode="w") as archive:
                for part in content.split(b"\0\0\0\0")[:20]:
                    member = tarfile.TarInfo("a")
                    member.size = len(part)
                    archive.addfile(member, io.BytesIO(part))
        case 3:
            file.write(content.hex(" ").encode())
        case 4:
            file.write(base64.encodebytes(content))
        case 5:
            file.write(b"Content-Type: multipart/mixed; boundary=a\n\n--a\n" + content)
        case 6:
            file.write(content.decode("latin-1").encode("utf-16"))
        case _:
            file.write(b"{\\rtf1 " + content)
    _read_objects(file.getvalue())


def _read_answer(data: bytes) -> None:
    """Read an answer of the EnOS API with any texts, and compare its serial number."""
    parts = data.decode("utf-8", "replace").split("\0")
    answer = dict(zip(("cert", "certSN", "certChainURL", "caCert"), parts, strict=False))
    read_anything(json.dumps({"code": 0, "data": answer}).encode())


def _read_asn1(data: bytes) -> None:
    """Read as values of DER and BER, as a name, and as a request or a certificate."""
    for values in (asn1.der_values(data), asn1.ber_values(data, 0, len(data))):
        with suppress(ValueError, IndexError):
            for one in values:
                asn1.unsigned(data, one)
                if one.inside < one.end:
                    asn1.oid_text(data, one)
    reader.certificates_in_pkcs7(data)
    with suppress(ValueError, IndexError):
        name = distinguished_name.read(data)
        distinguished_name.check_texts(name)
        assert name.canonical == name.canonical
        distinguished_name.short_name(name)
        distinguished_name.answers_from(name)
    if existing := x509_reader.load(data):
        assert existing.key.public_key_sha256
        with suppress(x509_reader.UnknownSignature):
            existing.verify(existing.key)


def _read_pem(data: bytes) -> None:
    """Read as text around PEM."""
    for block in asn1.pem_blocks(data):
        assert 0 <= block.start <= block.end
    asn1.rtf_text(data)


def _read_costs(data: bytes) -> None:
    """Read what a protected key would cost, and how it is encrypted; nothing is derived."""
    with suppress(ValueError):
        needed, memory = pbe.seconds(data), pbe.memory(data)
        with suppress(StopIteration):
            whole = next(asn1.der_values(data))
            algorithm = next(asn1.der_values(data, whole.inside, whole.end))
            scheme = pbe.Scheme.read(data, algorithm)
            assert 0 <= scheme.seconds <= needed
            assert 0 <= scheme.memory <= memory
    key_reader.seconds(data, b"secret")
    pbe.encrypted_key_in_pkcs12(data)


def _decrypt(data: bytes) -> None:
    """Decrypt with any parameters that cost little."""
    with suppress(ValueError, StopIteration, *library.ERRORS):
        whole = next(asn1.der_values(data))
        scheme = pbe.Scheme.read(data, whole)
        if scheme.seconds < 0.0001 and scheme.memory < 1 << 20:
            scheme.decrypt(data[whole.end :], b"secret")


@cache
def _folder() -> Path:
    """Return a folder in memory, where the system has one."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = tempfile.TemporaryDirectory(prefix="enos-csr-fuzz-", dir=place)
    atexit.register(folder.cleanup)
    return Path(folder.name)


def _through_a_file(read: Callable[[Path], object], name: str = "file") -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        path = _folder() / name
        path.write_bytes(data)
        read(path)

    return run


def _read_defaults(path: Path) -> None:
    _show(defaults.load([path]).problems)


def _read_table(path: Path) -> None:
    with suppress(CoreError):
        table.headings(path)
    found = table.read(path)
    _show(found.notes)
    for row in found.rows:
        _show(row.problems)


def _read_workbook(data: bytes) -> None:
    """Read as the parts of a workbook, which is whole otherwise."""
    path = _folder() / "a.xlsx"
    given = dict(
        zip(("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"), data.split(b"\0"), strict=False)
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**_parts_of_a_workbook(), **given}.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    _read_table(path)


@cache
def _parts_of_a_workbook() -> dict[str, bytes]:
    from openpyxl import Workbook

    file = io.BytesIO()
    book = Workbook()
    book.active.append(["CN"])
    book.save(file)
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _read_history(path: Path) -> None:
    """List and search; what is damaged is set aside."""
    try:
        with RequestHistory(path) as history:
            for one in history.requests():
                one.status()
                assert isinstance(one.common_name, str)
            history.find_common_name("a")
            _show(history.notes)
    finally:
        for other in path.parent.glob(f"{path.name}*"):
            other.unlink()


def _read_journal(data: bytes) -> None:
    """Read the notes of a save that was cut off; nothing is done about them."""
    with suppress(OSError):
        path = journal.data_folder() / "saving-a"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        journal.settle(lambda notes: [dict(one) for one in notes] and None)


def _read_records(data: bytes) -> None:
    """Read what another batch has made in a folder."""
    (_folder() / REQUESTS).write_bytes(data)
    records.name(_folder())
    records.peek(_folder())
    for one in records.read(_folder()):
        assert isinstance(one.common_name, str)


@cache
def _recipient() -> cluster._Recipient:
    return cluster._Recipient()


def _read_envelope(data: bytes) -> None:
    """Open what a worker of a cluster sends; whatever it raises is an error of that worker."""
    with suppress(Exception):
        _recipient().open(data)


def _check_cells(data: bytes) -> None:
    """Read as a cell of a table, and write it where a spreadsheet opens it."""
    text = data.decode("utf-8", "surrogateescape")
    cells.from_text(text)
    columns.field_of(text)
    written = harmless(text)
    assert written.lstrip(" \"'")[:1] not in set("=+-@") or written.startswith("'")
    assert not set(written) & set("\r\n\t\x1b")


def _check_answers(data: bytes) -> None:
    """Judge as the answer to each question; what is accepted has no control characters."""
    text = data.decode("utf-8", "surrogateescape")
    for field in SUBJECT_FIELDS:
        problems = check_field(field, text)
        _show(problems)
        if not problems:
            kept = clean(field, text)
            assert all(unicodedata.category(character) != "Cc" for character in kept)
            assert not check_field(field, kept)


def _check_name(data: bytes) -> None:
    """Make a file name of it."""
    for safe in (file_names.safe_name, file_names.safe_file_name):
        name = safe(data.decode("utf-8", "surrogateescape"))
        assert name == safe(name)
        assert name not in ("", ".", "..")
        assert not set(name) & set('/\\:*?"<>|\0\n\r\x1b\u202e')
        assert len(name.encode()) <= 255


def _check_command(data: bytes) -> None:
    """Quote as the argument of a command that is to be pasted."""
    text = data.decode("utf-8", "replace").replace("\0", "")
    for one in shell.Shell:
        line = shell.command_line(["enos-csr", text], one)
        if one is shell.Shell.POSIX and len(text) < 10_000:  # shlex takes quadratic time
            assert shlex.split(line) == ["enos-csr", text]


READERS: dict[str, Callable[[bytes], None]] = {
    "inspect": read_anything,
    "objects": _read_objects,
    "wrapped": _read_wrapped,
    "answer": _read_answer,
    "asn1": _read_asn1,
    "pem": _read_pem,
    "key": read_key,
    "costs": _read_costs,
    "decrypt": _decrypt,
    "certificate": read_certificate,
    "renew": _through_a_file(renew.read_source),
    "convert": _through_a_file(convert.to_pem),
    "sort": _through_a_file(lambda path: receive.sort_files([path])),
    "table": _through_a_file(_read_table),
    "workbook": _read_workbook,
    "cells": _check_cells,
    "defaults": _through_a_file(_read_defaults),
    "last-answers": _through_a_file(last_answers.load),
    "profiles": _through_a_file(lambda path: _show(profiles.read(path).problems)),
    "passphrases": _through_a_file(passphrases.load),
    "history": _through_a_file(_read_history, "history.sqlite3"),
    "journal": _read_journal,
    "records": _read_records,
    "envelope": _read_envelope,
    "show": lambda data: _check_shown(data.decode("utf-8", "surrogateescape")),
    "answers": _check_answers,
    "name": _check_name,
    "command": _check_command,
}


def _check_shown(text: str) -> None:
    shown = escape_unprintable(text)
    assert escape_unprintable(shown) == shown
    assert not set(shown) & {*map(chr, range(32)), "\x7f", "\x9b", "\u202e", "\u2028"}


def tried(read: Callable[[bytes], None], data: bytes) -> None:
    """Read; a refusal is a result like any other, and everything else is raised."""
    try:
        read(data)
    except CoreError as error:
        _show(error.problems)
