"""The way back: what turns an operation around, from the values that were scanned, or why nothing does."""

from __future__ import annotations

from dataclasses import replace

from scanner.remediation.operations import Change, Kind, Operation, changed

__all__ = ["undone"]


def undone(operation: Operation, irreversible: str = "") -> tuple[Operation | None, str]:
    """The operation that leads back, or None with the reason."""
    if irreversible:
        return None, irreversible
    if operation.kind is Kind.SET:
        back = tuple(Change(change.path, change.after, change.before, change.default) for change in reversed(operation.changes))
        return replace(operation, changes=back, whole=changed(operation.whole, back)), ""
    if operation.kind is Kind.CREATE:
        # Azure spells what it was sent in its own way, so what was created is told by its id alone.
        return Operation(Kind.REMOVE, operation.resource, operation.api_version), ""
    if operation.kind is Kind.REMOVE:
        if operation.body is None:
            return None, "not all of it was read (secrets never are), so it cannot be made again as it was"
        return Operation(Kind.CREATE, operation.resource, operation.api_version, body=operation.body), ""
    return None, f"{operation.action} cannot be undone"
