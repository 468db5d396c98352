"""What one changed character of the source would break, and no other test noticed."""

from __future__ import annotations

import base64
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from enos_csr_gui.core import inspect, keys, library
from enos_csr_gui.core.asn1 import der_values, pem_blocks
from enos_csr_gui.core.errors import Code, InvalidKey
from enos_csr_gui.core.key_reader import load
from enos_csr_gui.core.subject import is_address

RSA = bytes.fromhex("06092a864886f70d010101")


@pytest.mark.parametrize(("letters", "good"), [(1, True), (62, True), (63, True), (64, False)])
@pytest.mark.parametrize("place", ["a@{}.com", "a@mail.{}.com", "a@mail.{}"])
def test_a_label_of_a_domain_has_at_most_63_letters(letters, good, place):
    assert is_address(place.format("x" * letters)) is good


@pytest.mark.parametrize("odd", ["*", "!", "_", "\u00e4", "\0"])
def test_what_is_no_base64_is_no_object(csr_pem, odd):
    text = csr_pem.decode()
    [whole] = pem_blocks(csr_pem)
    assert whole.der
    [damaged] = pem_blocks(f"{text[:100]}{odd}{text[100:]}".encode())
    assert damaged.der is None


def test_what_is_no_base64_is_no_number_of_a_jwk(key):
    numbers = key.private_numbers()
    public = numbers.public_numbers

    def written(number: int) -> str:
        data = number.to_bytes((number.bit_length() + 7) // 8, "big")
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    parts = {"n": public.n, "e": public.e, "d": numbers.d, "p": numbers.p, "q": numbers.q}
    parts |= {"dp": numbers.dmp1, "dq": numbers.dmq1, "qi": numbers.iqmp}
    fields = {name: written(number) for name, number in parts.items()}
    texts = [f'"{name}":"{text}"' for name, text in fields.items()]
    jwk = '{"kty":"RSA",' + ",".join(texts) + "}"
    assert keys.public_key_sha256(load(jwk.encode()).public_key())
    with pytest.raises(InvalidKey):
        load(jwk.replace(fields["d"], f"{fields['d']}!!!!").encode())


@pytest.mark.parametrize("data", [b"\x30\x80" + bytes(200), b"\x30\x80\0\0", b"\x30"])
def test_der_has_no_indefinite_length(data):
    with pytest.raises(ValueError, match="DER"):
        list(der_values(data))


def test_a_public_key_of_an_unknown_kind_is_no_traceback(tmp_path: Path, csr_pem):
    [block] = pem_blocks(csr_pem)
    der = block.der.replace(RSA, RSA[:-1] + b"\x63", 1)
    assert der != block.der
    (tmp_path / "a.csr").write_bytes(der)
    [found] = inspect.inspect_files([tmp_path / "a.csr"])
    assert Code.SIGNATURE_UNCHECKED in [one.code for one in (*found.problems, *found.warnings)]


def test_one_thread_at_a_time_decides_what_is_warned_about():
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with library.without_warnings():
            entered.set()
            leave.wait()

    def enter() -> None:
        with library.without_warnings():
            pass

    first, second = threading.Thread(target=hold), threading.Thread(target=enter)
    first.start()
    entered.wait()
    second.start()
    second.join(0.5)
    waits = second.is_alive()
    leave.set()
    first.join()
    second.join()
    assert waits


class PanicException(BaseException):
    """As the library's Rust code raises it."""


def panic(*_given: object, **_settings: object) -> None:
    raise PanicException


@pytest.mark.parametrize(
    ("function", "passphrase", "code"),
    [
        ("load_der_private_key", None, Code.NOT_A_KEY),
        ("load_der_private_key", b"secret", Code.PASSPHRASE_WRONG),
        ("load_ssh_private_key", None, Code.NOT_A_KEY),
    ],
)
def test_a_key_at_which_the_library_panics_is_refused(monkeypatch, key, function, passphrase, code):
    form = serialization.PrivateFormat.PKCS8
    if "ssh" in function:
        form = serialization.PrivateFormat.OpenSSH
    protection = serialization.NoEncryption()
    if passphrase:
        protection = serialization.BestAvailableEncryption(passphrase)
    private = key.private_bytes(serialization.Encoding.PEM, form, protection)
    monkeypatch.setattr(serialization, function, panic)
    with pytest.raises(InvalidKey) as caught:
        load(private, passphrase)
    assert [one.code for one in caught.value.problems] == [code]


def test_a_request_at_whose_key_the_library_panics_is_inspected(tmp_path, monkeypatch, csr_pem):
    (tmp_path / "a.csr").write_bytes(csr_pem)
    monkeypatch.setattr(serialization, "load_der_public_key", panic)
    [found] = inspect.inspect_files([tmp_path / "a.csr"])
    assert Code.KEY_UNREADABLE in [one.code for one in (*found.problems, *found.warnings)]
