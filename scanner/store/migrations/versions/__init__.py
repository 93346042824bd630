"""The revisions, each with what it adds."""
