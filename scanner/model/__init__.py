"""What every layer speaks of: resource ids, resources, snapshots, read plans, verdicts, findings, results, errors."""
