"""Reference data: the dictionaries as files under `data/`, and the loader that brings them into the database."""
