"""The certificate signing request (PKCS #10, RFC 2986) for a subject and a key."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from enos_csr_gui.core import asn1
from enos_csr_gui.core.asn1 import der_number, der_oid, der_sequence, der_set, der_value
from enos_csr_gui.core.keys import KEY_SIZE
from enos_csr_gui.core.subject import StringType, Subject

_TAGS = {StringType.PRINTABLE: 0x13, StringType.UTF8: 0x0C, StringType.IA5: 0x16}
"""Of the string types (X.680, 41)."""

_BIT_STRING, _NULL, _ATTRIBUTES = 0x03, 0x05, 0xA0

_SHA256_WITH_RSA = "1.2.840.113549.1.1.11"


def sign(subject: Subject, key: rsa.RSAPrivateKey) -> bytes:
    """Return the request as DER: SHA-256, no attributes, no extensions.

    It is, byte for byte, what ``openssl req -new -key KEY -sha256 -utf8`` writes. The library has a
    class for this, in a module that takes longer to import than all the rest of a request.
    """
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    facts = der_sequence(der_number(0), _name(subject), public, der_value(_ATTRIBUTES, b""))
    signature = key.sign(facts, padding.PKCS1v15(), hashes.SHA256())
    algorithm = der_sequence(der_oid(_SHA256_WITH_RSA), der_value(_NULL, b""))
    return der_sequence(facts, algorithm, der_value(_BIT_STRING, b"\0" + signature))


def _name(subject: Subject) -> bytes:
    return der_sequence(
        *(
            der_set(
                der_sequence(
                    der_oid(field.oid), der_value(_TAGS[field.string_type], value.encode())
                )
            )
            for field, value in subject.attributes()
        )
    )


def to_pem(csr: bytes) -> bytes:
    """Return the request as PEM (RFC 7468), the form that EnOS accepts."""
    return asn1.pem("CERTIFICATE REQUEST", csr)


def openssl_commands(
    subject: Subject, key_name: str, csr_name: str, *, new_key: bool = True, encrypted: bool = False
) -> list[list[str]]:
    """Return the commands, as argument lists, with which OpenSSL makes the same request."""
    # -subj splits at '/' and '+' and takes '\' for an escape (openssl-req(1)).
    escaped = (
        f"/{field.openssl_name}=" + "".join(f"\\{c}" if c in "/+\\" else c for c in value)
        for field, value in subject.attributes()
    )
    make_key = ["openssl", "genpkey", "-algorithm", "RSA"]
    make_key += ["-pkeyopt", f"rsa_keygen_bits:{KEY_SIZE}", "-out", key_name]
    if encrypted:
        make_key.append("-aes-256-cbc")
    make_csr = ["openssl", "req", "-new", "-key", key_name, "-sha256", "-utf8"]
    make_csr += ["-subj", "".join(escaped), "-out", csr_name]
    return [make_key, make_csr] if new_key else [make_csr]
