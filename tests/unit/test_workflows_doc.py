"""docs/workflows.md names every procedure, node, decision and state as the code has them."""

import re

import config
from app.workflow.definitions import PROCEDURES
from models.case import CASE_STATES, TASK_STATES

TEXT = (config.ROOT / "docs" / "workflows.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in TEXT.splitlines() if line.startswith("| `")]


def codes(cell):
    return tuple(re.findall(r"`([a-z_]+)`", cell))


def test_every_procedure_is_described_as_it_is():
    described = {codes(row[0])[0]: (row[1], codes(row[2]), codes(row[3])) for row in ROWS if len(row) == 4 and codes(row[2])}
    described = {code: value for code, value in described.items() if code in PROCEDURES}
    assert described == {
        procedure.code: (procedure.label, procedure.nodes, tuple(action.code for action in procedure.decisions))
        for procedure in PROCEDURES.values()
    }


def test_every_state_is_named_with_its_label():
    for of, states in (("case", CASE_STATES), ("task", TASK_STATES)):
        line = next(line for line in TEXT.splitlines() if line.startswith(f"| {of} |"))
        assert dict(re.findall(r"`(\w+)` ([^,|\s]+)", line)) == states
