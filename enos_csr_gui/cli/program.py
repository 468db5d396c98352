"""The group of all commands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, cast

import click

from enos_csr_gui import __version__, i18n
from enos_csr_gui.cli.output import examples
from enos_csr_gui.core import interrupted
from enos_csr_gui.core.errors import escape_unprintable
from enos_csr_gui.i18n import _
from enos_csr_gui.messages import labels

_COMMANDS = (
    "new",
    "renew",
    "inspect",
    "receive",
    "export",
    "batch",
    "receive-batch",
    "renew-batch",
    "convert",
    "history",
    "profiles",
    "fields",
    "rules",
)


class _Commands(Mapping[str, click.Command]):
    """Imports a command when it is asked for; its module and its function are named alike."""

    def __getitem__(self, name: str) -> click.Command:
        if name not in _COMMANDS:
            raise KeyError(name)
        function = name.replace("-", "_")
        command = getattr(import_module(f"enos_csr_gui.cli.{function}"), function)
        assert isinstance(command, click.Command)  # noqa: S101  (narrows the type)
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(_COMMANDS)

    def __len__(self) -> int:
        return len(_COMMANDS)


def _check_language(_context: click.Context, _option: click.Parameter, value: str | None) -> None:
    """Refuse a language that the program does not know; ``cli.main`` has chosen any other."""
    if value is not None and i18n.match(value) is None:
        raise click.BadParameter(labels.no_language(value))


class _Program(click.Group):
    """Shows what was typed only after escaping it: the name of a foreign file may be an option."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        with _shown():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with _shown():
            return super().invoke(ctx)


@contextmanager
def _shown() -> Iterator[None]:
    try:
        yield
    except click.ClickException as error:
        # click writes a list of choices in lines of their own.
        message = escape_unprintable(error.format_message().replace("\n\t", " "))
        error.format_message = lambda: message  # type: ignore[method-assign]
        raise


@click.group(
    cls=_Program,
    commands=cast("MutableMapping[str, click.Command]", _Commands()),  # click only reads it
    help=_(
        "Create the private key and the certificate signing request (CSR) that EnOS asks "
        "for. Nothing is ever sent over the network."
    ),
    epilog=examples("enos-csr new", "enos-csr new --help", "enos-csr fields"),
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--lang",
    metavar="LANGUAGE",
    callback=_check_language,
    is_eager=True,
    expose_value=False,
    help=_("Use this language: {languages}.  [default: the system's]").format(
        languages=labels.listed(i18n.languages())
    ),
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def program() -> None:
    """The command group; before each command, clean up after killed processes."""
    interrupted.tidy()
