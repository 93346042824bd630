"""Speed, measured as ratios against a floor in the same run; nothing here asserts wall time."""
