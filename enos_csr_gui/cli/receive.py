"""``enos-csr receive``: an issued certificate finds its request and its key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from enos_csr_gui.cli import json_objects, signals
from enos_csr_gui.cli.options import chain_option, file_option, json_option
from enos_csr_gui.cli.output import Faults, echo_err, examples, path_text, print_json
from enos_csr_gui.core import serials
from enos_csr_gui.core.errors import NO_CHAIN_CODES, Code, CoreError, escape_unprintable
from enos_csr_gui.core.shell import command_line, shells
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels

if TYPE_CHECKING:
    from enos_csr_gui.core.receive import MatchedCertificate, StoredCertificate


@click.command(
    help=_(
        "Receive the certificate that was issued for a request.\n\n"
        "Finds its key among the requests created on this computer or beside the file, reports "
        "any problems, and saves the certificate beside the key as NAME.crt, with a number if "
        "that name is taken. Needs no passphrase.\n\n"
        "CERT can have any format: PEM, DER, PKCS #7, a ZIP archive, an e-mail, the JSON answer "
        "of EnOS. Several files, or a folder, are sorted by what they contain.\n\n"
        "Exit status: 0 success; 1 the certificate could not be saved; 2 the file is not a "
        "certificate, or no key for it was found. After 2, nothing was written; nor after 1, "
        "unless the message says so."
    ),
    short_help=_("Receive an issued certificate."),
    epilog=examples(
        "enos-csr receive dev-001.pem", "enos-csr receive dev-001.pem --chain ca-chain.pem"
    ),
)
@click.argument("certificates", type=Path, nargs=-1, required=True, metavar="CERT...")
@file_option(
    "--key",
    "key_file",
    text=_("The private key of the certificate, if the command does not find it."),
)
@chain_option
@json_option
def receive(
    certificates: tuple[Path, ...], key_file: Path | None, chain_file: Path | None, as_json: bool
) -> None:
    """Find the key, save the certificate beside it, print what to do next."""
    from enos_csr_gui.core import receive

    faults = Faults()
    given = [faults.absolute(one) for one in certificates]
    key_file = faults.absolute(key_file) if key_file else None
    others: tuple[Path, ...] = ()
    try:
        if len(given) > 1 or given[0].is_dir():
            sorted_ = receive.sort_files(given)
            given[0], others = sorted_.certificate, sorted_.others
            faults.warn(sorted_.notes)
        received = receive.match_certificate(given[0], key_file, chain_file, others=others)
        faults.warn(received.notes)
        with signals.finishing():
            taken = receive.store_certificate(received)
            faults.warn(taken.notes)
            faults.warn(received.problems)
            _print(received, taken, faults.warnings, as_json=as_json)
    except CoreError as error:
        faults.add_error(error)
        faults.end()


def _print(
    received: MatchedCertificate,
    taken: StoredCertificate,
    warnings: Sequence[json_objects.Object],
    *,
    as_json: bool,
) -> None:
    try:
        if as_json:
            print_json(json_objects.received(received, taken, warnings))
        else:
            _print_advice(received, taken)
    except OSError:
        echo_err(_("The certificate was saved, but the result could not be printed."))
        raise


def _print_advice(received: MatchedCertificate, taken: StoredCertificate) -> None:
    leaf = received.issued.certificate
    validity = _("Valid from {first} to {last}.").format(
        first=leaf.not_valid_before_utc.date().isoformat(),
        last=leaf.not_valid_after_utc.date().isoformat(),
    )
    file, key = path_text(taken.certificate), path_text(received.key)
    heading = (
        _("The certificate for '{name}' was already there:")
        if taken.already
        else _("The certificate for '{name}' is saved:")
    )
    name = labels.common_name(received.issued.answers)
    codes = {problem.code for problem in received.problems}
    parts = [(heading.format(name=name), file)]
    if Code.KEY_UNCHECKED in codes:
        parts.append((_("The key file that you named, not checked:"), key))
    elif Code.KEY_GONE not in codes:
        parts.append((_("It belongs to the key file:"), key))
    parts.append((validity, ""))
    parts.append((labels.named(_("Serial number"), serials.written(leaf.serial_number)), ""))
    export = ["enos-csr", "export", str(taken.certificate), "--key", str(received.key)]
    if codes & NO_CHAIN_CODES:
        command = [*export, "--chain", "FILE", "--format", "pem", "--out", "FOLDER"]
        parts.append((_("When you have the CA certificates:"), _shown(command)))
    elif Code.KEY_GONE not in codes:
        text = _("To create the files for the device (--help names the other formats):")
        command = [*export, "--format", "pem", "--out", "FOLDER"]
        parts.append((text, _shown(command)))
    click.echo("\n\n".join(f"{head}\n  {value}".rstrip() for head, value in parts))


def _shown(command: list[str]) -> str:
    """Return a command to paste, as far as a terminal can show it."""
    return escape_unprintable(command_line(command, shells()[0]))
