"""The language that people read: every sentence passes through ``_``, ``ngettext`` or ``N_``."""

from __future__ import annotations

from gettext import NullTranslations

_catalogue = NullTranslations()


def _(message: str) -> str:
    """Return the message in the language chosen."""
    return _catalogue.gettext(message)


def ngettext(singular: str, plural: str, number: int) -> str:
    """Return the message in the language chosen, in the form that goes with ``number``."""
    return _catalogue.ngettext(singular, plural, number)


def N_(message: str) -> str:  # noqa: N802  (gettext's customary name)
    """Mark a message for translation that is looked up later."""
    return message
