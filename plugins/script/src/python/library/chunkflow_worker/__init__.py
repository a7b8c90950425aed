"""The worker's own half of the protocol. Scripts have no business here."""
