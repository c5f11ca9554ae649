"""Documents: PDF rendering, fonts, QR codes and the signed certificate.

This package knows nothing of the database or of Flask. It is given plain dataclasses and returns bytes.
"""
