"""Word documents from templates: docxtpl fills the placeholders of app/reports/word/*.docx. Data in, bytes out."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docxtpl import DocxTemplate

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TEMPLATES = Path(__file__).parent / "word"


def fill(template: str, values: Mapping[str, Any]) -> bytes:
    """The document of a template (its file name without .docx), its texts escaped; FileNotFoundError for an unknown one."""
    path = TEMPLATES / f"{template}.docx"
    if path.parent != TEMPLATES or not path.exists():
        raise FileNotFoundError(template)
    document = DocxTemplate(path)
    document.render(dict(values), autoescape=True)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()
