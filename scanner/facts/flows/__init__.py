"""What network security groups let through: exact set algebra over protocol, addresses and ports."""
