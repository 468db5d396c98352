"""The sentence for each problem code: what is wrong, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from enos_csr_gui.core.errors import Code, Problem
from enos_csr_gui.i18n import N_, _, ngettext
from enos_csr_gui.messages.labels import joined, kind, label, named

_SENTENCES: dict[Code, str] = {
    Code.REQUIRED: N_("Please fill this in."),
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
    Code.NOT_AN_ADDRESS: N_("Please write it like name@company.com, or leave it empty."),
    Code.NOT_A_KEY: N_(
        "This file holds no private key that can be read. It may be damaged, or another kind of "
        "file. Please choose the key file; its name often ends in .key or .pem."
    ),
    Code.PROTECTION_UNKNOWN: N_(
        "This key is protected with {protection}, which this program cannot undo. Convert the file "
        "with '{command}', then choose the new file."
    ),
    Code.KEY_FORMAT: N_(
        "This is a private key in the format of {format}, which this program cannot read. Convert "
        "a copy of it with '{command}', then choose the new file."
    ),
    Code.KEY_IN_HARDWARE: N_(
        "This key is bound to the security chip (TPM) of a computer and cannot be used here. "
        "Choose another key, or create a new one."
    ),
    Code.KEY_PSS: N_(
        "This key is restricted to RSA-PSS signatures, and EnOS needs another kind of signature. "
        "Choose another key, or create a new one."
    ),
    Code.DERIVATION_TOO_LONG: N_(
        "The passphrase of this key is hashed {given} times, more than the limit of {limit}: "
        "opening it would block this computer. Protect the key again with fewer iterations."
    ),
    Code.DERIVATION_TOO_LARGE: N_(
        "Opening this key takes {given} MB of memory, more than the limit of {limit} MB. Protect "
        "the key again with a smaller memory cost."
    ),
    Code.NOT_A_PRIVATE_KEY: N_(
        "This file holds a '{label}', not a private key. Please choose the key file; its name "
        "often ends in .key."
    ),
    Code.KEY_NOT_RSA: N_(
        "The EnOS manual asks for an RSA key; this one is of the type {algorithm}. Choose another "
        "key, or create a new one."
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
    Code.PASSPHRASE_TOO_SHORT: N_(
        "The passphrase is too short: a keystore needs at least {minimum} characters, for Java "
        "opens none with fewer. Please lengthen it."
    ),
    Code.PASSPHRASE_NOT_ASCII: N_(
        "The passphrase of a keystore may hold plain characters only, for Java opens no other. "
        "Please use letters from a to z without accents, digits, blanks and common signs."
    ),
    Code.FILE_EXISTS: N_(
        "There already is a file of this name, and it will not be replaced. Please choose another "
        "name; '{suggestion}' is free."
    ),
    Code.FILE_MISSING: N_("There is no such file. Please check its name and folder."),
    Code.FILE_TOO_LARGE: N_(
        "This file is far too large to be the right one. Please choose another."
    ),
    Code.NAME_UNSAFE: N_(
        "This name cannot be used for a file on every computer. Please use '{suggestion}', or "
        "another name."
    ),
    Code.FOLDER_MISSING: N_(
        "This folder does not exist. If it is on a USB stick or a network drive, connect it; or "
        "choose another folder."
    ),
    Code.FOLDER_NOT_SHOWN: N_("No program on this computer shows folders. The files are in it."),
    Code.FOLDER_GONE: N_(
        "This folder is no longer there. If it is on a USB stick or a network drive, connect it; "
        "otherwise the files were moved or deleted."
    ),
    Code.NOT_A_FOLDER: N_("This is a file, not a folder. Please choose a folder."),
    Code.NOT_A_FILE: N_("This is not a file. Please choose a file."),
    Code.NO_PERMISSION: N_(
        "You have no permission to open this, or to save here. Please choose another place, or ask "
        "the administrator of this computer."
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
    # Inspection
    Code.NO_REQUEST: N_(
        "This file holds neither a request nor a certificate that can be read. Please choose the "
        "request file, whose name often ends in .csr, or the certificate (.pem, .crt)."
    ),
    Code.NOTHING_KNOWN: N_(
        "This file holds no request, certificate or key that can be read. It may be cut off, or "
        "another kind of file. Please choose another, or get it anew from where it was made."
    ),
    Code.FILE_EMPTY: N_("This file is empty. Please get it anew from where it was made."),
    Code.DAMAGED: N_(
        "This is damaged and cannot be read. Please get it anew from where it was made."
    ),
    Code.TOO_MANY_OBJECTS: N_(
        "Only the first {limit} requests, certificates and keys in this file were looked at. To "
        "see the rest, please split the file."
    ),
    Code.NOT_PEM: N_(
        "EnOS takes requests in PEM, as plain text. Please make a new request, or convert the "
        "file: 'openssl req -inform DER -in OLD -out NEW'."
    ),
    Code.KEY_INSIDE: N_(
        "The private key is in the same file, and must never be handed in. Please hand in a file "
        "with the request alone."
    ),
    Code.SIGNATURE_FALSE: N_(
        "The signature does not belong to this request: it was changed after it was made, or is "
        "damaged. Please make a new request."
    ),
    Code.SIGNATURE_UNCHECKED: N_(
        "The signature is of a kind that cannot be checked here. Please make a new request."
    ),
    Code.SIGNATURE_ALGORITHM: N_(
        "EnOS takes requests signed with {wanted} only; this one is signed with {algorithm}. "
        "Please make a new request."
    ),
    Code.ATTRIBUTE_ORDER: N_(
        "The fields stand in the order {given}; EnOS wants {wanted}. Please make a new request."
    ),
    Code.ATTRIBUTES_COMBINED: N_(
        "{attributes} are combined into one; EnOS asks for each by itself. Please make a new "
        "request."
    ),
    Code.ATTRIBUTE_REPEATED: N_(
        "This stands {count} times in the request; only one is allowed. Please make a new request."
    ),
    Code.ATTRIBUTE_UNKNOWN: N_(
        "EnOS does not ask for '{attribute}' in the subject. Please make a request without it."
    ),
    Code.NAME_MALFORMED: N_(
        "The subject breaks the rules of its text encoding (ASN.1). Please make a new request."
    ),
    Code.REQUEST_ATTRIBUTE: N_(
        "EnOS does not ask for the attribute '{attribute}'. Please skip that question when you "
        "make the request."
    ),
    Code.EXTENSION: N_(
        "EnOS does not ask for the extension '{extension}'. Please make a request without it."
    ),
    Code.SECRET_INSIDE: N_(
        "This file holds a private key. Never hand it in, never send it to anybody. EnOS needs "
        "the request file only."
    ),
    Code.SECRET_POSSIBLE: N_(
        "This file may hold a private key. Never hand it in, never send it to anybody. EnOS needs "
        "the request file only."
    ),
    Code.CERTIFICATE_EXPIRED: N_(
        "This certificate expired on {date}. Please renew it, and ask whoever manages certificates "
        "in your EnOS whether a renewal is still possible."
    ),
    Code.CERTIFICATE_NOT_YET_VALID: N_(
        "This certificate is not valid before {date}. Please wait until then, or set the date of "
        "this computer right."
    ),
    # Defaults of the organisation
    Code.DEFAULTS_NOT_TOML: N_(
        "This file with the defaults of your organisation cannot be read: {reason}. Requests can "
        "still be made. Please tell the administrator of this computer."
    ),
    Code.DEFAULTS_UNKNOWN: N_(
        "'{key}' in this file with the defaults of your organisation means nothing, and is left "
        "out. Please tell the administrator of this computer."
    ),
    Code.DEFAULTS_VALUE: N_(
        "What '{key}' says in this file with the defaults of your organisation cannot be used, and "
        "is left out. Please tell the administrator of this computer."
    ),
    Code.DEFAULTS_LOCKED: N_(
        "'{key}' in this file with the defaults of your organisation locks something that has no "
        "usable value there, and is left out. Please tell the administrator of this computer."
    ),
    Code.FIELD_LOCKED: N_(
        "This is '{value}' for everybody here; it was set by {set_by}. Please leave it out."
    ),
    # Renewal
    Code.NO_COMMON_NAME: N_(
        "There is no common name of its own in this file, so nothing tells which device or "
        "application it is for. Please make a new request."
    ),
    # Receiving and handing over
    Code.NOT_A_CERTIFICATE: N_(
        "This file holds no certificate; it is a {kind}. Please choose the file that you got back "
        "for your request; its name often ends in .pem, .crt or .cer."
    ),
    Code.CERTIFICATE_OF_OTHER_KEY: N_(
        "This certificate belongs to another key. Please choose the key file that was written "
        "together with the request for this certificate."
    ),
    Code.CERTIFICATE_OF_AUTHORITY: N_(
        "This is the certificate of an authority, '{name}'. Please choose the certificate of your "
        "device or application."
    ),
    Code.CERTIFICATE_OF_NO_KEY: N_(
        "The key of this certificate, for '{name}', was found neither among your requests nor "
        "beside the file, where one with a passphrase is found only together with its request "
        "file. Please choose the key file that was written together with the request."
    ),
    Code.CERTIFICATE_OF_OTHER_REQUEST: N_(
        "This certificate is for '{name}', but not for the request that you made for that name on "
        "{made_on} ({csr}): it belongs to another key. Please choose that key's file, or ask "
        "whoever gave you the certificate for the one that belongs to your request."
    ),
    Code.KEY_GONE: N_(
        "The key of this certificate is no longer at {path}, and the certificate is of no use "
        "without it. Please bring the file back, or choose it where it is now. If it is lost, "
        "renew the certificate."
    ),
    Code.KEY_UNCHECKED: N_(
        "The key file is protected, so it was not checked whether the certificate belongs to it. "
        "That is done when the files for the device are made."
    ),
    Code.SUBJECT_CHANGED: N_(
        "The certificate says something else than the request: {changes}. If you did not expect "
        "that, ask whoever gave you the certificate."
    ),
    Code.CHAIN_MISSING: N_(
        "The device also needs the certificate of the authority that issued this one ({issuer}), "
        "to recognise EnOS. Please ask whoever gave you the certificate for it: they may call it "
        "the chain, or CA certificate. Without it, only a PKCS #12 keystore can be made."
    ),
    Code.CHAIN_ENDS: N_(
        "The chain does not lead to its root: the certificate of '{issuer}' is missing. Please ask "
        "whoever gave you the certificate for the whole chain."
    ),
    Code.CHAIN_OF_OTHERS: N_(
        "This is not the chain of the certificate: the certificate of '{issuer}', which issued it, "
        "is not in this file. Please choose the file that it is in."
    ),
    # History
    Code.NAME_USED: N_(
        "'{name}' is the common name of a request made on this computer on {made_on}: {csr}. "
        "Please use another name for another device; for the same one, renew its certificate."
    ),
    Code.HISTORY_DAMAGED: N_(
        "The list of your requests was damaged. It was put aside under this name, and a new list "
        "begun. Your keys and requests are as they were."
    ),
    Code.HISTORY_NEWER: N_(
        "The list of your requests was written by a newer version of this program, and is left as "
        "it is. Please install that version. Requests can still be made, but are not listed."
    ),
    Code.HISTORY_DISK_FULL: N_(
        "The list of your requests cannot be written: the disk is full. Please make room. Requests "
        "can still be made, but are not listed."
    ),
    Code.HISTORY_NO_ACCESS: N_(
        "You have no permission to open or change the list of your requests. Please ask the "
        "administrator of this computer. Requests can still be made, but are not listed."
    ),
    Code.HISTORY_BUSY: N_(
        "The list of your requests is in use by another program. Please close that. Requests can "
        "still be made, but are not listed."
    ),
    Code.HISTORY_TROUBLE: N_(
        "The list of your requests cannot be used: {reason}. Requests can still be made, but are "
        "not listed."
    ),
}


_DATES = ("date", "made_on")
"""The values of problems that are dates, as ISO 8601 writes them."""

WriteDate = Callable[[str], str]
"""Turns a date as ISO 8601 writes it into what people read."""


def problem_text(problem: Problem, write_date: WriteDate = str) -> str:
    """Return what is wrong and what to do; the caller shows where it is beside the text."""
    values = {
        key: write_date(str(value)) if key in _DATES else value
        for key, value in problem.values.items()
    }
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
    if problem.code is Code.SUBJECT_CHANGED:
        values["changes"] = "; ".join(named(label(key), str(one)) for key, one in values.items())
    if "kind" in values:
        values["kind"] = kind(str(values["kind"]))
    return text.format(**values)


def problem_text_in_file(problem: Problem, write_date: WriteDate = str) -> str:
    """Return what is wrong with a part of a request that has been made, and how to mend it."""
    if problem.code is Code.REQUIRED:
        return _("This is missing; EnOS requires it.")
    return problem_text(problem, write_date)


def problem_text_with_place(problem: Problem, write_date: WriteDate = str) -> str:
    """Return the text, below the file or folder that it is about if the problem names one."""
    text = problem_text(problem, write_date)
    return f"{problem.path}\n{text}" if problem.path else text


def kept_name(broken: Iterable[Problem]) -> str:
    """Return that the common name of a renewal stays, although it breaks these rules."""
    return joined(
        [
            _("The common name stays as it is, for EnOS knows the device by it. Today's rules:"),
            *(problem_text(problem) for problem in broken),
        ]
    )
