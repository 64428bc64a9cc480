"""What HTTP and JSON say, read and written strictly: types, tags, headers, bodies."""
