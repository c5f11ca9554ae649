"""电子章: a PDF signature (PAdES) over a signature field that shows the seal's picture; later seals keep earlier ones valid.

A seal is a private key with its certificate (PKCS#12) and a picture. `round_seal` draws one, `self_signed` makes a key
for organizations without one of their own; `check_seals` says of every signature in a file whether it still holds.
"""

from __future__ import annotations

import datetime as dt
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, pkcs12
from cryptography.x509.oid import NameOID
from PIL import Image, ImageDraw, ImageFont
from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.images import PdfImage
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, BoxConstraints, InnerScaling, Margins, SimpleBoxLayoutRule
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import PdfSignatureStatus, validate_pdf_signature
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator import ValidationContext

from app.reports.errors import ReportError
from app.reports.fonts import DEFAULT_FONT_DIR, FACES
from app.reports.signer import room_for, signer_of

_AS_IT_IS = SimpleBoxLayoutRule(
    AxisAlignment.ALIGN_MIN, AxisAlignment.ALIGN_MIN, Margins(0, 0, 0, 0), InnerScaling.NO_SCALING)
RED = (200, 22, 29, 255)
PICTURE_DOTS = 496  # 42 mm at 300 dpi
VALID_YEARS = 5


class SealError(ReportError):
    """A seal's key or picture cannot be used, or a document has no place for it."""


@dataclass(frozen=True)
class SealKey:
    """What setting a seal needs. `p12`: PKCS#12 without a passphrase, as it comes from its encrypted column."""

    p12: bytes
    picture: bytes


@dataclass(frozen=True)
class SealStatus:
    """One signature of a file. `intact`: nothing it covers was changed; `trusted`: its certificate is one we know."""

    field: str
    signer: str
    signed_at: dt.datetime | None
    intact: bool
    trusted: bool
    certificate: bytes = b""  # DER

    @property
    def valid(self) -> bool:
        return self.intact and self.trusted


def read_p12(data: bytes, passphrase: str) -> tuple[bytes, dt.datetime]:
    """A PKCS#12 without its passphrase, and the end of its certificate (UTC); SealError when it cannot be opened."""
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(data, passphrase.encode() if passphrase else None)
    except ValueError as error:
        raise SealError("电子章密钥文件无法打开，请核对文件（PKCS#12，扩展名 .p12 或 .pfx）和口令。") from error
    if key is None or certificate is None:
        raise SealError("电子章密钥文件中没有私钥或证书，请向证书机构索取完整的 PKCS#12 文件。")
    bare = pkcs12.serialize_key_and_certificates(b"seal", key, certificate, others, NoEncryption())  # type: ignore[arg-type]
    return bare, certificate.not_valid_after_utc


def certificate_of(p12: bytes) -> bytes:
    """The DER of a seal's certificate: what checks trust."""
    _, certificate, _ = pkcs12.load_key_and_certificates(p12, None)
    assert certificate is not None  # noqa: S101 - read_p12 let none in
    return certificate.public_bytes(Encoding.DER)


def self_signed(organization: str, *, now: dt.datetime | None = None) -> bytes:
    """A new RSA key with a certificate of its own, as PKCS#12: for organizations without one of a public authority."""
    moment = now or dt.datetime.now(dt.UTC)
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    name = x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization[:64]),
        x509.NameAttribute(NameOID.COMMON_NAME, f"{organization[:58]}电子印章"),
    ])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(moment - dt.timedelta(days=1))
        .not_valid_after(moment + dt.timedelta(days=365 * VALID_YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(
            digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=False, encipher_only=False, decipher_only=False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return pkcs12.serialize_key_and_certificates(b"seal", key, certificate, None, NoEncryption())


def round_seal(name: str, *, below: str = "", font_dir: Path = DEFAULT_FONT_DIR) -> bytes:
    """A round seal as PNG on a transparent ground: the name along the rim, a star, a line below it."""
    scale = 2
    size = PICTURE_DOTS * scale
    picture = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    rim = size * 0.028
    draw.ellipse((rim, rim, size - rim, size - rim), outline=RED, width=round(size * 0.026))
    centre = size / 2
    star = [
        (centre + radius * math.sin(math.radians(36 * n)), centre - radius * math.cos(math.radians(36 * n)))
        for n in range(10) for radius in [size * (0.14 if n % 2 == 0 else 0.054)]
    ]
    draw.polygon(star, fill=RED)
    face = str(font_dir / FACES["song"].file_name)
    points = size * min(0.125, 1.7 / max(len(name), 10))
    font = ImageFont.truetype(face, round(points))
    span = min(300.0, 24.0 * (len(name) - 1)) if len(name) > 1 else 0.0
    radius = size / 2 - rim - size * 0.03 - points * 0.62
    for number, character in enumerate(name):
        angle = -span / 2 + (span * number / (len(name) - 1) if len(name) > 1 else 0.0)
        tile = Image.new("RGBA", (round(points * 1.5), round(points * 1.5)), (0, 0, 0, 0))
        ImageDraw.Draw(tile).text((tile.width / 2, tile.height / 2), character, font=font, fill=RED, anchor="mm")
        turned = tile.rotate(-angle, expand=True, resample=Image.Resampling.BICUBIC)
        x = centre + radius * math.sin(math.radians(angle)) - turned.width / 2
        y = centre - radius * math.cos(math.radians(angle)) - turned.height / 2
        picture.alpha_composite(turned, (round(x), round(y)))
    if below:
        small = ImageFont.truetype(face, round(size * 0.075))
        draw.text((centre, size * 0.76), below, font=small, fill=RED, anchor="mm")
    output = io.BytesIO()
    picture.resize((PICTURE_DOTS, PICTURE_DOTS), Image.Resampling.LANCZOS).quantize(64).save(output, "PNG", optimize=True)
    return output.getvalue()


def empty_fields(pdf: bytes) -> list[str]:
    """The names of signature fields that nobody has signed."""
    reader = PdfFileReader(io.BytesIO(pdf))
    return [name for name, value, _ in fields.enumerate_sig_fields(reader) if value is None]


def sizes_of_empty_fields(pdf: bytes) -> dict[str, tuple[float, float]]:
    """Width and height in points of every signature field that nobody has signed."""
    reader = PdfFileReader(io.BytesIO(pdf))
    found = {}
    for name, value, reference in fields.enumerate_sig_fields(reader):
        if value is None:
            left, low, right, high = (float(edge) for edge in reference.get_object()["/Rect"])
            found[name] = (right - left, high - low)
    return found


class _Slip(PdfContent):
    """The only page of another PDF as the appearance of a signature."""

    def __init__(self, pdf: bytes) -> None:
        self.pdf = pdf
        super().__init__()

    def render(self) -> bytes:
        form = self._ensure_writer.import_page_as_xobject(PdfFileReader(io.BytesIO(self.pdf)))
        self.resources.xobject["/Slip"] = form
        left, low, right, high = (float(edge) for edge in form.get_object()["/BBox"])
        self.box = BoxConstraints(width=right - left, height=high - low)
        return b"/Slip Do"


def set_seal(pdf: bytes, field: str, key: SealKey, *, reason: str = "电子印章", slip: bytes = b"") -> bytes:
    """The PDF with one more signature, appended: what was there stays byte for byte. SealError without such a field.

    It shows `slip`, a page of the size of the field (app.reports.slip), else the picture of the key; a key without a
    picture shows nothing.
    """
    if field not in empty_fields(pdf):
        raise SealError(f"文档中没有“{field}”的盖章位置。")
    try:
        signer = signer_of(key.p12)
    except ValueError as error:
        raise SealError("电子章的密钥无法使用，请在运维平台重新安装。") from error
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    metadata = signers.PdfSignatureMetadata(
        field_name=field, md_algorithm="sha256", reason=reason, subfilter=fields.SigSeedSubFilter.PADES,
        docmdp_permissions=MDPPerm.FILL_FORMS,
    )
    style = None
    if slip:
        style = StaticStampStyle(background=_Slip(slip), background_opacity=1.0, border_width=0, background_layout=_AS_IT_IS)
    elif key.picture:
        picture = PdfImage(Image.open(io.BytesIO(key.picture)).convert("RGBA"))
        style = StaticStampStyle(background=picture, background_opacity=1.0, border_width=0)
    output = io.BytesIO()
    signers.PdfSigner(metadata, signer, stamp_style=style).sign_pdf(writer, bytes_reserved=room_for(signer), output=output)
    return output.getvalue()


def check_seals(pdf: bytes, trusted: Sequence[bytes]) -> list[SealStatus]:
    """Every signature of a file, in order. `trusted`: DER of the certificates that are known here.

    SealError when the file is no PDF or too damaged to be read.
    """
    roots = [root for der in trusted for root in load_certs_from_pemder_data(der)]
    context = ValidationContext(trust_roots=roots, allow_fetching=False) if roots else None
    try:
        reader = PdfFileReader(io.BytesIO(pdf))
        found = []
        for signature in reader.embedded_signatures:
            status = validate_pdf_signature(signature, context)
            certificate = status.signing_cert
            found.append(SealStatus(
                signature.field_name, certificate.subject.native.get("organization_name") or certificate.subject.human_friendly,
                status.signer_reported_dt, _holds(status), status.trusted, certificate.dump(),
            ))
        return found
    except (PdfReadError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise SealError("文件不是有效的 PDF，或者已经损坏。") from error


def _holds(status: PdfSignatureStatus) -> bool:
    """Nothing covered was changed, and what was added later is a seal in its field."""
    return bool(status.intact and status.valid and status.docmdp_ok is not False)


def seal_picture(data: bytes) -> bytes:
    """An uploaded picture of a seal as PNG of at most 42 mm at 300 dpi; SealError when it is none."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            if picture.width * picture.height > 4_000_000:
                raise SealError("印章图片过大，请上传 400 万像素以内的 PNG 图片。")
            plain = picture.convert("RGBA")
    except (OSError, Image.DecompressionBombError) as error:
        raise SealError("印章图片无法识别，请上传 PNG 格式的图片。") from error
    plain.thumbnail((PICTURE_DOTS, PICTURE_DOTS), Image.Resampling.LANCZOS)
    output = io.BytesIO()
    plain.save(output, "PNG", optimize=True)
    return output.getvalue()
