"""What one process does for all on the same database, and how it is settled which one."""
