"""``enos-csr export``: the certificate and its key in the form that the device reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from enos_csr_gui.cli import json_objects, key_options, prompts, signals
from enos_csr_gui.cli.options import chain_option, file_option, json_option
from enos_csr_gui.cli.output import (
    IMPOSSIBLE,
    WRONG_INPUT,
    Faults,
    echo_err,
    examples,
    path_text,
    print_json,
)
from enos_csr_gui.core.errors import Code, CoreError, Problem
from enos_csr_gui.i18n import _
from enos_csr_gui.messages.problems import problem_text

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

    from enos_csr_gui.core.certificate import Issued
    from enos_csr_gui.core.enums import Format
    from enos_csr_gui.core.export import ExportedFile
    from enos_csr_gui.core.receive import Arrived

_FORMATS = ("pem", "p12", "jks", "c")
_PEM_NAME = "edge"


@click.command(
    help=_(
        "Convert a certificate and its key to the format that the device reads.\n\n"
        "pem: the files NAME.key, NAME.pem and NAME_ca.pem in the folder PATH. p12: a PKCS #12 "
        "keystore. jks: a keystore for Java 8u301 and later, in which the certificate authority "
        "is trusted. c: a header file for the EnOS SDK for C, which opens no key with a "
        "passphrase. Never replaces a file.\n\n"
        "CERT can have any format. Several files, or a folder, are sorted by what they contain: "
        "certificate, CA certificates and key.\n\n"
        "A keystore needs a passphrase. The command asks for it twice, or takes it from a "
        "file.\n\n"
        "Exit status: 0 success; 1 failure; 2 invalid input. After 2, nothing was written; nor "
        "after 1, unless the message says so."
    ),
    short_help=_("Create the files for the device."),
    epilog=examples(
        "enos-csr export dev-001.crt --key dev-001.key --format jks --out dev-001.jks",
        "enos-csr export dev-001.crt ca.pem dev-001.key --format pem --out edge-box",
    ),
)
@click.argument("certificates", type=Path, nargs=-1, required=True, metavar="CERT...")
@file_option(
    "--key",
    "key_file",
    text=_("The private key of the certificate, if no CERT contains it."),
)
@chain_option
@click.option(
    "--format",
    "format_name",
    type=click.Choice(_FORMATS),
    required=True,
    help=_("The format to create."),
)
@click.option(
    "--out",
    "target",
    type=Path,
    required=True,
    metavar="PATH",
    help=_("The file to write; with pem, the folder."),
)
@click.option(
    "--name",
    default=_PEM_NAME,
    metavar="NAME",
    help=_("Name of the pem files, or the alias of the key in jks.  [default: {name}]").format(
        name=_PEM_NAME
    ),
)
@click.option(
    "--encrypt",
    is_flag=True,
    help=_("Protect the pem key with a passphrase too. The command asks for it."),
)
@file_option(
    "--passphrase-file",
    text=_(
        "Read the passphrase for the new files from the first line of this file, or from "
        "standard input with '-'."
    ),
)
@file_option(
    "--key-passphrase-file",
    text=_("Read the passphrase that opens the key file from the first line of this file."),
)
@key_options.slow_key_option
@click.option(
    "--older-systems",
    is_flag=True,
    help=_(
        "Use the weaker protection that older systems can read: Java 8 before 8u301, old "
        "versions of Windows and macOS."
    ),
)
@json_option
def export(
    *,
    certificates: tuple[Path, ...],
    key_file: Path | None,
    chain_file: Path | None,
    format_name: str,
    target: Path,
    name: str,
    encrypt: bool,
    passphrase_file: Path | None,
    key_passphrase_file: Path | None,
    older_systems: bool,
    as_json: bool,
) -> None:
    """Check what is given, ask for passphrases, write the files, print where they are."""
    from enos_csr_gui.core import enums, export, keystore, receive

    interactive = prompts.possible()
    format_ = enums.Format(format_name)
    is_keystore = format_ in (enums.Format.PKCS12, enums.Format.JAVA)
    protected = encrypt or passphrase_file is not None
    if unprotected := export.check_protection(format_, protected=protected):
        raise click.UsageError(problem_text(unprotected[0]))
    _check_combination(
        certificates,
        is_keystore=is_keystore,
        encrypt=encrypt,
        passphrase_files=(passphrase_file, key_passphrase_file),
        older_systems=older_systems,
        interactive=interactive,
    )
    check = keystore.check_passphrase if is_keystore else None

    # Report every problem with the options before asking anything.
    faults = Faults()
    target = faults.absolute(target)
    passphrase = None
    if passphrase_file:
        passphrase = key_options.read_passphrase(passphrase_file, faults, check=check)
    came = _read(certificates, chain_file, faults)
    key_file = key_file or _key_among(came, faults)
    wanted = receive.wanted_keys(came)
    key = None
    if key_file:
        key_file, key = _load_key(
            key_file, key_passphrase_file, wanted, faults, interactive=interactive
        )
    issued = _issued(came, chain_file, key, faults)
    for problem in export.check_target(format_, target, name):
        unsafe = problem.code is Code.NAME_UNSAFE
        option = "--out" if unsafe and format_ is not enums.Format.PEM else ""
        faults.add([problem], option=option, status=WRONG_INPUT if unsafe else IMPOSSIBLE)
    faults.tell()

    if not key_file or issued is None:
        faults.end()
    if not key:
        key = key_options.unlock_key(key_file, faults, wanted=wanted)
        issued = _issued(came, chain_file, key, faults) or issued
    _check_parts(format_, key, issued, chain_file, faults)
    if encrypt or (is_keystore and not passphrase_file):
        passphrase = prompts.new_passphrase(_("Passphrase for the new file"), check)
    with signals.finishing():
        try:
            saved = export.export_files(
                format_,
                key,
                issued.certificate,
                issued.chain,
                target,
                name=name,
                passphrase=passphrase,
                older_systems=older_systems,
            )
        except CoreError as error:
            faults.add_error(error)
            faults.end()
        if older_systems:
            echo_err(_("The protection for older systems is weak. Let nobody else have the file."))
        try:
            if as_json:
                print_json(json_objects.exported(saved, faults.warnings))
            else:
                _print_advice(saved, key_file)
        except OSError:
            echo_err(_("The files were saved, but the result could not be printed."))
            raise


def _check_combination(
    certificates: Sequence[Path],
    *,
    is_keystore: bool,
    encrypt: bool,
    passphrase_files: tuple[Path | None, Path | None],
    older_systems: bool,
    interactive: bool,
) -> None:
    """Refuse options that contradict each other, or the place where the command runs."""
    new, of_key = passphrase_files
    key_options.check_words(certificates, encrypt=encrypt)
    key_options.check_use([], encrypt, new, interactive)
    message = None
    if older_systems and not is_keystore:
        message = _("--older-systems works with the formats p12 and jks only.")
    elif encrypt and is_keystore:
        message = _(
            "--encrypt works with the format pem only: the other formats always need a passphrase."
        )
    elif is_keystore and not new and not interactive:
        message = _(
            "A keystore needs a passphrase, and there is no terminal to ask on. Use "
            "--passphrase-file."
        )
    elif new == of_key == key_options.STANDARD_INPUT:
        message = _("Only one of the passphrases can come from standard input.")
    elif key_options.STANDARD_INPUT in passphrase_files and interactive:
        message = _(
            "A passphrase from standard input would be shown while you type it. Leave the "
            "option out, and the command asks."
        )
    if message:
        raise click.UsageError(message)


def _load_key(
    key_file: Path,
    passphrase_file: Path | None,
    wanted: list[str],
    faults: Faults,
    *,
    interactive: bool,
) -> tuple[Path | None, rsa.RSAPrivateKey | None]:
    """Return the file of the key, and the key; None if a problem was added or it must be asked."""
    option = "--key-passphrase-file"
    passphrase = None
    if passphrase_file:
        passphrase = key_options.read_opening_passphrase(passphrase_file, faults, option=option)
    to_come = interactive or passphrase_file is not None
    found = key_options.find_key(key_file, passphrase, faults, wanted=wanted)
    if found is None:
        return None, None
    return found, key_options.load_key(
        found, passphrase, faults, passphrase_to_come=to_come, option=option, wanted=wanted
    )


def _read(certificates: Sequence[Path], chain_file: Path | None, faults: Faults) -> list[Arrived]:
    """Return what was given, the file with the certificate first; empty when there is a fault."""
    from enos_csr_gui.core import contents, receive

    try:
        came = receive.sort(certificates)
    except CoreError as error:
        faults.add_error(error)
        return []
    faults.warn(contents.left_out([*certificates, *([chain_file] if chain_file else [])], came))
    return came


def _key_among(came: Sequence[Arrived], faults: Faults) -> Path | None:
    """Return the file of these that holds the key; None when there is a fault."""
    from enos_csr_gui.core import receive

    key_file = receive.key_among(came) if came else None
    if came and not key_file:
        faults.add([Problem(Code.NO_KEY_GIVEN)])
    return key_file


def _issued(
    came: Sequence[Arrived], chain_file: Path | None, key: rsa.RSAPrivateKey | None, faults: Faults
) -> Issued | None:
    """Return the certificate, that of the key if there are several; None when there is a fault."""
    from enos_csr_gui.core import keys, receive

    wanted = keys.public_key_sha256(key.public_key()) if key else ""
    if not came:
        return None
    try:
        return receive.read_issued(came, chain_file, wanted)
    except CoreError as error:
        faults.add_error(error)
        return None


def _check_parts(
    format_: Format,
    key: rsa.RSAPrivateKey,
    issued: Issued,
    chain_file: Path | None,
    faults: Faults,
) -> None:
    from enos_csr_gui.core import certificate, export

    has_wrong_issuer = issued.has_namesake and format_.value != "p12"
    if not issued.chain and (chain_file or has_wrong_issuer):
        faults.add(certificate.check_chain(issued, chain_file))
        faults.tell()
    try:
        export.check_parts(format_, key, issued.certificate, issued.chain)
    except CoreError as error:
        faults.add_error(error)
        faults.end()
    faults.warn(certificate.check(issued))


def _print_advice(saved: list[ExportedFile], key_file: Path) -> None:
    click.echo(_("Put these on the device:"))
    for one in saved:
        click.echo(f"  {path_text(one.path)}")
    click.echo()
    secret = next(one for one in saved if one.private)
    if secret.protected:
        text = _(
            "{file} contains the key. Never send it together with its passphrase; the device "
            "needs both."
        )
    else:
        text = _(
            "{file} contains a copy of the key. Never send it; delete it here when it is on "
            "the device. Your own key file stays where it is: {key_file}"
        )
    file = path_text(Path(secret.path.name))
    click.echo(text.format(file=file, key_file=path_text(key_file.absolute())))
