"""Tells people and machines of what a scan newly found: as signed JSON, in Teams, in Slack. Decides nothing of verdicts."""
