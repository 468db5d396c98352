"""The sentence for each problem code: what is wrong, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from enos_csr_gui.core.errors import Code, Problem, escape_unprintable
from enos_csr_gui.i18n import N_, _, ngettext
from enos_csr_gui.messages.labels import joined, kind, label, named, set_by, skip_reason

_SENTENCES: dict[Code, str] = {
    Code.REQUIRED: N_("Fill this in."),
    Code.CONTROL_CHARACTER: N_(
        "Character {position} is a control character ({code_point}). Delete it."
    ),
    Code.LINE_BREAK: N_("There is a line break at character {position}. Use one line."),
    Code.INVISIBLE_CHARACTER: N_(
        "Character {position} is invisible ({code_point}), often a leftover of copying. "
        "Delete it, or type the text again."
    ),
    Code.BROKEN_CHARACTER: N_(
        "Character {position} is damaged ({code_point}). Delete it and type it again."
    ),
    Code.NOT_ASCII: N_(
        "Character {position}, '{character}', is not allowed here. Use letters from a to z "
        "without accents, digits and common signs."
    ),
    Code.NOT_AN_ADDRESS: N_("Write it like name@company.com, or leave it empty."),
    Code.NOT_A_KEY: N_(
        "This file contains no readable private key. It may be damaged, or another type of "
        "file. Choose the key file. Its name often ends in .key or .pem."
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
    Code.KEY_PRIMES: N_(
        "This RSA key has more than two prime factors, and this program can use only keys with "
        "two. Choose another key, or create a new one."
    ),
    Code.KEY_PSS: N_(
        "This key is restricted to RSA-PSS signatures, and EnOS needs another kind of signature. "
        "Choose another key, or create a new one."
    ),
    Code.KEY_SLOW: N_(
        "The protection of this key needs much computing: opening it takes about {seconds} seconds "
        "on a usual computer."
    ),
    Code.DERIVATION_TOO_LONG: N_(
        "Opening this key takes about {given} seconds on a usual computer, more than the limit of "
        "{limit}. Protect the key again with fewer iterations, then choose the new file."
    ),
    Code.DERIVATION_TOO_LARGE: N_(
        "Opening this key takes {given} MB of memory, more than the limit of {limit} MB. Protect "
        "the key again with a smaller memory cost."
    ),
    Code.KEYS_TOO_COSTLY: N_(
        "This file contains several protected keys, and opening all of them would take too long. "
        "Save the one that you want to use in a file of its own, then choose that file."
    ),
    Code.NOT_A_PRIVATE_KEY: N_(
        "This file contains a '{label}', not a private key. Choose the key file. Its name "
        "often ends in .key."
    ),
    Code.SSH_PUBLIC_KEY: N_(
        "This is the public key of an SSH key. Choose the file of the private key; it often has "
        "the same name without '.pub'."
    ),
    Code.KEY_NOT_RSA: N_(
        "The EnOS manual asks for an RSA key; this one is of the type {algorithm}. Choose "
        "another key, or create a new one."
    ),
    Code.KEY_SIZE: N_(
        "EnOS accepts keys of {wanted} bits only; this one has {bits}. Choose another key, "
        "or create a new one."
    ),
    Code.SEVERAL_KEYS: N_(
        "This file contains several private keys. Save the one that you want to use in a file of "
        "its own, then choose that file. 'Check a file' and 'enos-csr inspect' show which is which."
    ),
    Code.NO_KEY_GIVEN: N_(
        "None of these files contains the key of the certificate. Name its file with --key."
    ),
    Code.PASSPHRASE_NEEDED: N_("This key is protected. Type its passphrase."),
    Code.PASSPHRASE_WRONG: N_(
        "The passphrase does not open this key. Type it again. Upper and lower case matter."
    ),
    Code.PASSPHRASE_EMPTY: N_("The passphrase is empty. Type one."),
    Code.PASSPHRASE_TOO_LONG: N_(
        "The passphrase is too long: {length} bytes, and at most {limit} are allowed. Shorten it."
    ),
    Code.PASSPHRASE_TOO_SHORT: N_(
        "The passphrase is too short: a keystore needs at least {minimum} characters, "
        "because Java opens none with fewer. Choose a longer one."
    ),
    Code.PASSPHRASE_NOT_ASCII: N_(
        "The passphrase of a keystore may contain only plain characters, because Java opens "
        "no other. Use letters from a to z without accents, digits, spaces and common signs."
    ),
    Code.NOT_UTF8: N_("This is not text in UTF-8. Save the file as UTF-8."),
    Code.FILE_EXISTS: N_(
        "A file with this name already exists. Choose another name, for example '{suggestion}'."
    ),
    Code.FILE_MISSING: N_("This file does not exist. Check its name and folder."),
    Code.FILE_TOO_LARGE: N_("This file is far too large to be the right one. Choose another."),
    Code.NAME_UNSAFE: N_(
        "This name cannot be used for a file on every computer. Use '{suggestion}', or "
        "another name."
    ),
    Code.FOLDER_MISSING: N_(
        "This folder does not exist. If it is on a USB stick or a network drive, connect the "
        "drive; or choose another folder."
    ),
    Code.FOLDER_PROTECTED: N_(
        "Windows lets this program save nothing in this folder, probably because of "
        "'Controlled folder access'. Choose another folder, or allow the program in "
        "'Windows Security'."
    ),
    Code.FOLDER_NOT_SHOWN: N_(
        "No program on this computer can show folders. The files are in this folder."
    ),
    Code.FOLDER_GONE: N_(
        "This folder is no longer there. If it is on a USB stick or a network drive, connect "
        "the drive; otherwise the files were moved or deleted."
    ),
    Code.FOLDER_EMPTY: N_(
        "There is no file in this folder. Folders inside it are not searched. Choose the folder "
        "with the files, or the files themselves."
    ),
    Code.NO_CERTIFICATE_IN_FOLDER: N_(
        "Files looked at in this folder: {count}. None contains a readable certificate, whatever "
        "its name or format. Folders inside it are not searched. Choose another folder, or the "
        "certificate itself."
    ),
    Code.NO_REQUEST_IN_FOLDER: N_(
        "Files looked at in this folder: {count}. None contains a readable request or certificate, "
        "whatever its name or format. Folders inside it are not searched. Choose another folder, "
        "or the file itself."
    ),
    Code.NO_KEY_IN_FOLDER: N_(
        "Files looked at in this folder: {count}. None contains the private key that is needed. "
        "Folders inside it are not searched. Choose another folder, or the key file itself."
    ),
    Code.KEYS_IN_FOLDER: N_(
        "This folder contains several private keys, and nothing tells which one is meant. Choose "
        "the key file itself. 'Check a file' and 'enos-csr inspect' show which is which."
    ),
    Code.NOT_A_FOLDER: N_("This is a file, not a folder. Choose a folder."),
    Code.NOT_A_FILE: N_("This is not a file. Choose a file."),
    Code.NO_PERMISSION: N_(
        "You have no permission to open this, or to save here. Choose another place, or ask "
        "the administrator of this computer."
    ),
    Code.FILE_IN_USE: N_("Another program has this file open. Close it there, then try again."),
    Code.READ_ONLY: N_(
        "This disk is read-only, so nothing can be saved on it. Choose another folder."
    ),
    Code.DISK_FULL: N_(
        "The disk is full, and nothing was saved. Free some space, or choose a folder on "
        "another disk."
    ),
    Code.PATH_TOO_LONG: N_(
        "The name together with its folder is too long. Choose a shorter name or folder."
    ),
    Code.NOT_PRIVATE: N_(
        "This disk cannot keep a key private: everyone who uses it could read the key. Choose a "
        "folder on this computer, or protect the key with a passphrase."
    ),
    Code.FILE_TROUBLE: N_(
        "The computer could not do this: {reason}. Choose another place, or try again."
    ),
    # Inspection
    Code.NO_REQUEST: N_(
        "This file contains no readable request or certificate. Choose the request file, "
        "whose name often ends in .csr, or the certificate (.pem, .crt)."
    ),
    Code.NOTHING_KNOWN: N_(
        "This file contains no readable request, certificate or key. It may be cut off, or "
        "another type of file. Choose another, or get a new copy from its source."
    ),
    Code.SEVERAL_DEVICES: N_(
        "There are certificates or requests of several devices, such as '{name}' and '{other}'. "
        "Choose a file with those of one device."
    ),
    Code.FILE_EMPTY: N_("This file is empty. Get a new copy from its source."),
    Code.DAMAGED: N_("This is damaged and cannot be read. Get a new copy from its source."),
    Code.TOO_MANY_OBJECTS: N_(
        "Only the first {limit} requests, certificates and keys in this file were checked. To "
        "check the rest, split the file."
    ),
    Code.TOO_MANY_FILES: N_(
        "There are more files in it; only the first {limit} were read. If something is missing, "
        "choose its file, or move some files to another folder or archive."
    ),
    Code.ARCHIVE_LOCKED: N_(
        "This archive is protected with a password. Unpack it, then choose the files in it."
    ),
    Code.ARCHIVE_FORMAT: N_(
        "This is an archive in the format of {format}, which this program does not unpack. Unpack "
        "it, then choose the files in it."
    ),
    Code.NOT_PEM: N_(
        "EnOS accepts requests as PEM text only. Save the request as PEM, here or with "
        "'enos-csr convert'."
    ),
    Code.LOOSE_PEM: N_(
        "There is other text around the request, or unusual lines in it. If EnOS refuses the file, "
        "save the request as PEM."
    ),
    Code.KEY_INSIDE: N_(
        "The private key is in the same file, and must never be submitted. Submit a file "
        "that contains the request alone."
    ),
    Code.SIGNATURE_FALSE: N_(
        "The signature does not belong to this request: it was changed after it was created, "
        "or is damaged. Create a new request."
    ),
    Code.SIGNATURE_UNCHECKED: N_(
        "This type of signature cannot be checked here. Create a new request."
    ),
    Code.SIGNATURE_ALGORITHM: N_(
        "EnOS accepts requests signed with {wanted} only; this one is signed with "
        "{algorithm}. Create a new request."
    ),
    Code.ATTRIBUTE_ORDER: N_(
        "The order of the fields is {given}; the order in the EnOS manual is {wanted}. EnOS has "
        "accepted other orders. If it refuses this one, create a new request."
    ),
    Code.ATTRIBUTES_COMBINED: N_(
        "{attributes} are combined in one part of the name (RDN); the EnOS manual asks for each "
        "by itself. If EnOS refuses the request, create a new one."
    ),
    Code.ATTRIBUTE_REPEATED: N_(
        "This field occurs {count} times; the EnOS manual asks for one. If EnOS refuses the "
        "request, create a new one."
    ),
    Code.ATTRIBUTE_UNKNOWN: N_(
        "The EnOS manual does not ask for '{attribute}' in the subject. If EnOS refuses the "
        "request, create one without it."
    ),
    Code.NAME_MALFORMED: N_(
        "The subject is not encoded as the standard (ASN.1) requires. If EnOS refuses the "
        "request, create a new one."
    ),
    Code.REQUEST_ATTRIBUTE: N_(
        "The program that created the request added the attribute '{attribute}'. EnOS does not "
        "need it. If EnOS refuses the request, create a new one."
    ),
    Code.EXTENSION: N_(
        "The request asks for the extension '{extension}'. EnOS does not need it. If EnOS refuses "
        "the request, create one without it."
    ),
    Code.EXTENSION_REPEATED: N_(
        "The extension '{extension}' occurs {count} times; the standard (RFC 5280) allows it only "
        "once. If a program refuses the file, ask its source for another one."
    ),
    Code.REQUEST_VERSION: N_(
        "The version number of the request is {version}; the standard (PKCS #10) allows only 0. "
        "EnOS has accepted such requests."
    ),
    Code.ATTRIBUTES_MISSING: N_(
        "The list of attributes, which the standard (PKCS #10) requires, is missing. If EnOS "
        "refuses the request, create a new one."
    ),
    Code.ATTRIBUTES_UNREADABLE: N_(
        "The attributes of the request are not encoded as the standard requires. If EnOS refuses "
        "the request, create a new one."
    ),
    Code.TOO_MANY_ATTRIBUTES: N_(
        "The subject has more than {limit} attributes; only the first ones are shown. Create a "
        "new request."
    ),
    Code.TEXT_MISREAD: N_(
        "'{given}' was written in the wrong text encoding; '{meant}' was probably meant. Check the "
        "spelling before you use it."
    ),
    Code.DATE_IMPOSSIBLE: N_(
        "The certificate contains the impossible date {date}. Ask the people who issued the "
        "certificate for a new one."
    ),
    Code.KEY_UNREADABLE: N_(
        "The public key ({algorithm}) cannot be decoded. Create a new request."
    ),
    Code.SECRET_INSIDE: N_(
        "This file contains a private key. Never submit it, and never send it to anybody. "
        "EnOS needs only the request file."
    ),
    Code.SECRET_POSSIBLE: N_(
        "This file may contain a private key. Never submit it, and never send it to anybody. "
        "EnOS needs only the request file."
    ),
    Code.CERTIFICATE_EXPIRED: N_(
        "This certificate expired on {date}. Renew it, and ask the people who manage "
        "certificates in your EnOS whether a renewal is still possible."
    ),
    Code.CERTIFICATE_NOT_YET_VALID: N_(
        "This certificate is not valid before {date}. Wait until then, or correct the date "
        "of this computer."
    ),
    # Defaults of the organization
    Code.DEFAULTS_NOT_TOML: N_(
        "The defaults file of your organization cannot be read: {reason}. You can still "
        "create requests. Tell the administrator of this computer."
    ),
    Code.DEFAULTS_UNKNOWN: N_(
        "'{key}' in the defaults file of your organization is unknown, so it is ignored. "
        "Tell the administrator of this computer."
    ),
    Code.DEFAULTS_VALUE: N_(
        "The value of '{key}' in the defaults file of your organization is not valid, so it "
        "is ignored. Tell the administrator of this computer."
    ),
    Code.DEFAULTS_LOCKED: N_(
        "'{key}' in the defaults file of your organization locks a field that has no valid "
        "value there, so it is ignored. Tell the administrator of this computer."
    ),
    Code.FIELD_LOCKED: N_("This is set to '{value}' for everyone (by {set_by}). Leave it out."),
    # Profiles
    Code.PROFILES_UNREADABLE: N_(
        "This file contains no profiles. Choose a file that this program has exported."
    ),
    Code.PROFILES_TOO_MANY: N_("There can be at most {limit} profiles. Remove some first."),
    Code.PROFILE_VALUE: N_(
        "'{key}' in the file of profiles is unknown or not valid, so it is ignored."
    ),
    Code.PROFILE_NAME: N_(
        "A profile needs a name of 1 to {limit} printable characters. Type another name."
    ),
    Code.PROFILE_TAKEN: N_("There is already a profile '{name}'. Type another name."),
    Code.PROFILE_UNKNOWN: N_(
        "There is no profile '{name}' on this computer. 'enos-csr profiles' lists them."
    ),
    # Renewal
    Code.NO_COMMON_NAME: N_(
        "This file has no common name, so it does not say which device or application it is for. "
        "Create a new request."
    ),
    Code.OLD_EXPIRED: N_(
        "The old certificate expired on {date}. This program can still create the request, but "
        "the EnOS documentation speaks only of renewing valid certificates. Ask the people who "
        "manage certificates in your EnOS how to submit it."
    ),
    Code.ALREADY_REQUESTED: N_(
        "A request for this common name was created on {date}, and its certificate has not been "
        "received on this computer. Create another one only if you need it."
    ),
    Code.ATTRIBUTE_LEFT_OUT: N_("'{attribute} = {value}' is left out: {reason}."),
    # Receiving and exporting
    Code.NOT_A_CERTIFICATE: N_(
        "This file contains no certificate; it is a {kind}. Choose the file that you "
        "received for your request. Its name often ends in .pem, .crt or .cer."
    ),
    Code.CERTIFICATE_NOT_RSA: N_(
        "The key of this certificate is of the type {algorithm}; the EnOS manual asks for an RSA "
        "key, and this program handles no other. Choose the certificate that was issued for your "
        "request."
    ),
    Code.CERTIFICATE_OF_OTHER_KEY: N_(
        "This certificate belongs to another key. Choose the key file that was saved "
        "together with the request for this certificate."
    ),
    Code.CERTIFICATE_OF_AUTHORITY: N_(
        "This is the certificate of a certificate authority (CA), '{name}'. Choose the "
        "certificate of your device or application."
    ),
    Code.CERTIFICATE_SELF_SIGNED: N_(
        "The certificate for '{name}' is signed with its own key, so EnOS did not issue it. Choose "
        "the certificate that EnOS issued."
    ),
    Code.CERTIFICATE_OF_NO_KEY: N_(
        "The key of this certificate for '{name}' is neither among your requests nor beside "
        "the file. (A key with a passphrase is found only together with its request file.) "
        "Choose the key file that was saved together with the request, or another certificate if "
        "this one is not for your device."
    ),
    Code.CERTIFICATE_OF_OTHER_REQUEST: N_(
        "This certificate is for '{name}', but not for the request that you created for that "
        "name on {made_on} ({csr}): it belongs to another key. Choose the file of that key, "
        "or ask the people who issued the certificate for the one that belongs to your "
        "request."
    ),
    Code.FORMAT_UNPROTECTED: N_(
        "The EnOS SDK for C cannot open a key with a passphrase (its mbedTLS does not decrypt "
        "keys). Leave the passphrase out, and let nobody else have the file."
    ),
    Code.KEY_GONE: N_(
        "The key of this certificate is no longer at {path}, and the certificate is useless "
        "without it. Bring the file back, or choose it where it is now. If it is lost, renew "
        "the certificate."
    ),
    Code.KEY_UNCHECKED: N_(
        "The key file is protected, so the program has not checked whether the certificate "
        "belongs to it. It checks that when it creates the files for the device."
    ),
    Code.SUBJECT_CHANGED: N_(
        "The certificate differs from the request: {changes}. If you did not expect that, "
        "ask the people who issued the certificate."
    ),
    Code.CHAIN_MISSING: N_(
        "To recognize EnOS, the device also needs the certificate of the certificate "
        "authority (CA) that issued this one, '{issuer}'. Ask the people who issued the "
        "certificate for the certificate chain or CA certificate. Without it, only a PKCS "
        "#12 keystore is possible."
    ),
    Code.CHAIN_ENDS: N_(
        "The certificate chain does not reach its root certificate: the certificate of "
        "'{issuer}' is missing. Ask the people who issued the certificate for the complete "
        "chain."
    ),
    Code.CHAIN_OF_OTHERS: N_(
        "This is not the chain of the certificate: it does not contain the certificate of "
        "'{issuer}', which issued it. Choose the file that contains that certificate."
    ),
    Code.CHAIN_OTHER_KEY: N_(
        "There is a certificate for '{issuer}' in the files, but it is not the one that is needed: "
        "it has another key, so it did not sign this certificate. Ask the people who issued the "
        "certificate for the right CA certificate of that name."
    ),
    Code.CHAIN_UNREADABLE: N_(
        "This file contains no readable certificate. Choose the file with the CA certificates."
    ),
    Code.CHAIN_EXPIRED: N_(
        "The CA certificate '{issuer}' is not valid now; its expiry date is {date}. Ask the "
        "people who issued the certificate for the current certificate chain."
    ),
    Code.CHAIN_ENDS_EARLY: N_(
        "The CA certificate '{issuer}' expires on {date}, before your certificate does. Renew "
        "your certificate before that day."
    ),
    Code.CHAIN_NOT_AUTHORITY: N_(
        "'{issuer}' signed a certificate of the chain, but its own certificate is not one of a "
        "certificate authority (basic constraints), so devices refuse the chain. Ask the people "
        "who issued the certificate."
    ),
    Code.CHAIN_KEY_USAGE: N_(
        "The CA certificate '{issuer}' may not sign certificates (its key usage lacks keyCertSign),"
        " so devices refuse the chain. Ask the people who issued the certificate."
    ),
    Code.CHAIN_TOO_LONG: N_(
        "The CA certificate '{issuer}' allows at most {limit} further CA certificates below it "
        "(path length), and the chain has {count}, so devices refuse it. Ask the people who issued "
        "the certificate."
    ),
    Code.CHAIN_NAME_FORBIDDEN: N_(
        "The CA certificate '{issuer}' does not allow the name of '{name}' (name constraints), so "
        "devices refuse the chain. Ask the people who issued the certificate."
    ),
    Code.CHAIN_KEY_ID: N_(
        "The certificate of '{name}' asks for another certificate of '{issuer}' (the key "
        "identifiers differ), so devices may refuse the chain. Ask the people who issued the "
        "certificate for the right CA certificate of that name."
    ),
    Code.CHAIN_EXTENSION_UNKNOWN: N_(
        "The certificate of '{name}' has the critical extension '{extension}', which OpenSSL does "
        "not know, so devices may refuse the chain. Ask the people who issued the certificate."
    ),
    Code.CHAIN_EXTENSION_UNREADABLE: N_(
        "The extension '{extension}' in the certificate of '{name}' cannot be checked, so devices "
        "may refuse the chain. Ask the people who issued the certificate."
    ),
    Code.CHAIN_URL: N_(
        "The answer of EnOS says that the certificate chain can be downloaded from {url}. Download "
        "it in a browser; this program downloads nothing."
    ),
    Code.SERIAL_DIFFERS: N_(
        "The answer of EnOS names the serial number {given}, but the certificate in it has "
        "{serial}. Ask the people who issued the certificate before you use it."
    ),
    Code.CHAIN_UNCHECKED: N_(
        "The signature of '{issuer}' ({algorithm}) cannot be checked here, so the certificate "
        "chain may be incomplete. Ask the people who issued the certificate."
    ),
    Code.CHAIN_TOO_COSTLY: N_(
        "The search for the certificate chain stopped after {limit} signatures. Choose a file "
        "with fewer certificates."
    ),
    # Tables of devices
    Code.TABLE_UNREADABLE: N_(
        "This is not a table that can be read. Save it as an Excel workbook (.xlsx) or as CSV."
    ),
    Code.TABLE_ENCODING: N_(
        "The encoding of this table is not recognized. Save it as an Excel workbook (.xlsx) or as "
        "'CSV UTF-8'."
    ),
    Code.TABLE_ENCODINGS_MIXED: N_(
        "Line {line} is in a different encoding from line {first}, so the letters in one of them "
        "would be wrong. Correct the table, and save it as an Excel workbook (.xlsx) or as "
        "'CSV UTF-8'."
    ),
    Code.TABLE_OLD_EXCEL: N_(
        "This workbook is in the format of Excel 2003, or protected with a password. Save it as "
        "an Excel workbook (.xlsx) without a password."
    ),
    Code.TABLE_TOO_LARGE: N_(
        "This table is too large: more than {limit} MB. Split it, or delete what is not about "
        "devices."
    ),
    Code.TABLE_TOO_WIDE: N_(
        "This table has more than {limit} columns. Delete those that are not needed."
    ),
    Code.TABLE_NO_NAMES: N_(
        "No column of this table is called 'Common name', 'CN', 'DeviceKey' or 'Asset ID'. Name "
        "the column so in the first row."
    ),
    Code.TABLE_NO_ROWS: N_("This table has headings, but no rows. Add a row for each device."),
    Code.TABLE_TWO_SHEETS: N_(
        "The sheets '{first}' and '{second}' of this workbook both list devices. Move all "
        "devices to one sheet."
    ),
    Code.COLUMN_TWICE: N_(
        "The columns '{first}' and '{second}' are for the same field. Delete or rename one."
    ),
    Code.COLUMNS_UNKNOWN: N_(
        "These columns are not subject fields; they only go into the list of devices, "
        "manifest.csv: {columns}."
    ),
    Code.LINE_UNREADABLE: N_(
        "Line {line} cannot be read: a cell is too long, or a quotation mark is missing. Correct "
        "the line."
    ),
    Code.LINE_SKIPPED: N_(
        "Line {line} of the EnOS template describes the columns, so it is left out."
    ),
    Code.ROWS_HIDDEN: N_(
        "The sheet '{sheet}' has hidden rows. They are included. Delete the rows that you do not "
        "want."
    ),
    Code.CELLS_MERGED: N_(
        "The sheet '{sheet}' has merged cells: only the first row of each has its value. Unmerge "
        "them if values are missing."
    ),
    Code.CELL_CHANGED: N_(
        "A spreadsheet has probably changed this to '{given}'. Format the column as text and "
        "type the value again, or put an apostrophe before it."
    ),
    Code.CELL_FORMULA: N_(
        "This cell has a formula, but no result is saved with it. Replace the formula with its "
        "value."
    ),
    Code.CELLS_BEYOND: N_(
        "This line has values beyond the last heading ({count}). Put a value that contains the "
        "separator in quotation marks."
    ),
    # Batches
    Code.NAME_TWICE: N_(
        "Line {earlier} already has the common name '{name}'. Give each device a name of its own, "
        "or delete one of the two lines."
    ),
    Code.NAME_ALIKE: N_(
        "'{name}' is too much like '{other}' in line {earlier}: on Windows and macOS, their files "
        "would have the same name. Change one of the two names."
    ),
    Code.ROW_CHANGED: N_(
        "The request for '{name}' was created with other values. Restore the row. For new values, "
        "renew the certificate, or use another folder and another name."
    ),
    Code.ROW_WITHOUT_EARLIER: N_(
        "No earlier request on this computer has the common name '{name}', so there are no "
        "answers to take from it. Check the name, or fill in the other fields."
    ),
    Code.ROW_FILE_EXISTS: N_(
        "Something else with this name is already in the folder. Move it away, or use another "
        "folder."
    ),
    Code.BATCH_FOREIGN: N_(
        "Another program has written or changed this file. Use an empty folder, or restore the "
        "file."
    ),
    Code.BATCH_DISK_FULL: N_(
        "The disk is full. Everything saved before is complete. Free some space and start again: "
        "only the others are created."
    ),
    Code.BATCH_BUSY: N_(
        "Another run is working in this folder. Wait until it has finished, or stop it."
    ),
    Code.BATCH_FILES_GONE: N_(
        "Files that were created earlier are no longer in the folder ({count}, the first for "
        "'{name}'). They are not created again, because each device has only one key."
    ),
    Code.BATCH_PASSPHRASES_INSIDE: N_(
        "The passphrases must not be in the folder of the keys. Choose a file in another folder."
    ),
    Code.BATCH_PASSPHRASES_FOREIGN: N_(
        "This file contains something other than passphrases. Choose another file."
    ),
    Code.BATCH_NONE: N_(
        "This folder contains no batch. Choose the folder that contains 'requests.jsonl'."
    ),
    Code.BATCH_NO_CERTIFICATES: N_(
        "No certificate was found in it. Choose the file or folder that you received."
    ),
    Code.BATCH_NO_KEYS: N_(
        "None of these certificates is for a request of this computer. Choose the folder of the "
        "keys."
    ),
    Code.CLUSTER_NO_DASK: N_(
        "Dask is not installed. Install it with: pip install 'enos-csr-gui[dask]'."
    ),
    Code.CLUSTER_UNREACHABLE: N_(
        "No Dask scheduler of a matching version answers at {address}. Start one with "
        "'dask scheduler', or correct the address."
    ),
    Code.CLUSTER_NO_WORKERS: N_(
        "The scheduler at {address} has no workers. Start some with 'dask worker {address}'."
    ),
    Code.CLUSTER_FAILED: N_(
        "A worker failed ({reason}). Install the same version of EnOS CSR on all workers. The "
        "same command goes on."
    ),
    Code.DISK_ROOM: N_(
        "The disk has too little space: {needed} MB are needed, and {free} MB are free. Free some "
        "space, or choose a folder on another disk."
    ),
    # History
    Code.NAME_USED: N_(
        "'{name}' is already the common name of a request that was created on this computer "
        "on {made_on}: {csr}. Choose another name for another device; for the same device, "
        "renew its certificate."
    ),
    Code.HISTORY_DAMAGED: N_(
        "The list of your requests was damaged. It was renamed to this file, and a new list "
        "was started. Your keys and requests are unchanged."
    ),
    Code.HISTORY_NEWER: N_(
        "A newer version of this program has written the list of your requests, so it is "
        "left as it is. Install that version. You can still create requests, but they are "
        "not listed."
    ),
    Code.HISTORY_DISK_FULL: N_(
        "The list of your requests cannot be written because the disk is full. Free some "
        "space. You can still create requests, but they are not listed."
    ),
    Code.HISTORY_NO_ACCESS: N_(
        "You have no permission to open or change the list of your requests. Ask the "
        "administrator of this computer. You can still create requests, but they are not "
        "listed."
    ),
    Code.HISTORY_BUSY: N_(
        "Another program is using the list of your requests. Close that program. You can "
        "still create requests, but they are not listed."
    ),
    Code.REQUEST_UNKNOWN: N_(
        "No request on this computer has the number {number}. 'enos-csr history' shows the numbers."
    ),
    Code.HISTORY_TROUBLE: N_(
        "The list of your requests cannot be used: {reason}. You can still create requests, "
        "but they are not listed."
    ),
    # Anything
    Code.CLOCK_IMPOSSIBLE: N_(
        "The clock of this computer shows an impossible year. Set it to today's date, then try "
        "again."
    ),
    Code.MEMORY_FULL: N_(
        "This computer has too little free memory. Saved files are still there. Close other "
        "programs, then try again."
    ),
    Code.UNEXPECTED: N_(
        "The program met an unexpected error. Saved files are still there. Try again. If it "
        "happens again, send this reference to your support team: {reference}. It contains no "
        "key and no passphrase."
    ),
}


_DATES = ("date", "made_on")
"""The problem values that are ISO 8601 dates."""

WriteDate = Callable[[str], str]
"""Converts an ISO 8601 date to the form to display."""


def problem_text(problem: Problem, write_date: WriteDate = str) -> str:
    """Return what is wrong and what to do; the caller shows the field or file beside it."""
    values = {
        key: write_date(str(value)) if key in _DATES else _shown(value)
        for key, value in problem.values.items()
    }
    if problem.code is Code.TOO_LONG:
        excess = int(values["excess"])
        text = ngettext(
            "{excess} character too many: at most {limit} are allowed. Shorten it.",
            "{excess} characters too many: at most {limit} are allowed. Shorten it.",
            excess,
        )
    elif problem.code is Code.NOT_A_COUNTRY and values["suggestion"]:
        text = _("'{given}' is not a country code. Did you mean {suggestion} ({name})?")
    elif problem.code is Code.NOT_A_COUNTRY and values["choices"]:
        text = _("'{given}' is not a country code, and may mean several: {choices}. Which one?")
    elif problem.code is Code.NOT_A_COUNTRY:
        text = _(
            "'{given}' is not a country code. Use the two letters of ISO 3166, for example CN."
        )
    else:
        text = _(_SENTENCES[problem.code])
    if problem.code is Code.SUBJECT_CHANGED:
        values["changes"] = "; ".join(named(label(key), str(one)) for key, one in values.items())
    if problem.code is Code.ATTRIBUTE_LEFT_OUT:
        values["reason"] = skip_reason(str(values["reason"]))
    if problem.code is Code.FIELD_LOCKED:
        values["set_by"] = set_by(str(values["set_by"]))
    if "kind" in values:
        values["kind"] = kind(str(values["kind"]))
    return text.format(**values)


def _shown(value: str | int) -> str | int:
    """Return a value as a terminal can show it: files hold control characters too."""
    return escape_unprintable(value) if isinstance(value, str) else value


def problem_text_in_file(problem: Problem, write_date: WriteDate = str) -> str:
    """Return what is wrong with part of an existing request, and how to fix it."""
    if problem.code is Code.REQUIRED:
        return _("This is missing; EnOS requires it.")
    return problem_text(problem, write_date)


def problem_text_in_row(problem: Problem, write_date: WriteDate = str) -> str:
    """Return the text of a problem in a row of a table: 'Line 7: Country: Fill this in.'"""
    text = problem_text(problem, write_date)
    reason = named(label(problem.field), text) if problem.field else text
    return _("Line {line}: {reason}").format(line=problem.values["line"], reason=reason)


def problem_text_with_place(problem: Problem, write_date: WriteDate = str) -> str:
    """Return the text, preceded by a line with the path if the problem names one."""
    text = problem_text(problem, write_date)
    return f"{escape_unprintable(str(problem.path))}\n{text}" if problem.path else text


def kept_name(broken: Iterable[Problem]) -> str:
    """Return the text that a renewal keeps its common name although it breaks these rules."""
    return joined(
        [
            _(
                "The common name stays as it is, because EnOS knows the device by it. "
                "Today's rules:"
            ),
            *(problem_text(problem) for problem in broken),
        ]
    )
