"""Private endpoints: whether each service is reached by one, and whether its name resolves to it inside the network."""
