"""The demo world: invented people, units and plans, the same every time; also a library for tests."""
