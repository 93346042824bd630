"""driftline: tells where a live Azure subscription has drifted from its reference architecture."""
