"""The operations console at /ops (Flask-Admin)."""

from __future__ import annotations

from flask import Flask
from flask_appbuilder import AppBuilder


def register(app: Flask, builder: AppBuilder) -> None:
    """Mount the console."""
