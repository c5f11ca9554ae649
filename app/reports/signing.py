"""The signed verification address printed as a QR code on a certificate.

`<base>/verify/<number>#<108 characters>`: the fragment is base64url of 81 bytes,

    1   format (high four bits) and key number (low four bits)
    16  first half of the SHA-256 of the canonical certificate data
    64  Ed25519 signature (RFC 8032) over a domain label, the first byte, the digest and the number

Browsers do not send a fragment, so opening the address shows the public page, while a copy can be checked without
any network by whoever has the public key. 81 bytes fill 108 characters exactly: no spare bits, one spelling.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.reports.errors import ReportError, SignatureRefusedError

FORMAT = 1
DIGEST_BYTES = 16
SIGNATURE_BYTES = 64
HIGHEST_KEY_NUMBER = 15

_DOMAIN = b"zhicheng certificate 1\x00"
_NUMBER = re.compile(r"[0-9A-Z]{4,32}", re.ASCII)
_FRAGMENT = re.compile(r"[0-9A-Za-z_-]{108}", re.ASCII)


@dataclass(frozen=True)
class SignedReference:
    """What a genuine payload says: the certificate's number and the first 16 bytes of its data's SHA-256."""

    number: str
    digest: bytes
    key_number: int


def private_key_from_seed(seed: bytes) -> bytes:
    """The raw Ed25519 private key of a 32-byte seed (RFC 8032: the seed is the key); checks the length."""
    if len(seed) != 32:
        raise ReportError(f"证书签名种子应为 32 字节，现为 {len(seed)} 字节，请检查签名密钥设置。")
    return Ed25519PrivateKey.from_private_bytes(seed).private_bytes_raw()


def public_key_of(private_key: bytes) -> bytes:
    """The 32 raw public bytes that belong to `private_key`."""
    return Ed25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def verification_address(number: str, *, base_url: str) -> str:
    """`<base>/verify/<number>`, the part of the payload that people may type."""
    if not _NUMBER.fullmatch(number):
        raise ReportError(f"证书编号“{number}”含有数字和大写字母以外的字符，不能生成查验二维码。")
    return f"{base_url.rstrip('/')}/verify/{number}"


def sign_payload(
    number: str, digest: bytes, *, base_url: str, private_key: bytes, key_number: int = 0
) -> str:
    """The payload of the QR code.

    `digest` is a SHA-256 (its first 16 bytes are used), `private_key` 32 raw bytes, `key_number` 0–15 says which key.
    """
    if len(digest) < DIGEST_BYTES:
        raise ReportError("证书数据摘要过短，不能签名。")
    if not 0 <= key_number <= HIGHEST_KEY_NUMBER:
        raise ReportError("证书签名密钥编号应在 0 至 15 之间，请检查签名密钥设置。")
    address = verification_address(number, base_url=base_url)
    head = bytes([FORMAT << 4 | key_number]) + digest[:DIGEST_BYTES]
    signature = Ed25519PrivateKey.from_private_bytes(private_key).sign(_message(head, number))
    return f"{address}#{base64.urlsafe_b64encode(head + signature).decode('ascii')}"


def verify_payload(payload: str, *, base_url: str, public_keys: Mapping[int, bytes]) -> SignedReference:
    """Check a scanned payload against our address and our public keys (key number → 32 raw bytes).

    Raises SignatureRefusedError for anything that is not byte for byte what `sign_payload` made.
    """
    prefix = f"{base_url.rstrip('/')}/verify/"
    number, hash_mark, fragment = payload.removeprefix(prefix).partition("#")
    if not payload.startswith(prefix) or not hash_mark or not _NUMBER.fullmatch(number):
        raise SignatureRefusedError("这不是本系统的证书查验码，请扫描证书上的二维码。")
    if not _FRAGMENT.fullmatch(fragment):
        raise SignatureRefusedError("查验码不完整，请重新扫描证书上的二维码。")
    raw = base64.urlsafe_b64decode(fragment)
    head, signature = raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:]
    key_number = head[0] & 0x0F
    if head[0] >> 4 != FORMAT or key_number not in public_keys:
        raise SignatureRefusedError("查验码的签名密钥未知，请向发证机关核实该证书。")
    try:
        Ed25519PublicKey.from_public_bytes(public_keys[key_number]).verify(signature, _message(head, number))
    except InvalidSignature:
        raise SignatureRefusedError("查验码的签名无效，证书信息可能被改动，请向发证机关核实。") from None
    return SignedReference(number, head[1:], key_number)


def _message(head: bytes, number: str) -> bytes:
    return _DOMAIN + head + number.encode("ascii")
