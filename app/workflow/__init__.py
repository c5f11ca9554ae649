"""Procedures as data and the one engine that moves cases along them."""
