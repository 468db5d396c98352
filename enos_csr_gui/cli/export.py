"""``enos-csr export``: the certificate and its key in the form that the device reads."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from enos_csr_gui.cli import json_objects, key_options, prompts, signals
from enos_csr_gui.cli.output import (
    IMPOSSIBLE,
    WRONG_INPUT,
    Faults,
    echo_err,
    examples,
    path_text,
    print_json,
)
from enos_csr_gui.core.errors import Code, CoreError
from enos_csr_gui.i18n import _
from enos_csr_gui.messages.problems import problem_text

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

    from enos_csr_gui.core.certificate import Issued
    from enos_csr_gui.core.enums import Format
    from enos_csr_gui.core.export import ExportedFile

_FORMATS = ("pem", "p12", "jks", "c")
_PEM_NAME = "edge"


@click.command(
    help=_(
        "Convert a certificate and its key to the format that the device reads.\n\n"
        "pem: the files NAME.key, NAME.pem and NAME_ca.pem in the folder PATH. p12: a PKCS #12 "
        "keystore. jks: a keystore for Java 8u301 and later, in which the certificate authority "
        "is trusted. c: a header file for the EnOS SDK for C, which opens no key with a "
        "passphrase. Never replaces a file.\n\n"
        "CERT and the CA certificates can have any format, or be a folder.\n\n"
        "A keystore needs a passphrase. The command asks for it twice, or takes it from a "
        "file.\n\n"
        "Exit status: 0 success; 1 failure; 2 invalid input. After 2, nothing was written; nor "
        "after 1, unless the message says so."
    ),
    short_help=_("Create the files for the device."),
    epilog=examples(
        "enos-csr export dev-001.crt --key dev-001.key --format jks --out dev-001.jks",
        "enos-csr export dev-001.crt --key dev-001.key --format pem --out edge-box",
    ),
    context_settings={"allow_extra_args": True},
)
@click.argument("certificate", type=Path, metavar="CERT")
@click.option(
    "--key",
    "key_file",
    type=Path,
    required=True,
    metavar="FILE",
    help=_("The private key of the certificate."),
)
@key_options.chain_option
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
@click.option(
    "--passphrase-file",
    type=Path,
    metavar="FILE",
    help=_(
        "Read the passphrase for the new files from the first line of this file, or from "
        "standard input with '-'."
    ),
)
@click.option(
    "--key-passphrase-file",
    type=Path,
    metavar="FILE",
    help=_("Read the passphrase that opens the key file from the first line of this file."),
)
@click.option(
    "--older-systems",
    is_flag=True,
    help=_(
        "Use the weaker protection that older systems can read: Java 8 before 8u301, old "
        "versions of Windows and macOS."
    ),
)
@click.option("--json", "as_json", is_flag=True, help=_("Print the result as JSON."))
@click.pass_context
def export(
    context: click.Context,
    /,
    *,
    certificate: Path,
    key_file: Path,
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
    from enos_csr_gui.core import enums, export, keystore

    interactive = prompts.possible()
    format_ = enums.Format(format_name)
    is_keystore = format_ in (enums.Format.PKCS12, enums.Format.JAVA)
    protected = encrypt or passphrase_file is not None
    if unprotected := export.check_protection(format_, protected=protected):
        raise click.UsageError(problem_text(unprotected[0]))
    _check_combination(
        context.args,
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
    wanted = _wanted_keys(certificate)
    key = _load_key(key_file, key_passphrase_file, wanted, faults, interactive=interactive)
    issued = _read(certificate, chain_file, key, faults)
    for problem in export.check_target(format_, target, name):
        unsafe = problem.code is Code.NAME_UNSAFE
        option = "--out" if unsafe and format_ is not enums.Format.PEM else ""
        faults.add([problem], option=option, status=WRONG_INPUT if unsafe else IMPOSSIBLE)
    faults.tell()

    if not key:
        key = key_options.unlock_key(key_file, faults, wanted=wanted)
        issued = _read(certificate, chain_file, key, faults)
    if issued is None:
        faults.end()
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
    stray: list[str],
    *,
    is_keystore: bool,
    encrypt: bool,
    passphrase_files: tuple[Path | None, Path | None],
    older_systems: bool,
    interactive: bool,
) -> None:
    """Refuse options that contradict each other, or the place where the command runs."""
    new, of_key = passphrase_files
    key_options.check_use(stray, encrypt, new, interactive)
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


def _wanted_keys(file: Path) -> list[str]:
    """Return the public-key fingerprints of the certificates; none if the file cannot be read."""
    from enos_csr_gui.core import certificate, receive

    with suppress(CoreError):  # ``_read`` reports it
        return certificate.public_keys(receive.read_certificates(file)[1])
    return []


def _load_key(
    key_file: Path,
    passphrase_file: Path | None,
    wanted: list[str],
    faults: Faults,
    *,
    interactive: bool,
) -> rsa.RSAPrivateKey | None:
    option = "--key-passphrase-file"
    passphrase = None
    if passphrase_file:
        passphrase = key_options.read_opening_passphrase(passphrase_file, faults, option=option)
    to_come = interactive or passphrase_file is not None
    return key_options.load_key(
        key_file, passphrase, faults, passphrase_to_come=to_come, option=option, wanted=wanted
    )


def _read(
    file: Path, chain_file: Path | None, key: rsa.RSAPrivateKey | None, faults: Faults
) -> Issued | None:
    """Return the certificate, that of the key if there are several; None when there is a fault."""
    from enos_csr_gui.core import certificate, keys, receive

    wanted = keys.public_key_sha256(key.public_key()) if key else ""
    try:
        chain_data = receive.read_chain(chain_file) if chain_file else b""
        found, data = receive.read_certificates(file)
        return certificate.read(data, found, chain_data, wanted)
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

    if chain_file and not issued.chain:
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
