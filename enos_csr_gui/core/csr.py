"""The certificate signing request (PKCS #10, RFC 2986) for a subject and a key."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from enos_csr_gui.core.keys import KEY_SIZE
from enos_csr_gui.core.subject import Subject
from enos_csr_gui.core.x509_reader import without_warnings


def sign(subject: Subject, key: rsa.RSAPrivateKey) -> x509.CertificateSigningRequest:
    """Return the request: SHA-256, no attributes, no extensions.

    Its DER is, byte for byte, what ``openssl req -new -key KEY -sha256 -utf8`` writes.
    """
    builder = x509.CertificateSigningRequestBuilder(subject_name=_name(subject))
    return builder.sign(key, hashes.SHA256())


def _name(subject: Subject) -> x509.Name:
    # The library counts UTF-8 bytes against the limit, and still warns with its check disabled.
    # OpenSSL and the manual count characters, which Subject has already checked.
    with without_warnings():
        return x509.Name(
            x509.NameAttribute(x509.ObjectIdentifier(field.oid), value, _validate=False)
            for field, value in subject.attributes()
        )


def to_pem(csr: x509.CertificateSigningRequest) -> bytes:
    """Return the request as PEM (RFC 7468), the form that EnOS accepts."""
    return csr.public_bytes(serialization.Encoding.PEM)


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
