"""Background work: who runs the outbox rows, by which rules, and what each kind of job does."""
