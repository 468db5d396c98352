"""``enos-csr receive-batch``: the certificates for a batch, sorted to their keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from enos_csr_gui.cli import json_objects, key_options, prompts
from enos_csr_gui.cli.batch_run import progress_line
from enos_csr_gui.cli.options import file_option, json_option
from enos_csr_gui.cli.output import IMPOSSIBLE, Faults, echo_err, examples, path_text, print_json
from enos_csr_gui.core.errors import Code, CoreError, escape_unprintable
from enos_csr_gui.core.file_types import CERTIFICATES
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels
from enos_csr_gui.messages.problems import problem_text

if TYPE_CHECKING:
    from enos_csr_gui.core.batch.collect import Collected, Export
    from enos_csr_gui.core.batch.pool import Foreign

_SHOWN = 20
"""As many names of one kind are printed; the report has all of them."""


@click.command(
    help=_(
        "Receive the certificates for the requests of a batch.\n\n"
        "FILE is a folder, a ZIP archive, a file of certificates in any format, or API answers as "
        "JSON, one per line. Each certificate finds its key by the public key and is saved beside "
        "it as NAME.crt. The command reports which are missing, expired, changed or of other keys, "
        "and writes certificates.csv.\n\n"
        "With --format, it also creates the files that the device reads. The C header file (c) "
        "has no passphrase.\n\n"
        "Exit status: 0 all certificates and files are there; 1 some are missing, or failure; 2 "
        "invalid input."
    ),
    short_help=_("Receive the certificates for many devices."),
    epilog=examples(
        "enos-csr receive-batch certificates.zip --out farm",
        "enos-csr receive-batch answers.jsonl ca.pem --out farm --format pem",
    ),
)
@click.argument("sources", type=Path, nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--out",
    "folder",
    type=Path,
    required=True,
    metavar="FOLDER",
    help=_("The folder of the batch."),
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(("pem", "p12", "jks", "c")),
    help=_("Create the files for each device in this format."),
)
@click.option(
    "--files",
    "into",
    type=Path,
    metavar="FOLDER",
    help=_("Write these files to a folder for each device in FOLDER, not beside the key."),
)
@file_option(
    "--passphrase-file",
    text=_("Protect the new files with the passphrase in the first line of this file."),
)
@file_option(
    "--key-passphrase-file",
    text=_("Open the keys with the passphrase in the first line of this file."),
)
@file_option(
    "--device-passphrases",
    text=_("Open each key, and protect its new files, with its passphrase in this file."),
)
@key_options.slow_key_option
@json_option
def receive_batch(
    *,
    sources: tuple[Path, ...],
    folder: Path,
    format_name: str | None,
    into: Path | None,
    passphrase_file: Path | None,
    key_passphrase_file: Path | None,
    device_passphrases: Path | None,
    as_json: bool,
) -> None:
    """Read all certificates, save each beside its key, print what is missing."""
    from enos_csr_gui.core.batch import collect
    from enos_csr_gui.core.batch.pool import Pool

    faults = Faults()
    folder = faults.absolute(folder)
    how = None
    if format_name:
        how = _how(format_name, (passphrase_file, key_passphrase_file), device_passphrases, faults)
        place = faults.absolute(into) if into else None
        how = how._replace(into=place, may_take_long=key_options.allows_slow_key())
    elif into:
        raise click.UsageError(_("--files needs --format."))
    faults.tell()
    try:
        requested = collect.of_folder(folder)
        pool = Pool([faults.absolute(one) for one in sources], folder)
        faults.warn(pool.problems)
        text = _("{done} of {total} received.")
        done = collect.collect(requested, pool, how=how, progress=progress_line(text))
    except CoreError as error:
        faults.add_error(error)
        faults.end()
    foreign = pool.rest()
    if as_json:
        print_json(json_objects.batch_received(done, foreign, folder, faults.warnings))
    else:
        _print(done, foreign, folder)
    if any(problem.code is Code.KEY_SLOW for one in done for problem in one.problems):
        echo_err(key_options.to_open_slow_keys())
    if any(one.certificate is None or one.lacks_files for one in done):
        raise click.exceptions.Exit(IMPOSSIBLE)


def _how(
    format_name: str,
    passphrase_files: tuple[Path | None, Path | None],
    device_passphrases: Path | None,
    faults: Faults,
) -> Export:
    from enos_csr_gui.core import export, keystore
    from enos_csr_gui.core.batch import collect, passphrases
    from enos_csr_gui.core.enums import Format

    format_ = Format(format_name)
    is_store = format_ in (Format.PKCS12, Format.JAVA)
    check = keystore.check_passphrase if is_store else None
    new, of_key = passphrase_files
    if unprotected := export.check_protection(format_, protected=new is not None):
        raise click.UsageError(problem_text(unprotected[0]))
    if device_passphrases:
        try:
            each = passphrases.load(faults.absolute(device_passphrases))
        except CoreError as error:
            faults.add_error(error, option="--device-passphrases")
            faults.end()
        return collect.export_as(format_, each=each)
    protects = opens = None
    if new:
        protects = key_options.read_passphrase(new, faults, check=check)
    elif is_store and prompts.possible():
        protects = prompts.new_passphrase(_("Passphrase for the new file"), check)
    elif is_store:
        raise click.UsageError(
            _(
                "A keystore needs a passphrase, and there is no terminal to ask on. Use "
                "--passphrase-file."
            )
        )
    if of_key:
        opens = key_options.read_passphrase(of_key, faults, option="--key-passphrase-file")
    return collect.export_as(format_, opens=opens, protects=protects)


def _print(done: Sequence[Collected], foreign: Sequence[Foreign], folder: Path) -> None:
    from enos_csr_gui.core.enums import CertificateStatus

    counts = Counter(one.status for one in done)
    for status in CertificateStatus:
        if counts[status]:
            click.echo(labels.named(labels.certificate_status(status), str(counts[status])))
            if status not in (CertificateStatus.RECEIVED, CertificateStatus.ALREADY):
                _list([one.record.common_name for one in done if one.status is status])
    if foreign:
        click.echo(labels.named(_("of other keys"), str(len(foreign))))
        _list([f"{one.name} ({one.source.name})" for one in foreign])
    sentences = Counter(problem_text(problem) for one in done for problem in one.problems)
    for sentence, count in sentences.most_common(_SHOWN):
        text = _("NOTE: {sentence}").format(sentence=sentence)
        echo_err(f"{text} ({count}×)" if count > 1 else text)
    if files := sum(len(one.files) for one in done):
        click.echo(labels.named(_("files for devices"), str(files)))
    click.echo(labels.named(_("Report"), path_text(folder / CERTIFICATES)))


def _list(names: Sequence[str]) -> None:
    for name in names[:_SHOWN]:
        click.echo(f"  {escape_unprintable(name)}")
    if len(names) > _SHOWN:
        click.echo("  …")
