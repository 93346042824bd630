"""driftline: tells where a live Azure subscription has drifted from its reference architecture."""

__version__ = "1.0.0"
