"""Errors of the document package; the message of each is a Chinese sentence for the user or the operator."""

from __future__ import annotations


class ReportError(Exception):
    """A document cannot be made; `str(error)` says why and what to do next."""


class FontsMissingError(ReportError):
    """The fonts have not been built on this machine."""


class RenderError(ReportError):
    """The document was rendered with a fault (refused resource, missing glyph, lost image) and is discarded."""


class RenderTimeoutError(RenderError):
    """The document took longer than allowed; its worker process was killed."""


class CertificateDataError(ReportError):
    """The data of a certificate is incomplete or malformed."""


class SignatureRefusedError(ReportError):
    """A verification payload is malformed, altered or signed by an unknown key."""
