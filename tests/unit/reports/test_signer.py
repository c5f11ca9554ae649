"""Keys of seals: every kind of key signs validly, a long chain has its room, a key is read once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12
from cryptography.x509.oid import NameOID

from app.reports import signer
from app.reports.pdf import render_pdf
from app.reports.seal_fields import Place, with_fields
from app.reports.sealing import SealError, SealKey, certificate_of, check_seals, set_seal
from tests.unit.reports.reading import page

NOW = dt.datetime.now(dt.UTC)


def make(key: Any, chain: int = 0) -> bytes:
    """A PKCS#12 with a certificate of its own key and `chain` others."""
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "某厅"), x509.NameAttribute(NameOID.COMMON_NAME, "某厅电子印章")])

    def certificate(number: int) -> x509.Certificate:
        return (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(number)
            .not_valid_before(NOW - dt.timedelta(days=1)).not_valid_after(NOW + dt.timedelta(days=9))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
        )

    return pkcs12.serialize_key_and_certificates(b"seal", key, certificate(1), [certificate(2 + n) for n in range(chain)], NoEncryption())


@pytest.fixture(scope="module")
def paper() -> bytes:
    return with_fields(render_pdf(page("<p>确认表</p>"), title="确认表", created=NOW, in_process=True), [Place("issuer", 0, None)])


@pytest.mark.parametrize("made", [
    lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    lambda: ec.generate_private_key(ec.SECP256R1()),
    lambda: ec.generate_private_key(ec.SECP384R1()),
], ids=["rsa", "p256", "p384"])
def test_every_kind_of_key_signs_validly_again_and_again(paper: bytes, made: Callable[[], Any]) -> None:
    p12 = make(made())
    for _ in range(2):
        [status] = check_seals(set_seal(paper, "issuer", SealKey(p12, b"")), [certificate_of(p12)])
        assert status.valid


def test_the_certificates_of_an_authority_have_room(paper: bytes) -> None:
    p12 = make(rsa.generate_private_key(public_exponent=65537, key_size=4096), chain=6)
    [status] = check_seals(set_seal(paper, "issuer", SealKey(p12, b"")), [certificate_of(p12)])
    assert status.valid


def test_a_key_is_read_once(paper: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    p12 = make(ec.generate_private_key(ec.SECP256R1()))
    read: list[bytes] = []
    stock = pkcs12.load_key_and_certificates
    monkeypatch.setattr(signer.pkcs12, "load_key_and_certificates", lambda data, word: read.append(data) or stock(data, word))
    for _ in range(3):
        set_seal(paper, "issuer", SealKey(p12, b""))
    assert read == [p12]


def test_what_is_no_key_is_refused_with_a_sentence(paper: bytes) -> None:
    with pytest.raises(SealError, match="请在运维平台重新安装"):
        set_seal(paper, "issuer", SealKey(b"\x30\x03\x02\x01\x03", b""))
