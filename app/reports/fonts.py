"""The two Chinese faces of every document: built once per machine, registered once per process.

Source: Noto Serif SC and Noto Sans SC (SIL Open Font License) from the package `pylopdf-fonts-zh-cn`. They hold
PostScript (CFF) outlines, which ReportLab cannot embed, so they are redrawn as TrueType. Every character is kept:
a name must never lose one. Bold 宋体 is set in 黑体, as Chinese typography emphasises.

`python -m app.reports.fonts [folder]` builds them.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn as source_fonts

from app.reports.errors import FontsMissingError, ReportError

PROJECT_ROOT = Path(__file__).resolve().parents[2]
DEFAULT_FONT_DIR = PROJECT_ROOT / "var" / "fonts"

# Raise when the conversion below changes: the file name carries it, so that old files are not taken for new ones.
CONVERSION_VERSION = 1

# Tables that ReportLab never reads; leaving them out makes conversion faster and the files smaller.
UNUSED_TABLES = ("GSUB", "GPOS", "GDEF", "BASE", "DSIG", "VORG", "vhea", "vmtx")

# Characters of real Chinese names that poor fonts lack.
RARE_NAME_CHARACTERS = "䶮𬍛㛃喆堃翀𫖯𬱖"

PROGRESS_SECONDS = 5.0


@dataclass(frozen=True)
class Face:
    """One face: the family name used in CSS, its Chinese name and where its outlines come from."""

    family: str
    label: str
    source: Callable[[], Path]

    @property
    def file_name(self) -> str:
        return f"{self.family}-{source_fonts.__version__}-{CONVERSION_VERSION}.ttf"


FACES = {
    "song": Face("song", "宋体 Noto Serif SC", source_fonts.serif_path),
    "hei": Face("hei", "黑体 Noto Sans SC", source_fonts.sans_path),
}

# family → (face of normal text, face of bold text)
FAMILIES = {"song": ("song", "hei"), "hei": ("hei", "hei")}

_registered: set[Path] = set()
_register_lock = threading.Lock()


def missing_faces(font_dir: Path = DEFAULT_FONT_DIR) -> list[Face]:
    """The faces not yet built in `font_dir`."""
    return [face for face in FACES.values() if not (font_dir / face.file_name).is_file()]


def build_fonts(font_dir: Path = DEFAULT_FONT_DIR, *, report: Callable[[str], None] | None = None) -> float:
    """Build what is missing, one process a face, and return the seconds it took (0.0 when all were there).

    Safe to call from several processes at once: the second waits for the first. A half-written file is never
    seen, because each is renamed into place when complete.
    """
    say = report or (lambda line: print(line, flush=True))
    if not missing_faces(font_dir):
        return 0.0
    font_dir.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with _exclusive(font_dir / ".lock"):
        faces = missing_faces(font_dir)
        if not faces:
            return time.monotonic() - started
        say(
            f"首次使用，正在制作 {len(faces)} 套文档字体（约半分钟，仅此一次）：{'、'.join(f.label for f in faces)}"
        )
        _run_builders(faces, font_dir, say)
    seconds = time.monotonic() - started
    say(f"文档字体已就绪，用时 {seconds:.0f} 秒：{font_dir}")
    return seconds


def build_face(face: Face, font_dir: Path) -> Path:
    """Convert one face in this process and rename it into place."""
    target = font_dir / face.file_name
    data = as_truetype(face.source())
    partial = font_dir / f".{face.file_name}.{os.getpid()}"
    try:
        with partial.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def register_fonts(font_dir: Path = DEFAULT_FONT_DIR) -> None:
    """Make `font-family: song` and `font-family: hei` known to ReportLab and xhtml2pdf, once per process."""
    with _register_lock:
        if font_dir in _registered:
            return
        if missing_faces(font_dir):
            raise FontsMissingError(
                f"文档字体尚未制作，请先运行“python -m app.reports.fonts {font_dir}”后重试。"
            )
        _register(font_dir)
        _registered.add(font_dir)


def missing_characters(text: str, font_dir: Path = DEFAULT_FONT_DIR) -> str:
    """The characters of `text` that neither face can draw, each once, in order."""
    register_fonts(font_dir)
    from reportlab.pdfbase import pdfmetrics

    known = [pdfmetrics.getFont(face_name(name)).face.charToGlyph for name in FACES]
    return "".join(
        character
        for character in dict.fromkeys(text)
        if not character.isspace() and not any(ord(character) in glyphs for glyphs in known)
    )


def _register(font_dir: Path) -> None:
    from reportlab.lib.fonts import addMapping
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from xhtml2pdf import default

    for name, face in FACES.items():
        pdfmetrics.registerFont(TTFont(face_name(name), str(font_dir / face.file_name)))
        default.DEFAULT_FONT[face_name(name)] = name
    for family, (normal, bold) in FAMILIES.items():
        default.DEFAULT_FONT[family] = family
        for italic in (0, 1):
            addMapping(family, 0, italic, face_name(normal))
            addMapping(family, 1, italic, face_name(bold))


def face_name(name: str) -> str:
    """The name under which ReportLab knows the face `name` of FACES."""
    # ReportLab takes a font whose name equals its family for the whole family, so the two must differ.
    return f"{name}_face"


def as_truetype(source: Path) -> bytes:
    from fontTools.ttLib import TTFont
    from xhtml2pdf.opentype import to_truetype

    font: Any = TTFont(source, recalcTimestamp=False)
    characters = set(font.getBestCmap())
    for tag in UNUSED_TABLES:
        if tag in font:
            del font[tag]
    slim = io.BytesIO()
    font.save(slim)
    data: bytes = to_truetype(slim.getvalue())
    built: Any = TTFont(io.BytesIO(data), lazy=True)
    lost = (characters - set(built.getBestCmap())) | (set(map(ord, RARE_NAME_CHARACTERS)) - characters)
    if lost:
        raise ReportError(f"字体 {source.name} 转换后缺少 {len(lost)} 个字符，请检查字体包版本。")
    return data


def _run_builders(faces: list[Face], font_dir: Path, say: Callable[[str], None]) -> None:
    # Not multiprocessing: its spawn method would import the caller's main module, a whole web server perhaps.
    started = time.monotonic()
    command = [sys.executable, "-m", "app.reports.fonts", str(font_dir), "--face"]
    running = {face.family: _start([*command, face.family]) for face in faces}
    next_line = PROGRESS_SECONDS
    failed: list[str] = []
    try:
        while running:
            time.sleep(0.1)
            elapsed = time.monotonic() - started
            for family, process in list(running.items()):
                code = process.poll()
                if code is None:
                    continue
                del running[family]
                if code:
                    failed.append(FACES[family].label)
                else:
                    say(f"  {FACES[family].label} 完成（{elapsed:.0f} 秒）")
            if running and elapsed >= next_line:
                say(f"  正在转换字形……已用 {elapsed:.0f} 秒")
                next_line += PROGRESS_SECONDS
    finally:
        for process in running.values():
            process.kill()
            process.wait()
    if failed:
        raise ReportError(f"字体制作失败：{'、'.join(failed)}。请查看上方的错误信息，检查磁盘空间后重试。")


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, cwd=PROJECT_ROOT)  # noqa: S603 - our own module and our own arguments


@contextmanager
def _exclusive(lock_path: Path) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:  # Windows: two builders do the work twice, the renames keep it correct.
        yield
        return
    with lock_path.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m app.reports.fonts", description="制作 PDF 文档所用的中文字体"
    )
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT_FONT_DIR, help="存放字体的目录")
    parser.add_argument("--face", choices=sorted(FACES), help="只转换一套（供内部使用）")
    options = parser.parse_args(arguments)
    if options.face:
        build_face(FACES[options.face], options.folder)
    elif build_fonts(options.folder) == 0.0:
        print(f"文档字体已就绪：{options.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
