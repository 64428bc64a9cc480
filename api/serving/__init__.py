"""The exchange as it is started: one process, several on one port, or one without a port."""
