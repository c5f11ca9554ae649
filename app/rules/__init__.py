"""Pure functions of the domain: no database, no request; everything they need is passed in."""
