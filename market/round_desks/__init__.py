"""Where rounds are cleared: here, or in a process of their own so that nobody who asks for something else waits."""
