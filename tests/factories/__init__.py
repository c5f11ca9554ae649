"""Small rows for tests: plain functions, one module a noun. They insert with Core, commit, and return ids."""
