"""What can be asked without changing anything; `desk.py` answers it."""
