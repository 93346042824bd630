"""From findings to a script: what is asked of ARM, in which order, how it is undone, and what renders it. Nothing here runs."""
