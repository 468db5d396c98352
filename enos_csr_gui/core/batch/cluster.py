"""Generates the keys of a batch on the workers of a Dask cluster.

Each partition of rows is one task. A worker encrypts the keys of a partition to a key that this
process has made for the run (CMS EnvelopedData, RFC 5652), so that neither the network nor the
scheduler sees a key. Passphrases never leave this process. When a worker is lost, Dask does its
partition again; of each partition one result is taken, so no row gets two pairs.

What comes back is not trusted: each key must belong to its request, and the request to its row.
"""

from __future__ import annotations

import queue
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.serialization import pkcs7

from enos_csr_gui.core import keys
from enos_csr_gui.core.batch.check import Rules
from enos_csr_gui.core.batch.columns import Columns
from enos_csr_gui.core.batch.control import Control
from enos_csr_gui.core.batch.make import MAX_GROUP, Pair, PairsOf, PassphraseOf, pair_of
from enos_csr_gui.core.batch.rows import Row
from enos_csr_gui.core.errors import CannotUseCluster, Code, Problem

_WAIT_SECONDS = 30
"""So long the scheduler is waited for, and then its first worker."""

_RESULT_SECONDS = 600
"""So long a result is waited for whose worker was lost after it had been made."""

_POLL_SECONDS = 0.5
"""So often a run looks whether it is to stop."""

_PARTITIONS_AHEAD = 3
"""As many partitions for each thread of the cluster are handed out at a time."""

_KEY_BITS = 3072
"""Of the key of a run: as strong as the 128-bit security of what it protects needs."""


class _Recipient:
    """The key of this run, which opens what the workers send."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(65537, _KEY_BITS)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "EnOS CSR batch")])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(
            name,
            name,
            self._key.public_key(),
            x509.random_serial_number(),
            now - timedelta(days=1),
            now + timedelta(days=365),
        )
        self._certificate = builder.sign(self._key, hashes.SHA256())
        self.pem = self._certificate.public_bytes(serialization.Encoding.PEM)

    def open(self, envelope: bytes) -> list[bytes]:
        """Return the keys in the envelope, in PEM. Raises ValueError."""
        data = pkcs7.pkcs7_decrypt_der(envelope, self._certificate, self._key, [])
        end = b"-----END PRIVATE KEY-----\n"
        return [part + end for part in data.split(end)[:-1]]


def _generate(
    rows: Sequence[Row], columns: Columns, rules: Rules, recipient_pem: bytes
) -> tuple[list[str], bytes]:
    """Return the requests for the rows, and the envelope with their keys; runs on a worker."""
    pairs = [pair_of(row, columns, rules, None) for row in rows]
    certificate = x509.load_pem_x509_certificate(recipient_pem)
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(b"".join(pair.key_pem for pair in pairs))
    builder = builder.add_recipient(certificate).set_content_encryption_algorithm(AES256)
    envelope = builder.encrypt(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])
    return [pair.record.csr_pem for pair in pairs], envelope


def pairs_on(address: str) -> PairsOf:
    """Return what generates pairs on the cluster of the scheduler at ``address``.

    It raises CannotUseCluster when Dask is not installed, the scheduler does not answer, or what
    comes back is not what was asked for.
    """

    def pairs_of(
        rows: Sequence[Row],
        columns: Columns,
        rules: Rules,
        passphrase: PassphraseOf,
        control: Control,
    ) -> Iterator[list[Pair]]:
        client = _connect(address)
        try:
            run = _Run(client, columns, rules, passphrase, control)
            yield from run.groups(rows)
        finally:
            client.close()

    return pairs_of


def _connect(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise CannotUseCluster([Problem(Code.CLUSTER_NO_DASK)]) from error
    values: dict[str, str | int] = {"address": address}
    try:
        client = Client(address, timeout=_WAIT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise CannotUseCluster([Problem(Code.CLUSTER_UNREACHABLE, values=values)]) from error
    try:
        client.wait_for_workers(1, timeout=_WAIT_SECONDS)
    except (OSError, TimeoutError) as error:
        client.close()
        raise CannotUseCluster([Problem(Code.CLUSTER_NO_WORKERS, values=values)]) from error
    return client


class _Run:
    def __init__(
        self,
        client: Any,
        columns: Columns,
        rules: Rules,
        passphrase: PassphraseOf,
        control: Control,
    ) -> None:
        self._client, self._columns, self._control = client, columns, control
        self._rules = Rules(kind=rules.kind, flat=rules.flat)  # workers need no more
        self._passphrase, self._recipient = passphrase, _Recipient()
        self._done: queue.Queue[Any] = queue.Queue()

    def groups(self, rows: Sequence[Row]) -> Iterator[list[Pair]]:
        """Yield the pairs of each partition, as they come."""
        threads = max(1, sum(self._client.nthreads().values()))
        size = max(1, min(MAX_GROUP, len(rows) // (2 * threads)))
        waiting = iter(range(0, len(rows), size))
        running: dict[Any, Sequence[Row]] = {}
        try:
            while self._control.may_go_on():
                while len(running) < _PARTITIONS_AHEAD * threads:
                    if (start := next(waiting, None)) is None:
                        break
                    part = rows[start : start + size]
                    running[self._submit(part)] = part
                if not running:
                    break
                with suppress(queue.Empty):
                    future = self._done.get(timeout=_POLL_SECONDS)
                    yield self._checked(future, running.pop(future))
                    future.release()
        finally:
            self._client.cancel(list(running))

    def _submit(self, part: Sequence[Row]) -> Any:
        # Not pure: the same rows make other keys each time.
        future = self._client.submit(
            _generate, part, self._columns, self._rules, self._recipient.pem, pure=False
        )
        future.add_done_callback(self._done.put)
        return future

    def _checked(self, future: Any, rows: Sequence[Row]) -> list[Pair]:
        """Return the pairs of a partition; raises CannotUseCluster if one is not right."""
        try:
            requests, envelope = future.result(timeout=_RESULT_SECONDS)
            found = self._recipient.open(envelope)
            return [
                self._pair(row, csr_pem, key_pem)
                for row, csr_pem, key_pem in zip(rows, requests, found, strict=True)
            ]
        except Exception as error:  # whatever a foreign computer has raised or sent
            values: dict[str, str | int] = {"reason": f"{type(error).__name__}: {error}"[:300]}
            raise CannotUseCluster([Problem(Code.CLUSTER_FAILED, values=values)]) from error

    def _pair(self, row: Row, csr_pem: str, key_pem: bytes) -> Pair:
        # To look for divisors would take as long as to generate the key once more.
        key = serialization.load_pem_private_key(key_pem, None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(key, rsa.RSAPrivateKey) or key.key_size != keys.KEY_SIZE:
            raise ValueError("not a key for EnOS")
        # Signed here once more: RSA signatures with PKCS #1 v1.5 are always the same.
        pair = pair_of(row, self._columns, self._rules, self._passphrase(row), key=key)
        if pair.record.csr_pem != csr_pem:
            raise ValueError("not the request for this row and key")
        return pair
