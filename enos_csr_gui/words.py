"""The words that people read about fields and problems, the same in the window and in a terminal.

Glossary: *request* is the certificate signing request (CSR), *request file* the ``.csr`` file,
*key* the private key, *key file* the ``.key`` file, *common name* the name in the certificate.
"""

from __future__ import annotations

from typing import NamedTuple

from enos_csr_gui.core.errors import Code, Problem
from enos_csr_gui.i18n import N_, _, ngettext


class FieldWords(NamedTuple):
    """What people read about one subject field; look the parts up with ``label`` and ``help_``."""

    label: str
    help: str
    example: str


FIELDS: dict[str, FieldWords] = {
    "country": FieldWords(
        N_("Country"),
        N_("Where the device or the application is run, for example CN for China."),
        "CN",
    ),
    "state": FieldWords(N_("State or province"), N_("For example Guizhou."), "Guizhou"),
    "locality": FieldWords(N_("Locality"), N_("The city or town, for example Kaili."), "Kaili"),
    "organization": FieldWords(
        N_("Organization"),
        N_("Your company, by the name it is registered under."),
        "Example Wind Ltd",
    ),
    "unit": FieldWords(
        N_("Organizational unit"),
        N_("The department that looks after the device or the application."),
        "Operations",
    ),
    "common_name": FieldWords(
        N_("Common name"),
        N_("A name that no other device or application has."),
        "dev-001",
    ),
    "email": FieldWords(
        N_("E-mail address"),
        N_("Whom to write to about this certificate. May stay empty."),
        "ops@example.com",
    ),
}


def label(field: str) -> str:
    """Return the name of a subject field for people."""
    return _(FIELDS[field].label)


def help_(field: str) -> str:
    """Return what to enter in a subject field."""
    return _(FIELDS[field].help)


_SENTENCES: dict[Code, str] = {
    Code.REQUIRED: N_("Please fill this in; EnOS requires it."),
    Code.CONTROL_CHARACTER: N_(
        "Character {position} is a control character ({code_point}). Please delete it."
    ),
    Code.LINE_BREAK: N_("There is a line break at character {position}. Please use one line."),
    Code.INVISIBLE_CHARACTER: N_(
        "Character {position} is invisible ({code_point}), often a leftover of copying. "
        "Please delete it, or type the text anew."
    ),
    Code.BROKEN_CHARACTER: N_(
        "Character {position} is damaged ({code_point}). Please delete it and type it anew."
    ),
    Code.NOT_ASCII: N_(
        "Character {position}, '{character}', cannot be used here. Please use letters from a to z "
        "without accents, digits and common signs."
    ),
    Code.NOT_AN_ADDRESS: N_(
        "This is not an e-mail address. It should look like name@company.com; or leave it empty."
    ),
    Code.NOT_A_KEY: N_(
        "This file holds no private key that can be read. It may be damaged, or another kind of "
        "file. Please choose the key file, often named '….key' or '….pem'."
    ),
    Code.NOT_A_PRIVATE_KEY: N_(
        "This file holds a '{label}', not a private key. Please choose the key file, often named "
        "'….key'."
    ),
    Code.KEY_NOT_RSA: N_(
        "EnOS takes RSA keys only; this is a key of the kind {algorithm}. Please choose another "
        "key, or make a new one."
    ),
    Code.KEY_SIZE: N_(
        "EnOS takes keys of {wanted} bits only; this one has {bits}. Please choose another key, "
        "or make a new one."
    ),
    Code.PASSPHRASE_NEEDED: N_("This key is protected. Please type its passphrase."),
    Code.PASSPHRASE_WRONG: N_(
        "The passphrase does not open this key. Please type it again; capital and small letters "
        "differ."
    ),
    Code.PASSPHRASE_EMPTY: N_("The passphrase is empty. Please type one."),
    Code.PASSPHRASE_TOO_LONG: N_(
        "The passphrase is too long: {length} bytes, and at most {limit} are allowed. Please "
        "shorten it."
    ),
    Code.FILE_EXISTS: N_(
        "There already is a file of this name, and it will not be replaced. Please choose another "
        "name; '{suggestion}' is free."
    ),
    Code.FILE_MISSING: N_("There is no such file. Please check its name and folder."),
    Code.FILE_TOO_LARGE: N_(
        "This file is far too large to be the right one. Please choose another; a key file is "
        "often named '….key'."
    ),
    Code.NAME_UNSAFE: N_(
        "This name cannot be used for a file on every computer. Please use '{suggestion}', or "
        "another name."
    ),
    Code.FOLDER_MISSING: N_(
        "This folder does not exist. If it is on a USB stick or a network drive, connect it; or "
        "choose another folder."
    ),
    Code.NOT_A_FOLDER: N_("This is a file, not a folder. Please choose a folder."),
    Code.NOT_A_FILE: N_("This is not a file. Please choose a file."),
    Code.NO_PERMISSION: N_(
        "You have no permission here. Please choose another place, or ask your administrator."
    ),
    Code.READ_ONLY: N_(
        "This disk is read-only, so nothing can be saved on it. Please choose another folder."
    ),
    Code.DISK_FULL: N_(
        "The disk is full. Please make room, or choose a folder on another disk. Nothing was saved."
    ),
    Code.PATH_TOO_LONG: N_(
        "The name together with its folder is too long. Please choose a shorter name or folder."
    ),
    Code.NOT_PRIVATE: N_(
        "This disk cannot keep a key private: everybody who uses it could read the key. Please "
        "choose a folder on this computer, or protect the key with a passphrase."
    ),
    Code.FILE_TROUBLE: N_(
        "The computer could not do this: {reason}. Please choose another place, or try again."
    ),
}


def sentence(problem: Problem) -> str:
    """Return what is wrong and how to mend it; where it is, the caller shows beside it."""
    values = problem.values
    if problem.code is Code.TOO_LONG:
        excess = int(values["excess"])
        text = ngettext(
            "{excess} character too many: at most {limit} are allowed. Please shorten it.",
            "{excess} characters too many: at most {limit} are allowed. Please shorten it.",
            excess,
        )
    elif problem.code is Code.NOT_A_COUNTRY and values["suggestion"]:
        text = _("'{given}' is not a country code. Did you mean {suggestion} ({name})?")
    elif problem.code is Code.NOT_A_COUNTRY:
        text = _(
            "'{given}' is not a country code. Please use the two letters of ISO 3166, for "
            "example CN."
        )
    else:
        text = _(_SENTENCES[problem.code])
    return text.format(**values)


_STRENGTHS = (
    N_("Very weak: a computer guesses this at once."),
    N_("Weak: easily guessed. Add a few words."),
    N_("Fair: better make it longer."),
    N_("Good."),
    N_("Strong."),
)


def strength(score: int) -> str:
    """Return what a passphrase's strength (0 to 4, ``core.keys.strength``) means."""
    return _(_STRENGTHS[score])
