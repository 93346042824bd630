"""Role assignments and what they allow: operations as sets, definitions, grants, the rows of the role table."""
