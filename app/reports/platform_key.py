"""The platform's own signature: an ECDSA key and its certificate, both derived from the signing seed.

It signs what no organization's seal covers: entries of organizations without a seal, certificates whose issuer has
none. It shows no picture, so the place stays blank for the hand stamp; a check names the platform, never the organization.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12
from cryptography.x509.oid import NameOID

from app.reports.sealing import SealKey, certificate_of

PLATFORM = "职称申报系统平台"
REASON = "平台签署（该单位没有电子章，须手工盖章）"
_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256 (FIPS 186-4 D.1.2.3)
_FROM, _UNTIL = dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2076, 1, 1, tzinfo=dt.UTC)


@lru_cache(maxsize=4)
def platform_key(seed: bytes) -> SealKey:
    """The key of a 32-byte seed. The same seed gives the same certificate, byte for byte: it is what checks trust."""
    key = ec.derive_private_key(_derived(seed, b"platform signature key", 48) % (_ORDER - 1) + 1, _CURVE)
    name = x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, PLATFORM),
        x509.NameAttribute(NameOID.COMMON_NAME, PLATFORM),
    ])
    signed = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(_derived(seed, b"platform signature serial", 16)).not_valid_before(_FROM).not_valid_after(_UNTIL)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(
            digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=False, encipher_only=False, decipher_only=False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    )
    return SealKey(pkcs12.serialize_key_and_certificates(b"platform", key, signed, None, NoEncryption()), b"")


def certificate(seed: bytes) -> bytes:
    """DER of the platform's certificate: what checks trust beside the certificates of seals."""
    return certificate_of(platform_key(seed).p12)


def _derived(seed: bytes, purpose: bytes, length: int) -> int:
    return int.from_bytes(HKDF(hashes.SHA256(), length, None, purpose).derive(seed), "big")
