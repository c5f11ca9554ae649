"""Selects that several services and views share."""
