"""Where resources come from: live Azure and snapshot files, behind one protocol. Importing this imports no Azure library."""
